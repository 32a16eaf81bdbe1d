"""Finds lines in an archive, newest or oldest first, and follows it while it grows."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from viguard.logs.archive import index as indexes
from viguard.logs.archive.query import Match, Query, Searcher, is_same_host, source_of
from viguard.logs.archive.reading import Place, Read, Reader, Tell, Wanted, each, place_of, places, within
from viguard.logs.archive.segments import Frame, moment, segment_id, segments, walk
from viguard.logs.archive.verify import of_gap


def search(directory: Path, query: Query, *, tell: Tell, threads: int = 2) -> Iterator[Match]:
    """The lines that fulfil a query. ``tell`` hears of every part that cannot be read: what it held is not known.

    Raises: InputError when there is no such directory or the query cannot be.
    """
    searcher = Searcher(query)
    found = _matches(directory, searcher, tell, threads)
    return found if query.limit is None else islice(found, query.limit)


def follow(
    directory: Path, query: Query, *, tell: Tell, ended: Callable[[], bool], every_s: float = 0.5
) -> Iterator[Match]:
    """The lines that come in from now on and fulfil a query, until ``ended``; oldest first whatever the query says.

    Raises: InputError when there is no such directory or the query cannot be.
    """
    searcher = Searcher(query)
    found = _followed(directory, searcher, tell, ended, every_s)
    return found if query.limit is None else islice(found, query.limit)


def _matches(directory: Path, searcher: Searcher, tell: Tell, threads: int) -> Iterator[Match]:
    query, read = searcher.query, Reader(tell).read
    some = places(directory, _wanted(query), tell, newest_first=query.newest_first)
    for matches in each(some, lambda place: _in_frame(searcher, read(place)), threads):
        yield from reversed(matches) if query.newest_first else matches


def _followed(
    directory: Path, searcher: Searcher, tell: Tell, ended: Callable[[], bool], every_s: float
) -> Iterator[Match]:
    wanted, read = _wanted(searcher.query), Reader(tell).read
    at = {path.name: _followed_to(path) for path in segments(directory)}
    while not ended():
        for place in _new(directory, at, tell):
            if wanted(place):
                yield from _in_frame(searcher, read(place))
        time.sleep(every_s)


def _wanted(query: Query) -> Wanted:
    """Whether a frame can hold a line that a query is about."""
    in_time = within(query.since, query.until)

    def wanted(place: Place) -> bool:
        return (
            in_time(place)
            and (not query.sender or query.sender in place.senders)
            and (not query.host or place.hosts is None or any(is_same_host(query.host, host) for host in place.hosts))
        )

    return wanted


def _in_frame(searcher: Searcher, read: Read | None) -> list[Match]:
    if read is None:
        return []
    place, block = read
    received = moment(block.received_at)
    found = []
    for start, end, event in searcher.lines(block):
        sender, transport = source_of(block, start)
        found.append(
            Match(
                received_at=received,
                sender=sender,
                transport=transport,
                line=block.data[start:end],
                segment=place.path.stem,
                frame=place.origin,
                start=start,
                event=event,
            )
        )
    return found


class _Far(NamedTuple):
    """How far a segment was followed: to ``end`` of the file with that number and id, and before ``origin``, which
    still says it when another file has taken the place of that one.
    """

    file: int
    segment: bytes
    end: int
    origin: int


_NOTHING = _Far(0, b"", 0, 0)


def _followed_to(path: Path) -> _Far:
    """Where the last whole frame of a segment ends now."""
    try:
        with indexes.opened(path) as opened:
            told = os.fstat(opened.fd)
            if opened.own_index is not None:
                last = max((entry.name for entry in opened.own_index.entries), default=0)
                return _Far(told.st_ino, opened.own_index.segment, opened.own_index.size, last + 1)
            far = _Far(told.st_ino, segment_id(opened.fd, told.st_size), 0, 0)
            for found in walk(opened.fd, told.st_size, 0, far.segment):
                if isinstance(found, Frame):
                    far = far._replace(end=found.end, origin=found.origin + 1)
            return far
    except FileNotFoundError:
        return _NOTHING


def _new(directory: Path, at: dict[str, _Far], tell: Tell) -> Iterator[Place]:
    """The frames that came since, and remembers how far it got."""
    for path in segments(directory):
        far = at.get(path.name, _NOTHING)
        try:
            told = path.stat()
            if told.st_ino == far.file and told.st_size <= far.end:
                continue
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            continue  # retention took it
        try:
            told = os.fstat(fd)
            segment = segment_id(fd, told.st_size)
            start = far.end if segment == far.segment else 0
            for found in walk(fd, told.st_size, start, segment):
                if isinstance(found, Frame):
                    is_new = found.origin >= far.origin
                    far = _Far(told.st_ino, segment, found.end, max(far.origin, found.origin + 1))
                    at[path.name] = far
                    if is_new:
                        yield place_of(path, segment, found)
                elif not found.is_tail:
                    far = at[path.name] = _Far(told.st_ino, segment, found.offset + found.size, far.origin)
                    for damage in of_gap(path, found, None):
                        tell(damage)
        finally:
            os.close(fd)
