"""Frames: a block comes back as it was, and any zstd reader prints its lines."""

from __future__ import annotations

import io

import msgspec
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from viguard.logs.archive.frames import (
    SEGMENT_TAG,
    TAG,
    FrameError,
    SegmentHeader,
    before,
    decode_header,
    decode_segment,
    digest,
    encode,
    runs_of,
    skipped,
    unpack,
)
from viguard.logs.block import Block, Run
from viguard.logs.formats import make_headers
from viguard.model.text import lines_in

ID = b"segment!"
COMPRESSOR = zstandard.ZstdCompressor(level=1, write_checksum=True)
LINES = st.lists(st.binary(max_size=200).map(lambda line: line.replace(b"\n", b" ") + b"\n"), min_size=1, max_size=400)


def _block(lines: list[bytes], at: float) -> Block:
    runs, start = [], 0
    for number, line in enumerate(lines):
        runs.append(Run(f"192.0.2.{number % 7}", "tcp" if number % 2 else "udp", start, start + len(line)))
        start += len(line)
    return Block(b"".join(lines), at, tuple(runs))


@given(lines=LINES, at=st.floats(0, 4e9))
def test_a_block_comes_back_as_it_was(lines: list[bytes], at: float) -> None:
    block = _block(lines, at)
    written, header = encode(block, ID, COMPRESSOR, make_headers())
    told = skipped(written)
    assert told is not None
    assert told[1] == ID
    assert decode_header(written[: told[2]]) == header
    data = unpack(written[told[2] :], header, zstandard.ZstdDecompressor())
    assert Block(data, header.received_at, runs_of(header)) == block
    assert header.lines == len(lines)


def test_a_header_from_before_packing_again_is_read() -> None:
    written, header = encode(_block([b"one\n"], 1.0), ID, COMPRESSOR, make_headers())
    told = skipped(written)
    assert told is not None
    *old, origin = msgspec.msgpack.decode(written[36 : told[2]])
    assert origin is None
    assert decode_header(before(TAG, ID, msgspec.msgpack.encode(old))) == header
    segment = before(SEGMENT_TAG, ID, msgspec.msgpack.encode([1, 7.0]))
    assert decode_segment(segment) == SegmentHeader(1, 7.0, level=0, size_before=0)


@given(lines=LINES)
def test_a_zstd_reader_prints_the_lines_and_nothing_else(lines: list[bytes]) -> None:
    written, _ = encode(_block(lines, 1.0), ID, COMPRESSOR, make_headers())
    reader = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(written * 2), read_across_frames=True)
    assert reader.read() == b"".join(lines) * 2


@given(lines=LINES, where=st.integers(0), bit=st.integers(0, 7))
def test_a_changed_bit_never_makes_other_lines(lines: list[bytes], where: int, bit: int) -> None:
    block = _block(lines, 1.0)
    written, _ = encode(block, ID, COMPRESSOR, make_headers())
    changed = bytearray(written)
    changed[where % len(changed)] ^= 1 << bit
    told = skipped(bytes(changed))
    if told is None or told[1] != ID:
        return
    try:
        header = decode_header(bytes(changed[: told[2]]))
        lines_again = unpack(bytes(changed[told[2] :]), header, zstandard.ZstdDecompressor())
    except FrameError:
        return
    assert (lines_again, header.received_at, runs_of(header)) == block  # zstd knows more than one way to say it
    assert digest(bytes(changed[told[2] :])) != header.digest


@given(data=st.lists(st.sampled_from([b"\n", b"a", b"\r"])).map(b"".join))
def test_lines_are_counted_by_their_ends(data: bytes) -> None:
    assert lines_in(data) == data.count(b"\n")


def _hosts(*lines: str) -> tuple[tuple[str, ...], bool]:
    data = "".join(f"{line}\n" for line in lines).encode()
    _, header = encode(Block(data, 1.0, (Run("192.0.2.1", "tcp", 0, len(data)),)), ID, COMPRESSOR, make_headers())
    return header.hosts, header.is_every_host


def test_a_header_names_every_host_that_a_few_lines_claim() -> None:
    hosts, is_every = _hosts(
        "<166>Nov 23 10:00:00 esx2 Hostd: text", "Hostd: no host", "<14>1 2026-11-23T10:00:00Z esx1 vpxd 1 - - text"
    )
    assert hosts == ("esx1", "esx2")
    assert is_every


def test_a_header_of_many_lines_says_that_there_may_be_more_hosts() -> None:
    hosts, is_every = _hosts(*(f"<166>Nov 23 10:00:00 esx{n} Hostd: text" for n in range(2000)))
    assert "esx0" in hosts
    assert len(hosts) < 200
    assert not is_every
