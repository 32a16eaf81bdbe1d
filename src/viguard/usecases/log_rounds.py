"""What the log server does by the clock: it looks how its parts are, writes what audits ask for, deletes old lines."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import NamedTuple

from viguard.logs.archive.retention import Retention, retain
from viguard.logs.receive.receiver import Receiver
from viguard.usecases.log_behind import Mark
from viguard.usecases.log_consoles import Consoles
from viguard.usecases.log_parts import Parts

TICK_S = 0.1
LOOK_ROUND_S = 1.0
COVERAGE_S = 60.0
RETENTION_S = 3600.0


class _Judged(NamedTuple):
    """How far lines were judged at a moment (``time.monotonic``): received until then, but for what the mark says."""

    at: float
    until: float
    mark: Mark | None


class Rounds:
    """``noticed`` is which ways in raise an alert, as the last self-test found; a reload sets it anew."""

    def __init__(self, parts: Parts, receiver: Receiver, consoles: Consoles, noticed: dict[str, bool]) -> None:
        self._parts, self._receiver, self._consoles, self.noticed = parts, receiver, consoles, noticed
        self._judging, self._memory, self._problems = parts.judging, parts.memory, parts.problems

    async def tick(self) -> None:
        """Until it is cancelled: the clock of the detections, and a look round every second."""
        due, judged = 0.0, _Judged(monotonic(), 0.0, self._judging.behind.mark)
        while True:
            await asyncio.sleep(TICK_S)
            now, is_round = asyncio.get_running_loop().time(), False
            if now >= due:
                due, is_round = now + LOOK_ROUND_S, True
                self._look_round()
                if judged.at <= self._parts.alerting.remembered_at:  # alerts are remembered later than they are raised
                    self._memory.judged(judged.until)
                    self._memory.behind(judged.mark)
                    judged = _Judged(monotonic(), self._parts.telling.until(self._judging), self._judging.behind.mark)
            await self._judging.tick(datetime.now(UTC), self._memory.volumes.news() if is_round else None)
            if is_round and not self._judging.is_replaying:
                await self._consoles.open()

    async def report(self) -> None:
        """Until it is cancelled: what an audit is told, every minute, and whose silence would be noticed."""
        while True:
            self.write_coverage()
            await asyncio.sleep(COVERAGE_S)
            if not self._judging.is_replaying:
                await self.write_watched()

    async def write_watched(self) -> None:
        """Whose silence would be noticed, for the next run."""
        self._memory.watched(await self._judging.ask(self._judging.watch.detector.silence.watched))

    def write_coverage(self) -> None:
        """What an audit is told."""
        self._memory.write_coverage(self.noticed, self._parts.alerting)

    async def forget(self, say: Callable[[str], None]) -> None:
        """Until it is cancelled: what is too old or too much is deleted, and said."""
        limits = self._parts.settings.retention
        retention = Retention(
            age=timedelta(days=limits.days) if limits.days else None,
            size_bytes=limits.gigabytes * 10**9 if limits.gigabytes else None,
        )
        directory = self._parts.archive.directory
        while True:
            try:
                for one in await asyncio.to_thread(retain, directory, retention, (), datetime.now(UTC)):
                    say(f"deleted: {one.segment}, {one.why}")
                self._problems.set("retention", "")
            except OSError as error:
                self._problems.set("retention", f"old lines cannot be deleted: {error.strerror}")
            await asyncio.sleep(RETENTION_S)

    def _look_round(self) -> None:
        """How the parts are."""
        status = self._receiver.status()
        is_well = status.state == "receiving" or not self._parts.settings.listen
        self._problems.set("receiver", "" if is_well else f"receiving is {status.state}: {status.reason}")
        archive = self._parts.archive
        full = f"less than {archive.limits.free_share:.0%} of the disk is free: nothing is kept"
        self._problems.set("archive", full if archive.state.full else archive.state.why)
        missed = sorted(way for way, is_noticed in self.noticed.items() if not is_noticed)
        self._problems.set("self-test", f"no alert for {', '.join(missed)}: see the detections" if missed else "")
        self._problems.tick()
