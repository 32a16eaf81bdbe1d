"""Gathers the lines of all senders into blocks, hands them over, and holds senders back when that is slow."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import NamedTuple, Protocol

from viguard.logs.block import Block, Run, Taker
from viguard.logs.receive.counters import Counters, State
from viguard.logs.receive.settings import Limits
from viguard.model.text import lines_in

READ_BYTES = 256 * 1024
"""The most that is read from one connection before it is another's turn."""
_FIRST_RETRY_S, _LAST_RETRY_S = 0.1, 2.0
_ROUND_S = 0.001

Taken = Callable[[], None]


class Source(Protocol):
    """A connection that can be told to go on."""

    def resume(self) -> None:
        """There is room again."""


class _Sealed(NamedTuple):
    block: Block
    taken: tuple[Taken, ...]


class Gatherer:
    """One for all sockets of a receiver; lives on its loop.

    Lines of one sender and transport stay in their order; within a block they stand together.
    """

    def __init__(self, taker: Taker, limits: Limits, counters: Counters) -> None:
        self._taker, self._limits, self._counters = taker, limits, counters
        self._parts: dict[tuple[str, str], list[bytes]] = {}
        self._size = 0
        self._since = 0.0
        self._taken: list[Taken] = []
        self._sealed: deque[_Sealed] = deque()
        self._offered: Block | None = None
        self._waiting: OrderedDict[Source, None] = OrderedDict()
        self._due = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._round: asyncio.TimerHandle | None = None
        self._is_due = self._closing = False
        self.trouble = ""
        self.added = 0

    @property
    def waiting(self) -> int:
        """How many connections wait for room."""
        return len(self._waiting)

    @property
    def has_room(self) -> bool:
        """Whether what waits is less than may wait."""
        return self._counters.pending_bytes < self._limits.pending_bytes

    @property
    def is_open(self) -> bool:
        """Whether connections should go on reading."""
        return self.has_room and not self.trouble

    @property
    def state(self) -> State:
        """How handing over goes."""
        if self.trouble:
            return State.BLOCKED
        return State.SLOW if self._waiting or not self.has_room else State.RECEIVING

    def add(self, sender: str, transport: str, lines: bytes, wait_s: float, taken: Taken | None = None) -> None:
        """Takes whole lines in. ``taken`` is called when all of them are on disk."""
        self._counters.pending_bytes += len(lines)
        self.added += len(lines)
        while self._size + len(lines) >= self._limits.block_bytes:
            end = lines.find(b"\n", max(0, self._limits.block_bytes - self._size - 1)) + 1
            self._put(sender, transport, lines[:end])
            lines = lines[end:]
            if not lines and taken is not None:
                self._taken.append(taken)
                taken = None
            self._seal()
        if lines:
            self._put(sender, transport, lines)
        if taken is not None:
            self._taken.append(taken)
        if self._size:
            self._hurry(wait_s)

    def wait(self, source: Source) -> None:
        """Puts a connection at the end of the queue of those that wait for room."""
        self._waiting[source] = None
        if self.is_open:
            self._let_in()

    def forget(self, source: Source) -> None:
        """A connection that waits no longer."""
        self._waiting.pop(source, None)

    async def run(self) -> None:
        """Hands over until :meth:`close` is called and nothing is left.

        Raises: what the taker raises, but for OSError: that is waited out.
        """
        while True:
            await self._due.wait()
            sealed = self._next()
            if sealed is not None:
                await self._hand_over(sealed)
            elif self._closing:
                return
            else:
                self._due.clear()

    def flush(self) -> None:
        """What is gathered is handed over now."""
        self._timer, self._is_due = None, True
        self._due.set()

    def close(self) -> None:
        """Nothing more will be added."""
        self._closing = True
        self._due.set()

    def left(self) -> int:
        """How many lines have not been handed over."""
        self._seal()
        blocks = [sealed.block for sealed in self._sealed]
        return sum(lines_in(block.data) for block in (*blocks, *([self._offered] if self._offered else ())))

    def _put(self, sender: str, transport: str, lines: bytes) -> None:
        if not self._size:
            self._since = time.time()
        self._size += len(lines)
        key = sender, transport
        parts = self._parts.get(key)
        if parts is None:
            self._parts[key] = [lines]
        else:
            parts.append(lines)

    def _hurry(self, wait_s: float) -> None:
        if self._is_due:
            return
        loop = asyncio.get_running_loop()
        if self._timer is not None:
            if self._timer.when() <= loop.time() + wait_s:
                return
            self._timer.cancel()
        self._timer = loop.call_later(wait_s, self.flush)

    def _seal(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._is_due = False
        if not self._size:
            return
        pieces: list[bytes] = []
        runs: list[Run] = []
        at = 0
        for (sender, transport), parts in self._parts.items():
            pieces += parts
            end = at + sum(map(len, parts))
            runs.append(Run(sender, transport, at, end))
            at = end
        self._sealed.append(_Sealed(Block(b"".join(pieces), self._since, tuple(runs)), tuple(self._taken)))
        self._parts, self._size, self._taken = {}, 0, []
        self._due.set()

    def _next(self) -> _Sealed | None:
        if not self._sealed and (self._is_due or self._closing):
            self._seal()
        return self._sealed.popleft() if self._sealed else None

    async def _hand_over(self, sealed: _Sealed) -> None:
        wait_s = _FIRST_RETRY_S
        self._offered = sealed.block
        while True:
            try:
                await self._taker.take(sealed.block)
            except OSError as error:
                self.trouble = f"lines cannot be taken: {error}"
                self._counters.retries += 1
                await asyncio.sleep(wait_s)
                wait_s = min(2 * wait_s, _LAST_RETRY_S)
            else:
                break
        self._offered, self.trouble = None, ""
        self._count(sealed.block)
        for taken in sealed.taken:
            taken()
        self._let_in()

    def _count(self, block: Block) -> None:
        counters = self._counters
        counters.blocks += 1
        counters.lines += lines_in(block.data)
        counters.bytes += len(block.data)
        counters.pending_bytes -= len(block.data)

    def _let_in(self) -> None:
        """Lets as many go on as there is room for, longest wait first; asks again soon: some have nothing to say."""
        if self._round is not None:
            self._round.cancel()
            self._round = None
        if not self._waiting or not self.is_open:
            return
        room = self._limits.pending_bytes - self._counters.pending_bytes
        for _ in range(max(1, room // READ_BYTES)):
            if not self._waiting:
                return
            source, _nothing = self._waiting.popitem(last=False)
            source.resume()
        self._round = asyncio.get_running_loop().call_later(_ROUND_S, self._let_in)
