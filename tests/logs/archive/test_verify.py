"""Damage is named: which file, where, of which time, from whom; and what comes after it is still read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.logs.archive.made import NOON, block, fill
from viguard.errors import InputError
from viguard.logs.archive import index as indexes
from viguard.logs.archive.query import Query
from viguard.logs.archive.reading import blocks
from viguard.logs.archive.search import search
from viguard.logs.archive.segments import Damage, segments
from viguard.logs.archive.verify import verify

SECOND = datetime.fromtimestamp(NOON + 60, UTC)
HOST = "<166>Nov 23 10:00:00 esx2 Hostd: second " + "x" * 80


def _three(directory: Path) -> tuple[Path, indexes.Index]:
    fill(
        directory,
        [block("first " * 30)],
        [block(HOST, sender="192.0.2.2", at=NOON + 60)],
        [block("third " * 30, at=NOON + 120)],
    )
    (path,) = segments(directory)
    index = indexes.read(path)
    assert index is not None
    return path, index


def _change(path: Path, at: int, size: int = 1) -> None:
    data = bytearray(path.read_bytes())
    for n in range(at, at + size):
        data[n] ^= 0xFF
    path.write_bytes(data)


@pytest.mark.parametrize("where", ["tag", "header", "data"])
@pytest.mark.parametrize("has_index", [True, False])
def test_a_damaged_frame_is_named_and_the_rest_is_read(tmp_path: Path, where: str, *, has_index: bool) -> None:
    path, index = _three(tmp_path)
    second = index.entries[1]
    _change(path, second.offset + {"tag": 9, "header": 50, "data": second.size - 12}[where])
    if not has_index:
        indexes.path_of(path).unlink()
    checked = verify(tmp_path)
    assert checked.frames == 2
    (damage,) = checked.damage
    assert (damage.file, damage.offset, damage.size) == (path.name, second.offset, second.size)
    if has_index or where == "data":
        assert (damage.since, damage.until) == (SECOND, SECOND)
        assert damage.senders == ("192.0.2.2",)
        assert damage.hosts == ("esx2",)
    told: list[Damage] = []
    assert [one.data[:5] for one in blocks(tmp_path, tell=told.append)] == [b"first", b"third"]
    assert [(one.offset, one.size) for one in told] == [(second.offset, second.size)]
    told.clear()
    assert len(list(search(tmp_path, Query(text="ir"), tell=told.append))) == 2
    assert len(told) == 1


def test_many_damaged_bytes_over_two_frames_leave_the_third(tmp_path: Path) -> None:
    path, index = _three(tmp_path)
    _change(path, index.entries[0].offset, index.entries[1].offset + 40 - index.entries[0].offset)
    checked = verify(tmp_path)
    assert checked.frames == 1
    (damage,) = checked.damage
    assert damage.since == datetime.fromtimestamp(NOON, UTC)
    assert damage.until == SECOND
    assert damage.senders == ("192.0.2.1", "192.0.2.2")


def test_a_segment_that_ends_early_is_damage_and_no_crash(tmp_path: Path) -> None:
    path, index = _three(tmp_path)
    path.write_bytes(path.read_bytes()[: index.entries[2].offset])
    (damage,) = verify(tmp_path).damage
    assert (damage.offset, damage.size) == (index.entries[2].offset, index.entries[2].size)
    assert damage.since == SECOND + timedelta(seconds=60)
    told: list[Damage] = []
    assert len(list(blocks(tmp_path, tell=told.append))) == 2
    assert len(told) == 1


def test_a_damaged_beginning_of_a_segment_does_not_hide_its_frames(tmp_path: Path) -> None:
    path, _ = _three(tmp_path)
    indexes.path_of(path).unlink()
    _change(path, 4, 30)
    assert verify(tmp_path).frames == 3


def test_frames_in_log_lines_are_no_frames(tmp_path: Path) -> None:
    """A sender that sends what a segment holds cannot make lines appear after damage: it does not know the id."""
    other = tmp_path / "other"
    fill(other, [block("forged")])
    (forged,) = segments(other)
    bait = forged.read_bytes().replace(b"\n", b" ")
    archive = tmp_path / "archive"
    data = b"".join(bytes([n * 7 % 251 + 4]) for n in range(50)).replace(b"\n", b" ") + bait + b"\n"
    one = block("x")
    fill(archive, [one], [one._replace(data=data, runs=(one.runs[0]._replace(end=len(data)),))], [one])
    (path,) = segments(archive)
    index = indexes.read(path)
    assert index is not None
    indexes.path_of(path).unlink()
    _change(path, index.entries[1].offset + 9)
    told: list[Damage] = []
    assert [one.data for one in blocks(archive, tell=told.append)] == [b"x\n", b"x\n"]
    assert len(told) == 1


def test_no_archive_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no archive"):
        verify(tmp_path / "nowhere")
