"""Damage is named: which file, where, of which time, from whom; and what comes after it is still read."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.logs.archive.made import NOON, block, fill, nothing_damaged
from viguard.errors import InputError
from viguard.logs.archive import index as indexes
from viguard.logs.archive.query import Query
from viguard.logs.archive.reading import blocks
from viguard.logs.archive.search import search
from viguard.logs.archive.segments import Damage, segments
from viguard.logs.archive.verify import verify
from viguard.logs.archive.writer import Limits

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


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("whole")
    groups = [[f"line {n} of {group}" for n in range(1 + group * 5 % 40)] for group in range(9)]
    fill(directory, *([block(*some)] for some in groups), limits=Limits(segment_bytes=1200))
    return directory


def _hurt(path: Path, how: str, at: int, size: int) -> None:
    data = bytearray(path.read_bytes())
    at %= len(data)
    match how:
        case "flip":
            data[at] ^= 1 << size % 8
        case "cut":
            del data[at:]
        case "overwrite":
            data[at : at + size] = bytes(n * 7 % 256 for n in range(size))
        case "insert":
            data[at:at] = data[:size]
        case _:
            del data[at : at + size]
    path.write_bytes(data)


@given(
    which=st.integers(0),
    how=st.sampled_from(["flip", "cut", "overwrite", "insert", "drop"]),
    at=st.integers(0, 1 << 20),
    size=st.integers(1, 700),
    has_index=st.booleans(),
)
def test_whatever_happens_to_a_file_no_line_is_altered_and_no_loss_untold(
    whole: Path, which: int, how: str, at: int, size: int, *, has_index: bool
) -> None:
    with TemporaryDirectory() as folder:
        directory = Path(shutil.copytree(whole, Path(folder) / "archive"))
        path = sorted(directory.glob("0*"))[which % len(sorted(directory.glob("0*")))]
        if not has_index:
            indexes.path_of(path).unlink()
        if path.exists():
            _hurt(path, how, at, size)
        before = [one.data for one in blocks(whole, tell=nothing_damaged)]
        told: list[Damage] = []
        after = [one.data for one in blocks(directory, tell=told.append)]
        checked = verify(directory)
        assert set(after) <= set(before)
        may_be_written = path == segments(directory)[-1] and not indexes.path_of(path).exists()
        if set(after) != set(before) and not may_be_written:  # of that one nobody knows the end
            assert checked.damage or checked.open_tail
            assert told or checked.open_tail


def test_a_segment_that_is_not_the_newest_has_an_index_or_is_damaged(tmp_path: Path) -> None:
    fill(tmp_path, *([block("x" * 90)] for _ in range(3)), limits=Limits(segment_bytes=50))
    first, _, last = segments(tmp_path)
    indexes.path_of(last).unlink()
    assert verify(tmp_path).damage == ()
    indexes.path_of(first).unlink()
    assert [damage.file for damage in verify(tmp_path).damage] == [first.name]
    told: list[Damage] = []
    assert len(list(blocks(tmp_path, tell=told.append))) == 3
    assert [damage.file for damage in told] == [first.name]


def test_no_archive_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no archive"):
        verify(tmp_path / "nowhere")
