"""Takes blocks: compresses, writes, brings to disk, and only then says so. Several that wait share one fsync."""

from __future__ import annotations

import asyncio
import errno
import math
import os
import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import zstandard

from viguard.logs.archive.files import Files
from viguard.logs.archive.frames import (
    MAX_RAW,
    encode,
)
from viguard.logs.archive.growing import DAY_S, Growing
from viguard.logs.archive.leisure import Leisure
from viguard.logs.archive.lock import locked
from viguard.logs.archive.recover import Loss, recover
from viguard.logs.archive.segments import SUFFIX, Stored, name_of, number_of, segments
from viguard.logs.block import Block
from viguard.logs.formats import make_headers
from viguard.model.facts import Struct

BUSY, IDLE = 1, 6
"""Levels of zstd. 3 is slower by a third than 1 and no smaller on log lines; 6 takes four times as long, saves 8 %."""
_IDLE_S = 0.2
"""After so long without a block, a MiB of lines may cost the 8 ms of the higher level: under a twentieth of a core."""

_LITTLE_BYTES, _QUIET_S = 1 << 20, 10.0
"""Who took less lately is idle; after so many seconds what was taken counts a third."""


class Limits(Struct, frozen=True, kw_only=True):
    """``segment_bytes`` compressed, after which a new one is begun; ``group_bytes`` of lines that one fsync waits for;
    ``free_share`` of the file system under which nothing more is taken; ``level`` of zstd, None: by the load.
    """

    segment_bytes: int = 256 << 20
    group_bytes: int = 16 << 20
    free_share: float = 0.05
    level: int | None = None


class State(Struct, frozen=True, kw_only=True):
    """How the archive is. ``refused`` blocks since it was opened; ``why`` is the last failure while it lasts;
    ``packed`` segments were packed again at leisure since, which saved ``gained_bytes``.
    """

    full: bool
    free_share: float
    blocks: int
    lines: int
    raw_bytes: int
    stored_bytes: int
    refused: int
    why: str = ""
    packed: int = 0
    gained_bytes: int = 0


class _Waiting(NamedTuple):
    block: Block
    told: asyncio.Future[Stored]
    loop: asyncio.AbstractEventLoop


class Archive:
    """The one writer of an archive. Opening it recovers what a crash left: ``losses`` says what that took.

    ``tell`` hears in a sentence what went wrong beside the taking of blocks; it is called from the writing thread.

    Raises: InputError when another process writes to it; OSError.
    """

    def __init__(
        self,
        directory: Path,
        limits: Limits | None = None,
        *,
        files: Files | None = None,
        clock: Callable[[], float] = time.time,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.directory, self.limits = directory, limits or Limits()
        self._files, self._clock, self._tell = files or Files(), clock, tell
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = locked(directory)
        try:
            self.losses: tuple[Loss, ...] = recover(directory)
        except BaseException:
            os.close(self._lock)
            raise
        self._number = max(map(number_of, segments(directory)), default=0)
        self._segment: Growing | None = None
        levels = (BUSY, IDLE) if self.limits.level is None else (self.limits.level, self.limits.level)
        self._busy, self._idle = (zstandard.ZstdCompressor(level=n, write_checksum=True) for n in levels)
        self._headers = make_headers()
        self._full, self._why, self._closed = False, "", False
        self._blocks = self._lines = self._raw = self._stored = self._refused = 0
        self._lately, self._took_at, self._quiet_s = 2.0 * _LITTLE_BYTES, time.monotonic(), _QUIET_S
        self._is_storing = False
        self._leisure: Leisure | None = None
        self._queue: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._closing = threading.Lock()
        self._thread = threading.Thread(target=self._work, name="viguard-archive", daemon=True)
        self._thread.start()

    async def take(self, block: Block) -> None:
        """Returns when the block is on disk.

        Raises: OSError, ENOSPC below the free share; ValueError when it is no block (see ``Block``).
        """
        await self.store(block)

    async def store(self, block: Block) -> Stored:
        """As ``take``, and says where the block is; those that wait together are answered in that order.

        Raises: as ``take``.
        """
        check(block)
        loop = asyncio.get_running_loop()
        told: asyncio.Future[Stored] = loop.create_future()
        with self._closing:
            if self._closed:
                raise OSError(errno.ESHUTDOWN, "the archive of logs is closed")
            self._queue.put(_Waiting(block, told, loop))
            self._lately, self._took_at = self._load() + len(block.data), time.monotonic()
        return await told

    @property
    def state(self) -> State:
        """How it is now."""
        return State(
            full=self._full or self._is_short(),
            free_share=self._free_share(),
            blocks=self._blocks,
            lines=self._lines,
            raw_bytes=self._raw,
            stored_bytes=self._stored,
            refused=self._refused,
            why=self._why,
            packed=self._leisure.packed if self._leisure else 0,
            gained_bytes=self._leisure.gained_bytes if self._leisure else 0,
        )

    def pack_at_leisure(self, may: Callable[[], bool] = lambda: True, *, quiet_s: float | None = None) -> None:
        """From now on closed segments are packed again while this is idle, and ``may`` says so too, in any thread.

        Idle is who took little in the last ``quiet_s``, 10 without. To be called once.
        """

        self._quiet_s = quiet_s or _QUIET_S
        self._leisure = Leisure(
            self.directory, self._files, self.limits.free_share, lambda: self._has_leisure() and may(), self._tell
        )

    def close(self) -> None:
        """Writes what waits, closes the segment, and lets others write."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
            self._queue.put(None)
        if self._leisure is not None:
            self._leisure.close()
        self._thread.join()
        self._seal()
        os.close(self._lock)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _load(self) -> float:
        """Bytes taken lately; after some seconds they count a third."""
        return self._lately * math.exp((self._took_at - time.monotonic()) / self._quiet_s)

    def _has_leisure(self) -> bool:
        return self._queue.empty() and not self._is_storing and self._load() < _LITTLE_BYTES

    def _work(self) -> None:
        since = time.monotonic()
        while (waiting := self._queue.get()) is not None:
            group, size, is_last = [waiting], len(waiting.block.data), False
            is_idle = time.monotonic() - since > _IDLE_S * size / (1 << 20)
            while size < self.limits.group_bytes:
                try:
                    more = self._queue.get_nowait()
                except queue.Empty:
                    break
                if more is None:
                    is_last = True
                    break
                group.append(more)
                size += len(more.block.data)
            self._is_storing = True
            self._commit(group, self._idle if is_idle and len(group) == 1 else self._busy)
            self._is_storing = False
            since = time.monotonic()
            if is_last:
                return

    def _commit(self, group: list[_Waiting], compressor: zstandard.ZstdCompressor) -> None:
        failure: Exception | None = None
        stored: list[Stored] = []
        try:
            stored = self._store([waiting.block for waiting in group], compressor)
        except OSError as error:
            failure = error
        except Exception as error:  # noqa: BLE001  (whatever it is: the waiters must not take it for stored)
            failure = OSError(errno.EIO, f"the archive failed: {error!r}")
        if failure is None:
            self._full, self._why = False, ""
        else:
            self._refused += len(group)
            self._why = str(failure)
            self._full = isinstance(failure, OSError) and failure.errno in {errno.ENOSPC, errno.EDQUOT}
        for number, waiting in enumerate(group):
            answer = failure or stored[number]
            with suppress(RuntimeError):  # its loop is closed: nobody waits
                waiting.loop.call_soon_threadsafe(_answer, waiting.told, answer)

    def _store(self, blocks: list[Block], compressor: zstandard.ZstdCompressor) -> list[Stored]:
        if self._is_short():
            raise OSError(
                errno.ENOSPC, f"less than {self.limits.free_share:.0%} of the disk is free", str(self.directory)
            )
        segment = self._current()
        at, lines, number, stored = segment.end, 0, number_of(segment.path), list[Stored]()
        try:
            for block in blocks:
                data, header = encode(block, segment.id, compressor, self._headers)
                self._files.write(segment.fd, data)
                segment.index.add(at, at + len(data), header)
                stored.append(Stored(number, at))
                at += len(data)
                lines += header.lines
            self._files.sync(segment.fd)
        except BaseException:
            self._take_back(segment)
            raise
        self._blocks += len(blocks)
        self._lines += lines
        self._raw += sum(len(block.data) for block in blocks)
        self._stored += at - segment.end
        segment.end = at
        return stored

    def _take_back(self, segment: Growing) -> None:
        """After a failed fsync the kernel may have dropped pages, so the segment is never written again."""
        try:
            segment.cut()
        except OSError as error:
            self._tell(f"{segment.path.name}: its torn tail stays until the archive is opened again: {error}")
            os.close(segment.fd)
            self._segment = None
            return
        self._seal()

    def _current(self) -> Growing:
        segment, now = self._segment, self._clock()
        if segment is not None and (segment.end >= self.limits.segment_bytes or int(now // DAY_S) != segment.day):
            self._seal()
            segment = None
        if segment is None:
            self._number += 1
            path = self.directory / f"{name_of(self._number, now)}{SUFFIX}"
            segment = self._segment = Growing(path, now, self._files)
        return segment

    def _seal(self) -> None:
        segment, self._segment = self._segment, None
        if segment is None:
            return
        try:
            segment.close()
        except OSError as error:
            self._tell(f"{segment.path.name}: no index until the archive is opened again: {error}")

    def _free_share(self) -> float:
        return self._files.free_share(self.directory)

    def _is_short(self) -> bool:
        return self._free_share() < self.limits.free_share


def check(block: Block) -> None:
    """Raises: ValueError when a block is not whole lines, is too large to be read again, or not covered by its runs."""
    at = 0
    for run in block.runs:
        if run.start != at or run.end <= at:
            raise ValueError(f"a run from {run.start} to {run.end} after one that ends at {at}")
        at = run.end
    if not block.data or len(block.data) > MAX_RAW:
        raise ValueError(f"a block of {len(block.data)} bytes")
    if at != len(block.data) or not block.data.endswith(b"\n"):
        raise ValueError(
            f"a block of {len(block.data)} bytes whose runs end at {at}, or without the end of its last line"
        )


def _answer(told: asyncio.Future[Stored], answer: Stored | Exception) -> None:
    if told.done():
        return
    if isinstance(answer, Exception):
        told.set_exception(answer)
    else:
        told.set_result(answer)
