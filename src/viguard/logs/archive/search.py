"""Finds lines in an archive, newest or oldest first, and follows it while it grows."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from viguard.logs.archive import index as indexes
from viguard.logs.archive.query import Match, Query, Searcher, is_same_host, source_of
from viguard.logs.archive.reading import Place, Read, Reader, Tell, Wanted, each, place_of, places, within
from viguard.logs.archive.segments import Frame, moment, segments, walk
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
    at = {path.name: _end(path) for path in segments(directory)}
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
                frame=place.offset,
                start=start,
                event=event,
            )
        )
    return found


def _end(path: Path) -> int:
    """Where the last whole frame of a segment ends now."""
    index = indexes.read(path)
    if index is not None:
        return index.size
    try:
        fd = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return 0
    try:
        return max((f.end for f in walk(fd, os.fstat(fd).st_size) if isinstance(f, Frame)), default=0)
    finally:
        os.close(fd)


def _new(directory: Path, at: dict[str, int], tell: Tell) -> Iterator[Place]:
    """The frames that came since, and remembers how far it got."""
    for path in segments(directory):
        start = at.get(path.name, 0)
        try:
            if path.stat().st_size <= start:
                continue
            fd = os.open(path, os.O_RDONLY)
        except FileNotFoundError:
            continue  # retention took it
        try:
            for found in walk(fd, os.fstat(fd).st_size, start):
                if isinstance(found, Frame):
                    at[path.name] = found.end
                    yield place_of(path, found)
                elif not found.is_tail:
                    at[path.name] = found.offset + found.size
                    for damage in of_gap(path, found, None):
                        tell(damage)
        finally:
            os.close(fd)
