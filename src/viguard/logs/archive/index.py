"""The index of a closed segment: where each frame stands, when it was received, from whom."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec

from viguard.logs.archive.files import sync_directory
from viguard.logs.archive.frames import Header, digest
from viguard.logs.archive.segments import INDEX_SUFFIX, Frame, own_header
from viguard.model.facts import Struct

VERSION = 1
NEW_SUFFIX = ".new"
_HASH_BYTES = 16
_TRIES, _TRY_S = 5, 0.01
"""A segment and its index are replaced one right after the other: who comes between waits for so long."""


class Entry(Struct, frozen=True, array_like=True, kw_only=True):
    """One frame. ``senders`` and ``hosts`` are numbers in the tables of the index; ``origin`` as in its header."""

    offset: int
    size: int
    raw: int
    lines: int
    received_at: float
    senders: tuple[int, ...]
    hosts: tuple[int, ...]
    is_every_host: bool
    origin: int | None = None

    @property
    def name(self) -> int:
        """Where the frame was first written, which names it within the segment."""
        return self.offset if self.origin is None else self.origin


class Index(Struct, frozen=True, array_like=True, kw_only=True):
    """Every frame of a segment. ``size`` is of the segment, in bytes; times in seconds since 1970.

    ``level`` of zstd: the segment was packed again at it, or that would not pay; 0: not tried.
    """

    version: int
    segment: bytes
    size: int
    since: float
    until: float
    senders: tuple[str, ...]
    hosts: tuple[str, ...]
    entries: tuple[Entry, ...]
    level: int = 0


class Opened(NamedTuple):
    """A segment that is open for reading, and the index of just this file. ``is_apart``: it was packed again, and the
    index that is there belongs to the other packing; then it is whole and closed all the same.
    """

    fd: int
    own_index: Index | None
    is_apart: bool


class Gatherer:
    """Makes an index while frames are written or read."""

    def __init__(self) -> None:
        self._senders: dict[str, int] = {}
        self._hosts: dict[str, int] = {}
        self.entries: list[Entry] = []

    def add(self, offset: int, end: int, header: Header) -> None:
        """One more frame."""
        senders = {self._senders.setdefault(sender, len(self._senders)) for sender, _ in header.sources}
        self.entries.append(
            Entry(
                offset=offset,
                size=end - offset,
                raw=header.raw,
                lines=header.lines,
                received_at=header.received_at,
                senders=tuple(sorted(senders)),
                hosts=tuple(self._hosts.setdefault(host, len(self._hosts)) for host in header.hosts),
                is_every_host=header.is_every_host,
                origin=header.origin,
            )
        )

    def cut(self, end: int) -> None:
        """Forgets the frames that begin at ``end`` or after."""
        while self.entries and self.entries[-1].offset >= end:
            self.entries.pop()

    def index(self, segment: bytes, size: int, level: int = 0) -> Index:
        """The index of a segment with that id and size, packed again at that level."""
        times = [entry.received_at for entry in self.entries]
        return Index(
            version=VERSION,
            segment=segment,
            size=size,
            since=min(times, default=0.0),
            until=max(times, default=0.0),
            senders=tuple(self._senders),
            hosts=tuple(self._hosts),
            entries=tuple(self.entries),
            level=level,
        )


def gathered(frames: Iterable[Frame]) -> Gatherer:
    """An index in the making from the frames of a segment."""
    gatherer = Gatherer()
    for frame in frames:
        gatherer.add(frame.offset, frame.end, frame.header)
    return gatherer


def path_of(segment: Path) -> Path:
    """Where the index of a segment is."""
    return segment.with_suffix(INDEX_SUFFIX)


def encode(index: Index) -> bytes:
    """An index as it stands in its file."""
    body = msgspec.msgpack.encode(index)
    return digest(body) + body


def write(segment: Path, index: Index) -> None:
    """Writes an index so that there is the whole of it or none.

    Raises: OSError.
    """
    path = path_of(segment)
    new = path.with_suffix(NEW_SUFFIX)
    try:
        fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(fd, "wb") as file:
            file.write(encode(index))
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError:
        new.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


def read(segment: Path) -> Index | None:
    """The index of a segment; None when there is none, or when it is damaged or not of this version."""
    try:
        data = path_of(segment).read_bytes()
    except OSError:
        return None
    body = data[_HASH_BYTES:]
    if digest(body) != data[:_HASH_BYTES]:
        return None
    try:
        index = msgspec.msgpack.decode(body, type=Index)
    except msgspec.MsgspecError:
        return None
    return index if index.version == VERSION else None


@contextmanager
def opened(segment: Path) -> Iterator[Opened]:
    """A segment and its index, the two of one packing even while it is being replaced by another.

    Raises: FileNotFoundError when there is no such segment.
    """
    found = _opened(segment)
    for _ in range(_TRIES):
        if not found.is_apart:
            break
        os.close(found.fd)
        time.sleep(_TRY_S)
        found = _opened(segment)
    try:
        yield found
    finally:
        os.close(found.fd)


def is_of(index: Index, fd: int) -> bool:
    """Whether an index belongs to an open segment, as far as that one's header is readable."""
    own = own_header(fd)
    return own is None or own[0] == index.segment


def _opened(segment: Path) -> Opened:
    fd = os.open(segment, os.O_RDONLY | os.O_CLOEXEC)
    try:
        index = read(segment)
        if index is None:
            segment.stat()  # retention may just have taken both
        is_apart = index is not None and not is_of(index, fd)
    except BaseException:
        os.close(fd)
        raise
    return Opened(fd, None if is_apart else index, is_apart)
