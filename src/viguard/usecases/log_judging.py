"""Blocks that are kept already wait here to be looked at and judged, in a thread of their own: receipt never waits."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import NamedTuple, TypeVar

import msgspec

from viguard.logs.archive.segments import Damage, Stored
from viguard.logs.block import Block
from viguard.logs.classify import Classifier, Hit
from viguard.logs.watch import Seen, Watch
from viguard.model.event import Alert
from viguard.model.text import lines_in
from viguard.usecases.log_behind import START, Behind
from viguard.usecases.log_problems import Problems, told

T = TypeVar("T")
WAITING_BYTES = 64 << 20
"""What may wait: half a minute of 20,000 lines a second."""
_GROUP_BYTES = 1 << 20
"""Small blocks are looked at together: going to the thread and back costs more than they do."""
_NAME, _BEHIND = "judging", "judging later"
REPLAYED_ALERTS = 10_000
"""The newest alerts of a replay that are given back: memory is bounded, and the oldest were told long ago."""


class Counts(msgspec.Struct):
    """What could not be judged at once since the start, and lines that could not be judged. It is in the archive."""

    blocks: int = 0
    lines: int = 0
    failed_lines: int = 0


class _Waiting(NamedTuple):
    block: Block
    hits: Sequence[Hit] | None


class _Old(NamedTuple):
    """What was read back from the archive: how far, what is to be judged."""

    reached: Stored
    group: list[_Waiting]


class Judging:
    """Judges blocks in the order they were offered. ``tell`` gets what they came to, on the loop.

    For what does not fit ``behind`` remembers where it is in the archive; it is read from there when nothing waits.
    ``judged_at`` is the time of receipt of the newest block that is done.
    """

    def __init__(
        self,
        watch: Watch,
        tell: Callable[[Seen], None],
        problems: Problems,
        waiting_bytes: int = WAITING_BYTES,
        behind: Behind | None = None,
    ) -> None:
        self.behind = behind or Behind()
        self.watch, self._tell, self._problems, self._most = watch, tell, problems, waiting_bytes
        self.counts, self.judged_at = Counts(), 0.0
        self._eyes = ThreadPoolExecutor(1, thread_name_prefix="viguard-eyes")
        self._queue: deque[_Waiting] = deque()
        self._bytes = 0
        self._some, self._is_busy = asyncio.Event(), False
        self.is_replaying = False
        """Whether the eyes look at what a run before had seen: what they are asked waits for that."""
        self._trouble = ""

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits, neither here nor in the archive, and nothing is being looked at."""
        return not self._queue and not self._is_busy and not self.behind.is_some

    def has_room(self, block: Block) -> bool:
        """Whether a block could be judged soon."""
        return not self.behind.is_some and self._bytes + len(block.data) <= self._most

    def offer(
        self,
        block: Block,
        hits: Sequence[Hit] | None = None,
        place: Stored | None = None,
        *,
        must: bool = False,
    ) -> bool:
        """A block to be judged soon; ``hits`` when somebody has looked already, ``place`` where it is archived.

        False: there is no room for it. Then it is judged later from its place; without one it has to be offered again.
        ``must``: there was room when that was asked before.
        """
        if not must and not self.has_room(block):
            if place is not None:
                self._skip(block, place, lines_in(block.data) if hits is None else len(hits))
            return False
        if place is not None:
            self.behind.judged(place)
        self._queue.append(_Waiting(block, hits))
        self._bytes += len(block.data)
        self._some.set()
        return True

    def _skip(self, block: Block, place: Stored, lines: int) -> None:
        self.counts.blocks += 1
        self.counts.lines += lines
        self.behind.skip(place, block.received_at, lines)
        self._problems.set(_BEHIND, self.behind.told())
        self._some.set()

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            if self._queue:
                await self._next()
            elif self.behind.is_some:  # a run before may have left it: no line has to come for that
                await self._catch_up()
            else:
                self._some.clear()
                await self._some.wait()

    async def _catch_up(self) -> None:
        """What is in the archive and was not judged, as far as that is known now."""
        self._problems.set(_BEHIND, self.behind.told())
        last, old = self.behind.last, self.behind.blocks(self._damaged)
        while (part := await self.ask(_read, old)) is not None:
            await self._judge_group(part.group)
            self.behind.reach(part.reached, self.judged_at, _lines(part.group))
            self._problems.set(_BEHIND, self.behind.told())
            while self._queue:
                await self._next()
        self._tell_trouble()
        if lost := self.behind.end(last):
            text = f"lines that came too fast could not be read back, and raised no alert: {lost:,}"
            self._problems.happened(_NAME, text)
        self._problems.set(_BEHIND, self.behind.told())
        if not self.behind.is_some:
            self._problems.note("every line is judged again as it comes")

    async def _next(self) -> None:
        group, size, self._is_busy = list[_Waiting](), 0, True
        while self._queue and size < _GROUP_BYTES:
            group.append(self._queue.popleft())
            size += len(group[-1].block.data)
        try:
            await self._judge_group(group)
        finally:
            self._bytes -= size

    async def _judge_group(self, group: Sequence[_Waiting]) -> None:
        self._is_busy = True
        try:
            self._tell(await self.ask(self._judged, group))
        finally:
            self._is_busy = False
            self._tell_trouble()
        self.judged_at = max(self.judged_at, group[-1].block.received_at)

    async def ask(self, work: Callable[..., T], *arguments: object) -> T:
        """Something that only the thread of the eyes may do."""
        return await asyncio.get_running_loop().run_in_executor(self._eyes, partial(work, *arguments))

    async def tick(self, now: datetime, heard: Mapping[str, datetime] | None) -> None:
        """Time has passed. While blocks wait, what they bring is not late: nothing is settled by the clock then."""
        if self.is_replaying:
            return
        if self.is_idle:
            self._tell(await self.ask(self.watch.settle, now))
        if heard is not None:
            self._tell(await self.ask(self.watch.tick, now, heard))

    async def replay(self, blocks: Iterable[Block], after: Callable[[], None] = lambda: None) -> list[Alert]:
        """The alerts that blocks of a run before come to; nothing is told. Then the eyes do ``after``."""
        self._is_busy = self.is_replaying = True
        try:
            return await self.ask(self._replayed, blocks, after)
        finally:
            self._is_busy = self.is_replaying = False
            self._tell_trouble()

    async def finish(self, timeout_s: float) -> None:
        """The end: what waits is judged, at most so long; then what was held back for its neighbours."""
        try:
            async with asyncio.timeout(timeout_s):
                while not self.is_idle:
                    await asyncio.sleep(0.01)
        except TimeoutError:
            lines = _lines(self._queue) + self.behind.lines
            text = f"the stop did not wait for {lines:,} lines to be judged; they are in the archive"
            self._problems.note(f"{text}, and judged at the next start")
            return
        self._tell(await self.ask(self.watch.flush))

    def close(self) -> None:
        """The thread ends."""
        self._eyes.shutdown(wait=False, cancel_futures=True)

    def _replayed(self, blocks: Iterable[Block], after: Callable[[], None]) -> list[Alert]:
        alerts: deque[Alert] = deque(maxlen=REPLAYED_ALERTS)
        for block in blocks:
            alerts.extend(self._judged([_Waiting(block, None)]).alerts)
        alerts.extend(self.watch.flush().alerts)  # or they would be told with the first lines of this run
        after()
        return list(alerts)

    def _judged(self, group: Sequence[_Waiting]) -> Seen:
        all_seen = Seen([], [])
        for block, hits in group:
            try:
                seen = self.watch.judge(block, self._look(block) if hits is None else hits)
            except Exception as error:  # noqa: BLE001  (the edge of a job: the lines are kept, the next ones come)
                self._failed(lines_in(block.data), error)
                continue
            all_seen.events.extend(seen.events)
            all_seen.alerts.extend(seen.alerts)
        return all_seen

    def _look(self, block: Block) -> list[Hit]:
        return looked(self.watch.classifier, block.data, self._failed)

    def _damaged(self, damage: Damage) -> None:
        self._trouble = f"lines could not be judged, as the archive is damaged: {damage.file}: {damage.why}"

    def _failed(self, lines: int, error: Exception) -> None:
        self.counts.failed_lines += lines
        self._trouble = (
            f"lines could not be judged, a defect of viguard: {self.counts.failed_lines:,} so far ({told(error)})"
        )

    def _tell_trouble(self) -> None:
        """What the thread met with, told on the loop, as problems belong to it."""
        if self._trouble:
            self._problems.happened(_NAME, self._trouble)
        self._trouble = ""


def _read(old: Iterator[tuple[Stored, Block]]) -> _Old | None:
    """Some blocks that are to be judged together; None: there are no more."""
    group, size, reached = list[_Waiting](), 0, START
    for reached, block in old:  # noqa: B007  (used after the loop)
        group.append(_Waiting(block, None))
        size += len(block.data)
        if size >= _GROUP_BYTES:
            break
    return _Old(reached, group) if group else None


def _lines(group: Iterable[_Waiting]) -> int:
    return sum(lines_in(one.block.data) for one in group)


def looked(classifier: Classifier, data: bytes, failed: Callable[[int, Exception], None]) -> list[Hit]:
    """The lines that say something; a line at which the looking fails is told and does not hide the others."""
    try:
        return classifier.block(data)
    except Exception as error:  # noqa: BLE001  (whatever it is, it belongs to one line)
        middle = data.find(b"\n", len(data) // 2) + 1
        if not 0 < middle < len(data):
            middle = data.rfind(b"\n", 0, max(0, len(data) - 1)) + 1
        if not middle:
            failed(1, error)
            return []
    first = looked(classifier, data[:middle], failed)
    rest = looked(classifier, data[middle:], failed)
    return first + [msgspec.structs.replace(hit, start=hit.start + middle, end=hit.end + middle) for hit in rest]
