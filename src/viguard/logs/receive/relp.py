"""Frames of RELP: ``TXNR SP COMMAND SP DATALEN [SP DATA] LF``. Source: librelp, doc/relp.html."""

from __future__ import annotations

import re
from typing import NamedTuple

_HEAD = re.compile(rb"(\d{1,9}) ([A-Za-z]{1,32}) (\d{1,8})([ \n])")
_HEAD_BYTES = 9 + 1 + 32 + 1 + 8 + 1

_NEWLINE = 10

ACCEPTED = b"200 OK"
OFFERS = b"relp_version=0\nrelp_software=viguard\ncommands=syslog"
SERVER_CLOSE = b"0 serverclose 0\n"


class Frame(NamedTuple):
    """One command. ``length`` is that of its data, of which ``data`` may be the start."""

    number: int
    command: bytes
    data: bytes
    length: int


def answer(number: int, data: bytes = ACCEPTED) -> bytes:
    """The response to a command."""
    return b"%d rsp %d %b\n" % (number, len(data), data) if data else b"%d rsp 0\n" % number


class Frames:
    """Walks a stream from frame to frame; keeps ``limit`` bytes of the data of each."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held = b""
        self._skip = 0
        self._long: Frame | None = None
        self.broken = False

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that are whole now."""
        frames: list[Frame] = []
        block, at, end = self._held + data, -1, 0
        while end > at and not self.broken:
            at = end
            end = self._rest(block, at, frames) if self._long is not None else self._next(block, at, frames)
        self._held = b"" if self.broken else block[end:]
        return frames

    def _next(self, block: bytes, at: int, frames: list[Frame]) -> int:
        """Where the frame at ``at`` ends; ``at`` when it is not whole."""
        head = _HEAD.match(block, at)
        if head is None:
            self.broken = len(block) - at >= _HEAD_BYTES or b"\n" in block[at:]
            return at
        start, length = head.end(), int(head[3])
        if head[4] == b"\n":  # without data there is no space before the end
            start, end = start - 1, start - 1
            self.broken = length != 0
        else:
            end = start + length
        if length > self._limit:
            return self._begin_long(block, at, head)
        if end >= len(block):
            return at
        self.broken = self.broken or block[end] != _NEWLINE
        if not self.broken:
            frames.append(Frame(int(head[1]), head[2], block[start:end], length))
        return end + 1

    def _begin_long(self, block: bytes, at: int, head: re.Match[bytes]) -> int:
        start, length = head.end(), int(head[3])
        kept = block[start : start + self._limit]
        if len(kept) < self._limit:
            return at
        self._long, self._skip = Frame(int(head[1]), head[2], kept, length), length - self._limit
        return start + self._limit

    def _rest(self, block: bytes, at: int, frames: list[Frame]) -> int:
        """Passes over the part of a long frame that is not kept."""
        end = at + self._skip
        if end >= len(block):
            self._skip = end - len(block)
            return len(block)
        self.broken = block[end] != _NEWLINE
        if self._long is not None and not self.broken:
            frames.append(self._long)
        self._long = None
        return end + 1
