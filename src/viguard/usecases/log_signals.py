"""What a signal asks of a log server."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable

from viguard.errors import ViguardError

_STDERR = 2


Say = Callable[[str], None]


def heed(stop: asyncio.Event, reload: Callable[[], Awaitable[str]], say: Say, warn: Say) -> None:
    """From now on SIGTERM and Ctrl-C stop as they should, and a hangup ends nothing in the middle.

    A hangup (SIGHUP) makes a service read its settings anew, as other daemons do; what comes of it is said, and a
    mistake, which changes nothing, is a warning. Where somebody watches on a terminal, that has gone away: the server
    stops as on Ctrl-C.
    """
    loop, tasks = asyncio.get_running_loop(), set[asyncio.Task[None]]()

    async def renew() -> None:
        try:
            say(await reload())
        except ViguardError as error:
            warn(f"not read anew: {error}")

    def begin() -> None:
        task = loop.create_task(renew())
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, stop.set if os.isatty(_STDERR) else begin)
