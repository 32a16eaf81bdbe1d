"""What each host sends and what of it is kept, by day; and when it was last heard."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from viguard.logs.keep import Count, Kept
from viguard.model.coverage import Heard, Volume

EXACT_BYTES = 128 << 10
"""Larger blocks come under load: of those, one in EVERY is counted and stands for all."""
EVERY = 8
HOSTS = 10_000
DAYS = 32
SENDERS = 8


class _Host(msgspec.Struct):
    last: datetime
    senders: list[str] = msgspec.field(default_factory=list)
    days: dict[str, list[int]] = msgspec.field(default_factory=dict)  # received, kept


class Total(NamedTuple):
    """Bytes of a host, as received and as kept, in the days from ``first`` to ``newest`` (dates in UTC)."""

    host: str
    received: int
    kept: int
    first: str
    newest: str


class Volumes:
    """Counts by claimed host. Bounded: of more than HOSTS names the longest silent is forgotten.

    Days are dates in UTC. Not for several threads at a time.
    """

    def __init__(self) -> None:
        self._hosts: OrderedDict[str, _Host] = OrderedDict()
        self._large = 0
        self._news: dict[str, datetime] = {}

    def take(self, kept: Kept, at: datetime) -> None:
        """Count a block that was received at a time."""
        weight = 1
        if len(kept.received.data) > EXACT_BYTES:
            self._large += 1
            if self._large % EVERY != 1:
                return
            weight = EVERY
        senders = sorted({run.sender for run in kept.received.runs})[:SENDERS]
        for name, count in kept.counts().items():
            self._add(name, count, weight, at, senders if len(senders) == 1 else [])
        while len(self._news) > HOSTS:
            del self._news[next(iter(self._news))]

    def hosts(self, now: datetime) -> tuple[Heard, ...]:
        """Every host with its whole days, sorted by name."""
        today, oldest = now.date().isoformat(), (now - timedelta(days=DAYS)).date().isoformat()
        return tuple(
            Heard(
                name=name,
                last=host.last,
                senders=tuple(host.senders),
                days={
                    day: Volume(received=received, kept=kept)
                    for day, (received, kept) in sorted(host.days.items())
                    if oldest <= day < today
                },
            )
            for name, host in sorted(self._hosts.items())
        )

    def totals(self) -> list[Total]:
        """Every host with all its days, the current one too, sorted by name."""
        return [
            Total(
                name,
                sum(received for received, _ in host.days.values()),
                sum(kept for _, kept in host.days.values()),
                min(host.days, default=""),
                max(host.days, default=""),
            )
            for name, host in sorted(self._hosts.items())
        ]

    def heard(self) -> dict[str, datetime]:
        """When each host was last heard."""
        return {name: host.last for name, host in self._hosts.items()}

    def news(self) -> dict[str, datetime]:
        """When each host was last heard, of those that were since this was asked before."""
        news, self._news = self._news, {}
        return news

    def dump(self) -> bytes:
        """Everything, to be taken up again by ``restore`` after a restart."""
        return msgspec.json.encode(self._hosts)

    def restore(self, data: bytes) -> None:
        """What ``dump`` gave.

        Raises: ValueError when it is something else.
        """
        self._hosts = OrderedDict(msgspec.json.decode(data, type=dict[str, _Host]))

    def _add(self, name: str, count: Count, weight: int, at: datetime, senders: list[str]) -> None:
        host = self._hosts.get(name)
        if host is None:
            host = self._hosts[name] = _Host(last=at)
            if len(self._hosts) > HOSTS:
                self._hosts.popitem(last=False)
        self._hosts.move_to_end(name)
        host.last = self._news[name] = max(host.last, at)
        for sender in senders:
            if sender not in host.senders and len(host.senders) < SENDERS:
                host.senders.append(sender)
        day = host.days.setdefault(at.date().isoformat(), [0, 0])
        day[0] += count.bytes * weight
        day[1] += count.kept_bytes * weight
        while len(host.days) > DAYS:
            del host.days[min(host.days)]
