"""A receiver on loopback and what takes its blocks."""

from __future__ import annotations

import asyncio
import socket
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import uvloop

from viguard.logs.block import Block
from viguard.logs.receive import Limits, Listen, Receiver

LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": asyncio.new_event_loop,
    "uvloop": uvloop.new_event_loop,
}
BOUND_S = 30


class Kept:
    """Takes blocks and checks that each is well formed; fails and waits as told."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.failure: Exception | None = None
        self.wait_s = 0.0
        self.offered = 0

    async def take(self, block: Block) -> None:
        self.offered += 1
        await asyncio.sleep(self.wait_s)
        if self.failure is not None:
            raise self.failure
        assert block.data.endswith(b"\n")
        assert [run.start for run in block.runs] == [0, *(run.end for run in block.runs[:-1])]
        assert block.runs[-1].end == len(block.data)
        assert all(block.data[run.end - 1] == 10 and run.start < run.end for run in block.runs)
        self.blocks.append(block)

    @property
    def data(self) -> bytes:
        return b"".join(block.data for block in self.blocks)

    @property
    def lines(self) -> list[bytes]:
        return self.data.splitlines()

    def by_sender(self) -> dict[tuple[str, str], list[bytes]]:
        found: dict[tuple[str, str], list[bytes]] = defaultdict(list)
        for block in self.blocks:
            for run in block.runs:
                found[run.sender, run.transport] += block.data[run.start : run.end].splitlines()
        return found


def run(loop: str, main: Coroutine[Any, Any, None]) -> None:
    """Runs a test on one of the loops, bounded."""

    async def bounded() -> None:
        await asyncio.wait_for(main, BOUND_S)

    with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
        runner.run(bounded())


@asynccontextmanager
async def receiving(*listens: Listen, taker: Kept, limits: Limits | None = None) -> AsyncIterator[Receiver]:
    receiver = Receiver(listens, taker, limits)
    await receiver.start()
    try:
        yield receiver
    finally:
        await receiver.stop()


def listen(transport: Any, **settings: Any) -> Listen:
    return Listen(transport=transport, address="127.0.0.1", port=0, **settings)


def port(receiver: Receiver) -> int:
    return receiver.addresses[0].port


async def until(condition: Callable[[], object]) -> None:
    """Waits for something to become so; the test's own bound ends it."""
    while not condition():
        await asyncio.sleep(0.005)


async def say(to_port: int, *data: bytes, sender: str = "127.0.0.1") -> None:
    """A sender over TCP that says this and ends."""
    _reader, writer = await asyncio.open_connection("127.0.0.1", to_port, local_addr=(sender, 0))
    for piece in data:
        writer.write(piece)
        await writer.drain()
    writer.close()
    await writer.wait_closed()


def datagrams(to_port: int, *messages: bytes, sender: str = "127.0.0.1") -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.bind((sender, 0))
        for message in messages:
            own.sendto(message, ("127.0.0.1", to_port))
