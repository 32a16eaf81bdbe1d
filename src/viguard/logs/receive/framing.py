"""From a stream of bytes to whole lines. Source: RFC 6587, 3.4.

The first bytes of a connection tell its framing: digits, a space and ``<`` are octet counting, all else is a line.
Frames are walked from length to length and never searched: a message may hold what looks like a frame. A connection
keeps its framing; one that breaks octet counting is at an end, because nothing tells where its next message starts.
"""

from __future__ import annotations

import re
from typing import Protocol, TypeAlias

from viguard.logs.receive.counters import Counters
from viguard.logs.receive.messages import cleaned, cut, joined, mark, shortened

_DIGITS = 7
"""Of a length. A frame may be announced with up to 10 MB, of which the start is kept."""
_OCTET_COUNTING = re.compile(rb"[1-9]\d{0,6} <")
_PERHAPS = re.compile(rb"(?:[1-9]\d{0,6} ?)?\Z")
Buffer: TypeAlias = bytes | bytearray


class Framing(Protocol):
    """Takes what was read, gives whole lines."""

    broken: bool

    def feed(self, data: Buffer, end: int) -> bytes:
        """The lines that are whole with ``data[:end]``; the rest is kept for the next call."""

    def close(self, *, cleanly: bool) -> bytes:
        """The last line, if its newline or its rest did not come before the connection ended."""


class Stream:
    """A connection whose framing is not known before its first bytes."""

    def __init__(self, limit: int, counters: Counters) -> None:
        self._limit, self._counters = limit, counters
        self._held = b""
        self._framing: Framing | None = None

    @property
    def broken(self) -> bool:
        """Whether the sender left its framing: nothing after it can be read."""
        return self._framing is not None and self._framing.broken

    def feed(self, data: Buffer, end: int) -> bytes:
        """As :meth:`Framing.feed`."""
        if self._framing is None:
            data = self._held + bytes(memoryview(data)[:end])
            end = len(data)
            if _PERHAPS.match(data):
                self._held = data
                return b""
            self._held = b""
            self._framing = self._found(data)
        return self._framing.feed(data, end)

    def close(self, *, cleanly: bool) -> bytes:
        """As :meth:`Framing.close`."""
        if self._framing is None:
            self._framing = Lines(self._limit, self._counters)
            self._framing.feed(self._held, len(self._held))
        return self._framing.close(cleanly=cleanly)

    def _found(self, data: Buffer) -> Framing:
        kind = OctetCounting if _OCTET_COUNTING.match(data) else Lines
        return kind(self._limit, self._counters)


class Lines:
    """Non-transparent framing: a newline ends a message. Source: RFC 6587, 3.4.2."""

    broken = False

    def __init__(self, limit: int, counters: Counters) -> None:
        self._limit, self._counters = limit, counters
        self._held = b""
        self._missed = 0

    def feed(self, data: Buffer, end: int) -> bytes:
        """Whole lines, by one search from the end."""
        start = 0
        first = b""
        if self._missed:
            newline = data.find(b"\n", 0, end)
            if newline < 0:
                self._missed += end
                return b""
            self._missed += newline
            first, start = self._cut(), newline + 1
        stop = data.rfind(b"\n", start, end) + 1
        view = memoryview(data)
        if not stop:
            self._hold(view[start:end])
            return cleaned(first)
        whole = b"".join((self._held, view[start:stop]))
        self._held = b""
        self._hold(view[stop:end])
        return cleaned(first + shortened(whole, self._limit, self._counters))

    def close(self, *, cleanly: bool) -> bytes:
        """A sender may end without a newline; a connection that broke leaves a line that may lack its end."""
        if self._missed:
            return cleaned(self._cut())
        if not self._held:
            return b""
        line, self._held = self._held, b""
        if not cleanly:
            self._counters.partial += 1
            line += mark(f"connection lost after {len(line)} bytes")
        return cleaned(line + b"\n")

    def _hold(self, rest: memoryview) -> None:
        room = self._limit - len(self._held)
        self._held += rest[:room]
        self._missed += max(0, len(rest) - room)

    def _cut(self) -> bytes:
        line = cut(self._held, len(self._held) + self._missed) + b"\n"
        self._held, self._missed = b"", 0
        self._counters.cut += 1
        return line


class OctetCounting:
    """Each message is preceded by its length. Source: RFC 6587, 3.4.1, and RFC 5425, 4.3."""

    def __init__(self, limit: int, counters: Counters) -> None:
        self._limit, self._counters = limit, counters
        self._held = b""
        self._skip = 0
        self.broken = False

    def feed(self, data: Buffer, end: int) -> bytes:
        """Every message that is whole."""
        if self.broken:
            return b""
        skipped = min(self._skip, end)
        self._skip -= skipped
        block = b"".join((self._held, memoryview(data)[skipped:end]))
        messages, at = self._walk(block)
        self._held = b"" if self.broken else block[at:]
        lines = joined(messages)
        return lines + self._rest(block[at:]) if self.broken else lines

    def _walk(self, block: bytes) -> tuple[list[bytes], int]:
        """Messages of whole frames, and where the first one begins that is not whole."""
        messages: list[bytes] = []
        add, find, size, at = messages.append, block.find, len(block), 0
        while at < size:
            space = find(b" ", at, at + _DIGITS + 1)
            head = block[at:space] if space >= 0 else block[at : at + _DIGITS + 1]
            if not head.isdigit() or head[0] == 48 or (space < 0 and len(head) > _DIGITS):  # 48 is 0
                self.broken = True
                break
            if space < 0:
                break
            start, length = space + 1, int(head)
            at_next = start + length
            if length > self._limit and size - start >= self._limit:
                add(cut(block[start : start + self._limit], length))
                self._counters.cut += 1
                at, self._skip = min(at_next, size), max(0, at_next - size)
                continue
            if at_next > size:
                break
            add(block[start:at_next])
            at = at_next
        return messages, at

    def _rest(self, rest: bytes) -> bytes:
        self._counters.broken += 1
        kept = rest[: self._limit]
        if len(rest) > len(kept):
            self._counters.cut += 1
        return cleaned(kept.replace(b"\n", b"#012") + mark("no frame, connection closed") + b"\n")

    def close(self, *, cleanly: bool) -> bytes:  # noqa: ARG002  (a frame says itself whether it is whole)
        """What came of the last frame."""
        length, _space, message = self._held.partition(b" ")
        self._held = b""
        if not length:
            return b""
        self._counters.partial += 1
        if not message:
            return b""
        note = mark(f"connection closed after {len(message)} of {int(length)} bytes")
        return cleaned(message.replace(b"\n", b"#012") + note + b"\n")
