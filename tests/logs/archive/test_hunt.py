"""Old lines once more, from files of any kind and from an archive."""

from __future__ import annotations

import bz2
import gzip
import lzma
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from tests.logs.archive.made import block, fill, nothing_damaged
from viguard.errors import InputError
from viguard.logs.archive.hunt import BLOCK, file_blocks, hunt
from viguard.logs.archive.reading import blocks
from viguard.logs.archive.segments import segments
from viguard.logs.archive.writer import check
from viguard.logs.block import Block

LINES = b"".join(b"line %d %s\n" % (n, b"x" * (n % 200)) for n in range(20_000))


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress, lzma.compress, zstandard.compress])
@pytest.mark.parametrize("end", [b"", b"without its end"])
def test_a_file_is_read_whatever_it_is_packed_with(tmp_path: Path, pack: Callable[[bytes], bytes], end: bytes) -> None:
    path = tmp_path / "any.name"
    path.write_bytes(pack(LINES + end))
    found = list(file_blocks([path], 1.0))
    for one in found:
        check(one)
        assert len(one.data) <= BLOCK + 1
    assert b"".join(one.data for one in found) == LINES + (end + b"\n" if end else b"")
    assert {(run.sender, run.transport) for one in found for run in one.runs} == {("", "file")}


def test_a_segment_is_such_a_file(tmp_path: Path) -> None:
    fill(tmp_path, [block("one"), block("two")])
    assert b"".join(one.data for one in file_blocks(segments(tmp_path), 1.0)) == b"one\ntwo\n"


def test_a_file_that_breaks_off_is_said_after_what_it_had(tmp_path: Path) -> None:
    whole, broken = tmp_path / "whole.gz", tmp_path / "broken.gz"
    whole.write_bytes(gzip.compress(b"whole\n"))
    broken.write_bytes(gzip.compress(LINES)[:-20])
    given = file_blocks([whole, broken], 1.0)
    assert next(given).data == b"whole\n"
    with pytest.raises(InputError, match=r"broken\.gz: not read to its end"):
        list(given)


def test_a_line_longer_than_a_block_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "long"
    path.write_bytes(b"y" * (3 * BLOCK) + b"\nshort\n")
    found = list(file_blocks([path], 1.0))
    for one in found:
        check(one)
        assert len(one.data) <= BLOCK + 1
    assert b"".join(one.data for one in found).replace(b"\n", b"") == b"y" * (3 * BLOCK) + b"short"


def test_an_empty_file_has_no_block(tmp_path: Path) -> None:
    path = tmp_path / "empty"
    path.write_bytes(b"")
    assert list(file_blocks([path], 1.0)) == []


def test_a_hunt_looks_at_every_block_in_order(tmp_path: Path) -> None:
    fill(tmp_path, [block("a")], [block("b", "c")])

    def look(one: Block) -> list[bytes]:
        return one.data.splitlines()

    assert list(hunt(blocks(tmp_path, tell=nothing_damaged), look)) == [b"a", b"b", b"c"]
