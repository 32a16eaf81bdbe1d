"""Hosts that have gone quiet."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from statistics import median

from viguard.model.event import Event, EventSeverity, Outcome

EVENT = "log.silence"
BACK = "resolved"
HOSTS = 10_000
SHORTEST = timedelta(minutes=10)
_TIMES = 10
"""How many of its usual gaps a host may be quiet."""
_GAPS = 32
_ENOUGH = 3
"""Gaps that must be known before a host counts as one that normally logs."""


class _Host:
    __slots__ = ("gaps", "is_quiet", "last")

    def __init__(self, at: datetime) -> None:
        self.last, self.is_quiet = at, False
        self.gaps: deque[float] = deque(maxlen=_GAPS)

    def limit(self) -> timedelta:
        """No line for ten usual gaps, and at least ten minutes."""
        return max(SHORTEST, timedelta(seconds=_TIMES * median(self.gaps)))


class Silence:
    """Says when a host that normally logs has gone quiet, and when it is back. Times are times of receipt."""

    def __init__(self, *, hosts: int = HOSTS) -> None:
        self._most = hosts
        self._hosts: OrderedDict[str, _Host] = OrderedDict()
        self._began: datetime | None = None
        self.evicted = 0
        """Hosts that were forgotten because there were too many names."""

    def heard(self, host: str, at: datetime) -> list[Event]:
        """A line or block of a host came at that time."""
        known = self._hosts.get(host)
        if known is None:
            self._hosts[host] = _Host(at)
            if len(self._hosts) > self._most:
                self._evict()
            return []
        if at <= known.last:
            return []
        if not known.is_quiet and (self._began is None or known.last >= self._began):
            known.gaps.append((at - known.last).total_seconds())
        out = [_event(host, known.last, at, state=BACK)] if known.is_quiet else []
        known.last, known.is_quiet = at, False
        return out

    def tick(self, now: datetime) -> list[Event]:
        """The hosts that have been quiet for too long since the last tick."""
        out = []
        for host, known in self._hosts.items():
            if not known.is_quiet and len(known.gaps) >= _ENOUGH and now - self._since(known) > known.limit():
                known.is_quiet = True
                out.append(_event(host, known.last, now))
        return out

    def watched(self) -> dict[str, tuple[datetime, float]]:
        """The hosts that normally log: when each was last heard, and its usual gap in seconds; for ``restore``.

        Of those that are quiet people know: one that never comes back is not missed again by every run.
        """
        return {
            host: (known.last, median(known.gaps))
            for host, known in self._hosts.items()
            if len(known.gaps) >= _ENOUGH and not known.is_quiet
        }

    def restore(
        self,
        watched: Mapping[str, tuple[datetime, float]],
        heard: Mapping[str, datetime],
        quiet: Iterable[str],
        now: datetime,
    ) -> None:
        """After a restart: who was ``watched``, when each was last ``heard``, and who was ``quiet``.

        The time in which nobody listened makes no host silent: it counts from ``now`` on.
        """
        self._began = now
        for host, (last, gap_s) in watched.items():
            if host not in self._hosts and len(self._hosts) < self._most:
                self._hosts[host] = _Host(min(max(last, heard.get(host, last)), now))
                self._hosts[host].gaps.extend([gap_s] * _ENOUGH)
        for host in quiet:
            last = min(heard.get(host, now), now)
            known = self._hosts.setdefault(host, _Host(last))
            known.last, known.is_quiet = min(known.last, last), True

    def _since(self, known: _Host) -> datetime:
        return known.last if self._began is None else max(known.last, self._began)

    def _evict(self) -> None:
        """A name that was heard too rarely to be watched goes first: whoever invents names drives out no host."""
        rare = next((name for name, known in self._hosts.items() if len(known.gaps) < _ENOUGH), None)
        self.evicted += rare is None
        del self._hosts[rare if rare is not None else next(iter(self._hosts))]


def _event(host: str, last: datetime, now: datetime, *, state: str = "quiet") -> Event:
    quiet = int((now - last).total_seconds())
    return Event(
        event=EVENT,
        time=now,
        received_at=now,
        outcome=Outcome.FAILURE,
        severity=EventSeverity.HIGH,
        host=host,
        fields={"last_seen": last.isoformat(), "quiet_s": quiet, "state": state},
    )
