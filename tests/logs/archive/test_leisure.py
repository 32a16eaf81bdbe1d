"""Packing at leisure: only while the archive is idle, each segment once, and never in the way of lines."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from pathlib import Path

from tests.logs.archive.made import NOON, block, fill, nothing_damaged, take_all
from viguard.logs.archive import index as indexes
from viguard.logs.archive.query import Query
from viguard.logs.archive.reading import blocks
from viguard.logs.archive.search import search
from viguard.logs.archive.segments import segments
from viguard.logs.archive.verify import no_index, verify
from viguard.logs.archive.writer import Archive, Limits
from viguard.logs.block import Block

LOADED = Limits(level=1, segment_bytes=9_000)


def _blocks(count: int, first: int = 0) -> list[Block]:
    def line(seed: int, n: int) -> str:
        return (
            f"block {seed} line {n}: task {(n * 7919 + seed * 104729) % 99991:05d} of vm-{(n * n + seed) % 311} ended"
        )

    return [block(*(line(seed, n) for n in range(400)), at=NOON + seed) for seed in range(first, first + count)]


def _fill(directory: Path, given: list[Block]) -> None:
    fill(directory, *([one] for one in given), limits=LOADED)
    assert len(segments(directory)) > 3


def _until(fulfilled: Callable[[], bool], most_s: float = 20.0) -> bool:
    ends_at = time.monotonic() + most_s
    while time.monotonic() < ends_at and not fulfilled():
        time.sleep(0.01)
    return fulfilled()


def _sealed(directory: Path) -> list[int]:
    """The levels that closed segments are packed at."""
    found = (indexes.read(path) for path in segments(directory))
    return [index.level for index in found if index is not None]


def test_what_was_written_under_load_is_packed_when_it_is_quiet(tmp_path: Path) -> None:
    given, said = _blocks(12), list[str]()
    _fill(tmp_path, given)
    size = sum(path.stat().st_size for path in segments(tmp_path))
    count = len(segments(tmp_path))
    with Archive(tmp_path, LOADED, tell=said.append) as archive:
        assert archive.state.packed == 0
        archive.pack_at_leisure(quiet_s=0.05)
        assert _until(lambda: archive.state.packed == count)
    assert archive.state.gained_bytes == size - sum(path.stat().st_size for path in segments(tmp_path))
    assert len(said) == count
    assert all("packed again" in one for one in said)
    assert list(blocks(tmp_path, tell=nothing_damaged)) == given


def test_nothing_is_packed_while_something_else_is_more_important(tmp_path: Path) -> None:
    _fill(tmp_path, _blocks(12))
    asked = threading.Event()

    def may() -> bool:
        asked.set()
        return False

    with Archive(tmp_path, LOADED) as archive:
        archive.pack_at_leisure(may, quiet_s=0.05)
        assert asked.wait(20)
        time.sleep(0.1)
        assert archive.state.packed == 0
    assert set(_sealed(tmp_path)) == {0}


def test_nothing_is_packed_soon_after_much_was_taken(tmp_path: Path) -> None:
    _fill(tmp_path, _blocks(12))
    with Archive(tmp_path, Limits(level=1)) as archive:
        archive.pack_at_leisure(quiet_s=3600.0)
        assert asyncio.run(take_all(archive, [block("x" * 1000, *("y" * 1000 for _ in range(3000)))])) == [None]
        time.sleep(1.0)
        assert archive.state.packed == 0


def test_it_stops_for_lines_and_goes_on_after_them(tmp_path: Path) -> None:
    given = _blocks(12)
    fill(tmp_path, given, limits=Limits(level=1))
    frames, is_busy, waited = 0, False, threading.Event()

    def may() -> bool:
        nonlocal frames, is_busy
        frames += 1
        if frames == 5:
            is_busy = True
        if is_busy:
            waited.set()
        return not is_busy

    with Archive(tmp_path, LOADED) as archive:
        archive.pack_at_leisure(may, quiet_s=0.05)
        assert waited.wait(20)
        (path,) = segments(tmp_path)
        assert path.with_suffix(".packing").exists()
        time.sleep(0.5)
        assert _sealed(tmp_path) == [0]
        is_busy = False
        assert _until(lambda: archive.state.packed == 1)
    assert list(blocks(tmp_path, tell=nothing_damaged)) == given


def test_a_stop_does_not_wait_for_a_whole_segment_and_leaves_nothing_behind(tmp_path: Path) -> None:
    fill(tmp_path, _blocks(12), limits=Limits(level=1))
    frames, waited = 0, threading.Event()

    def may() -> bool:
        nonlocal frames
        frames += 1
        if frames < 5:
            return True
        waited.set()
        return False

    archive = Archive(tmp_path, LOADED)
    archive.pack_at_leisure(may, quiet_s=0.05)
    assert waited.wait(20)
    began = time.monotonic()
    archive.close()
    assert time.monotonic() - began < 5
    assert sorted(one.suffix for one in tmp_path.iterdir()) == ["", ".index", ".zst"]
    assert verify(tmp_path).damage == ()


def test_a_damaged_segment_is_told_once_and_the_others_are_packed(tmp_path: Path) -> None:
    _fill(tmp_path, _blocks(12))
    paths, said = segments(tmp_path), list[str]()
    data = bytearray(paths[-1].read_bytes())
    data[-1] ^= 1
    paths[-1].write_bytes(data)
    with Archive(tmp_path, LOADED, tell=said.append) as archive:
        archive.pack_at_leisure(quiet_s=0.05)
        assert _until(lambda: archive.state.packed == len(paths) - 1)
        time.sleep(0.5)
    assert [one for one in said if "damaged" in one] == [
        f"{paths[-1].stem}: not packed again: it is damaged at {_last(paths[-1])}: the hash of the data does not fit"
    ]
    assert paths[-1].read_bytes() == data


def _last(path: Path) -> int:
    index = indexes.read(path)
    assert index is not None
    return index.entries[-1].offset


def test_searches_while_lines_come_segments_close_and_are_packed_are_complete(tmp_path: Path) -> None:
    """Whoever searches sees each frame that was on disk when it began, in order, once."""
    given, taken, failures, stop = _blocks(60), [0], list[str](), threading.Event()

    def look() -> None:
        while not stop.is_set():
            first = taken[0]
            try:
                seen = [one.received_at - NOON for one in blocks(tmp_path, tell=nothing_damaged)]
                found = [match.frame for match in search(tmp_path, Query(text="line 7:"), tell=nothing_damaged)]
            except BaseException as error:  # noqa: BLE001  (any is a failure of the test)
                failures.append(repr(error))
                return
            if seen != list(range(len(seen))) or len(seen) < first or len(found) < first:
                failures.append(f"{first} blocks were taken, {len(seen)} read, {len(found)} found")

    with Archive(tmp_path, LOADED) as archive:
        archive.pack_at_leisure(quiet_s=0.01)
        threads = [threading.Thread(target=look) for _ in range(2)]
        for thread in threads:
            thread.start()
        for number, one in enumerate(given):
            assert asyncio.run(take_all(archive, [one])) == [None]
            taken[0] = number + 1
            time.sleep(0.04)
        assert _until(lambda: bool(failures) or archive.state.packed >= len(segments(tmp_path)) - 1)
        stop.set()
        for thread in threads:
            thread.join()
    assert failures == []
    assert verify(tmp_path).packed > 3
    assert list(blocks(tmp_path, tell=nothing_damaged)) == given


def test_a_segment_that_was_closed_just_after_its_index_was_missed_is_not_damaged(tmp_path: Path) -> None:
    _fill(tmp_path, _blocks(12))
    for path in segments(tmp_path):
        assert list(no_index(path, is_newest=False)) == []
        indexes.path_of(path).write_bytes(b"damaged")
        assert [one.why for one in no_index(path, is_newest=False)] == [
            "a damaged index: frames at its end may be missing"
        ]
