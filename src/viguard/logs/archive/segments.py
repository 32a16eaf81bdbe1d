"""Segments of an archive: their names, and the way through their frames, past damage if there is any."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from viguard.errors import InputError
from viguard.logs.archive.frames import (
    ID_BYTES,
    SEGMENT_TAG,
    TAG,
    FrameError,
    Header,
    SegmentHeader,
    decode_header,
    decode_segment,
    skipped,
)
from viguard.model.facts import Struct

SUFFIX = ".zst"
INDEX_SUFFIX = ".index"
PACKING_SUFFIX = ".packing"
"""Of a file that is to take the place of a segment."""
LOCK = "lock"
"""Stands in every archive, and says who may write."""
FOLDER = "archive"
"""The folder of a log server's directory in which it keeps lines."""
_NAME = re.compile(r"\d{8}-\d{8}T\d{6}Z")
_FIRST_READ = 4096
_CHUNK = 1 << 20
_TAG_AT = 8
"""Where the tag stands in a skippable frame."""


class Stored(NamedTuple):
    """Where a block stands in an archive: the number of its segment, and the offset there at which it was first
    written. It stays the same when the segment is packed again. Later ones are greater.
    """

    segment: int
    offset: int


class Frame(NamedTuple):
    """A whole frame: where its header begins, where its data, and what the header says."""

    offset: int
    data: int
    header: Header

    @property
    def origin(self) -> int:
        """Where it was first written: its name within the segment, whatever packing does to the offset."""
        return self.offset if self.header.origin is None else self.header.origin

    @property
    def end(self) -> int:
        """Where the next one begins."""
        return self.data + self.header.size


class Gap(NamedTuple):
    """Bytes of a segment that are no frame. ``is_tail``: no whole frame comes after them."""

    offset: int
    size: int
    why: str
    is_tail: bool


class Damage(Struct, frozen=True, kw_only=True):
    """A part of the archive that cannot be read. ``offset`` and ``size`` in bytes, ``since`` and ``until`` UTC.

    ``senders`` and ``hosts`` are those of the part as far as index or header tell; none: not known.
    """

    file: str
    offset: int
    size: int
    why: str
    since: datetime | None = None
    until: datetime | None = None
    senders: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()


def moment(seconds: float) -> datetime:
    """Seconds since 1970 as an aware time; the nearest there is when a damaged or hostile value is none."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)


def name_of(number: int, seconds: float) -> str:
    """The name of a segment, without suffix: its number first, so names sort as they were made."""
    return f"{number:08d}-{moment(seconds):%Y%m%dT%H%M%SZ}"


def number_of(path: Path) -> int:
    """The number of a segment, which is greater than those of all before it."""
    return int(path.stem[:8])


def segments(directory: Path) -> list[Path]:
    """The segments of an archive, oldest first.

    Raises: InputError when there is no such directory.
    """
    try:
        return sorted(p for p in directory.iterdir() if p.suffix == SUFFIX and _NAME.fullmatch(p.stem))
    except OSError as error:
        raise InputError(f"no archive of logs: {error.strerror}", where=str(directory)) from error


def own_header(fd: int) -> tuple[bytes, SegmentHeader] | None:
    """The random id of a segment and its header; None when they are damaged, or the first frame has another id."""
    told, first = _beginning(fd)
    return None if told is None or (first and first != told[0]) else told


def archive_in(directory: Path) -> Path:
    """The archive that a directory is, or that stands in it as in the directory of a log server.

    Raises: InputError when neither is one: what is looked for there would be found nowhere, as if nothing had happened.
    """
    inner = directory / FOLDER
    found = inner if not _is_archive(directory) and inner.is_dir() else directory
    if _is_archive(found):
        return found
    hint = f"name the folder {FOLDER} in the directory of serve.yaml"
    raise InputError("no archive of logs: no segment is in there", where=str(directory), hint=hint)


def _is_archive(directory: Path) -> bool:
    return bool(segments(directory)) or (directory / LOCK).exists()


def segment_id(fd: int, size: int) -> bytes:
    """The random id of a segment: the first one that two of its header and its whole frames have, as no hash covers it;
    else the one that there is last, else b"".
    """
    told, first = _beginning(fd)
    if told is not None and (first == told[0] or not first):
        return told[0]
    seen = [told[0]] if told is not None else []
    at = _next(fd, size, 0, TAG)
    while at is not None:
        frame = skipped(os.pread(fd, _FIRST_READ, at))
        if frame is not None and _frame(fd, size, at, frame[1]) is not None:
            if frame[1] in seen:
                return frame[1]
            seen.append(frame[1])
        at = _next(fd, size, at + 1, TAG)
    return seen[-1] if seen else b""


def _beginning(fd: int) -> tuple[tuple[bytes, SegmentHeader] | None, bytes]:
    """Id and header of a segment, None when they are damaged, and the id of the frame after them, b"" without."""
    start = os.pread(fd, _FIRST_READ, 0)
    told = skipped(start)
    if told is None or told[0] != SEGMENT_TAG:
        return None, b""
    try:
        header = decode_segment(start[: told[2]])
    except FrameError:
        return None, b""
    frame = skipped(start[told[2] :])
    return (told[1], header), frame[1] if frame is not None else b""


def walk(fd: int, size: int, at: int = 0, segment: bytes | None = None) -> Iterator[Frame | Gap]:
    """Every frame of a segment from ``at`` to ``size``, and what lies between them where it is no frame.

    Only headers are read; whether the data is whole its reader sees.
    """
    segment = segment if segment is not None else segment_id(fd, size)
    while at < size:
        told = skipped(os.pread(fd, _FIRST_READ, at))
        if told is not None and told[0] == SEGMENT_TAG and told[1] == segment and at + told[2] <= size and at == 0:
            at = told[2]
            continue
        frame = _frame(fd, size, at, segment)
        if frame is not None:
            yield frame
            at = frame.end
            continue
        found = _after(fd, size, at + 1, segment)
        end = size if found is None else found.offset
        yield Gap(at, end - at, "no whole frame", found is None)
        at = end


def _after(fd: int, size: int, at: int, segment: bytes) -> Frame | None:
    """The first whole frame of a segment from ``at`` on."""
    if not segment:
        return None
    start = _next(fd, size, at, TAG + segment)
    while start is not None:
        frame = _frame(fd, size, start, segment)
        if frame is not None:
            return frame
        start = _next(fd, size, start + 1, TAG + segment)
    return None


def _frame(fd: int, size: int, at: int, segment: bytes) -> Frame | None:
    start = os.pread(fd, _FIRST_READ, at)
    told = skipped(start)
    if told is None or told[0] != TAG or told[1] != segment:
        return None
    whole = start[: told[2]] if told[2] <= len(start) else os.pread(fd, told[2], at)
    try:
        header = decode_header(whole)
    except FrameError:
        return None
    frame = Frame(at, at + told[2], header)
    return frame if len(whole) == told[2] and frame.end <= size else None


def _next(fd: int, size: int, at: int, wanted: bytes) -> int | None:
    """Where the next skippable frame with a tag could begin."""
    overlap = len(TAG) + ID_BYTES + _TAG_AT
    while at < size:
        chunk = os.pread(fd, min(_CHUNK, size - at), at)
        if not chunk:
            return None
        found = chunk.find(wanted, _TAG_AT)
        if found >= 0:
            return at + found - _TAG_AT
        if at + len(chunk) >= size:
            return None
        at += max(len(chunk) - overlap, 1)
    return None
