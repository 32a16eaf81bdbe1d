"""A receiver in a process of its own, to be killed: python -m tests.logs.receive.child TRANSPORT PORT FILE [TLS...]."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

from viguard.logs.block import Block
from viguard.logs.receive import Listen, Receiver, Tls, run


class File:
    """Appends blocks to a file; each is on disk when it is taken."""

    def __init__(self, path: str) -> None:
        self._file = Path(path).open("ab", buffering=0)  # noqa: SIM115  (for the life of the process)

    async def take(self, block: Block) -> None:
        def write() -> None:
            self._file.write(block.data)
            os.fsync(self._file.fileno())

        await asyncio.to_thread(write)


async def main(transport: Any, port: str, path: str, *tls: str) -> None:
    certificate = None
    if tls:
        certificate = Tls(certificate=Path(tls[0]), key=Path(tls[1]), client_ca=Path(tls[2]) if tls[2:] else None)
    listen = Listen(transport=transport, address="127.0.0.1", port=int(port), tls=certificate)
    receiver = Receiver([listen], File(path))
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await receiver.start()
    sys.stderr.write("listening\n")
    sys.stderr.flush()
    await stop.wait()
    await receiver.stop()


if __name__ == "__main__":
    run(main(*sys.argv[1:]))
