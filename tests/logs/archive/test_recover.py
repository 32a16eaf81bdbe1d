"""After a crash: nothing that was acknowledged is lost, and what was torn is named."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.logs.archive.made import block, fill, nothing_damaged
from viguard.logs.archive import index as indexes
from viguard.logs.archive.reading import blocks
from viguard.logs.archive.recover import recover
from viguard.logs.archive.segments import segments
from viguard.logs.archive.verify import verify

ROOT = Path(__file__).parents[3]


def _killed_after(directory: Path, first: int, acknowledged: int) -> set[int]:
    """Runs a writer, kills it when it has acknowledged so many blocks; the numbers of all that it acknowledged."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.logs.archive.killed", str(directory), str(first)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        told = [process.stdout.readline() for _ in range(acknowledged)]
        process.kill()
        told += process.stdout.readlines()
    return {int(line) for line in told if line.endswith(b"\n")}


def test_no_acknowledged_block_is_lost_when_the_writer_is_killed(tmp_path: Path) -> None:
    acknowledged: set[int] = set()
    for round_ in range(4):
        acknowledged |= _killed_after(tmp_path, round_ * 1_000_000, 30 + 57 * round_)
        assert verify(tmp_path).damage == ()
        recover(tmp_path)
        checked = verify(tmp_path)
        assert (checked.damage, checked.open_tail) == ((), 0)
    stored: dict[int, int] = {}
    for one in blocks(tmp_path, tell=nothing_damaged):
        numbers = {int(found) for found in re.findall(rb"^block (\d+) ", one.data, re.MULTILINE)}
        assert len(numbers) == 1
        stored[numbers.pop()] = one.data.count(b"\n")
    assert acknowledged <= set(stored)
    assert len(acknowledged) > 200
    assert set(stored.values()) == {60}


@pytest.mark.parametrize("torn", [1, 20, 60, 100, 300])
def test_a_torn_tail_is_cut_off_named_and_put_aside(tmp_path: Path, torn: int) -> None:
    fill(tmp_path, [block("one")], [block("two")], [block(os.urandom(400).hex())])
    (path,) = segments(tmp_path)
    index = indexes.read(path)
    assert index is not None
    whole = index.entries[-1].offset
    data = path.read_bytes()[: whole + torn]
    path.write_bytes(data)
    indexes.path_of(path).unlink()
    assert verify(tmp_path).open_tail == torn
    (loss,) = recover(tmp_path)
    assert (loss.file, loss.offset, loss.size) == (path.name, whole, torn)
    assert "before their receipt was acknowledged" in str(loss)
    assert path.stat().st_size == whole
    assert path.with_suffix(".torn").read_bytes() == data[whole:]
    assert [one.data for one in blocks(tmp_path, tell=nothing_damaged)] == [b"one\n", b"two\n"]
    assert recover(tmp_path) == ()


def test_a_tail_of_zeros_is_torn(tmp_path: Path) -> None:
    fill(tmp_path, [block("one")], [block("two" * 50)])
    (path,) = segments(tmp_path)
    index = indexes.read(path)
    assert index is not None
    last = index.entries[-1]
    data = bytearray(path.read_bytes())
    data[-10:] = bytes(10)  # the header came to the disk, the end of the data did not
    path.write_bytes(data)
    indexes.path_of(path).unlink()
    (loss,) = recover(tmp_path)
    assert (loss.offset, loss.size) == (last.offset, last.size)


def test_a_segment_without_any_whole_frame_is_put_aside(tmp_path: Path) -> None:
    fill(tmp_path, [block("one")])
    (path,) = segments(tmp_path)
    path.write_bytes(path.read_bytes()[:70])
    indexes.path_of(path).unlink()
    (loss,) = recover(tmp_path)
    assert loss.offset == 0
    assert segments(tmp_path) == []
    assert path.with_suffix(".torn").stat().st_size == 70


def test_a_damaged_index_is_made_again_and_nothing_is_cut_off(tmp_path: Path) -> None:
    fill(tmp_path, [block("one")], [block("two" * 50)])
    (path,) = segments(tmp_path)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1  # of the last frame, which was acknowledged long ago
    path.write_bytes(data)
    indexes.path_of(path).write_bytes(b"rubbish")
    assert [damage.why for damage in verify(tmp_path).damage] == [
        "a damaged index: frames at its end may be missing",
        "the hash of the data does not fit",
    ]
    assert recover(tmp_path) == ()
    assert path.read_bytes() == data
    assert [damage.why for damage in verify(tmp_path).damage] == ["the hash of the data does not fit"]


def test_an_index_without_segment_is_removed(tmp_path: Path) -> None:
    fill(tmp_path, [block("one")])
    (path,) = segments(tmp_path)
    path.unlink()
    recover(tmp_path)
    assert not list(tmp_path.glob("*.index"))
