"""A connection: what was read becomes lines; it is not read while there is no room."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from typing import Any, Protocol, cast

from viguard.logs.receive.counters import Counters
from viguard.logs.receive.framing import Stream
from viguard.logs.receive.gather import READ_BYTES, Gatherer
from viguard.logs.receive.messages import cut, joined
from viguard.logs.receive.relp import OFFERS, SERVER_CLOSE, Frame, Frames, answer
from viguard.logs.receive.settings import Limits

_FULL_READ_BYTES = 4096
"""What a connection that had been silent may still bring when there is no room."""


_RESET = struct.pack("ii", 1, 0)


class Book(Protocol):
    """Where the connections stand that there are."""

    def add(self, connection: Connection) -> None:
        """A connection is ready to be read."""

    def discard(self, connection: Connection) -> None:
        """A connection is gone."""


class Shared:
    """What the connections of a receiver have in common.

    One buffer serves all: what a loop reads into it is taken out before it reads again, so an idle connection has none.
    """

    def __init__(self, gatherer: Gatherer, limits: Limits, counters: Counters) -> None:
        self.gatherer, self.limits, self.counters = gatherer, limits, counters
        self.buffer = bytearray(READ_BYTES)
        self.view = memoryview(self.buffer)
        self.small_view = self.view[:_FULL_READ_BYTES]


class Connection(asyncio.BufferedProtocol):
    """What TCP, TLS and RELP have in common. It stands in ``book`` from its first to its last moment."""

    def __init__(self, shared: Shared, sender: str, transport: str, book: Book) -> None:
        self._shared, self._sender, self._name, self._book = shared, sender, transport, book
        self._transport: asyncio.Transport | None = None
        self._ended_cleanly = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Reading begins, if there is room."""
        self._transport = cast("asyncio.Transport", transport)
        self._book.add(self)
        self._hold_back()

    def get_buffer(self, sizehint: int) -> Any:  # noqa: ARG002
        """Where to read into."""
        return self._shared.view if self._shared.gatherer.is_open else self._shared.small_view

    def buffer_updated(self, nbytes: int) -> None:
        """Something was read."""
        self._read(nbytes)
        self._hold_back()

    def eof_received(self) -> bool:
        """The sender ended; so do we."""
        self._ended_cleanly = True
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """The end, whatever its cause."""
        self._shared.gatherer.forget(self)
        self._ended(cleanly=self._ended_cleanly and exc is None)
        self._book.discard(self)

    def resume(self) -> None:
        """There is room again."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def finish(self) -> None:
        """Takes what the kernel has received of this connection, then ends it."""
        raise NotImplementedError

    def abort(self) -> None:
        """Ends at once."""
        if self._transport is not None:
            self._transport.abort()

    def _read(self, size: int) -> None:
        raise NotImplementedError

    def _ended(self, *, cleanly: bool) -> None:
        raise NotImplementedError

    def _hold_back(self) -> None:
        transport = self._transport
        if transport is not None and not self._shared.gatherer.is_open and not transport.is_closing():
            transport.pause_reading()
            self._shared.gatherer.wait(self)


class SyslogConnection(Connection):
    """Syslog over TCP or TLS."""

    def __init__(self, shared: Shared, sender: str, transport: str, book: Book) -> None:
        super().__init__(shared, sender, transport, book)
        self._stream = Stream(shared.limits.line_bytes, shared.counters)

    def finish(self) -> None:
        """Shuts the receiving side: the kernel then gives what it has, and after it the end.

        The close that follows is a reset. A sender that only writes sees no other end: what it writes first into a
        connection that was merely closed is lost without a word (seen with syslog-ng 3.38 over TLS).
        """
        if self._transport is None or self._transport.is_closing():
            return
        own = self._transport.get_extra_info("socket")
        if own is None:  # uvloop: closed, and not yet said
            self._transport.close()
            return
        try:
            with socket.socket(fileno=os.dup(own.fileno())) as half:
                half.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                half.shutdown(socket.SHUT_RD)
        except OSError:  # the sender was faster
            self._transport.close()

    def _read(self, size: int) -> None:
        lines = self._stream.feed(self._shared.buffer, size)
        if lines:
            self._add(lines)
        if self._stream.broken and self._transport is not None:
            self._transport.close()

    def _ended(self, *, cleanly: bool) -> None:
        lines = self._stream.close(cleanly=cleanly)
        if lines:
            self._add(lines)

    def _add(self, lines: bytes) -> None:
        self._shared.gatherer.add(self._sender, self._name, lines, self._shared.limits.wait_s)


class RelpConnection(Connection):
    """RELP: a message is answered for when it is on disk."""

    def __init__(self, shared: Shared, sender: str, transport: str, book: Book) -> None:
        super().__init__(shared, sender, transport, book)
        self._frames = Frames(shared.limits.line_bytes)
        self._is_open = self._is_closing = False
        self._close_number: int | None = None
        self._outstanding = 0

    def finish(self) -> None:
        """Reads no more; ends when all that was read has been answered for. The sender repeats the rest elsewhere."""
        if self._transport is not None:
            self._is_closing = True
            self._transport.pause_reading()
            self._close_when_answered()

    def resume(self) -> None:
        """As for any connection, but not once it is ending."""
        if not self._is_closing:
            super().resume()

    def pause_writing(self) -> None:
        """A sender that does not take its answers is not read."""
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        """It does again."""
        self.resume()
        self._hold_back()

    def _read(self, size: int) -> None:
        if self._is_closing:
            return
        frames = self._frames.feed(bytes(self._shared.view[:size]))
        messages: list[Frame] = []
        for frame in frames:
            if frame.command == b"syslog" and self._is_open:
                messages.append(frame)
            elif not self._obey(frame):
                self._break()
                break
        if messages:
            self._take(messages)
        if self._frames.broken:
            self._break()
        self._close_when_answered()

    def _obey(self, frame: Frame) -> bool:
        """Whether a command other than a message may come here."""
        if frame.command == b"open" and not self._is_open:
            self._is_open = True
            self._write(answer(frame.number, b"200 OK\n" + OFFERS))
        elif frame.command == b"close" and self._is_open:
            self._close_number, self._is_closing = frame.number, True
        else:
            self._write(answer(frame.number, b"500 not expected here"))
            return False
        return True

    def _take(self, frames: list[Frame]) -> None:
        limits = self._shared.limits
        lines = joined([self._message(frame) for frame in frames if frame.data])
        answers = b"".join([answer(frame.number) for frame in frames])
        if not lines:
            self._write(answers)
            return
        self._outstanding += 1

        def taken() -> None:
            self._outstanding -= 1
            self._write(answers)
            self._close_when_answered()

        self._shared.gatherer.add(self._sender, self._name, lines, limits.relp_wait_s, taken)

    def _message(self, frame: Frame) -> bytes:
        if len(frame.data) == frame.length:
            return frame.data
        self._shared.counters.cut += 1
        return cut(frame.data, frame.length)

    def _break(self) -> None:
        self._shared.counters.broken += 1
        self._is_closing = True

    def _close_when_answered(self) -> None:
        if self._outstanding or not self._is_closing or self._transport is None or self._transport.is_closing():
            return
        if self._close_number is not None:
            self._write(answer(self._close_number, b""))
        self._write(SERVER_CLOSE)
        self._transport.close()

    def _write(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def _ended(self, *, cleanly: bool) -> None:
        """What was not answered for will be sent again."""
