"""Packs closed segments again while the archive has nothing better to do, in a thread of the lowest priority.

Idle is an archive that nothing waits for and that took little lately, not one that took nothing: a site always sends a
few lines, and after a burst those would put packing off for ever. Before each frame, some milliseconds of work, it
is asked again. What was done is remembered by the index of each segment; the newest go first, as the oldest are deleted
soonest.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from viguard.errors import InputError
from viguard.logs.archive.files import Files
from viguard.logs.archive.index import path_of
from viguard.logs.archive.packing import Left, Packed, StoppedError, pack
from viguard.logs.archive.segments import segments

_LOWEST = 19
_LOOK_S, _PAUSE_S = 2.0, 0.2
_LATER_S = 60.0


class Leisure:
    """The thread that packs, until it is closed. ``is_idle`` says whether it may; ``tell`` hears of each segment that
    was packed, or could not be. ``packed`` segments have become smaller by ``gained_bytes`` since.
    """

    def __init__(
        self,
        directory: Path,
        files: Files,
        free_share: float,
        is_idle: Callable[[], bool],
        tell: Callable[[str], None],
    ) -> None:
        self.packed = self.gained_bytes = 0
        self._directory, self._files, self._free_share = directory, files, free_share
        self._is_idle, self._tell = is_idle, tell
        self._done: set[str] = set()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._work, name="viguard-pack", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Returns when it has stopped, after the frame that it is at."""
        self._closing.set()
        self._thread.join()

    def _work(self) -> None:
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _LOWEST)
        wait_s = _PAUSE_S
        while not self._closing.wait(wait_s):
            wait_s = self._next() if self._is_idle() else _LOOK_S

    def _next(self) -> float:
        """Packs one segment; after how many seconds there may be another."""
        wait_s = _LOOK_S
        try:
            present = self._present()
        except InputError:
            return _LATER_S
        for path in reversed(present):
            try:
                found = pack(path, files=self._files, free_share=self._free_share, go_on=self._go_on)
            except StoppedError:
                return wait_s
            except Exception as error:  # noqa: BLE001  (the edge of a job: it is told, and the archive goes on)
                self._tell(f"{path.name}: not packed again: {error}")
                self._done.add(path.name)
                continue
            if isinstance(found, Left) and found.may_change:
                wait_s = _LATER_S
                continue
            self._done.add(path.name)
            if isinstance(found, Packed):
                self.gained_bytes += found.size_before - found.size
                self.packed += 1
                self._tell(str(found))
                return _PAUSE_S
            if found.is_trouble:
                self._tell(str(found))
        return wait_s

    def _present(self) -> list[Path]:
        """Closed segments of which it is not known that nothing is left to do."""
        paths = segments(self._directory)
        self._done &= {path.name for path in paths}
        return [path for path in paths if path.name not in self._done and path_of(path).exists()]

    def _go_on(self) -> None:
        while not self._closing.is_set() and not self._is_idle():
            self._closing.wait(_PAUSE_S)
        if self._closing.is_set():
            raise StoppedError
