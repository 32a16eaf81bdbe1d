"""Datagrams that wait at a socket: many with one call where the system can do that, else one by one."""

from __future__ import annotations

import ctypes
import mmap
import socket
import sys
from functools import lru_cache
from typing import Protocol, TypeAlias

BATCH = 512
_SIZE = 65536
"""No datagram is longer."""
BySender: TypeAlias = dict[str, list[bytes]]
"""Messages in their order, by the address of their sender as ``recvfrom`` tells it. Empty ones are left out."""


class Datagrams(Protocol):
    """What waits at one socket that does not block."""

    def take(self) -> tuple[BySender, int]:
        """At most BATCH datagrams, and how many there were."""


class OneByOne:
    """With ``recvfrom``, which every system has."""

    def __init__(self, bound: socket.socket) -> None:
        self._receive = bound.recvfrom

    def take(self) -> tuple[BySender, int]:
        """As :meth:`Datagrams.take`."""
        found: BySender = {}
        taken = 0
        try:
            for _ in range(BATCH):
                message, address = self._receive(_SIZE)
                taken += 1
                if message:
                    found.setdefault(address[0], []).append(message)
        except OSError:  # nothing more, or an error that belongs to another sender
            pass
        return found, taken


class _Vector(ctypes.Structure):
    """Source: iovec of recvmmsg(2)."""

    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


class _Head(ctypes.Structure):
    """Source: msghdr of recvmsg(2)."""

    _fields_ = (
        ("name", ctypes.c_void_p), ("name_length", ctypes.c_uint32),
        ("vectors", ctypes.POINTER(_Vector)), ("count", ctypes.c_size_t),
        ("control", ctypes.c_void_p), ("control_length", ctypes.c_size_t), ("flags", ctypes.c_int),
    )  # fmt: skip


class _Message(ctypes.Structure):
    """Source: mmsghdr of recvmmsg(2)."""

    _fields_ = (("head", _Head), ("length", ctypes.c_uint32))


_NAME = 28
"""Of a sockaddr_in6; a sockaddr_in is shorter."""
_DONT_WAIT = 0x40
_STRIDE, _OFFSET = ctypes.sizeof(_Message) // 4, _Message.length.offset // 4


class Together:
    """With ``recvmmsg`` of Linux: a third of the time of ``recvfrom`` for each.

    The call does not let go of the interpreter's lock: it never waits, and taking the lock back may take longer than
    all of it while another thread is busy. Raises: AttributeError, OSError where the system has no such call.
    """

    def __init__(self, bound: socket.socket) -> None:
        self._receive = ctypes.PyDLL(None).recvmmsg
        self._file = bound.fileno()
        self._room = mmap.mmap(-1, BATCH * _SIZE)  # pages that no message has touched cost nothing
        self._names = bytearray(BATCH * _NAME)
        room = ctypes.addressof(ctypes.c_char.from_buffer(self._room))
        names = ctypes.addressof(ctypes.c_char.from_buffer(self._names))
        self._vectors = (_Vector * BATCH)(*(_Vector(room + number * _SIZE, _SIZE) for number in range(BATCH)))
        self._messages = (_Message * BATCH)()
        for number, message in enumerate(self._messages):
            message.head.name, message.head.name_length = names + number * _NAME, _NAME
            message.head.vectors, message.head.count = ctypes.pointer(self._vectors[number]), 1
        self._clean = bytes(self._messages)
        self._numbers = (ctypes.c_uint32 * (BATCH * _STRIDE)).from_buffer(self._messages)

    def take(self) -> tuple[BySender, int]:
        """As :meth:`Datagrams.take`."""
        ctypes.memmove(self._messages, self._clean, len(self._clean))
        count = self._receive(self._file, self._messages, BATCH, _DONT_WAIT, None)
        if count <= 0:  # nothing more, or an error that belongs to another sender
            return {}, 0
        room, starts, sizes = (
            self._room,
            range(0, count * _SIZE, _SIZE),
            self._numbers[_OFFSET : count * _STRIDE : _STRIDE],
        )
        messages = [room[at : at + size] for at, size in zip(starts, sizes, strict=True)]
        names, first = self._names, bytes(self._names[:_NAME])
        if names.startswith(first * count):
            kept = [message for message in messages if message]
            return ({_address(_portless(first)): kept} if kept else {}), count
        found: BySender = {}
        for number, message in enumerate(messages):
            if message:
                name = bytes(names[number * _NAME : (number + 1) * _NAME])
                found.setdefault(_address(_portless(name)), []).append(message)
        return found, count


def waiting_at(bound: socket.socket) -> Datagrams:
    """The quickest way to take the datagrams of a socket that this system has."""
    try:
        return Together(bound)
    except (AttributeError, OSError, TypeError):  # no recvmmsg; no C library to be had by no name (Windows)
        return OneByOne(bound)


def _portless(name: bytes) -> bytes:
    return name[:2] + name[4:]


@lru_cache(maxsize=4096)
def _address(name: bytes) -> str:
    """The address in a sockaddr without its port. Source: ip(7), ipv6(7)."""
    if int.from_bytes(name[:2], sys.byteorder) == socket.AF_INET:
        return socket.inet_ntoa(name[2:6])
    address = (socket.inet_ntop(socket.AF_INET6, name[6:22]), 0, 0, int.from_bytes(name[22:26], sys.byteorder))
    return socket.getnameinfo(address, socket.NI_NUMERICHOST | socket.NI_NUMERICSERV)[0]
