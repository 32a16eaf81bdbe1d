"""The index of a closed segment: where each frame stands, when it was received, from whom."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import msgspec

from viguard.logs.archive.frames import Header, digest
from viguard.logs.archive.segments import INDEX_SUFFIX, Frame
from viguard.model.facts import Struct

VERSION = 1
_HASH_BYTES = 16


class Entry(Struct, frozen=True, array_like=True, kw_only=True):
    """One frame. ``senders`` and ``hosts`` are numbers in the tables of the index."""

    offset: int
    size: int
    raw: int
    lines: int
    received_at: float
    senders: tuple[int, ...]
    hosts: tuple[int, ...]
    is_every_host: bool


class Index(Struct, frozen=True, array_like=True, kw_only=True):
    """Every frame of a segment. ``size`` is of the segment, in bytes; times in seconds since 1970."""

    version: int
    segment: bytes
    size: int
    since: float
    until: float
    senders: tuple[str, ...]
    hosts: tuple[str, ...]
    entries: tuple[Entry, ...]


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
            )
        )

    def cut(self, end: int) -> None:
        """Forgets the frames that begin at ``end`` or after."""
        while self.entries and self.entries[-1].offset >= end:
            self.entries.pop()

    def index(self, segment: bytes, size: int) -> Index:
        """The index of a segment with that id and size."""
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


def write(segment: Path, index: Index) -> None:
    """Writes an index so that there is the whole of it or none.

    Raises: OSError.
    """
    body = msgspec.msgpack.encode(index)
    path = path_of(segment)
    new = path.with_suffix(".new")
    try:
        fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(fd, "wb") as file:
            file.write(digest(body) + body)
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


def sync_directory(directory: Path) -> None:
    """Brings names of files in a directory to the disk."""
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
