"""Syslog over UDP: many datagrams for each wake-up, and what the kernel dropped. Source: RFC 5426."""

from __future__ import annotations

import asyncio
import socket
import struct

from viguard.logs.receive.connection import Shared
from viguard.logs.receive.datagrams import BATCH, BySender, waiting_at
from viguard.logs.receive.messages import fitted
from viguard.logs.receive.sockets import host

_PAUSE_S = 0.002
_SO_RCVBUFFORCE = 33  # Linux; needs CAP_NET_ADMIN
_SO_MEMINFO = 55  # Linux 4.12: nine 32-bit numbers, the last one counts what was dropped
_MEMINFO = struct.Struct("9I")


class Udp:
    """One bound UDP socket that is read on the running loop."""

    def __init__(self, bound: socket.socket, shared: Shared) -> None:
        self._socket, self._shared, self._datagrams = bound, shared, waiting_at(bound)
        self._dropped: int | None = 0
        self._pause: asyncio.TimerHandle | None = None
        self.buffer_bytes = _widened(bound, shared.limits.udp_buffer_bytes)
        """What the kernel holds for us, by its own count."""

    def start(self) -> None:
        """Reading begins."""
        asyncio.get_running_loop().add_reader(self._socket.fileno(), self._read)

    resume = start

    def dropped(self) -> int | None:
        """Datagrams that the kernel dropped because they came faster than they were read; None: it does not tell."""
        if self._dropped is not None and self._socket.fileno() >= 0:
            self._dropped = _dropped(self._socket)
        return self._dropped

    def stop(self) -> None:
        """Takes what the kernel has received, then closes."""
        if self._pause is not None:
            self._pause.cancel()
        asyncio.get_running_loop().remove_reader(self._socket.fileno())
        self._shared.gatherer.forget(self)
        for _ in range(1 + self.buffer_bytes // BATCH):
            if not self._batch():
                break
        self.dropped()
        self._socket.close()

    def _read(self) -> None:
        loop = asyncio.get_running_loop()
        taken = self._batch()
        if not self._shared.gatherer.has_room:
            loop.remove_reader(self._socket.fileno())
            self._shared.gatherer.wait(self)
        elif taken < BATCH:  # what comes next is taken together: to be woken for each would cost more than they do
            loop.remove_reader(self._socket.fileno())
            self._pause = loop.call_later(_PAUSE_S, self.start)

    def _batch(self) -> int:
        """How many there were."""
        by_address, taken = self._datagrams.take()
        self._add(by_address)
        return taken

    def _add(self, by_address: BySender) -> None:
        limits, counters, add = self._shared.limits, self._shared.counters, self._shared.gatherer.add
        for address, messages in by_address.items():
            lines = fitted(messages, limits.line_bytes, counters)
            if lines:
                add(host(address), "udp", lines, limits.wait_s)


def _widened(bound: socket.socket, size: int) -> int:
    for option in (_SO_RCVBUFFORCE, socket.SO_RCVBUF):
        try:
            bound.setsockopt(socket.SOL_SOCKET, option, size)
        except OSError:
            continue
        break
    return bound.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)


def _dropped(bound: socket.socket) -> int | None:
    try:
        told = bound.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _MEMINFO.size)
    except OSError:
        return None
    return int(_MEMINFO.unpack(told)[8]) if len(told) == _MEMINFO.size else None
