"""Syslog servers on one loop: UDP, TCP, TLS and RELP, each handing blocks to one taker."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, NamedTuple, TypeVar

import msgspec

from viguard.errors import InputError
from viguard.logs.block import Taker
from viguard.logs.receive import sockets
from viguard.logs.receive.connection import Connection, RelpConnection, Shared, SyslogConnection
from viguard.logs.receive.counters import Counters, State, Status
from viguard.logs.receive.gather import Gatherer
from viguard.logs.receive.settings import Limits, Listen
from viguard.logs.receive.udp import Udp

_NO_FILES_S = 0.2
_QUIET_S = 0.05
T = TypeVar("T")


class Address(NamedTuple):
    """Where a listener was bound."""

    transport: str
    address: str
    port: int


class _Listener(NamedTuple):
    transport: str
    bound: socket.socket
    tls: ssl.SSLContext | None


class Receiver:
    """Hears syslog. ``start``, then ``stop``; ``wait`` ends when it can hear no more."""

    def __init__(self, listens: Sequence[Listen], taker: Taker, limits: Limits | None = None) -> None:
        self._listens, self._taker, self._limits = tuple(listens), taker, limits or Limits()
        self._counters = Counters()
        self._connections: set[Connection] = set()
        self._by_address: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()
        self._accepting: list[asyncio.Task[None]] = []
        self._listeners: list[_Listener] = []
        self._udp: list[Udp] = []
        self._gatherer: Gatherer | None = None
        self._handing: asyncio.Task[None] | None = None
        self._most = self._limits.connections
        self.addresses: tuple[Address, ...] = ()

    async def start(self) -> None:
        """Listens.

        Raises: InputError when an address, certificate or key cannot be used; then nothing is listened to.
        """
        with contextlib.ExitStack() as undo:
            self._listeners = [_listener(listen, undo) for listen in self._listens]
            undo.pop_all()
        self.addresses = tuple(Address(one.transport, *one.bound.getsockname()[:2]) for one in self._listeners)
        self._most = sockets.room_for_files(self._limits.connections)
        self._gatherer = Gatherer(self._taker, self._limits, self._counters)
        self._shared = Shared(self._gatherer, self._limits, self._counters)
        self._handing = asyncio.create_task(self._gatherer.run())
        for one in self._listeners:
            if one.transport == "udp":
                self._udp.append(Udp(one.bound, self._shared))
                self._udp[-1].start()
            else:
                self._accepting.append(asyncio.create_task(self._accept(one)))

    async def wait(self) -> None:
        """Returns after :meth:`stop`.

        Raises: what the taker raised, but for OSError: then nothing is taken or acknowledged any more.
        """
        if self._handing is not None:
            await asyncio.shield(self._handing)

    async def stop(self) -> None:
        """Listens no more, takes what was received, hands it over, and returns; after ``stop_s`` without the rest.

        Raises: what the taker raised, but for OSError.
        """
        if self._gatherer is None or self._handing is None:
            return
        started = asyncio.get_running_loop().time()
        end = started + self._limits.stop_s
        await self._close_listeners()
        await self._until_quiet(started + self._limits.stop_s / 2)
        for connection in tuple(self._connections):
            connection.finish()
        self._gatherer.flush()
        while self._connections and not self._is_over() and asyncio.get_running_loop().time() < end:
            await asyncio.sleep(0.005)
        for connection in tuple(self._connections):
            connection.abort()
        await asyncio.sleep(0)
        await self._hand_over_rest(end)

    async def _until_quiet(self, end: float) -> None:
        """What is on its way, and what waits for room, still comes in; a sender that never ends is cut short."""
        gatherer, quiet, seen = self._gatherer, False, -1
        while gatherer is not None and self._connections and not self._is_over():
            was_quiet, quiet = quiet, gatherer.added == seen and not gatherer.waiting
            if (quiet and was_quiet) or asyncio.get_running_loop().time() >= end:
                return
            seen = gatherer.added
            await asyncio.sleep(_QUIET_S)

    def _is_over(self) -> bool:
        return self._handing is None or self._handing.done()

    def status(self) -> Status:
        """How it is now."""
        counters = msgspec.structs.replace(self._counters, connections=self._by_address.total())
        for udp in self._udp:
            told = udp.dropped()
            counters.dropped = None if counters.dropped is None or told is None else counters.dropped + told
        return Status(state=self._state(), reason=self._reason(), counters=counters)

    def udp_buffer_bytes(self) -> tuple[int, ...]:
        """What the kernel holds back for each UDP listener, by its own count: Linux doubles what was asked for."""
        return tuple(udp.buffer_bytes for udp in self._udp)

    def _state(self) -> State:
        if self._gatherer is None or self._is_over():
            return State.STOPPED
        return self._gatherer.state

    def _reason(self) -> str:
        if self._gatherer is None:
            return "not started"
        if self._handing is not None and self._handing.done() and not self._handing.cancelled():
            error = self._handing.exception()
            return f"what takes the lines failed: {error!r}" if error else "stopped"
        if self._gatherer.trouble:
            return self._gatherer.trouble
        return "" if self._gatherer.state is State.RECEIVING else "lines come faster than they are taken"

    async def _close_listeners(self) -> None:
        for task in (*self._accepting, *self._tasks):
            task.cancel()
        await asyncio.gather(*self._accepting, *self._tasks, return_exceptions=True)
        for udp in self._udp:
            udp.stop()
        for one in self._listeners:
            one.bound.close()

    async def _hand_over_rest(self, end: float) -> None:
        assert self._gatherer is not None  # noqa: S101  (for the type checker)
        assert self._handing is not None  # noqa: S101
        self._gatherer.close()
        left_s = max(0.05, end - asyncio.get_running_loop().time())
        _done, late = await asyncio.wait({self._handing}, timeout=left_s)
        if late:
            self._counters.abandoned += self._gatherer.left()
            self._handing.cancel()
            await asyncio.wait({self._handing})
        else:
            self._handing.result()

    async def _accept(self, one: _Listener) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connected, address = await loop.sock_accept(one.bound)
            except OSError:  # no more files, or a sender that was gone already
                await asyncio.sleep(_NO_FILES_S)
                continue
            sender = sockets.host(address[0])
            if not self._admits(sender):
                self._counters.refused += 1
                connected.close()
                continue
            place = _Place(self._connections, self._by_address, sender)
            task = loop.create_task(self._connect(one, connected, sender, place))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            await asyncio.sleep(0)  # a crowd at the door does not keep the others from being read

    def _admits(self, sender: str) -> bool:
        in_all = self._by_address.total() < self._most
        return in_all and self._by_address[sender] < self._limits.connections_per_address

    async def _connect(self, one: _Listener, connected: socket.socket, sender: str, place: _Place) -> None:
        kind = RelpConnection if one.transport == "relp" else SyslogConnection
        try:
            sockets.keep_alive(connected)
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: kind(self._shared, sender, one.transport, place),
                connected,
                ssl=one.tls,
                ssl_handshake_timeout=self._limits.hello_s if one.tls else None,
            )
            self._counters.accepted += 1
        except OSError:
            self._counters.failed_hellos += 1
        finally:
            if not place.is_used:
                connected.close()
                place.leave()


class _Place:
    """The place of one connection: counted from the moment it was accepted, before any handshake."""

    def __init__(self, connections: set[Connection], by_address: Counter[str], sender: str) -> None:
        self._connections, self._by_address, self._sender = connections, by_address, sender
        self.is_used = False
        by_address[sender] += 1

    def add(self, connection: Connection) -> None:
        """A connection is ready to be read."""
        self.is_used = True
        self._connections.add(connection)

    def discard(self, connection: Connection) -> None:
        """A connection is gone."""
        self._connections.discard(connection)
        self.leave()

    def leave(self) -> None:
        """The place is free."""
        self._by_address[self._sender] -= 1
        if not self._by_address[self._sender]:
            del self._by_address[self._sender]


def _listener(listen: Listen, undo: contextlib.ExitStack) -> _Listener:
    where = sockets.place(listen.transport, listen.address, listen.port)
    if listen.transport == "tls" and listen.tls is None:
        raise InputError("needs a certificate and a key", where=where, hint="give both, or use the transport tcp")
    if listen.transport in {"udp", "tcp"} and listen.tls is not None:
        raise InputError(f"{listen.transport} has no certificate", where=where, hint="use the transport tls")
    tls = sockets.context(listen.tls) if listen.tls is not None else None
    bound = sockets.bind(listen)
    undo.callback(bound.close)
    return _Listener(listen.transport, bound, tls)


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """What makes the fastest loop of this machine: uvloop where it is installed."""
    try:
        import uvloop  # noqa: PLC0415  (an optional part)
    except ImportError:
        return None
    return uvloop.new_event_loop


def run(main: Coroutine[Any, Any, T]) -> T:
    """Runs a coroutine on the fastest loop."""
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        return runner.run(main)
