"""Old lines once more: of an archive or of files, through whatever is to look at them."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Any, TypeVar

import zstandard

from viguard.errors import InputError
from viguard.logs.block import Block, Run

T = TypeVar("T")
BLOCK = 1 << 20
_SKIPPABLE = b"\x50\x2a\x4d\x18"
_BROKEN = (EOFError, zlib.error, lzma.LZMAError, zstandard.ZstdError, OSError)


def hunt(blocks: Iterable[Block], look: Callable[[Block], Iterable[T]]) -> Iterator[T]:
    """What ``look`` finds in each block, in order."""
    for block in blocks:
        yield from look(block)


def file_blocks(paths: Iterable[Path], received_at: float) -> Iterator[Block]:
    """The lines of files, plain or compressed (gzip, bzip2, xz, zstd), as blocks of whole lines.

    A line longer than a block is cut into several. ``received_at`` is in seconds since 1970.
    Raises: InputError when a file cannot be read to its end; the blocks before have been given.
    """
    for path in paths:
        try:
            with path.open("rb") as file:
                yield from _cut(_opened(file, file.peek(8)), received_at)
        except _BROKEN as error:
            raise InputError(f"not read to its end: {error}", where=str(path)) from error


def _opened(file: IO[bytes], start: bytes) -> Any:
    """What reads the lines: by the first bytes, whatever the name says."""
    if start.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(fileobj=file)
    if start.startswith(b"BZh"):
        return bz2.BZ2File(file)
    if start.startswith(b"\xfd7zXZ\x00"):
        return lzma.LZMAFile(file)
    if start.startswith((zstandard.FRAME_HEADER, _SKIPPABLE)):
        return zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
    return file


def _cut(file: Any, received_at: float) -> Iterator[Block]:
    rest = b""
    while piece := file.read(BLOCK):
        rest += piece
        while len(rest) >= BLOCK:
            end = rest.rfind(b"\n", 0, BLOCK) + 1
            data, rest = (rest[:end], rest[end:]) if end else (rest[: BLOCK - 1] + b"\n", rest[BLOCK - 1 :])
            yield _block(data, received_at)
    if rest:
        yield _block(rest if rest.endswith(b"\n") else rest + b"\n", received_at)


def _block(data: bytes, received_at: float) -> Block:
    return Block(data, received_at, (Run("", "file", 0, len(data)),))
