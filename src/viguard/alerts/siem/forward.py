"""A queue and a task for each destination. Offering never waits; what finds no room is counted."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from viguard.alerts.settings import Destination, Wire
from viguard.alerts.siem.records import Item, Lines, Locate, nowhere, records_of
from viguard.alerts.siem.sinks import Sink
from viguard.alerts.status import SiemStatus
from viguard.model.event import Alert, Event
from viguard.model.text import lines_in, visible

LONGEST_PAUSE_S = 60
TIMEOUT_S = 60
_OVERHEAD = 600  # of an event in memory, beside its lines


class _Waiting(NamedTuple):
    item: Item
    size_bytes: int
    records: int
    number: str


class Forwarder:
    """One destination."""

    def __init__(self, destination: Destination, sink: Sink, locate: Locate = nowhere) -> None:
        self.destination, self._sink, self._locate = destination, sink, locate
        self._queue: deque[_Waiting] = deque()
        self._bytes = self._sent = self._dropped = self._refused = self._failures = self._count = 0
        self._failing_since: datetime | None = None
        self._lost_at: datetime | None = None
        self._error = ""
        self._wake = asyncio.Event()
        self._run = secrets.token_hex(6)

    def offer_block(self, block: Lines) -> None:
        """Raw lines, if this destination wants them."""
        if Wire.RAW in self.destination.what:
            self._offer(block, len(block.data) + _OVERHEAD, lines_in(block.data))

    def offer_events(self, events: Sequence[Event]) -> None:
        """Events, if this destination wants them."""
        if Wire.EVENTS in self.destination.what and events:
            self._offer(tuple(events), sum(_size(e) for e in events), len(events))

    def offer_alert(self, alert: Alert) -> None:
        """An alert, if this destination wants them."""
        if Wire.ALERTS in self.destination.what:
            self._offer(alert, _OVERHEAD + sum(_size(e) for e in alert.events), 1)

    def status(self) -> SiemStatus:
        """How it goes."""
        return SiemStatus(
            waiting=sum(w.records for w in self._queue),
            sent=self._sent,
            dropped=self._dropped,
            refused=self._refused,
            lost_at=self._lost_at,
            failing_since=self._failing_since,
            error=self._error,
        )

    async def run(self) -> None:
        """Forward until cancelled."""
        try:
            while True:
                self._wake.clear()
                if not self._queue:
                    await self._wake.wait()
                    continue
                if not await self._try(self._queue[0]):
                    await asyncio.sleep(min(2 ** min(self._failures - 1, 16), LONGEST_PAUSE_S))
        finally:
            await self._sink.close()

    async def drain(self, timeout_s: float) -> None:
        """Wait until nothing waits, at most so long."""
        try:
            async with asyncio.timeout(timeout_s):
                while self._queue:
                    await asyncio.sleep(0.02)
        except TimeoutError:
            return

    def _offer(self, item: Item, size: int, records: int) -> None:
        if self._bytes + size > self.destination.buffer_mb * 1_000_000:
            self._dropped += records
            self._lost_at = datetime.now(UTC)
            return
        self._count += 1
        self._queue.append(_Waiting(item, size, records, f"{self._run}-{self._count}"))
        self._bytes += size
        self._wake.set()

    async def _try(self, waiting: _Waiting) -> bool:
        try:
            records = list(records_of(waiting.item, self._locate, datetime.now(UTC)))
            async with asyncio.timeout(TIMEOUT_S):
                refused = await self._sink.send(records, waiting.number)
        except TimeoutError:
            return self._failed(f"no answer within {TIMEOUT_S} s")
        except OSError as err:
            return self._failed(str(err.strerror or err) or type(err).__name__)
        except Exception as err:  # noqa: BLE001 - the edge of a job: one bad item must not stop those behind it
            self._done(waiting, waiting.records)
            self._error = f"defect of forwarding: {type(err).__name__}"
            return True
        self._error = ""
        self._done(waiting, refused)
        return True

    def _failed(self, error: str) -> bool:
        self._failures += 1
        self._failing_since = self._failing_since or datetime.now(UTC)
        self._error = visible(error)
        return False

    def _done(self, waiting: _Waiting, refused: int) -> None:
        self._queue.popleft()
        self._bytes -= waiting.size_bytes
        self._sent += waiting.records - refused
        self._refused += refused
        self._lost_at = datetime.now(UTC) if refused else self._lost_at
        self._failures, self._failing_since = 0, None


def _size(event: Event) -> int:
    return _OVERHEAD + sum(map(len, event.lines))
