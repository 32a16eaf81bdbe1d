"""Whole lines from any reader, a mebibyte at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol

from viguard.errors import InputError
from viguard.logs.block import Block, Run
from viguard.logs.receive.messages import cut, mark
from viguard.model.text import lines_in

CHUNK_BYTES = 1024 * 1024
_KEPT_BYTES = 64 * 1024
_BOM = b"\xef\xbb\xbf"


class Reader(Protocol):
    """Bytes in order."""

    def readinto(self, into: memoryview) -> int:
        """Fills a part of ``into``; 0 is the end.

        Raises: InputError when what is read cannot be had, or is cut off or damaged.
        """


class Chunk(NamedTuple):
    """Whole lines of one file or member, each ended by ``\\n``; at most 1 MiB and one line more.

    ``name`` is for people only: control characters are escaped, and no path is to be made of it. ``offset`` is that of
    the first byte in the unpacked file. ``first_line`` counts from 1; 0 when lines are not numbered.
    """

    name: str
    data: bytes
    offset: int
    first_line: int

    def block(self, received_at: float) -> Block:
        """As a block, for what takes those. ``received_at`` is in seconds since 1970."""
        return Block(self.data, received_at, (Run("", "file", 0, len(self.data)),))


def chunks(reader: Reader, name: str, *, numbered: bool = True) -> Iterator[Chunk]:
    """The lines of a reader. A line beyond 1 MiB is cut; the last one may lack its newline.

    Raises: InputError, after every line that could be read.
    """
    cutter = _Cutter(reader)
    offset, line, failure = 0, 1 if numbered else 0, None
    while True:
        try:
            data, size = cutter.next()
        except InputError as error:
            failure = error
            data, size = cutter.rest(mark("the file is cut off here"))
        if not data:
            break
        yield Chunk(name, data, offset, line)
        offset += size
        if numbered:
            line += lines_in(data)
    if failure is not None:
        raise failure


class _Cutter:
    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._buffer = bytearray(CHUNK_BYTES)
        self._view = memoryview(self._buffer)
        self._held = 0
        self._is_first = True
        self._has_failed = self._has_lines = False

    def next(self) -> tuple[bytes, int]:
        """Whole lines and how many bytes they were; nothing at the end."""
        if self._has_failed:
            return b"", 0
        if self._has_lines:
            self._has_lines = False
            stop = self._buffer.rfind(b"\n", 0, self._held) + 1
            if stop:
                return self._taken(stop), stop
        while True:
            end = self._held + self._read(self._held)
            if end == self._held:
                return self.rest(b"")
            stop = self._buffer.rfind(b"\n", self._held, end) + 1
            self._held = end
            if stop:
                return self._taken(stop), stop
            if end == CHUNK_BYTES:
                return self._too_long()

    def rest(self, note: bytes) -> tuple[bytes, int]:
        """What is held, as a line; used once, at the end."""
        size, self._has_failed = self._held, True
        data = bytes(self._view[:size])
        self._held = 0
        return (_cleaned(data + note + b"\n"), size) if size else (b"", 0)

    def _read(self, at: int) -> int:
        size = self._reader.readinto(self._view[at:])
        if self._is_first and size >= len(_BOM):
            self._is_first = False
            if self._buffer.startswith(_BOM):
                size -= len(_BOM)
                self._buffer[:size] = self._buffer[len(_BOM) : size + len(_BOM)]
                return size or self._read(at)
        return size

    def _taken(self, stop: int) -> bytes:
        data = bytes(self._view[:stop])
        left = self._held - stop
        self._buffer[:left] = self._buffer[stop : self._held]
        self._held = left
        return _cleaned(data)

    def _too_long(self) -> tuple[bytes, int]:
        """The start of a line that fills the buffer; what follows is read over."""
        head, length = bytes(self._view[:_KEPT_BYTES]), self._held
        self._held = 0
        while True:
            try:
                end = self._read(0)
            except InputError:
                return cut(head, length) + b"\n", length  # raised again by the next read
            newline = self._buffer.find(b"\n", 0, end)
            if newline >= 0:
                self._held = end
                self._taken(newline + 1)
                self._has_lines = True
                length += newline
                return cut(head, length) + b"\n", length + 1
            length += end
            if not end:
                return cut(head, length) + b"\n", length


def _cleaned(data: bytes) -> bytes:
    return data.replace(b"\r\n", b"\n") if b"\r" in data else data
