"""What gzip and zstd packed, unpacked as it is read: never more than a block in memory, never more than the limits."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import zstandard

from viguard.errors import InputError
from viguard.logs.files.chunks import Reader
from viguard.model.facts import Struct

GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_PIECE_BYTES = 64 * 1024
_WINDOW_BYTES = 128 * 1024 * 1024
_SKIPPABLE = b"\x2a\x4d\x18"
_CHECKSUM_FLAG, _SINGLE_SEGMENT_FLAG = 4, 32


class Limits(Struct, frozen=True, kw_only=True):
    """What reading files bears.

    An archive may unpack to ``ratio`` times its size once it is beyond ``free_bytes``, to ``late_ratio`` times beyond
    ``late_bytes``, and to ``unpacked_bytes`` at the most. ``files`` bounds folders and archives, ``depth``
    archives within archives.
    """

    ratio: int = 250
    free_bytes: int = 64 * 1024 * 1024
    late_ratio: int = 120
    late_bytes: int = 1024**3
    unpacked_bytes: int = 256 * 1024**3
    files: int = 100_000
    depth: int = 3


def is_zstd(head: bytes) -> bool:
    """Whether a file begins with a frame of zstd, or with one that is skipped, as the segments of our archive do."""
    return head.startswith(ZSTD) or (head[1:4] == _SKIPPABLE and 0x50 <= head[0] <= 0x5F)


class Packed:
    """What all have in common: counting, and the words for what goes wrong."""

    def __init__(self, source: Reader, name: str, limits: Limits) -> None:
        self._source, self._name, self._limits = source, name, limits
        self._packed = self._unpacked = 0
        self._error: InputError | None = None

    def _take(self, size: int, *, exactly: bool = False) -> bytes:
        """The next bytes of the source; fewer only at its end, or where it gives fewer at a time."""
        buffer = bytearray(size)
        view, got = memoryview(buffer), 0
        while got < size:
            more = self._source.readinto(view[got:])
            got += more
            if not more or not exactly:
                break
        self._packed += got
        return bytes(view[:got])

    def _check(self, more: int) -> None:
        self._unpacked += more
        limits = self._limits
        if self._unpacked > limits.unpacked_bytes:
            hint = "unpack it yourself, and read what you need of it"
            raise self._fail(f"unpacks to more than {limits.unpacked_bytes:,} bytes", hint)
        ratio = limits.late_ratio if self._unpacked > limits.late_bytes else limits.ratio
        if self._unpacked > limits.free_bytes and self._unpacked > ratio * max(self._packed, 1):
            hint = "such an archive is made to fill disks; if it is good, unpack it yourself"
            raise self._fail(f"unpacks to more than {ratio} times its size", hint)

    def _fail(self, what: str, hint: str = "") -> InputError:
        told = f"{what}; read so far: {self._unpacked:,} bytes, from {self._packed:,} packed"
        self._error = InputError(told, where=self._name, hint=hint)
        return self._error

    def _cut_off(self) -> InputError:
        return self._fail("the archive is cut off", "copy it again; the lines up to there were read")

    def _damaged(self, why: str) -> InputError:
        return self._fail(f"the archive is damaged ({why})", "copy it again; the lines up to there were read")


class Gzip(Packed):
    """Any number of gzip members, one after the other. Source: RFC 1952."""

    def __init__(self, source: Reader, name: str, limits: Limits) -> None:
        super().__init__(source, name, limits)
        self._unpack = zlib.decompressobj(31)
        self._pending = b""
        self._has_more = self._has_begun = False

    def readinto(self, into: memoryview) -> int:
        """As :meth:`Reader.readinto`."""
        if self._error is not None:
            raise self._error
        while True:
            if self._unpack.eof and not self._next_member():
                return 0
            if not self._pending and not self._has_more:
                self._pending = self._take(_PIECE_BYTES)
                if not self._pending:
                    raise self._cut_off()
            try:
                out = self._unpack.decompress(self._pending, len(into))
            except zlib.error as error:
                raise self._damaged(str(error).rpartition(": ")[2]) from None
            self._pending = self._unpack.unconsumed_tail
            self._has_more = len(out) == len(into)
            if out:
                self._check(len(out))
                into[: len(out)] = out
                return len(out)

    def _next_member(self) -> bool:
        rest = self._unpack.unused_data.lstrip(b"\0") or self._take(_PIECE_BYTES).lstrip(b"\0")
        while not rest:  # zeros pad tapes
            more = self._take(_PIECE_BYTES)
            if not more:
                return False
            rest = more.lstrip(b"\0")
        self._unpack, self._pending, self._has_more = zlib.decompressobj(31), rest, False
        return True


class Zstd(Packed):
    """Any number of zstd frames. Source: RFC 8878.

    Frames are walked block by block: a block unpacks to 128 KiB at the most, and the end of a frame is seen.
    """

    def __init__(self, source: Reader, name: str, limits: Limits) -> None:
        super().__init__(source, name, limits)
        self._outs = self._unpacked_blocks()
        self._out = memoryview(b"")

    def readinto(self, into: memoryview) -> int:
        """As :meth:`Reader.readinto`."""
        if self._error is not None:
            raise self._error
        while not self._out:
            out = next(self._outs, None)
            if out is None:
                return 0
            self._check(len(out))
            self._out = memoryview(out)
        size = min(len(into), len(self._out))
        into[:size] = self._out[:size]
        self._out = self._out[size:]
        return size

    def _unpacked_blocks(self) -> Iterator[bytes]:
        while magic := self._take(4, exactly=True):
            if len(magic) == 4 and magic[1:] == _SKIPPABLE and 0x50 <= magic[0] <= 0x5F:
                left = int.from_bytes(self._exactly(4), "little")
                while left:
                    left -= len(self._exactly(min(left, _PIECE_BYTES)))
                continue
            if magic != ZSTD:
                raise self._cut_off() if len(magic) < 4 else self._damaged("no zstd frame")
            unpack = zstandard.ZstdDecompressor(max_window_size=_WINDOW_BYTES).decompressobj()
            for part in self._parts():
                try:
                    out = unpack.decompress(part)
                except zstandard.ZstdError as error:
                    raise self._damaged(str(error).rpartition(": ")[2]) from None
                if out:
                    yield out

    def _parts(self) -> Iterator[bytes]:
        """A frame: its header, its blocks, its checksum."""
        descriptor = self._exactly(1)
        flags = descriptor[0]
        is_single = bool(flags & _SINGLE_SEGMENT_FLAG)
        size = (0 if is_single else 1) + (0, 1, 2, 4)[flags & 3] + (1 if is_single else 0, 2, 4, 8)[flags >> 6]
        yield ZSTD + descriptor + self._exactly(size)
        is_last = False
        while not is_last:
            head = self._exactly(3)
            number = int.from_bytes(head, "little")
            is_last = bool(number & 1)
            yield head + self._exactly(1 if (number >> 1) & 3 == 1 else number >> 3)
        if flags & _CHECKSUM_FLAG:
            yield self._exactly(4)

    def _exactly(self, size: int) -> bytes:
        taken = self._take(size, exactly=True)
        if len(taken) < size:
            raise self._cut_off()
        return taken
