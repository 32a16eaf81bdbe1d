"""Blocks of an archive again, decompressed by several threads, in order; what cannot be read is told, not skipped."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, TypeVar

import zstandard

from viguard.logs.archive import index as indexes
from viguard.logs.archive.frames import FrameError, Header, decode_header, runs_of, skipped, unpack
from viguard.logs.archive.segments import (
    Damage,
    Frame,
    Gap,
    Stored,
    moment,
    number_of,
    own_header,
    segment_id,
    segments,
    walk,
)
from viguard.logs.archive.verify import no_index, of_gap
from viguard.logs.block import Block

T = TypeVar("T")
Tell = Callable[[Damage], None]
Wanted = Callable[["Place"], bool]
_AHEAD = 2
"""Batches for each thread that are read before anybody asks for them."""
_BATCH = 1 << 20
"""Compressed bytes of a batch: waking a thread for each frame costs a tenth of a search."""


class Place(NamedTuple):
    """A frame that is to be read, as index or header tell it. ``hosts`` is None when lines may claim others too.

    It stands at ``offset`` of the file with the id ``segment``; ``origin`` is where it was first written. When another
    file has taken the place of that one (see ``packing``), its origin finds it there.
    """

    path: Path
    offset: int
    size: int
    received_at: float
    senders: frozenset[str]
    hosts: frozenset[str] | None
    segment: bytes
    origin: int


class Read(NamedTuple):
    """A frame that was read."""

    place: Place
    block: Block


def within(since: datetime | None, until: datetime | None) -> Wanted:
    """Frames received from ``since`` on and before ``until``."""
    first = since.timestamp() if since else float("-inf")
    end = until.timestamp() if until else float("inf")
    return lambda place: first <= place.received_at < end


def places(directory: Path, wanted: Wanted, tell: Tell, *, newest_first: bool = False) -> Iterator[Place]:
    """The frames of an archive that are wanted, in the order in which they were written or its reverse.

    Raises: InputError when there is no such directory.
    """
    yield from _of(segments(directory), wanted, tell, newest_first=newest_first)


def _of(paths: list[Path], wanted: Wanted, tell: Tell, *, newest_first: bool = False) -> Iterator[Place]:
    for path in reversed(paths) if newest_first else paths:
        try:
            with indexes.opened(path) as opened:
                if opened.own_index is None and not opened.is_apart:
                    for damage in no_index(path, is_newest=path == paths[-1]):
                        tell(damage)
                found = (
                    _indexed(path, opened.fd, opened.own_index, tell)
                    if opened.own_index
                    else _walked(path, opened, tell)
                )
                if newest_first:
                    found = iter(list(found)[::-1])
                yield from (place for place in found if wanted(place))
        except FileNotFoundError:
            continue  # retention took it


def _indexed(path: Path, fd: int, index: indexes.Index, tell: Tell) -> Iterator[Place]:
    size = os.fstat(fd).st_size
    if size < index.size:
        for damage in of_gap(path, Gap(size, index.size - size, "the segment ends early", is_tail=True), index):
            tell(damage)
    senders = [frozenset({sender}) for sender in index.senders]
    for entry in index.entries:
        if entry.offset + entry.size <= size:
            yield Place(
                path,
                entry.offset,
                entry.size,
                entry.received_at,
                senders[entry.senders[0]]
                if len(entry.senders) == 1
                else frozenset(index.senders[n] for n in entry.senders),
                frozenset(index.hosts[n] for n in entry.hosts) if entry.is_every_host else None,
                index.segment,
                entry.name,
            )


def _walked(path: Path, opened: indexes.Opened, tell: Tell) -> Iterator[Place]:
    size = os.fstat(opened.fd).st_size
    segment = segment_id(opened.fd, size)
    for found in walk(opened.fd, size, 0, segment):
        if isinstance(found, Frame):
            yield place_of(path, segment, found)
        elif not found.is_tail or opened.is_apart:  # a tail is being written, but for a closed segment
            for damage in of_gap(path, found, None):
                tell(damage)


def place_of(path: Path, segment: bytes, frame: Frame) -> Place:
    """Where a frame is, from its header; ``segment`` is the id of its file."""
    header = frame.header
    return Place(
        path,
        frame.offset,
        frame.end - frame.offset,
        header.received_at,
        frozenset(sender for sender, _ in header.sources),
        frozenset(header.hosts) if header.is_every_host else None,
        segment,
        frame.origin,
    )


class Reader:
    """Reads frames. For several threads at a time: each has its own decompressor."""

    def __init__(self, tell: Tell) -> None:
        self._tell, self._own = tell, threading.local()
        self._moved = _Moved(b"", {})

    def read(self, place: Place) -> Read | None:
        """A frame; None when it is damaged, which is told, or when retention has taken its segment."""
        try:
            place, data = self._bytes(place)
        except FileNotFoundError:
            return None
        told = skipped(data)
        header: Header | None = None
        try:
            header = _header(data, told, place)
            lines = unpack(data[-header.size :], header, self._decompressor())
            return Read(place, Block(lines, header.received_at, runs_of(header)))
        except FrameError as error:
            self._damaged(place, str(error), header.hosts if header else ())
            return None

    def _bytes(self, place: Place) -> tuple[Place, bytes]:
        """The bytes of a frame, and where they stand, in the file that has the name of its segment now.

        Raises: FileNotFoundError.
        """
        fd = os.open(place.path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            data = os.pread(fd, place.size, place.offset)
            told = skipped(data)
            if told is None or told[1] != place.segment:
                place = self._now(fd, place)
                data = os.pread(fd, place.size, place.offset)
            return place, data
        finally:
            os.close(fd)

    def _now(self, fd: int, place: Place) -> Place:
        """Where a frame stands in an open file, which may be another than the one that it was told to be in."""
        own = own_header(fd)
        if own is None or own[0] == place.segment:
            return place  # the very file: it is damaged
        moved = self._moved
        if moved.segment != own[0]:
            moved = self._moved = _moved(fd, place.path, own[0])
        at = moved.frames.get(place.origin)
        return place if at is None else place._replace(offset=at[0], size=at[1], segment=own[0])

    def _decompressor(self) -> zstandard.ZstdDecompressor:
        if not hasattr(self._own, "decompressor"):
            self._own.decompressor = zstandard.ZstdDecompressor()
        decompressor: zstandard.ZstdDecompressor = self._own.decompressor
        return decompressor

    def _damaged(self, place: Place, why: str, hosts: tuple[str, ...]) -> None:
        received = moment(place.received_at)
        self._tell(
            Damage(
                file=place.path.name,
                offset=place.offset,
                size=place.size,
                why=why,
                since=received,
                until=received,
                senders=tuple(sorted(place.senders)),
                hosts=hosts or tuple(sorted(place.hosts or ())),
            )
        )


class _Moved(NamedTuple):
    """Offset and size of each frame of a segment that was packed again, by its origin."""

    segment: bytes
    frames: Mapping[int, tuple[int, int]]


def _moved(fd: int, path: Path, segment: bytes) -> _Moved:
    index = indexes.read(path)
    if index is not None and index.segment == segment:
        return _Moved(segment, {entry.name: (entry.offset, entry.size) for entry in index.entries})
    walked = walk(fd, os.fstat(fd).st_size, 0, segment)
    frames = {one.origin: (one.offset, one.end - one.offset) for one in walked if isinstance(one, Frame)}
    return _Moved(segment, frames)


def _header(data: bytes, told: tuple[bytes, bytes, int] | None, place: Place) -> Header:
    if told is None or len(data) < place.size:
        raise FrameError("no frame where the index names one")
    header = decode_header(data[: told[2]])
    if told[2] + header.size != place.size:
        raise FrameError("a frame of another size than the index names")
    return header


def each(some: Iterable[Place], work: Callable[[Place], T], threads: int) -> Iterator[T]:
    """What ``work`` makes of each place, in their order; at most ``threads`` work at a time."""
    if threads <= 1:
        yield from map(work, some)
        return
    pool = ThreadPoolExecutor(threads, thread_name_prefix="viguard-read")
    waiting: deque[Future[list[T]]] = deque()
    try:
        for batch in _batches(some):
            waiting.append(pool.submit(_all, work, batch))
            if len(waiting) > threads * _AHEAD:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _batches(some: Iterable[Place]) -> Iterator[list[Place]]:
    """Frames to be read by one thread: few large ones or many small ones, the first alone for a quick answer."""
    batch: list[Place] = []
    size = most = 0
    for place in some:
        batch.append(place)
        size += place.size
        if size >= most:
            yield batch
            batch, size, most = [], 0, min(most + (1 << 18), _BATCH)
    if batch:
        yield batch


def _all(work: Callable[[Place], T], batch: list[Place]) -> list[T]:
    return [work(place) for place in batch]


def blocks(
    directory: Path,
    *,
    tell: Tell,
    since: datetime | None = None,
    until: datetime | None = None,
    threads: int = 2,
) -> Iterator[Block]:
    """The blocks of an archive as they were taken, oldest first: for whatever is to look at old lines again.

    ``since`` and ``until`` are times of receipt; ``tell`` hears of every part that cannot be read.
    Raises: InputError when there is no such directory.
    """
    for read in each(places(directory, within(since, until), tell), Reader(tell).read, threads):
        if read is not None:
            yield read.block


def between(
    directory: Path, first: Stored, end: Stored, *, tell: Tell, since: datetime | None = None
) -> Iterator[tuple[Stored, Block]]:
    """The blocks of an archive that stand from ``first`` on and before ``end``, oldest first, one at a time.

    ``since`` is a time of receipt; ``tell`` hears of every part that cannot be read.
    Raises: InputError when there is no such directory.
    """
    received, reader = within(since, None), Reader(tell)
    paths = [path for path in segments(directory) if first.segment <= number_of(path) <= end.segment]
    for place in _of(paths, lambda place: first <= stored(place) < end and received(place), tell):
        read = reader.read(place)
        if read is not None:
            yield stored(place), read.block


def stored(place: Place) -> Stored:
    """Where a frame stands, now and after each packing."""
    return Stored(number_of(place.path), place.origin)
