"""One vCenter or host that is asked: its events as log lines, and how many consoles of its guests are open."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec

from viguard.alerts.files import replace_file
from viguard.errors import LoginError, SourceError
from viguard.logs import vcenter
from viguard.logs.block import API, Block, Run
from viguard.logs.figures import console_figures
from viguard.usecases.log_problems import Problems
from viguard.vsphere.session import Session

T = TypeVar("T")
EVENTS_S = 5.0
FIGURES_S = 60.0
RETRY_S = 30.0
AGAIN_S = 2.0
REFUSED_S = 900.0
"""After a refused login: a wrong password that is tried again and again locks the account."""
FIRST_EVENTS = timedelta(hours=1)
BLOCK_BYTES = 1 << 20

Take = Callable[[Block], Awaitable[None]]
Figures = Callable[[str, Mapping[str, int] | None], Awaitable[None]]


class Server(NamedTuple):
    """A vCenter or host: its name with the port where that is not the usual one, its address, how to log in."""

    name: str
    sender: str
    open_session: Callable[[], Session]


class Asking:
    """``take`` gets the lines; ``figures`` the open consoles by guest, None when they are not known now."""

    def __init__(self, server: Server, folder: Path, take: Take, figures: Figures, problems: Problems) -> None:
        self.name, self._sender = server.name, server.sender
        self._take, self._figures, self._problems = take, figures, problems
        self._file = position_file(folder, server.name)
        since = datetime.now(UTC) - FIRST_EVENTS
        self._source = vcenter.EventSource(server.open_session, position(self._file), since)
        self._hands = ThreadPoolExecutor(1, thread_name_prefix="viguard-asks")
        self._figures_due = 0.0

    async def run(self) -> None:
        """Asks until cancelled; what fails is a problem of the status, and tried again."""
        while True:
            try:
                await self._ask()
                self._problems.set(self.name, "")
                await asyncio.sleep(EVENTS_S)
            except (SourceError, OSError) as error:
                self._problems.set(self.name, f"events are not heard: {error}")
                await self._figures(self.name, None)
                await self._do(self._source.close)  # a page that was not kept is asked for again
                await asyncio.sleep(REFUSED_S if isinstance(error, LoginError) else RETRY_S)

    async def close(self, timeout_s: float) -> None:
        """Log out, once what is asked now is answered."""
        with suppress(TimeoutError, SourceError, OSError):
            await asyncio.wait_for(self._do(self._source.close), timeout_s)
        self._hands.shutdown(wait=False, cancel_futures=True)

    async def _ask(self) -> None:
        pages = self._source.read()
        while (page := await self._do(partial(next, pages, None))) is not None:
            lines, reached = page
            for data in gathered(lines):
                run = Run(self._sender, API, 0, len(data))
                await self._keep(Block(data, datetime.now(UTC).timestamp(), (run,)))
            data = msgspec.json.encode(reached)
            await asyncio.to_thread(replace_file, self._file, data, 0o600, sync=True)
        now = asyncio.get_running_loop().time()
        if now >= self._figures_due:
            self._figures_due = now + FIGURES_S
            await self._figures(self.name, await self._do(self._read_figures))

    async def _keep(self, block: Block) -> None:
        """The server tells of an event once: a block that cannot be kept now is offered until it can be."""
        while True:
            try:
                await self._take(block)
            except OSError as error:
                self._problems.set(self.name, f"events cannot be kept: {error}")
                await asyncio.sleep(AGAIN_S)
            else:
                return

    def _read_figures(self) -> dict[str, int]:
        return console_figures(self._source.session())

    async def _do(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._hands, work)


def gathered(lines: list[bytes]) -> list[bytes]:
    """Lines as blocks of whole lines, each but for one line at most BLOCK_BYTES."""
    blocks, one, size = list[bytes](), list[bytes](), 0
    for line in lines:
        one.append(line)
        size += len(line) + 1
        if size >= BLOCK_BYTES:
            blocks.append(b"\n".join(one) + b"\n")
            one, size = [], 0
    return [*blocks, b"\n".join(one) + b"\n"] if one else blocks


def position_file(folder: Path, host: str) -> Path:
    """A name of a server is not made a path: it could be anything."""
    return folder / f"events-{hashlib.sha256(host.encode()).hexdigest()[:16]}.json"


def position(path: Path) -> vcenter.Position:
    """How far events were read; of a file that is not there or broken, from the start."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=vcenter.Position)
    except (OSError, msgspec.DecodeError):
        return vcenter.Position()
