"""How a segment is written: each block is one zstd frame, before it a frame that zstd skips and that says what follows.

``zstdcat`` of a segment prints exactly its lines. A skippable frame holds a tag, the id of its segment, a hash, and the
header in MessagePack. The id is random, so nothing in a log line passes for a header when a damaged one is passed over.
Source: RFC 8878, 3.1.2 (skippable frames).
"""

from __future__ import annotations

import hashlib
import struct
from itertools import accumulate, pairwise
from typing import TypeVar

import msgspec
import zstandard

from viguard.logs.archive.hosts import claimed
from viguard.logs.block import Block, Run
from viguard.logs.formats import Headers
from viguard.model.facts import Struct
from viguard.model.text import lines_in

TAG = b"VGF1"
SEGMENT_TAG = b"VGS1"
ID_BYTES = 8
_SKIPPABLE = b"\x50\x2a\x4d\x18"
_HASH_BYTES = 16
_BEFORE = struct.Struct(f"<4sI4s{ID_BYTES}s{_HASH_BYTES}s")
_PACKED_FROM = 512
"""Runs of more bytes are compressed: those of a thousand senders in one block would weigh as much as its lines."""
_Kind = TypeVar("_Kind")
MAX_HEADER = 256 << 20
"""A block of empty lines, each from an address of its own, comes to a fifth of this."""
MAX_RAW = 64 << 20
"""No block is larger, whatever a damaged header says."""


class Header(Struct, frozen=True, array_like=True, kw_only=True):
    """What a frame says of its block. ``size`` is of its data in bytes, compressed; ``raw`` of its lines.

    ``sources`` are sender and transport of its runs; ``hosts`` the names that lines claim, all of them only when
    ``is_every_host``, else of some lines. ``digest`` is a hash of the compressed data. ``origin`` is where the
    frame was first written, when its segment was packed again since; None: where it stands.
    """

    received_at: float
    raw: int
    size: int
    lines: int
    digest: bytes
    sources: tuple[tuple[str, str], ...]
    hosts: tuple[str, ...]
    is_every_host: bool
    runs: bytes
    origin: int | None = None


class SegmentHeader(Struct, frozen=True, array_like=True):
    """What stands at the beginning of a segment. ``level`` of zstd it was packed again at, from ``size_before`` bytes;
    0: it is as it was first written.
    """

    version: int
    created_at: float
    level: int = 0
    size_before: int = 0


class FrameError(ValueError):
    """Bytes that are no whole frame, or not the one that was written."""


def digest(data: bytes) -> bytes:
    """The hash of frames and indexes: BLAKE2b, 16 bytes."""
    return hashlib.blake2b(data, digest_size=_HASH_BYTES).digest()


def before(tag: bytes, segment: bytes, body: bytes) -> bytes:
    """A skippable frame with a tag, the id of its segment, and a body."""
    size = _BEFORE.size - 8 + len(body)
    return _BEFORE.pack(_SKIPPABLE, size, tag, segment, digest(body)) + body


def encode(
    block: Block, segment: bytes, compressor: zstandard.ZstdCompressor, headers: Headers
) -> tuple[bytes, Header]:
    """A block as the bytes of its two frames, and their header."""
    lines = lines_in(block.data)
    hosts, is_every_host = claimed(block, lines, headers)
    data = compressor.compress(block.data)
    numbers: dict[tuple[str, str], int] = {}
    runs = [(numbers.setdefault((run.sender, run.transport), len(numbers)), run.end - run.start) for run in block.runs]
    packed = msgspec.msgpack.encode(runs)
    header = Header(
        received_at=block.received_at,
        raw=len(block.data),
        size=len(data),
        lines=lines,
        digest=digest(data),
        sources=tuple(numbers),
        hosts=hosts,
        is_every_host=is_every_host,
        runs=compressor.compress(packed) if len(packed) > _PACKED_FROM else packed,
    )
    return before(TAG, segment, msgspec.msgpack.encode(header)) + data, header


def skipped(start: bytes) -> tuple[bytes, bytes, int] | None:
    """Tag, id and whole size of the skippable frame that some bytes begin with; None when they begin with none."""
    if len(start) < _BEFORE.size:
        return None
    magic, size, tag, segment, _ = _BEFORE.unpack_from(start)
    whole = size + 8
    if magic != _SKIPPABLE or tag not in {TAG, SEGMENT_TAG} or not _BEFORE.size <= whole <= MAX_HEADER:
        return None
    return tag, segment, whole


def decode_header(data: bytes) -> Header:
    """The header in a skippable frame.

    Raises: FrameError when its hash does not fit.
    """
    return _decoded(data, Header)


def decode_segment(data: bytes) -> SegmentHeader:
    """The header of a segment.

    Raises: FrameError when its hash does not fit.
    """
    return _decoded(data, SegmentHeader)


def _decoded(data: bytes, kind: type[_Kind]) -> _Kind:
    body = data[_BEFORE.size :]
    if _BEFORE.unpack_from(data)[4] != digest(body):
        raise FrameError("the hash of the header does not fit")
    try:
        header = msgspec.msgpack.decode(body, type=kind)
    except msgspec.MsgspecError as error:
        raise FrameError(f"no header: {error}") from error
    if isinstance(header, Header) and not (0 < header.raw <= MAX_RAW and 0 < header.size <= MAX_RAW):
        raise FrameError("a header with sizes that cannot be")
    return header


def unpack(data: bytes, header: Header, decompressor: zstandard.ZstdDecompressor) -> bytes:
    """The lines of a frame from its compressed data. zstd checks them against the checksum in it.

    Raises: FrameError.
    """
    if len(data) != header.size:
        raise FrameError("the data ends early")
    try:
        if (told := zstandard.frame_content_size(data)) != header.raw:
            raise FrameError(f"the data has {told} bytes instead of {header.raw}")
        return decompressor.decompress(data)
    except zstandard.ZstdError as error:
        raise FrameError(f"the data does not decompress: {error}") from error


def runs_of(header: Header) -> tuple[Run, ...]:
    """Who sent which part of a block.

    Raises: FrameError.
    """
    packed = header.runs
    try:
        if packed[:4] == zstandard.FRAME_HEADER:
            packed = zstandard.ZstdDecompressor().decompress(packed, max_output_size=MAX_HEADER)
        pairs = msgspec.msgpack.decode(packed, type=list[tuple[int, int]])
        ends = pairwise(accumulate((length for _, length in pairs), initial=0))
        return tuple(Run(*header.sources[number], *where) for (number, _), where in zip(pairs, ends, strict=True))
    except (zstandard.ZstdError, msgspec.MsgspecError, IndexError) as error:
        raise FrameError(f"no runs: {error}") from error
