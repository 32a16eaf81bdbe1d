"""Forwarding for tests: what is offered, and a run until it is done."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

from tests.alerts.samples import alert, event
from viguard.alerts.settings import Destination, Wire
from viguard.alerts.siem.forward import Forwarder
from viguard.alerts.siem.records import Place
from viguard.alerts.siem.sinks import sink_of
from viguard.alerts.status import SiemStatus
from viguard.logs.block import Block, Run

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ALL = (Wire.RAW, Wire.EVENTS, Wire.ALERTS)


def locate(host: str, guest: str | None) -> Place:
    return Place(zones=("management",), guest=guest or "", owners=("Ann",)) if host in {"esx5", "10.0.0.5"} else Place()


def block(*lines: bytes) -> Block:
    data = b"".join(line + b"\n" for line in lines)
    return Block(data, NOW.timestamp(), (Run("10.0.0.5", "tcp", 0, len(data)),))


async def wait(check: Callable[[], object], seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not check():
            await asyncio.sleep(0.01)


async def forwarded(
    destination: Destination, offer: Callable[[Forwarder], object], done: Callable[[SiemStatus], bool]
) -> SiemStatus:
    forwarder = Forwarder(destination, sink_of(destination), locate)
    task = asyncio.create_task(forwarder.run())
    offer(forwarder)
    await wait(lambda: done(forwarder.status()))
    status = forwarder.status()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return status


def everything(forwarder: Forwarder) -> None:
    forwarder.offer_block(block(b"first line", b"second line"))
    forwarder.offer_events([event(vm="web1")])
    forwarder.offer_alert(alert())
