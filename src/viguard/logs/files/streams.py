"""What xz and bzip2 packed: old logs of log servers. And what looks like a log to nobody, so that it is said."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol, TypeAlias

from viguard.errors import InputError
from viguard.logs.files.chunks import Reader
from viguard.logs.files.packed import Limits, Packed

_Errors: TypeAlias = tuple[type[Exception], ...]
_MEMORY_BYTES = 256 * 1024 * 1024
_PIECE_BYTES = 64 * 1024
_REFUSED = (
    (b"PK\x03\x04", "is a zip archive", "unpack it, and read what comes out"),
    (b"7z\xbc\xaf\x27\x1c", "is a 7-Zip archive", "unpack it, and read what comes out"),
    (b"\x04\x22\x4d\x18", "is packed with lz4", "unpack it, and read what comes out"),
    (b"LPKSHHRH", "is a journal of systemd", "pipe it: journalctl --file FILE -o short-iso | viguard logs ... -"),
    (b"\xff\xfe", "is UTF-16", "turn it into UTF-8: iconv -f UTF-16 -t UTF-8"),
    (b"\xfe\xff", "is UTF-16", "turn it into UTF-8: iconv -f UTF-16 -t UTF-8"),
)
"""How files begin that hold log lines which cannot be seen in them: read as text they would seem to say nothing."""


class _Unpack(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = ...) -> bytes: ...


def stream_of(head: bytes) -> Callable[[Reader, str, Limits], Reader] | None:
    """What reads a file that begins so; None when it is not packed in one of these ways."""
    if head.startswith(b"\xfd7zXZ\x00"):
        import lzma  # noqa: PLC0415  (seldom used)

        xz = partial(lzma.LZMADecompressor, lzma.FORMAT_XZ, memlimit=_MEMORY_BYTES)
        return partial(Stream, make=xz, errors=(lzma.LZMAError, EOFError))
    if head[:3] == b"BZh" and head[4:10] == b"1AY&SY":
        import bz2  # noqa: PLC0415  (seldom used)

        return partial(Stream, make=bz2.BZ2Decompressor, errors=(OSError, EOFError))
    return None


def refuse(head: bytes, name: str) -> None:
    """Raises: InputError for a file that holds lines, in a form that is not read."""
    for start, what, hint in _REFUSED:
        if head.startswith(start):
            raise InputError(f"{what}, which is not read", where=name, hint=hint)


class Stream(Packed):
    """Any number of streams, one after the other."""

    def __init__(
        self, source: Reader, name: str, limits: Limits, *, make: Callable[[], _Unpack], errors: _Errors
    ) -> None:
        super().__init__(source, name, limits)
        self._errors = errors
        self._make, self._unpack, self._pending = make, make(), b""

    def readinto(self, into: memoryview) -> int:
        """As :meth:`Reader.readinto`."""
        if self._error is not None:
            raise self._error
        while True:
            if self._unpack.eof and not self._next():
                return 0
            if self._unpack.needs_input and not self._pending:
                self._pending = self._take(_PIECE_BYTES)
                if not self._pending:
                    raise self._cut_off()
            out = self._decompressed(len(into))
            if out:
                self._check(len(out))
                into[: len(out)] = out
                return len(out)

    def _decompressed(self, size: int) -> bytes:
        pending, self._pending = self._pending, b""
        try:
            return self._unpack.decompress(pending, size)
        except self._errors as error:
            raise self._damaged(str(error)) from None

    def _next(self) -> bool:
        rest = self._unpack.unused_data.lstrip(b"\0")
        while not rest:  # zeros pad streams
            more = self._take(_PIECE_BYTES)
            if not more:
                return False
            rest = more.lstrip(b"\0")
        self._unpack, self._pending = self._make(), rest
        return True
