"""Whatever logs are packed with is read or refused: a packed file that was taken for text would seem to say nothing."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from tests.logs.archive.made import block, fill
from viguard.errors import InputError
from viguard.logs.archive.segments import segments
from viguard.logs.files import Limits, open_source, read_files

LINES = b"".join(b"line %d %s\n" % (n, b"x" * (n % 200)) for n in range(20_000))
PACKS = [bytes, gzip.compress, bz2.compress, lzma.compress, zstandard.compress]


def data(path: Path, limits: Limits | None = None) -> bytes:
    return b"".join(chunk.data for chunk in open_source(path, limits))


@pytest.mark.parametrize("pack", PACKS)
@pytest.mark.parametrize("end", [b"", b"without its end"])
def test_a_file_is_read_whatever_it_is_packed_with(tmp_path: Path, pack: Callable[[bytes], bytes], end: bytes) -> None:
    path = tmp_path / "any.name"
    path.write_bytes(pack(LINES + end))
    assert data(path) == LINES + (end + b"\n" if end else b"")


@pytest.mark.parametrize("pack", PACKS[1:])
def test_streams_one_after_the_other_are_one_file(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "joined"
    path.write_bytes(pack(LINES) + pack(b"more\n"))
    assert data(path) == LINES + b"more\n"


@pytest.mark.parametrize("pack", [bz2.compress, lzma.compress])
def test_zeros_between_and_after_streams_are_padding(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "padded"
    path.write_bytes(pack(LINES) + bytes(8) + pack(b"more\n") + bytes(100_000))
    assert data(path) == LINES + b"more\n"


@pytest.mark.parametrize("pack", PACKS[1:])
def test_a_file_that_breaks_off_is_told_after_what_it_had(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    whole.write_bytes(pack(b"whole\n"))
    packed = pack(LINES)
    broken.write_bytes(packed[: len(packed) - 20])
    given = read_files([broken, whole])
    seen: list[bytes] = []
    with pytest.raises(InputError, match="broken"):
        seen.extend(chunk.data for chunk in given)
    assert _all(read_files([broken, whole])).endswith(b"whole\n")


def _all(given: object) -> bytes:
    seen = b""
    try:
        for chunk in given:  # type: ignore[attr-defined]
            seen += chunk.data
    except InputError:
        return seen
    raise AssertionError


@pytest.mark.parametrize("pack", [bz2.compress, lzma.compress])
def test_garbage_in_the_middle_or_at_the_end_is_damage(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    packed = bytearray(pack(LINES))
    packed[len(packed) // 2] ^= 0xFF
    for content in (bytes(packed), pack(LINES) + b"garbage" * 10):
        path = tmp_path / "hurt"
        path.write_bytes(content)
        with pytest.raises(InputError, match="hurt: the archive is damaged"):
            data(path)


@pytest.mark.parametrize("pack", [bz2.compress, lzma.compress])
def test_a_file_that_unpacks_without_end_is_given_up(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "bomb"
    path.write_bytes(pack(bytes(30_000_000)))
    with pytest.raises(InputError, match="times its size"):
        data(path, Limits(free_bytes=1_000_000))


def test_a_segment_of_the_archive_is_read(tmp_path: Path) -> None:
    fill(tmp_path, [block("one"), block("two")])
    assert _data_of(segments(tmp_path)) == b"one\ntwo\n"


def _data_of(paths: list[Path]) -> bytes:
    return b"".join(chunk.data for chunk in read_files(paths))


def _zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("hostd.log", LINES)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (_zip(), "is a zip archive, which is not read"),
        ("Hostd: x\n".encode("utf-16"), "is UTF-16, which is not read"),
        (b"\xfe\xff" + "Hostd: x\n".encode("utf-16-be"), "is UTF-16, which is not read"),
        (b"LPKSHHRH" + bytes(500), "is a journal of systemd, which is not read"),
    ],
)
def test_what_is_not_read_is_told(tmp_path: Path, content: bytes, what: str) -> None:
    path = tmp_path / "hostd.log"
    path.write_bytes(content)
    with pytest.raises(InputError, match=what):
        data(path)
    path.write_bytes(gzip.compress(content))
    with pytest.raises(InputError, match=what):
        data(path)
