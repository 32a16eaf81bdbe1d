"""Packing again: the same lines in the same places, in less space; after a crash at any moment too."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.logs.archive.made import NOON, block, fill, mixed, nothing_damaged
from viguard.logs.archive import index as indexes
from viguard.logs.archive.files import Files
from viguard.logs.archive.packing import LEVEL, Left, Packed, StoppedError, pack
from viguard.logs.archive.query import Query
from viguard.logs.archive.reading import Reader, between, blocks, places, stored, within
from viguard.logs.archive.recover import recover
from viguard.logs.archive.retention import Hold, Retention, retain
from viguard.logs.archive.search import follow, search
from viguard.logs.archive.segments import Stored, number_of, segments
from viguard.logs.archive.verify import verify
from viguard.logs.archive.writer import Limits
from viguard.logs.block import Block

ROOT = Path(__file__).parents[3]
LOADED = Limits(level=1)


def _lines(seed: int, count: int = 400) -> tuple[str, ...]:
    return tuple(
        f"<13>Sep 21 14:13:{n % 60:02d} esx{seed % 7} Hostd: [{(n * 7919 + seed * 104729) % 99991:05d}] "
        f"task-{n * seed % 977} of vm-{(n * n + seed) % 311} by user{(n * 31 + seed) % 53}"
        for n in range(count)
    )


def _given(count: int = 8) -> list[Block]:
    single = [block(*_lines(n), sender=f"192.0.2.{n % 3}", at=NOON + n) for n in range(count - 1)]
    return [*single, mixed(*((f"192.0.2.{n % 90}", line) for n, line in enumerate(_lines(99))), at=NOON + count)]


def _filled(directory: Path, given: list[Block] | None = None, limits: Limits = LOADED) -> tuple[Path, list[Block]]:
    given = _given() if given is None else given
    fill(directory, *([one] for one in given), limits=limits)
    return segments(directory)[0], given


def _pack(path: Path, **how: object) -> Packed | Left:
    return pack(path, **{"files": Files(), "free_share": 0.0, **how})  # type: ignore[arg-type]


def _why(found: Packed | Left) -> str:
    assert isinstance(found, Left)
    return found.why


def _state(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def _everything(directory: Path) -> list[tuple[Stored, Block]]:
    return list(between(directory, Stored(0, 0), Stored(1 << 31, 0), tell=nothing_damaged))


def test_a_packed_segment_is_smaller_and_says_the_same_in_the_same_places(tmp_path: Path) -> None:
    path, given = _filled(tmp_path)
    before, size = _everything(tmp_path), path.stat().st_size
    matches = list(search(tmp_path, Query(text="vm-17 "), tell=nothing_damaged))
    found = _pack(path)
    assert found == Packed(segment=path.stem, size_before=size, size=path.stat().st_size)
    assert path.stat().st_size < 0.97 * size
    assert [one for _, one in before] == given
    assert _everything(tmp_path) == before
    assert list(search(tmp_path, Query(text="vm-17 "), tell=nothing_damaged)) == matches
    assert len(matches) > 5
    checked = verify(tmp_path)
    assert (checked.segments, checked.frames, checked.lines, checked.damage) == (1, 8, 3200, ())
    assert (checked.packed, checked.gained_bytes) == (1, size - path.stat().st_size)
    assert path.stat().st_mode & 0o077 == 0
    assert sorted(one.suffix for one in tmp_path.iterdir()) == ["", ".index", ".zst"]


def test_zstd_itself_reads_a_packed_segment(tmp_path: Path) -> None:
    path, given = _filled(tmp_path)
    _pack(path)
    if shutil.which("zstdcat") is None:
        pytest.skip("zstd is not installed")
    said = subprocess.run(["zstdcat", path], check=True, capture_output=True)
    assert said.stdout == b"".join(one.data for one in given)


def test_a_place_remembered_before_is_the_same_block_after(tmp_path: Path) -> None:
    path, given = _filled(tmp_path)
    place = _everything(tmp_path)[5][0]
    _pack(path)
    rest = list(between(tmp_path, place, Stored(place.segment + 1, 0), tell=nothing_damaged))
    assert [one for _, one in rest] == given[5:]
    after = Stored(place.segment, place.offset + 1)
    assert [one for _, one in between(tmp_path, after, Stored(9, 0), tell=nothing_damaged)] == given[6:]


def test_it_is_not_packed_twice(tmp_path: Path) -> None:
    path, _ = _filled(tmp_path)
    _pack(path)
    was = _state(tmp_path)
    assert _why(_pack(path)) == "it is packed"
    assert _state(tmp_path) == was


def test_places_stay_when_an_index_was_lost_and_it_is_packed_once_more(tmp_path: Path) -> None:
    path, _ = _filled(tmp_path)
    before = _everything(tmp_path)
    _pack(path)
    indexes.path_of(path).unlink()
    assert recover(tmp_path) == ()
    assert _everything(tmp_path) == before
    index = indexes.read(path)
    assert index is not None
    assert index.level == LEVEL


def test_what_would_save_little_is_left_alone_and_remembered(tmp_path: Path) -> None:
    path, _ = _filled(tmp_path, [block(os.urandom(3000).hex()) for _ in range(3)], Limits(level=LEVEL))
    was = path.read_bytes()
    assert _why(_pack(path)) == "it would save too little"
    assert path.read_bytes() == was
    assert _why(_pack(path)) == "it is packed"
    assert verify(tmp_path).damage == ()
    assert verify(tmp_path).packed == 0
    assert sorted(one.suffix for one in tmp_path.iterdir()) == ["", ".index", ".zst"]


def _flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("where", ["beginning", "header", "data", "end", "more", "less"])
def test_a_damaged_segment_is_evidence_and_left_alone(tmp_path: Path, where: str) -> None:
    path, _ = _filled(tmp_path)
    index = indexes.read(path)
    assert index is not None
    third = index.entries[2]
    match where:
        case "more":
            path.write_bytes(path.read_bytes() + b"more")
        case "less":
            path.write_bytes(path.read_bytes()[:-1])
        case _:
            at = {"beginning": 50, "header": third.offset + 40, "data": third.offset + third.size - 9, "end": -1}
            _flip(path, at[where])
    was = _state(tmp_path)
    found = _pack(path)
    assert isinstance(found, Left)
    assert found.is_trouble
    assert "damage" in found.why or "not those of its index" in found.why
    assert _state(tmp_path) == was


def test_a_segment_that_was_torn_is_left_alone(tmp_path: Path) -> None:
    path, _ = _filled(tmp_path)
    path.with_suffix(".torn").write_bytes(b"x")
    assert _why(_pack(path)) == "a torn part of it was put aside"


def test_a_held_segment_is_left_alone_also_when_the_hold_comes_meanwhile(tmp_path: Path) -> None:
    path, _ = _filled(tmp_path)
    hold, was, holds = Hold(first=path.stem, last=path.stem, reason="case 7"), _state(tmp_path), list[Hold]()
    assert _why(_pack(path, holds=[hold])) == "it is held: case 7"

    def go_on() -> None:
        holds[:] = [hold]

    assert _why(_pack(path, holds=holds, go_on=go_on)) == "it is held: case 7"
    assert _state(tmp_path) == was


def test_a_segment_that_is_written_is_left_alone(tmp_path: Path) -> None:
    path, _ = _filled(tmp_path)
    indexes.path_of(path).unlink()
    found = _pack(path)
    assert isinstance(found, Left)
    assert found.may_change


class Failing(Files):
    """A disk that does something at the n-th call that changes it, before or after it is done."""

    def __init__(self, at: int, fail: Callable[[], None], *, after: bool = False) -> None:
        self.calls, self._at, self._fail, self._after = list[str](), at, fail, after

    def _do(self, name: str, work: Callable[[], None]) -> None:
        self.calls.append(name)
        if not self._after and len(self.calls) - 1 == self._at:
            self._fail()
        work()
        if self._after and len(self.calls) - 1 == self._at:
            self._fail()

    def write(self, fd: int, data: bytes) -> None:
        self._do("write", lambda: super(Failing, self).write(fd, data))

    def sync(self, fd: int) -> None:
        self._do("sync", lambda: super(Failing, self).sync(fd))

    def rename(self, old: Path, new: Path) -> None:
        self._do("rename", lambda: super(Failing, self).rename(old, new))

    def sync_names(self, directory: Path) -> None:
        self._do("sync_names", lambda: super(Failing, self).sync_names(directory))


class Killed(BaseException):
    """The process is gone: nothing more is done."""


def _die() -> None:
    raise Killed


def _enospc() -> None:
    raise OSError(28, "no space")


STEPS = ["write"] * 9 + ["sync", "write", "sync", "rename", "rename", "sync_names"]
"""The segment's header, eight frames; the index; then both take their places."""


def test_these_are_the_steps(tmp_path: Path) -> None:
    path, _ = _filled(tmp_path)
    files = Failing(-1, _die)
    assert isinstance(_pack(path, files=files), Packed)
    assert files.calls == STEPS


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("step", range(len(STEPS)))
def test_a_kill_at_any_step_leaves_the_old_or_the_new_one_whole(tmp_path: Path, step: int, *, after: bool) -> None:
    path, given = _filled(tmp_path)
    before, old = _everything(tmp_path), path.read_bytes()
    with pytest.raises(Killed):
        _pack(path, files=Failing(step, _die, after=after))
    assert _everything(tmp_path) == before, "a reader before the archive is opened again"
    assert verify(tmp_path).damage == ()
    assert recover(tmp_path) == ()
    assert _everything(tmp_path) == before
    checked = verify(tmp_path)
    assert (checked.segments, checked.lines, checked.damage, checked.open_tail) == (1, 3200, (), 0)
    assert sorted(one.suffix for one in tmp_path.iterdir()) == ["", ".index", ".zst"]
    is_new = step > STEPS.index("rename") or (step == STEPS.index("rename") and after)
    assert (path.read_bytes() != old) == is_new
    assert _pack(path) == Left(segment=path.stem, why="it is packed") if is_new else isinstance(_pack(path), Packed)
    assert [one for _, one in _everything(tmp_path)] == given


def test_names_that_came_to_the_disk_in_another_order(tmp_path: Path) -> None:
    path, _ = _filled(tmp_path)
    before, old = _everything(tmp_path), path.read_bytes()
    _pack(path)
    path.write_bytes(old)  # of the two names only the index's was on disk when power was lost
    assert _everything(tmp_path) == before
    assert verify(tmp_path).damage == ()
    assert recover(tmp_path) == ()
    assert _everything(tmp_path) == before
    assert isinstance(_pack(path), Packed)


@pytest.mark.parametrize("step", range(STEPS.index("rename") + 1))
def test_a_full_disk_changes_nothing(tmp_path: Path, step: int) -> None:
    path, _ = _filled(tmp_path)
    was = _state(tmp_path)
    with pytest.raises(OSError, match="no space"):
        _pack(path, files=Failing(step, _enospc))
    assert _state(tmp_path) == was


class Small(Files):
    """A disk of which so much is free, less each time that somebody asks."""

    def __init__(self, free: float, size: int, step: float = 0.0) -> None:
        self.free, self.size, self.step = free, size, step

    def free_share(self, directory: Path) -> float:  # noqa: ARG002
        self.free -= self.step
        return self.free

    def every_byte(self, directory: Path) -> int:  # noqa: ARG002
        return self.size


def test_it_needs_room_for_a_second_copy_above_the_free_share(tmp_path: Path) -> None:
    path, _ = _filled(tmp_path)
    was, size = _state(tmp_path), path.stat().st_size
    assert _why(_pack(path, files=Small(0.54, size * 2), free_share=0.05)) == "there is no room for a second copy of it"
    found = _pack(path, files=Small(0.76, size * 2, step=0.2), free_share=0.05)
    assert _why(found) == "the disk becomes full"
    assert isinstance(found, Left)
    assert found.may_change
    assert _state(tmp_path) == was
    assert isinstance(_pack(path, files=Small(0.56, size * 2), free_share=0.05), Packed)


class Rotten(Files):
    """A disk that keeps another byte than it was given in its fifth write."""

    def __init__(self) -> None:
        self._writes = 0

    def write(self, fd: int, data: bytes) -> None:
        self._writes += 1
        super().write(fd, data if self._writes != 5 else data[:-20] + bytes([data[-20] ^ 1]) + data[-19:])


def test_a_new_file_that_reads_otherwise_takes_nobodys_place(tmp_path: Path) -> None:
    path, _ = _filled(tmp_path)
    was = _state(tmp_path)
    found = _pack(path, files=Rotten())
    assert _why(found) == "what was written of it reads otherwise from frame 3 on"
    assert isinstance(found, Left)
    assert found.is_trouble
    assert _state(tmp_path) == was


def test_it_stops_between_frames_and_leaves_nothing(tmp_path: Path) -> None:
    path, _ = _filled(tmp_path)
    was, frames = _state(tmp_path), 0

    def go_on() -> None:
        nonlocal frames
        frames += 1
        if frames == 3:
            raise StoppedError

    with pytest.raises(StoppedError):
        _pack(path, go_on=go_on)
    assert _state(tmp_path) == was


def test_what_retention_deletes_meanwhile_does_not_come_back(tmp_path: Path) -> None:
    path, _ = _filled(tmp_path)

    def go_on() -> None:
        retain(tmp_path, Retention(age=timedelta(days=1)), (), datetime.fromtimestamp(NOON, UTC) + timedelta(days=9))

    assert _why(_pack(path, go_on=go_on)) == "it was deleted meanwhile"
    assert [one.name for one in tmp_path.iterdir()] == ["lock"]


@pytest.mark.parametrize("newest_first", [False, True])
def test_a_reader_that_knows_the_old_index_finds_every_frame_of_the_new_file(
    tmp_path: Path, *, newest_first: bool
) -> None:
    path, given = _filled(tmp_path)
    known = list(places(tmp_path, within(None, None), nothing_damaged, newest_first=newest_first))
    _pack(path)
    reader = Reader(nothing_damaged)
    read = [reader.read(place) for place in known]
    assert [one.block for one in read if one] == (given[::-1] if newest_first else given)
    assert [stored(one.place) for one in read if one] == [stored(place) for place in known]
    assert list(blocks(tmp_path, tell=nothing_damaged)) == given


def test_a_reader_that_comes_between_segment_and_index(tmp_path: Path) -> None:
    path, given = _filled(tmp_path)
    known = list(places(tmp_path, within(None, None), nothing_damaged))
    with pytest.raises(Killed):
        _pack(path, files=Failing(STEPS.index("rename"), _die, after=True))
    reader = Reader(nothing_damaged)
    assert [one.block for one in map(reader.read, known) if one] == given
    assert list(blocks(tmp_path, tell=nothing_damaged)) == given


def test_a_damaged_frame_of_a_packed_segment_is_told_once_where_it_stands(tmp_path: Path) -> None:
    path, given = _filled(tmp_path)
    _pack(path)
    index = indexes.read(path)
    assert index is not None
    third = index.entries[2]
    _flip(path, third.offset + third.size - 9)
    (damage,) = verify(tmp_path).damage
    assert (damage.offset, damage.size) == (third.offset, third.size)
    heard: list[int] = []
    assert list(blocks(tmp_path, tell=lambda told: heard.append(told.offset))) == given[:2] + given[3:]
    assert heard == [third.offset]


@pytest.mark.parametrize("indexed", [True, False])
@pytest.mark.parametrize("frame", [-1, 0, 1])
def test_a_damaged_id_of_the_segment_or_a_frame_hides_no_other_frame(
    tmp_path: Path, frame: int, *, indexed: bool
) -> None:
    path, given = _filled(tmp_path)
    index = indexes.read(path)
    assert index is not None
    _flip(path, 12 + (index.entries[frame].offset if frame >= 0 else 0))
    if not indexed:
        indexes.path_of(path).unlink()
    found = list(blocks(tmp_path, tell=lambda _: None))
    assert [one for one in found if one in given] == (
        given if indexed or frame < 0 else [*given[:frame], *given[frame + 1 :]]
    )
    assert any(damage.offset in {0, index.entries[max(frame, 0)].offset} for damage in verify(tmp_path).damage)


def test_who_follows_hears_each_line_once_through_a_packing(tmp_path: Path) -> None:
    path, given = _filled(tmp_path, _given(3))
    frames = _everything(tmp_path)
    third = frames[2][0].offset
    whole = path.read_bytes()
    path.write_bytes(whole[:third])  # the third frame comes later
    index = indexes.path_of(path).read_bytes()
    indexes.path_of(path).unlink()
    heard, rounds = list[bytes](), 0

    def ended() -> bool:
        nonlocal rounds
        rounds += 1
        if rounds == 3:  # between two looks the third frame came, and all was closed and packed
            path.write_bytes(whole)
            indexes.path_of(path).write_bytes(index)
            assert isinstance(_pack(path), Packed)
        if rounds == 6:
            fill(tmp_path, [block("after it")])
        return rounds > 8

    found = follow(tmp_path, Query(), tell=nothing_damaged, ended=ended, every_s=0.01)
    heard = [match.line for match in found]
    assert heard == [*given[2].data.splitlines(), b"after it"]


def test_no_line_is_lost_or_doubled_when_packing_is_killed(tmp_path: Path) -> None:
    _filled(tmp_path, _given(24), Limits(level=1, segment_bytes=9_000))
    before = _everything(tmp_path)
    assert len(segments(tmp_path)) > 5
    for round_ in range(12):
        with subprocess.Popen(
            [sys.executable, "-m", "tests.logs.archive.killed_packing", str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(0.003 * round_)
            process.send_signal(signal.SIGKILL)
        assert _everything(tmp_path) == before
        assert verify(tmp_path).damage == ()
    assert recover(tmp_path) == ()
    assert _everything(tmp_path) == before
    for path in segments(tmp_path):
        _pack(path)
    assert _everything(tmp_path) == before
    assert verify(tmp_path).packed == len(segments(tmp_path))


def test_searches_while_segments_are_packed_and_deleted_neither_fail_nor_double(tmp_path: Path) -> None:
    _filled(tmp_path, _given(40), Limits(level=1, segment_bytes=9_000))
    every, kept = segments(tmp_path), {number_of(path) for path in segments(tmp_path)[5:]}
    wanted = [place for place, _ in _everything(tmp_path) if place.segment in kept]
    masters = {path: (path.read_bytes(), indexes.path_of(path).read_bytes()) for path in every[5:]}
    assert len(masters) > 5
    stop, failures = threading.Event(), list[str]()

    def look() -> None:
        while not stop.is_set():
            try:
                order = [place for place, _ in _everything(tmp_path)]
                lines = [
                    (m.segment, m.frame, m.start) for m in search(tmp_path, Query(text="vm-17 "), tell=nothing_damaged)
                ]
            except BaseException as error:  # noqa: BLE001
                failures.append(repr(error))
                return
            if [place for place in order if place.segment in kept] != wanted or len(set(lines)) != len(lines):
                failures.append("a frame is missing or there twice")

    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    ends_at, rounds = time.monotonic() + 3, 0
    while (rounds < 6 or time.monotonic() < ends_at) and not failures:
        for path in every[5:]:
            assert isinstance(_pack(path), Packed)
        for path in every[:5][rounds : rounds + 1]:
            path.unlink()
            indexes.path_of(path).unlink()
        rounds += 1
        for path, (data, index) in masters.items():  # as it was before, in the same two steps
            for name, content in ((path, data), (indexes.path_of(path), index)):
                new = name.with_suffix(".again")
                new.write_bytes(content)
                new.replace(name)
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []
