from __future__ import annotations

import gzip
import io
import os
import subprocess
import sys
import tarfile
import zlib
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from viguard.errors import InputError
from viguard.logs.block import Run
from viguard.logs.files import Chunk, Limits, open_source, read_files
from viguard.logs.files.bundle import is_log
from viguard.logs.files.chunks import chunks


def data(found: list[Chunk]) -> bytes:
    return b"".join(chunk.data for chunk in found)


def read(path: Path, limits: Limits | None = None) -> tuple[list[Chunk], InputError | None]:
    """Every chunk, and what was said in the end."""
    found = []
    try:
        for chunk in open_source(path, limits):
            found.append(chunk)  # noqa: PERF402  (what came before an error counts)
    except InputError as error:
        return found, error
    return found, None


def tar(members: dict[str, bytes], **settings: object) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", **settings) as made:  # type: ignore[call-overload]
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            made.addfile(info, io.BytesIO(content))
    return out.getvalue()


LINES = b"".join(b"Nov 23 10:00:00 esx1 Hostd: message %d\n" % n for n in range(100_000))


@pytest.fixture
def packed(tmp_path: Path) -> dict[str, Path]:
    half = LINES.index(b"\n", len(LINES) // 2) + 1
    frames = zstandard.ZstdCompressor(write_checksum=True)
    made = {
        "plain.log": LINES,
        "one.gz": gzip.compress(LINES),
        "many.gz": gzip.compress(LINES[:1000]) + gzip.compress(b"") + gzip.compress(LINES[1000:]) + bytes(1024),
        "one.zst": frames.compress(LINES),
        "many.zst": frames.compress(LINES[:half]) + b"\x50\x2a\x4d\x18\x03\0\0\0abc" + frames.compress(LINES[half:]),
        "bundle.tgz": gzip.compress(tar({"esx/var/log/hostd.log": LINES})),
        "bundle.tar": tar({"esx/var/run/log/hostd.0.gz": gzip.compress(LINES)}),
    }
    for name, content in made.items():
        (tmp_path / name).write_bytes(content)
    return {name: tmp_path / name for name in made}


@pytest.mark.parametrize("name", ["plain.log", "one.gz", "many.gz", "one.zst", "many.zst", "bundle.tgz", "bundle.tar"])
def test_every_form_gives_the_same_lines(packed: dict[str, Path], name: str) -> None:
    found, error = read(packed[name])
    assert error is None
    assert data(found) == LINES
    for chunk in found:
        assert chunk.data.endswith(b"\n")
        assert len(chunk.data) <= 1024 * 1024
        assert chunk.data.startswith(b"Nov 23 10:00:00 esx1 Hostd: message %d\n" % (chunk.first_line - 1))
        assert LINES[chunk.offset :].startswith(chunk.data)


def test_names_say_where_a_line_stands(packed: dict[str, Path]) -> None:
    assert read(packed["plain.log"])[0][0].name == str(packed["plain.log"])
    assert read(packed["bundle.tgz"])[0][0].name == f"{packed['bundle.tgz']}:esx/var/log/hostd.log"


def test_a_chunk_is_a_block_for_what_takes_those(packed: dict[str, Path]) -> None:
    chunk = read(packed["plain.log"])[0][0]
    block = chunk.block(1290506400.0)
    assert (block.data, block.received_at) == (chunk.data, 1290506400.0)
    assert block.runs == (Run("", "file", 0, len(chunk.data)),)


def test_lines_need_not_be_numbered(packed: dict[str, Path]) -> None:
    assert {chunk.first_line for chunk in open_source(packed["one.gz"], numbered=False)} == {0}


def test_ends_of_lines_marks_and_a_last_line_without_newline(tmp_path: Path) -> None:
    path = tmp_path / "vpxd.log"
    path.write_bytes(b"\xef\xbb\xbfone\r\n\r\nthree\r\nfour \xff\0")
    assert read(path) == ([Chunk(str(path), b"one\n\nthree\n", 0, 1), Chunk(str(path), b"four \xff\0\n", 14, 4)], None)


def test_an_empty_file_has_no_lines(tmp_path: Path) -> None:
    for name, content in {"a.log": b"", "b.gz": gzip.compress(b"")}.items():
        (tmp_path / name).write_bytes(content)
    assert read(tmp_path / "a.log") == ([], None)
    assert read(tmp_path / "b.gz") == ([], None)


def test_a_line_of_megabytes_is_cut_and_keeps_its_neighbours(tmp_path: Path) -> None:
    path = tmp_path / "one.log"
    path.write_bytes(b"before\n" + b"x" * 5_000_000 + b"\nafter\n" + b"y" * 3_000_000)
    found, error = read(path)
    assert error is None
    assert data(found).split(b"\n") == [
        b"before",
        b"x" * 65_536 + b" [viguard: cut from 5000000 bytes]",
        b"after",
        b"y" * 65_536 + b" [viguard: cut from 3000000 bytes]",
        b"",
    ]
    assert [chunk.first_line for chunk in found] == [1, 2, 3, 4]
    assert [chunk.offset for chunk in found] == [0, 7, 5_000_008, 5_000_014]


@pytest.mark.parametrize("name", ["one.gz", "one.zst", "bundle.tgz", "bundle.tar", "many.zst"])
@pytest.mark.parametrize("share", [0.999, 0.5])
def test_of_a_truncated_archive_everything_up_to_the_cut_is_read(
    packed: dict[str, Path], name: str, share: float
) -> None:
    whole = packed[name].read_bytes()
    if name == "bundle.tar":
        whole = whole.rstrip(b"\0")  # its padding carries nothing
    packed[name].write_bytes(whole[: int(len(whole) * share)])
    found, error = read(packed[name])
    assert error is not None
    assert "cut off" in error.message
    assert "read so far: " in error.message
    assert str(packed[name]) in error.where
    assert error.hint
    got = data(found)
    assert len(got) > 0.3 * len(LINES)
    *lines, last = got.splitlines(keepends=True)
    assert LINES.startswith(b"".join(lines))
    assert LINES.startswith(b"".join(lines) + last) or last.endswith(b" [viguard: the file is cut off here]\n")


def test_a_damaged_archive_is_said_so(packed: dict[str, Path]) -> None:
    for name in ("one.gz", "one.zst"):
        content = bytearray(packed[name].read_bytes())
        content[len(content) * 9 // 10] ^= 0xFF
        packed[name].write_bytes(content)
        _found, error = read(packed[name])
        assert error is not None
        assert "damaged" in error.message or "cut off" in error.message


def test_what_follows_an_archive_and_is_none_is_said_so(packed: dict[str, Path]) -> None:
    packed["one.gz"].write_bytes(packed["one.gz"].read_bytes() + b"something else")
    found, error = read(packed["one.gz"])
    assert data(found) == LINES
    assert error is not None
    assert "damaged" in error.message


BOMB = """
import resource
import sys
resource.setrlimit(resource.RLIMIT_CPU, (2, 2))  # and not seconds of a clock, in which others work too
from viguard.errors import InputError
from viguard.logs.files import open_source
total = 0
try:
    for chunk in open_source(sys.argv[1]):
        total += len(chunk.data)
except InputError as error:
    print(error)
(peak,) = [line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM:")]
print(total, int(peak) * 1024)
"""


def _zeros(mebibytes: int, first: bytes = b"", byte: bytes = b"\0") -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    block = byte * (1024 * 1024)
    return packer.compress(first) + b"".join(packer.compress(block) for _ in range(mebibytes)) + packer.flush()


def _run_length_zstd() -> bytes:
    """One frame of 100,000 blocks, each of four bytes that stand for 128 KiB."""
    return b"\x28\xb5\x2f\xfd\x00\x88" + (((131072 << 3) | 2).to_bytes(3, "little") + b"\0") * 100_000


def _bombs() -> dict[str, bytes]:
    sparse = tarfile.TarInfo("var/log/hostd.log")
    sparse.size = 2 * 1024**3
    zeros = _zeros(2048)
    return {
        "zeros.gz": zeros,
        "newlines.gz": _zeros(512, byte=b"\n"),
        "rle.zst": _run_length_zstd(),
        "nested.gz": gzip.compress(zeros),
        "bundle.tgz": _zeros(512, sparse.tobuf()),
        "weak.gz": gzip.compress(bytes(64 * 1024 * 1024), compresslevel=1) * 32,  # 229 times its size
    }


def test_a_bomb_is_stopped_within_its_bounds(tmp_path: Path) -> None:
    for name, content in _bombs().items():
        (tmp_path / name).write_bytes(content)
        told = subprocess.run(
            [sys.executable, "-c", BOMB, str(tmp_path / name)], capture_output=True, text=True, timeout=60, check=True
        ).stdout
        total, memory = told.splitlines()[-1].split()
        times, most = (120, 1024**3) if name == "weak.gz" else (250, 64 * 1024**2)
        assert f"unpacks to more than {times} times its size" in told, name
        assert str(tmp_path / name) in told
        assert int(total) <= most + 2 * 1024 * 1024, name
        assert int(memory) < 256 * 1000 * 1000, name


def test_the_limits_can_be_set(tmp_path: Path) -> None:
    path = tmp_path / "same.gz"
    path.write_bytes(gzip.compress(b"the same line\n" * 100_000))
    assert read(path)[1] is None
    _found, error = read(path, Limits(ratio=10, free_bytes=100_000))
    assert error is not None
    assert "10 times" in error.message
    found, error = read(path, Limits(unpacked_bytes=1_200_000))
    assert error is not None
    assert "more than 1,200,000 bytes" in error.message
    assert data(found)


def test_members_are_told_by_name_and_never_touch_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "bundle.tgz"
    members = {
        "../../../../tmp/viguard-escape/var/log/hostd.log": b"one\n",
        "/etc/viguard-escape.log": b"two\n",
        "esx/var/log/vmkernel\x1b[2J.log": b"three\n",
        "esx/var/log/" + "x" * 300 + ".log": b"four\n",
        "esx/etc/passwd": b"not a log\n",
        "esx/var/log/wtmp": b"not a log\n",
    }
    path.write_bytes(gzip.compress(tar(members)))
    before = sorted(tmp_path.rglob("*"))
    found, error = read(path)
    assert error is None
    assert data(found) == b"one\ntwo\nthree\nfour\n"
    assert found[2].name == f"{path}:esx/var/log/vmkernel\\u001b[2J.log"
    assert sorted(tmp_path.rglob("*")) == before
    assert not Path("/tmp/viguard-escape").exists()  # noqa: S108
    assert not Path("/etc/viguard-escape.log").exists()


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_forms_of_tar(tmp_path: Path, form: int) -> None:
    path = tmp_path / "bundle.tar"
    long = "esx/" + "a" * 60 + "/" + "b" * 60 + "/var/log/hostd.log"
    path.write_bytes(tar({long: b"one\n", "é.log": b"two\n", "c.log": b""}, format=form))
    found, error = read(path)
    assert error is None
    assert [(chunk.name, chunk.data) for chunk in found] == [(f"{path}:{long}", b"one\n"), (f"{path}:é.log", b"two\n")]


def test_links_devices_and_folders_in_a_bundle_are_passed_over(tmp_path: Path) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as made:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE):
            info = tarfile.TarInfo("var/log/hostd.log")
            info.type, info.linkname = kind, "/etc/passwd"
            made.addfile(info)
        info = tarfile.TarInfo("var/log/vmkernel.log")
        info.size = 4
        made.addfile(info, io.BytesIO(b"one\n"))
    (tmp_path / "bundle.tar").write_bytes(out.getvalue())
    found, error = read(tmp_path / "bundle.tar")
    assert error is None
    assert data(found) == b"one\n"


def test_one_bad_member_does_not_end_the_others(tmp_path: Path) -> None:
    path = tmp_path / "bundle.tgz"
    good = gzip.compress(b"good\n")
    members = {"var/log/a.gz": gzip.compress(LINES)[:-9], "var/log/b.gz": good, "var/log/c.gz": b"\x1f\x8b\xff" + good}
    path.write_bytes(gzip.compress(tar(members)))
    found, error = read(path)
    assert data(found) == LINES + b"good\n"
    assert error is not None
    assert f"{path}:var/log/a.gz: the archive is cut off" in str(error)
    assert f"{path}:var/log/c.gz: the archive is damaged" in str(error)


def test_a_header_of_gigabytes_is_refused(tmp_path: Path) -> None:
    info = tarfile.TarInfo("var/log/hostd.log")
    info.type, info.size = tarfile.XHDTYPE, 4 * 1024**3
    (tmp_path / "bundle.tar").write_bytes(info.tobuf() + bytes(10_000))
    _found, error = read(tmp_path / "bundle.tar")
    assert error is not None
    assert "a name of 4,294,967,296 bytes" in error.message


def test_archives_within_archives_have_an_end(tmp_path: Path) -> None:
    content = b"one\n"
    for _ in range(10):
        content = gzip.compress(content)
    (tmp_path / "deep.gz").write_bytes(content)
    _found, error = read(tmp_path / "deep.gz")
    assert error is not None
    assert "archives within archives" in error.message


def test_a_folder_gives_its_logs_in_order(tmp_path: Path) -> None:
    for name in ("b/hostd.log", "a/vmkernel.1", "a/hostd.0.gz", "a/notes.txt", "a/core.bin", "messages"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        content = name.encode() + b"\n"
        (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    (tmp_path / "a" / "zero.log").symlink_to("/dev/zero")
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "a" / "pipe.log")
    found, error = read(tmp_path)
    assert error is None
    assert data(found) == b"messages\na/hostd.0.gz\na/vmkernel.1\nb/hostd.log\n"


def test_a_folder_is_bounded(tmp_path: Path) -> None:
    for number in range(5):
        (tmp_path / f"{number}.log").write_bytes(b"%d\n" % number)
    found, error = read(tmp_path, Limits(files=3))
    assert data(found) == b"0\n1\n2\n"
    assert error is not None
    assert "more than 3 files" in error.message


def test_a_path_that_cannot_be_read_does_not_end_the_others(tmp_path: Path) -> None:
    (tmp_path / "one.log").write_bytes(b"one\n")
    found = read_files([tmp_path / "missing.log", tmp_path / "one.log"])
    assert next(found).data == b"one\n"
    with pytest.raises(InputError, match="cannot be read: No such file") as told:
        next(found)
    assert told.value.where == str(tmp_path / "missing.log")


def test_standard_input(packed: dict[str, Path]) -> None:
    program = """import sys
from viguard.logs.files import open_source
for c in open_source("-"):
    sys.stdout.buffer.write(c.name.encode() + b"|" + c.data[:5] + b"%d" % c.first_line)
"""
    for name in ("plain.log", "one.gz", "bundle.tgz"):
        with packed[name].open("rb") as own:
            out = subprocess.run([sys.executable, "-c", program], stdin=own, capture_output=True, check=True).stdout
        assert out.startswith(b"standard input" + (b":esx/var/log/hostd.log" if "bundle" in name else b"") + b"|Nov 21")


@pytest.mark.parametrize(
    "name",
    [
        "esx-1/var/run/log/hostd.log",
        "esx-1/var/log/vmkernel",
        "esx-1/var/log/messages.1",
        "var/run/log/vobd.3.gz",
        "vmfs/volumes/4f/guest/vmware-12.log",
        "vc/var/log/vmware/vpxd/vpxd-1234.log.gz",
        "hostd.log.FRAG-00001",
        "vpxd-profiler-12.log",
        "nested-esx.tgz",
        "HOSTD.LOG",
    ],
)
def test_a_log(name: str) -> None:
    assert is_log(name)


@pytest.mark.parametrize(
    "name",
    ["etc/passwd", "var/log/wtmp", "var/log/lastlog", "var/core/hostd-zdump.000", "commands/esxtop.txt", "a.vmx"],
)
def test_no_log(name: str) -> None:
    assert not is_log(name)


class Slices:
    """A reader that gives what it has in given sizes."""

    def __init__(self, content: bytes, sizes: list[int]) -> None:
        self._content, self._sizes = content, iter(sizes)

    def readinto(self, into: memoryview) -> int:
        size = min(next(self._sizes, len(self._content)), len(self._content), len(into))
        size = size or min(1, len(self._content))
        into[:size] = self._content[:size]
        self._content = self._content[size:]
        return size


@given(st.binary(max_size=3000).filter(lambda b: b"\r" not in b), st.lists(st.integers(1, 500)))
def test_how_a_file_is_read_changes_nothing(content: bytes, sizes: list[int]) -> None:
    found = list(chunks(Slices(content, sizes), "x"))
    expected = content.removeprefix(b"\xef\xbb\xbf")
    expected += b"" if not expected or expected.endswith(b"\n") else b"\n"
    assert data(found) == expected
    for chunk in found:
        assert chunk.first_line == 1 + expected[: chunk.offset].count(b"\n")
        assert expected[chunk.offset :].startswith(chunk.data)


@given(st.binary(max_size=600))
def test_anything_at_all_is_borne(tmp_path_factory: pytest.TempPathFactory, noise: bytes) -> None:
    path = tmp_path_factory.mktemp("noise") / "x"
    for head in (b"", b"\x1f\x8b\x08\0\0\0\0\0\0\x03", b"\x28\xb5\x2f\xfd", tar({"a.log": b"x"})[:512]):
        path.write_bytes(head + noise)
        found, _error = read(path)
        assert all(chunk.data.endswith(b"\n") for chunk in found)
