"""What detections come to is handed to alerting: each alert once, over restarts too."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from viguard.alerts.service import Alerting
from viguard.logs.archive.reading import between, blocks
from viguard.logs.watch import Seen
from viguard.model.event import Alert
from viguard.usecases.log_behind import START
from viguard.usecases.log_judging import Judging
from viguard.usecases.log_memory import Memory

REPLAYED = timedelta(minutes=30)
"""What detections are told anew after a restart: their longest window."""
UNSURE = timedelta(seconds=5)
"""How much before the end of a killed run its alerts may not have been remembered."""


class Telling:
    """Tells what is new; what the run before has told is known once it was replayed."""

    def __init__(self, alerting: Alerting, memory: Memory) -> None:
        self._alerting, self._memory = alerting, memory
        self._known: set[str] = set()  # alerts of the run before
        self._replayed_until = 0.0

    def tell(self, seen: Seen) -> None:
        """What lines, the clock or figures came to."""
        if seen.events:
            self._alerting.take_events(seen.events)
        for alert in seen.alerts:
            if alert.id not in self._known:
                self._alerting.take(alert)

    async def replay(self, judging: Judging, archive: Path) -> None:
        """What detections had seen is read again from a folder; what the last run did not come to tell is told."""
        until, started_at, mark = self._memory.judged_until(), self._memory.started_at, judging.behind.mark
        if mark is None:
            old = blocks(archive, since=started_at - REPLAYED, until=started_at, tell=lambda _: None)
        else:  # what stands there and later is still to be judged, and told
            found = between(archive, START, mark.place, since=mark.at - REPLAYED, tell=lambda _: None)
            old = (block for _, block in found)
        groups = list(self._alerting.groups.state.groups.values())
        self._known = {one for group in groups for one in group.recent}
        after = partial(self._memory.lasting, groups, judging.watch.detector)
        for alert in await judging.replay(old, after):
            if _newest(alert) > until - UNSURE and alert.id not in self._known:
                self._alerting.take(alert)
        self._replayed_until = started_at.timestamp()

    def until(self, judging: Judging) -> float:
        """Lines that were received until then (seconds since 1970) are judged, but for what is behind."""
        return max(judging.judged_at, self._replayed_until)


def _newest(alert: Alert) -> datetime:
    return max((event.received_at for event in alert.events if event.received_at), default=alert.time)
