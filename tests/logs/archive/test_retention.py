"""Retention: whole segments, the oldest first, and never what is held."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.logs.archive.made import NOON, block, nothing_damaged, take_all
from viguard.logs.archive.reading import blocks
from viguard.logs.archive.retention import Hold, Retention, hold, retain
from viguard.logs.archive.segments import segments
from viguard.logs.archive.verify import verify
from viguard.logs.archive.writer import Archive

DAY = timedelta(days=1)
START = datetime.fromtimestamp(NOON, UTC)


def _days(directory: Path, count: int) -> list[str]:
    """A segment for each day; their names."""
    now = [NOON]
    with Archive(directory, clock=lambda: now[0]) as archive:
        for day in range(count):
            asyncio.run(take_all(archive, [block(f"day {day}", at=now[0])]))
            now[0] += 86400
    return [path.stem for path in segments(directory)]


def _left(directory: Path) -> list[bytes]:
    return [one.data for one in blocks(directory, tell=nothing_damaged)]


def test_what_is_too_old_goes_and_each_deletion_is_told(tmp_path: Path) -> None:
    names = _days(tmp_path, 5)
    told = retain(tmp_path, Retention(age=2 * DAY), (), START + 4 * DAY)
    assert [one.segment for one in told] == names[:2]
    assert [one.since for one in told] == [START, START + DAY]
    assert all(one.why == "older than 2 days" and one.size_bytes > 0 for one in told)
    assert _left(tmp_path) == [b"day 2\n", b"day 3\n", b"day 4\n"]
    assert verify(tmp_path).damage == ()
    assert not list(tmp_path.glob(f"{names[0]}*"))


def test_what_is_too_much_goes_oldest_first(tmp_path: Path) -> None:
    names = _days(tmp_path, 4)
    size = sum(path.stat().st_size for path in tmp_path.iterdir() if path.name != "lock")
    assert retain(tmp_path, Retention(size_bytes=size), (), START + 9 * DAY) == ()
    told = retain(tmp_path, Retention(size_bytes=size - 1), (), START + 9 * DAY)
    assert [one.segment for one in told] == names[:1]


def test_what_is_held_stays(tmp_path: Path) -> None:
    names = _days(tmp_path, 4)
    held = hold(tmp_path, START + DAY, START + 2 * DAY, "case 7")
    assert held == Hold(first=names[1], last=names[2], reason="case 7")
    told = retain(tmp_path, Retention(age=timedelta(0), size_bytes=0), (held,), START + 9 * DAY)
    assert [one.segment for one in told] == [names[0], names[3]]
    assert _left(tmp_path) == [b"day 1\n", b"day 2\n"]
    assert hold(tmp_path, START + 8 * DAY, START + 9 * DAY, "nothing") is None


def test_a_segment_that_is_being_written_stays(tmp_path: Path) -> None:
    with Archive(tmp_path) as archive:
        asyncio.run(take_all(archive, [block("now")]))
        assert retain(tmp_path, Retention(age=timedelta(0), size_bytes=0), (), datetime.now(UTC) + DAY) == ()
    assert _left(tmp_path) == [b"now\n"]


def test_without_limits_everything_stays(tmp_path: Path) -> None:
    _days(tmp_path, 2)
    assert retain(tmp_path, Retention(), (), START + 9999 * DAY) == ()
