"""Packs a closed segment again, at a higher level of zstd: the same frames in the same order, in less space.

What was written under load costs a seventh more than it has to. A new file takes the place of the old one when every
frame of it was read back and says the same; a crash leaves one of the two whole (``recover``).

*Places stay.* Others remember where a block stands: what is behind with judging, a search, a person. So a frame keeps
the offset at which it was first written as its name (``origin``), in its header and in the index, and ``Stored`` is
made of that: nothing has to know that a segment was packed, and nothing has to wait until nobody points into it.

*Readers notice.* Each file has a random id, which is in its header, in each of its frames and in its index. Who was
told of a frame by the index of one file and opens another finds another id there, and looks for the origin. The
alternatives are worse: a descriptor for each segment of an archive of ten years is too many; a file of a new name would
be another segment to a legal hold, and would be there twice after a crash.

*Nothing else may be lost.* A segment is left alone when any of it is damaged or was torn (it is evidence), when a legal
hold names it (so nobody has to explain why its bytes changed), or when the disk would become short.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec
import zstandard
from msgspec.structs import replace

from viguard.logs.archive import index as indexes
from viguard.logs.archive.files import Files
from viguard.logs.archive.frames import (
    ID_BYTES,
    SEGMENT_TAG,
    TAG,
    FrameError,
    Header,
    SegmentHeader,
    before,
    digest,
)
from viguard.logs.archive.growing import VERSION
from viguard.logs.archive.lock import changing
from viguard.logs.archive.recover import TORN_SUFFIX
from viguard.logs.archive.retention import Hold
from viguard.logs.archive.segments import PACKING_SUFFIX, Frame, own_header, walk
from viguard.logs.archive.verify import checked
from viguard.model.facts import Struct

LEVEL = 8
"""Of zstd. It saves 13 % of what level 1 wrote; 6 saves 9 % in two thirds of its time, 12 saves 15 % in twice."""
LEAST_GAIN = 0.03
"""A file of which less can be saved is not replaced."""


class Packed(Struct, frozen=True, kw_only=True):
    """A segment that was packed again. Sizes in bytes."""

    segment: str
    size_before: int
    size: int

    def __str__(self) -> str:
        return f"{self.segment}: packed again, {self.size_before:,} bytes became {self.size:,}"


class Left(Struct, frozen=True, kw_only=True):
    """A segment that was left alone. ``is_trouble``: people should hear why; ``may_change``: to be tried again."""

    segment: str
    why: str
    is_trouble: bool = False
    may_change: bool = False

    def __str__(self) -> str:
        return f"{self.segment}: not packed again: {self.why}"


class StoppedError(Exception):
    """Packing was broken off: nothing has changed."""


class _LeftError(Exception):
    """A segment is to be left alone."""

    def __init__(self, why: str, *, is_trouble: bool = False, may_change: bool = False) -> None:
        super().__init__(why)
        self.why, self.is_trouble, self.may_change = why, is_trouble, may_change


def pack(
    path: Path,
    *,
    files: Files,
    free_share: float,
    holds: Sequence[Hold] = (),
    go_on: Callable[[], None] = lambda: None,
) -> Packed | Left:
    """Packs a segment again if that pays; else it is as it was, and the answer says why.

    For who has the lock of the archive. ``free_share`` of the disk stays free. ``go_on`` is called before each frame,
    and may wait, or raise StoppedError.

    Raises: OSError, StoppedError; the segment is as it was, or packed.
    """

    def may_go_on() -> None:
        go_on()
        if files.free_share(path.parent) < free_share:
            raise _LeftError("the disk becomes full", may_change=True)

    try:
        with indexes.opened(path) as opened:
            packing = _Packing(path, opened, files, holds, may_go_on)
            share = packing.size / max(files.every_byte(path.parent), 1)
            if files.free_share(path.parent) - share < free_share:
                return Left(segment=path.stem, why="there is no room for a second copy of it", may_change=True)
            return packing.run()
    except FileNotFoundError:
        return Left(segment=path.stem, why="it was deleted meanwhile")
    except _LeftError as left:
        return Left(segment=path.stem, why=left.why, is_trouble=left.is_trouble, may_change=left.may_change)


class _Packing:
    def __init__(
        self,
        path: Path,
        opened: indexes.Opened,
        files: Files,
        holds: Sequence[Hold],
        go_on: Callable[[], None],
    ) -> None:
        self._path, self._old, self._files, self._holds, self._go_on = path, opened.fd, files, holds, go_on
        self._index = self._wanted(opened)
        self.size = self._index.size
        self._data, self._names = path.with_suffix(PACKING_SUFFIX), path.with_suffix(indexes.NEW_SUFFIX)

    def _wanted(self, opened: indexes.Opened) -> indexes.Index:
        """The index of the segment if it is to be packed."""
        index = opened.own_index
        if index is None:
            raise _LeftError("it has no index of its own yet", may_change=True)
        if index.level >= LEVEL:
            raise _LeftError("it is packed")
        if self._path.with_suffix(TORN_SUFFIX).exists():
            raise _LeftError("a torn part of it was put aside")
        self._check_hold()
        return index

    def run(self) -> Packed | Left:
        """Leaves its files behind only when the process dies, as they are then."""
        try:
            fd = os.open(self._data, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC, 0o600)
            try:
                index = self._written(fd)
            finally:
                os.close(fd)
            if index is None:
                self._remember_no_gain()
                return Left(segment=self._path.stem, why="it would save too little")
            self._take_place(index)
        except (OSError, StoppedError, _LeftError, KeyboardInterrupt):
            self._clear()
            raise
        return Packed(segment=self._path.stem, size_before=self._index.size, size=index.size)

    def _written(self, fd: int) -> indexes.Index | None:
        """Writes the new file and reads it back; None when it would not pay."""
        own = own_header(self._old)
        if own is None:
            raise _LeftError("its beginning is damaged", is_trouble=True)
        segment, gatherer, said = secrets.token_bytes(ID_BYTES), indexes.Gatherer(), list[bytes]()
        header = SegmentHeader(VERSION, own[1].created_at, LEVEL, own[1].size_before or self._index.size)
        start = before(SEGMENT_TAG, segment, msgspec.msgpack.encode(header))
        self._files.write(fd, start)
        at, compressor = len(start), zstandard.ZstdCompressor(level=LEVEL, write_checksum=True)
        for frame, data, lines in self._frames():
            written, new = _again(frame, data, lines, segment, compressor)
            self._files.write(fd, written)
            gatherer.add(at, at + len(written), new)
            said.append(_meaning(frame, lines))
            at += len(written)
        if at > self._index.size * (1 - LEAST_GAIN):
            return None
        self._files.sync(fd)
        self._read_back(fd, at, segment, said)
        return gatherer.index(segment, at, LEVEL)

    def _frames(self) -> Iterator[tuple[Frame, bytes, bytes]]:
        """Each frame of the old file, its data, and its lines. It has to be exactly what its index says."""
        decompressor, size, entries = zstandard.ZstdDecompressor(), os.fstat(self._old).st_size, self._index.entries
        count, end = 0, self._index.size
        for found in walk(self._old, size, 0, self._index.segment):
            self._go_on()
            entry = entries[count] if count < len(entries) else None
            if not isinstance(found, Frame) or entry is None:
                raise _LeftError(f"it is damaged at {found.offset}", is_trouble=True)
            if (entry.offset, entry.size, entry.name) != (found.offset, found.end - found.offset, found.origin):
                raise _LeftError(f"its index does not fit at {found.offset}", is_trouble=True)
            data = os.pread(self._old, found.header.size, found.data)
            try:
                lines = checked(data, found.header, decompressor)
            except FrameError as error:
                raise _LeftError(f"it is damaged at {found.offset}: {error}", is_trouble=True) from error
            count += 1
            yield found, data, lines
        if count != len(entries) or size != end:
            raise _LeftError(f"it has {count} frames and {size} bytes, not those of its index", is_trouble=True)

    def _read_back(self, fd: int, size: int, segment: bytes, said: Sequence[bytes]) -> None:
        """From the disk, as far as the kernel lets go of what it remembers of the file."""
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        decompressor, count = zstandard.ZstdDecompressor(), 0
        own = own_header(fd)
        is_same = own is not None and own[0] == segment and os.fstat(fd).st_size == size
        for found in walk(fd, size, 0, segment) if is_same else ():
            self._go_on()
            if not isinstance(found, Frame) or count >= len(said):
                break
            try:
                lines = checked(os.pread(fd, found.header.size, found.data), found.header, decompressor)
            except FrameError:
                break
            if _meaning(found, lines) != said[count]:
                break
            count += 1
        if not is_same or count != len(said):
            raise _LeftError(f"what was written of it reads otherwise from frame {count} on", is_trouble=True)

    def _take_place(self, index: indexes.Index) -> None:
        """Both new files are on disk before either takes the place of an old one."""
        fd = os.open(self._names, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            self._files.write(fd, indexes.encode(index))
            self._files.sync(fd)
        finally:
            os.close(fd)
        with changing(self._path.parent):
            self._check_same()
            self._check_hold()
            self._files.rename(self._data, self._path)
            self._files.rename(self._names, indexes.path_of(self._path))
            self._files.sync_names(self._path.parent)

    def _remember_no_gain(self) -> None:
        self._clear()
        with changing(self._path.parent):
            self._check_same()
            indexes.write(self._path, replace(self._index, level=LEVEL))

    def _check_same(self) -> None:
        """Retention may have deleted the segment: it shall stay deleted. Raises: FileNotFoundError."""
        there, ours = self._path.stat(), os.fstat(self._old)
        if (there.st_dev, there.st_ino) != (ours.st_dev, ours.st_ino):
            raise _LeftError("another file has taken its place", may_change=True)

    def _check_hold(self) -> None:
        for hold in self._holds:
            if hold.covers(self._path):
                raise _LeftError(f"it is held: {hold.reason}")

    def _clear(self) -> None:
        for left in (self._data, self._names):
            with suppress(OSError):
                left.unlink(missing_ok=True)


def _again(
    frame: Frame, data: bytes, lines: bytes, segment: bytes, compressor: zstandard.ZstdCompressor
) -> tuple[bytes, Header]:
    """A frame as it stands in the new file, and its header. What would become larger stays as it is."""
    data = min(compressor.compress(lines), data, key=len)
    header = replace(frame.header, size=len(data), digest=digest(data), origin=frame.origin)
    return before(TAG, segment, msgspec.msgpack.encode(header)) + data, header


def _meaning(frame: Frame, lines: bytes) -> bytes:
    """A hash of all that a frame says, however it is packed: its name, its header, and its lines."""
    header = replace(frame.header, size=0, digest=b"", origin=frame.origin)
    return digest(msgspec.msgpack.encode(header) + lines)
