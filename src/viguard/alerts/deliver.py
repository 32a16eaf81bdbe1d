"""One task for each receiver takes notices from its outbox to its channel; none waits for another."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import msgspec

from viguard.alerts.channels import Channel, DeliveryError
from viguard.alerts.notice import Kind, Notice, rank
from viguard.alerts.outbox import Delivery, Outbox
from viguard.alerts.settings import Settings
from viguard.model.event import EventSeverity


def utc_now() -> datetime:
    """The time, aware."""
    return datetime.now(UTC)


class Deliveries:
    """The outboxes with their workers.

    ``changed`` is called when there is something new to remember; ``may`` says whether the fallback's limit lets a
    notice through (one that it does not is counted there and told in a digest).
    """

    def __init__(
        self,
        settings: Settings,
        channels: Mapping[str, Channel],
        outboxes: dict[str, Outbox],
        changed: Callable[[], None] = lambda: None,
        may: Callable[[str, Notice], bool] = lambda _name, _notice: True,
    ) -> None:
        self.settings, self.channels, self.outboxes = settings, channels, outboxes
        self._changed, self._may = changed, may
        self._wake = {name: asyncio.Event() for name in channels}
        self._timeouts = {r.name: r.timeout_s for r in settings.receivers}
        for name in channels:
            outboxes.setdefault(name, Outbox())

    def push(self, name: str, notice: Notice) -> None:
        """Queue a notice; where there is no room the fallback gets it."""
        outbox = self.outboxes.get(name)
        refused = notice if outbox is None or name not in self.channels else outbox.push(notice, utc_now())
        if refused is not None:
            self._escalate(name, refused, "its queue is full" if outbox else "there is no such receiver now")
        self._changed()
        if name in self._wake:
            self._wake[name].set()

    async def run(self) -> None:
        """Deliver until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for name, channel in self.channels.items():
                tasks.create_task(self._work(name, channel))

    async def drain(self, timeout_s: float) -> None:
        """Wait until nothing waits that can be tried now, at most so long."""
        try:
            async with asyncio.timeout(timeout_s):
                while any(o.waiting and not o.failures for n, o in self.outboxes.items() if n in self.channels):
                    await asyncio.sleep(0.02)
        except TimeoutError:
            return

    async def _work(self, name: str, channel: Channel) -> None:
        outbox, wake = self.outboxes[name], self._wake[name]
        while True:
            wake.clear()
            delivery = outbox.next(utc_now())
            if delivery is not None:
                await self._try(name, channel, outbox, delivery)
                continue
            pause = (outbox.next_at - utc_now()).total_seconds() if outbox.waiting and outbox.next_at else None
            try:
                async with asyncio.timeout(None if pause is None else max(0.01, min(pause, 300))):
                    await wake.wait()
            except TimeoutError:
                continue

    async def _try(self, name: str, channel: Channel, outbox: Outbox, delivery: Delivery) -> None:
        error = ""
        try:
            async with asyncio.timeout(self._timeouts[name]):
                await channel.send(delivery.notice)
        except TimeoutError:
            error = f"no answer within {self._timeouts[name]} s"
        except DeliveryError as err:
            error = str(err)
        except OSError as err:
            error = err.strerror or type(err).__name__
        except Exception as err:  # noqa: BLE001 - the edge of a job: one channel's defect must not stop the others
            error = f"defect of the channel: {type(err).__name__}"
        if not error:
            outbox.succeeded(delivery, utc_now())
        else:
            escalated = outbox.failed(delivery, error, utc_now())
            if escalated is not None:
                self._escalate(name, escalated, error)
        self._changed()

    def _escalate(self, name: str, notice: Notice, why: str) -> None:
        """Give the fallback what another receiver does not take; what it does not take itself is in the status."""
        fallback = self.settings.fallback
        if name == fallback or fallback not in self.channels or notice.kind is Kind.HEARTBEAT:
            return
        told = as_trouble(name, notice, why)
        if not self._may(fallback, told):  # a dead receiver must not flood the telephone
            return
        self.outboxes[fallback].push(told, utc_now())
        self._wake[fallback].set()


def as_trouble(name: str, notice: Notice, why: str) -> Notice:
    """The notice that ``name`` did not take, for somebody else. An alert stays what it is, with the reason on top."""
    text = f"Not delivered to {name}: {why}. {notice.text}"
    severity = max(notice.severity, EventSeverity.MEDIUM, key=rank)
    title = f"{notice.title} (not delivered to {name})"
    return msgspec.structs.replace(notice, id=f"{notice.id}-{name}", title=title, text=text, severity=severity)
