"""What syslog-ng and rsyslog are asked to do in the race, made of viguard's parts: receive, recognise, keep.

    python -m bench.logs_receiver DIRECTORY PORT [tcp|udp]

Every line is kept in a compressed, synced archive; a line for each recognised one (its class, host, user and address)
goes to events.log. Nothing is merged, judged or counted by host: the log server, which does that, races beside it.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

from viguard.cli.console import look_for_cycles_seldom
from viguard.logs.archive.writer import Archive
from viguard.logs.block import Block
from viguard.logs.classify import Classifier
from viguard.logs.receive.receiver import Receiver, loop_factory
from viguard.logs.receive.settings import Listen, Transport
from viguard.logs.watch import events_of


class Keeper:
    """Takes blocks: into the archive, and through the classifier in a thread of its own."""

    def __init__(self, archive: Archive, events: BinaryIO) -> None:
        self._archive, self._events, self._classifier = archive, events, Classifier()
        self._eyes = ThreadPoolExecutor(1)

    async def take(self, block: Block) -> None:
        """As ``Taker.take``."""
        looked = asyncio.get_running_loop().run_in_executor(self._eyes, self._look, block)
        await self._archive.take(block)
        self._events.write(await looked)
        self._events.flush()

    def _look(self, block: Block) -> bytes:
        events = events_of(block, self._classifier.block(block.data))
        return "".join(f"{e.event} {e.host} {e.user or ''} {e.source_ip or ''}\n" for e in events).encode()


async def _run(directory: Path, port: int, transport: Transport) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    with Archive(directory / "archive") as archive, (directory / "events.log").open("wb") as events:
        receiver = Receiver([Listen(transport=transport, address="127.0.0.1", port=port)], Keeper(archive, events))
        await receiver.start()
        while not stop.is_set():
            (directory / "kept").write_text(str(archive.state.lines))
            await asyncio.sleep(0.1)
        await receiver.stop()


def main() -> None:
    """Runs until SIGTERM."""
    look_for_cycles_seldom()
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(_run(Path(sys.argv[1]), int(sys.argv[2]), "udp" if "udp" in sys.argv[3:] else "tcp"))


if __name__ == "__main__":
    main()
