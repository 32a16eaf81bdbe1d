"""Deletes whole segments, oldest first, by age and by size; never what a legal hold names."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from viguard.logs.archive import index as indexes
from viguard.logs.archive.files import sync_directory
from viguard.logs.archive.lock import changing
from viguard.logs.archive.recover import TORN_SUFFIX
from viguard.logs.archive.segments import moment, segments
from viguard.model.facts import Struct


class Retention(Struct, frozen=True, kw_only=True):
    """How long lines are kept: ``age`` after receipt, ``size_bytes`` of the whole archive; None: no limit."""

    age: timedelta | None = None
    size_bytes: int | None = None


class Hold(Struct, frozen=True, kw_only=True):
    """Segments that stay in spite of the retention: from ``first`` to ``last``, both included; names without suffix."""

    first: str
    last: str
    reason: str

    def covers(self, segment: Path) -> bool:
        """Whether a segment is held."""
        return self.first <= segment.stem <= self.last


class Deletion(Struct, frozen=True, kw_only=True):
    """A segment that was deleted, with what it held. Times of receipt, UTC."""

    segment: str
    size_bytes: int
    since: datetime
    until: datetime
    why: str


def hold(directory: Path, since: datetime, until: datetime, reason: str) -> Hold | None:
    """A hold on the segments with lines received in that time; None when there are none.

    A segment without readable index may hold any line: it is held too when it lies between.
    """
    held = [path.stem for path in segments(directory) if _may_hold(path, since, until)]
    return Hold(first=held[0], last=held[-1], reason=reason) if held else None


def retain(directory: Path, retention: Retention, holds: Sequence[Hold], now: datetime) -> tuple[Deletion, ...]:
    """Deletes what is too old or too much, and returns each deletion. A segment without index is being written.

    Raises: OSError; what was deleted before stays deleted.
    """
    with changing(directory):
        return _retained(directory, retention, holds, now)


def _retained(directory: Path, retention: Retention, holds: Sequence[Hold], now: datetime) -> tuple[Deletion, ...]:
    present = [(path, indexes.read(path)) for path in segments(directory)]
    every = sum(_size(path) for path, _ in present)
    deleted = []
    for path, index in present:
        if index is None or any(one.covers(path) for one in holds):
            continue
        why = ""
        if retention.age is not None and moment(index.until) < now - retention.age:
            why = f"older than {retention.age.days} days"
        elif retention.size_bytes is not None and every > retention.size_bytes:
            why = f"the archive was larger than {retention.size_bytes} bytes"
        if not why:
            continue
        size = _size(path)
        _delete(path)
        every -= size
        deleted.append(
            Deletion(segment=path.stem, size_bytes=size, since=moment(index.since), until=moment(index.until), why=why)
        )
    if deleted:
        sync_directory(directory)
    return tuple(deleted)


def _may_hold(path: Path, since: datetime, until: datetime) -> bool:
    index = indexes.read(path)
    return index is None or (moment(index.since) <= until and moment(index.until) >= since)


def _delete(path: Path) -> None:
    """The segment first: an index alone is removed when the archive is opened, a segment alone is read again."""
    path.unlink()
    for beside in (indexes.path_of(path), path.with_suffix(TORN_SUFFIX)):
        beside.unlink(missing_ok=True)


def _size(path: Path) -> int:
    size = 0
    for one in (path, indexes.path_of(path)):
        try:
            size += os.stat(one).st_size  # noqa: PTH116
        except FileNotFoundError:
            continue
    return size
