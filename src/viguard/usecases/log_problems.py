"""Troubles of the running log server, for the status file; and tasks that are begun again when they fail."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, MutableMapping

from viguard.model.text import visible

REMEMBERED_S = 3600.0
"""How long something that is over, and cost something, stays in the status: probes look every few minutes."""
NOTED_EVERY_S = 60.0
"""What comes and goes is written to the journal so often at most."""
PAUSE_S = 1.0
_LONGEST_PAUSE_S = 60.0


class Problems:
    """What is wrong, by the part that says so. ``told`` is what the status file shows. Not for several threads."""

    def __init__(
        self, told: MutableMapping[str, str], say: Callable[[str], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._told, self._say, self._clock = told, say, clock
        self._ends: dict[str, float] = {}
        self._noted: dict[str, float] = {}

    def set(self, of: str, text: str) -> None:
        """It lasts until it is set anew; "" is no problem."""
        self._ends.pop(of, None)
        self._put(of, text)

    def happened(self, of: str, text: str, lasting_s: float = REMEMBERED_S) -> None:
        """It is over, and shown for a while."""
        self._put(of, text)
        self._ends[of] = self._clock() + lasting_s

    def tick(self) -> None:
        """Forget what was shown long enough."""
        now = self._clock()
        for of in [of for of, end in self._ends.items() if end <= now]:
            del self._ends[of]
            self._put(of, "")

    def note(self, text: str) -> None:
        """Something for the person who watches, and no problem of the status."""
        self._say(f"note: {visible(text, 400)}")

    def _put(self, of: str, text: str) -> None:
        if not text:
            self._told.pop(of, None)
            return
        now = self._clock()
        is_new = self._told.get(of, "").partition(":")[0] != text.partition(":")[0]  # figures in it change all the time
        if is_new and now - self._noted.get(of, -NOTED_EVERY_S) >= NOTED_EVERY_S:
            self._noted[of] = now
            self.note(text)
        self._told[of] = visible(text, 400)


def told(error: BaseException) -> str:
    """A defect in one line: its kind and text."""
    if isinstance(error, BaseExceptionGroup):
        return ", ".join(map(told, error.exceptions))
    return f"{type(error).__name__} {error}".strip()


async def kept_up(name: str, work: Callable[[], Awaitable[object]], problems: Problems) -> None:
    """Does a work without end; when it fails it is begun again after a pause, and that is a problem to be seen."""
    pause_s, loop = PAUSE_S, asyncio.get_running_loop()
    while True:
        began = loop.time()
        try:
            await work()
        except Exception as error:  # noqa: BLE001  (the edge of a job: one part's defect must not end the others)
            problems.happened(name, f"{name} failed and was begun again: {told(error)}")
        else:
            problems.happened(name, f"{name} ended and was begun again")
        pause_s = PAUSE_S if loop.time() - began > _LONGEST_PAUSE_S else min(2 * pause_s, _LONGEST_PAUSE_S)
        await asyncio.sleep(pause_s)
