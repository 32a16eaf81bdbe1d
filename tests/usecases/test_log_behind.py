"""What is still to be judged stays known when its segments are packed again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.logs.archive.made import NOON, block, fill, nothing_damaged
from viguard.logs.archive.files import Files
from viguard.logs.archive.packing import Packed, pack
from viguard.logs.archive.reading import between
from viguard.logs.archive.segments import Stored, segments
from viguard.logs.archive.writer import Limits
from viguard.logs.block import Block
from viguard.usecases.log_behind import Behind


def _blocks() -> list[Block]:
    return [
        block(*(f"task {n * 7919 * seed % 99991} of vm-{n * n % 311} ended" for n in range(600)), at=NOON + seed)
        for seed in range(1, 9)
    ]


def _pack(directory: Path) -> None:
    for path in segments(directory):
        assert isinstance(pack(path, files=Files(), free_share=0.0), Packed)


@pytest.mark.parametrize("when", ["before it is asked", "while it is read", "over a restart"])
def test_each_block_is_judged_once_through_a_packing(tmp_path: Path, when: str) -> None:
    given = _blocks()
    fill(tmp_path, *([one] for one in given), limits=Limits(level=1))
    places = [place for place, _ in between(tmp_path, Stored(0, 0), Stored(9, 0), tell=nothing_damaged)]
    behind = Behind(tmp_path)
    for number in (3, 4, 5, 6, 7):
        behind.skip(places[number], NOON + number, 600)
    behind.judged(places[6])  # it was refused first, and judged then
    if when == "before it is asked":
        _pack(tmp_path)
    found = list[Block]()
    waiting = behind.blocks(nothing_damaged)
    place, one = next(waiting)
    assert (place, one) == (places[3], given[3])
    behind.reach(place, one.received_at, 600)
    if when == "while it is read":
        _pack(tmp_path)
    if when == "over a restart":
        mark = behind.mark
        assert mark is not None
        _pack(tmp_path)
        behind = Behind(tmp_path)
        behind.restore(mark)
        behind.judged(places[6])
        waiting = behind.blocks(nothing_damaged)
    for place, one in waiting:
        behind.reach(place, one.received_at, 600)
        found.append(one)
    assert found == [given[4], given[5], given[7]]
