"""The writer: what take returns for is on disk; what cannot be there is refused, and nothing of it stays."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.logs.archive.made import NOON, block, fill, nothing_damaged, take_all
from viguard.errors import InputError
from viguard.logs.archive import index as indexes
from viguard.logs.archive import writer
from viguard.logs.archive.files import Files
from viguard.logs.archive.reading import blocks
from viguard.logs.archive.segments import segments
from viguard.logs.archive.verify import verify
from viguard.logs.archive.writer import Archive, Limits, check
from viguard.logs.block import Block, Run


def _stored(directory: Path) -> list[Block]:
    return list(blocks(directory, tell=nothing_damaged))


class Disk(Files):
    """A disk that fails when told to."""

    def __init__(self) -> None:
        self.free, self.room, self.syncs, self.sync_error = 1.0, 1 << 40, 0, 0

    def write(self, fd: int, data: bytes) -> None:
        if len(data) > self.room:
            os.write(fd, data[: self.room])
            self.room = 0
            raise OSError(errno.ENOSPC, "no space")
        self.room -= len(data)
        super().write(fd, data)

    def sync(self, fd: int) -> None:
        self.syncs += 1
        if self.sync_error:
            raise OSError(self.sync_error, "the disk says no")
        super().sync(fd)

    def free_share(self, directory: Path) -> float:  # noqa: ARG002
        return self.free


def test_what_was_taken_is_there_as_it_was(tmp_path: Path) -> None:
    given = [block(f"line {n}", "another", sender=f"192.0.2.{n % 3}", at=NOON + n) for n in range(20)]
    fill(tmp_path / "archive", given[:7], given[7:])
    assert _stored(tmp_path / "archive") == given
    checked = verify(tmp_path / "archive")
    assert (checked.frames, checked.lines, checked.damage) == (20, 40, ())


def test_blocks_that_wait_together_share_one_fsync(tmp_path: Path) -> None:
    async def run(archive: Archive) -> None:
        first = asyncio.ensure_future(archive.take(block("first")))
        await asyncio.sleep(0)  # the others come while it is being written, or with it
        await asyncio.gather(first, *(archive.take(block(str(n))) for n in range(200)))

    disk = Disk()
    with Archive(tmp_path, files=disk) as archive:
        asyncio.run(run(archive))
    assert disk.syncs < 100
    assert verify(tmp_path).frames == 201


def test_files_are_for_nobody_else_and_named_by_number_and_time(tmp_path: Path) -> None:
    fill(tmp_path / "archive", [block("../../etc/passwd: x", sender="../evil")])
    names = sorted(path.name for path in (tmp_path / "archive").iterdir())
    assert names == ["00000001-20260921T141320Z.index", "00000001-20260921T141320Z.zst", "lock"]
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "archive").iterdir())


def test_a_full_segment_is_closed_with_an_index(tmp_path: Path) -> None:
    fill(tmp_path, *([block(os.urandom(500).hex())] for _ in range(6)), limits=Limits(segment_bytes=1000))
    paths = segments(tmp_path)
    assert len(paths) > 2
    for path in paths:
        index = indexes.read(path)
        assert index is not None
        assert index.size == path.stat().st_size
        assert index.senders == ("192.0.2.1",)


def test_a_new_day_begins_a_new_segment(tmp_path: Path) -> None:
    now = [NOON]
    with Archive(tmp_path, clock=lambda: now[0]) as archive:
        asyncio.run(take_all(archive, [block("monday")]))
        now[0] += 86400
        asyncio.run(take_all(archive, [block("tuesday")]))
    assert [path.name for path in segments(tmp_path)] == [
        "00000001-20260921T141320Z.zst",
        "00000002-20260922T141320Z.zst",
    ]


def test_a_nearly_full_disk_takes_nothing_and_resumes_by_itself(tmp_path: Path) -> None:
    disk = Disk()
    with Archive(tmp_path, Limits(free_share=0.05), files=disk) as archive:
        disk.free = 0.049
        (refused,) = asyncio.run(take_all(archive, [block("refused")]))
        assert isinstance(refused, OSError)
        assert refused.errno == errno.ENOSPC
        assert archive.state.full
        assert archive.state.refused == 1
        disk.free = 0.051
        assert asyncio.run(take_all(archive, [block("taken")])) == [None]
        assert not archive.state.full
    assert [one.data for one in _stored(tmp_path)] == [b"taken\n"]


@pytest.mark.parametrize("room", [0, 1, 30, 120, 200])
def test_a_disk_that_fills_up_in_the_middle_leaves_whole_frames(tmp_path: Path, room: int) -> None:
    disk = Disk()
    with Archive(tmp_path, files=disk) as archive:
        assert asyncio.run(take_all(archive, [block("before")])) == [None]
        disk.room = room
        told = asyncio.run(take_all(archive, [block(os.urandom(400).hex()) for _ in range(3)]))
        assert all(isinstance(error, OSError) and error.errno == errno.ENOSPC for error in told)
        assert archive.state.full
        disk.room = 1 << 40
        assert asyncio.run(take_all(archive, [block("after")])) == [None]
        assert not archive.state.full
    assert [one.data for one in _stored(tmp_path)] == [b"before\n", b"after\n"]
    checked = verify(tmp_path)
    assert (checked.open_tail, checked.damage) == (0, ())


def test_a_failed_fsync_is_a_failure_and_its_segment_is_left_alone(tmp_path: Path) -> None:
    disk = Disk()
    with Archive(tmp_path, files=disk) as archive:
        asyncio.run(take_all(archive, [block("before")]))
        disk.sync_error = errno.EIO
        (failed,) = asyncio.run(take_all(archive, [block("lost")]))
        assert isinstance(failed, OSError)
        assert not archive.state.full
        assert "the disk says no" in archive.state.why
        disk.sync_error = 0
        assert asyncio.run(take_all(archive, [block("after")])) == [None]
    assert len(segments(tmp_path)) == 2
    assert [one.data for one in _stored(tmp_path)] == [b"before\n", b"after\n"]


@pytest.mark.parametrize(
    "wrong",
    [
        Block(b"", NOON, ()),
        Block(b"no end", NOON, (Run("192.0.2.1", "tcp", 0, 6),)),
        Block(b"two\nlines\n", NOON, (Run("192.0.2.1", "tcp", 0, 4),)),
        Block(b"two\nlines\n", NOON, (Run("192.0.2.1", "tcp", 0, 4), Run("192.0.2.1", "tcp", 5, 10))),
    ],
)
def test_what_is_no_block_is_refused_alone(tmp_path: Path, wrong: Block) -> None:
    with Archive(tmp_path) as archive:
        told = asyncio.run(take_all(archive, [wrong, block("right")]))
    assert isinstance(told[0], ValueError)
    assert told[1] is None


def test_a_block_too_large_to_be_read_again_is_refused() -> None:
    size = (64 << 20) + 1
    with pytest.raises(ValueError, match="a block of 67108865 bytes"):
        check(Block(b"\n" * size, NOON, (Run("192.0.2.1", "tcp", 0, size),)))


def test_a_flood_of_tiny_lines_from_as_many_addresses_is_kept(tmp_path: Path) -> None:
    count = 120_000
    one = Block(b"a\n" * count, NOON, tuple(Run(f"2001:db8::{n:x}", "udp", 2 * n, 2 * n + 2) for n in range(count)))
    fill(tmp_path, [one])
    assert _stored(tmp_path) == [one]
    assert verify(tmp_path).damage == ()


def test_lines_are_compressed_harder_when_there_is_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = block(*(f"line {n * 7919 % 5000} of guest {n % 70} {n * 31 % 997:x}" for n in range(8000)))
    sizes = []
    for idle_s in (1e9, 1e-9):
        monkeypatch.setattr(writer, "_IDLE_S", idle_s)
        fill(tmp_path / str(idle_s), [text])
        assert _stored(tmp_path / str(idle_s)) == [text]
        sizes += [path.stat().st_size for path in segments(tmp_path / str(idle_s))]
    busy, idle = sizes
    assert idle < 0.95 * busy


def test_zstdcat_prints_the_lines(tmp_path: Path) -> None:
    tool = shutil.which("zstdcat")
    if tool is None:
        pytest.skip("zstdcat is not here: Debian package zstd")
    fill(tmp_path, [block("one", "two")], [block("three")])
    (path,) = segments(tmp_path)
    assert subprocess.run([tool, path], capture_output=True, check=True).stdout == b"one\ntwo\nthree\n"


def test_one_process_writes(tmp_path: Path) -> None:
    with Archive(tmp_path), pytest.raises(InputError, match="another process"):
        Archive(tmp_path)


def test_a_closed_archive_takes_nothing(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    archive.close()
    archive.close()
    (refused,) = asyncio.run(take_all(archive, [block("late")]))
    assert isinstance(refused, OSError)


def test_one_whose_sender_has_gone_does_not_stop_the_others(tmp_path: Path) -> None:
    async def run(archive: Archive) -> None:
        gone = asyncio.ensure_future(archive.take(block("gone")))
        await asyncio.sleep(0)
        gone.cancel()
        await archive.take(block("stays"))

    with Archive(tmp_path) as archive:
        asyncio.run(run(archive))
    assert b"stays\n" in [one.data for one in _stored(tmp_path)]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "viguard-test", disk], capture_output=True, check=False
    )
    if done.returncode != 0:
        pytest.skip("a file system of 1 MiB cannot be mounted by this user")
    try:
        yield disk
    finally:
        subprocess.run(["umount", disk], check=True)


def test_a_real_disk_fills_up_and_is_emptied(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    with Archive(small_disk / "archive", Limits(free_share=0.0)) as archive:
        told: list[BaseException | None] = []
        while None in told or not told:
            told = asyncio.run(take_all(archive, [block(os.urandom(40_000).hex())]))
            ballast.write_bytes(b"")
        assert isinstance(told[0], OSError)
        assert told[0].errno == errno.ENOSPC
        assert archive.state.full
        kept = archive.state.blocks
        for path in segments(small_disk / "archive")[:1]:
            path.unlink()
            indexes.path_of(path).unlink(missing_ok=True)
        first = verify(small_disk / "archive").frames
        assert asyncio.run(take_all(archive, [block("after")])) == [None]
        assert not archive.state.full
        assert kept > 1
    checked = verify(small_disk / "archive")
    assert checked.damage == ()
    assert checked.frames == first + 1
