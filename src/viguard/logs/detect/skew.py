"""Hosts whose clocks are wrong, or that write local time where UTC is expected: told once each, and when it is over."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from viguard.logs.block import API
from viguard.logs.detect.offsets import Advice
from viguard.model.event import Event, EventSeverity

EVENT = "log.clock-skew"
BROUGHT = ("ahead_s", "hint")
"""The fields of such an event: by how many seconds the clock is ahead (negative: behind), and what to do about it."""
BACK = "resolved"
HOSTS = 4096
"""Hosts whose clocks are wrong that are followed. Whoever invents names fills no more of what is open than this."""
RIGHT = timedelta(minutes=1)
"""How far a claimed time may be from its receipt."""
CALM = timedelta(minutes=15)
"""For how long no line may have been wrong before a clock counts as right again: programs of one host may differ."""
_AGAIN = timedelta(hours=1)
"""How often a skew that changes is told at most."""
_FORGOTTEN = timedelta(days=1)
"""When a host of which nothing is heard any more is no longer followed."""
_APART = timedelta(minutes=1)

_Key = tuple[str, str]


class _Wrong:
    """A clock of which people know. ``told`` is by how much it was ahead then, None after a restart."""

    __slots__ = ("host", "last", "sender", "told", "told_at")

    def __init__(self, host: str, sender: str, told: timedelta | None, at: datetime) -> None:
        self.host, self.sender, self.told, self.told_at, self.last = host, sender, told, at, at


class _Sample(NamedTuple):
    """By how much a line that tells no event was ahead, and when it came."""

    ahead: timedelta
    at: datetime


class Skews:
    """Compares what lines claim with their receipt, by host and sender. Times are times of receipt. Bounded; pure."""

    def __init__(self, advice: Advice | None = None, *, hosts: int = HOSTS) -> None:
        self.advice, self._most = advice or Advice(), hosts
        self._wrong: OrderedDict[_Key, _Wrong] = OrderedDict()  # who was wrong last comes last
        self._samples: OrderedDict[_Key, _Sample] = OrderedDict()
        self.evicted = 0
        """Hosts that were forgotten because there were too many names."""

    def take(self, event: Event) -> list[Event]:
        """What the time of an event makes of it: a wrong clock, or one that is right again."""
        if event.time is None or event.received_at is None or event.transport == API:
            return []  # what a server was asked for may be hours old
        ahead = event.time - event.received_at
        if abs(ahead) <= RIGHT:
            return self._is_right(event, event.received_at) if self._wrong else []
        return self._is_wrong(event, ahead, event.received_at)

    def sample(self, event: Event) -> list[Event]:
        """The same of a line that tells no event. One line may have been held up: two apart have to agree."""
        if event.time is None or event.received_at is None:
            return []
        key, ahead = _key(event), event.time - event.received_at
        before = self._samples.pop(key, None)
        if abs(ahead) <= RIGHT or key in self._wrong:
            return self.take(event)
        if before is None or abs(before.ahead - ahead) > RIGHT:
            before = _Sample(ahead, event.received_at)
        elif event.received_at - before.at >= _APART:
            return self.take(event)
        self._samples[key] = before
        if len(self._samples) > self._most:
            self._samples.popitem(last=False)
        return []

    def tick(self, now: datetime) -> list[Event]:
        """Hosts of which nothing was heard for so long that nobody is to wait for them."""
        out = []
        while self._wrong and now - (first := next(iter(self._wrong.values()))).last > _FORGOTTEN:
            self._wrong.popitem(last=False)
            out.append(_over(first, now))
        return out

    def restore(self, known: Iterable[tuple[str, str]], now: datetime) -> None:
        """After a restart: hosts and senders whose wrong clocks people know."""
        for host, sender in known:
            if len(self._wrong) < self._most:
                self._wrong.setdefault((host.casefold(), sender), _Wrong(host, sender, None, now))

    def _is_right(self, event: Event, at: datetime) -> list[Event]:
        known = self._wrong.get(_key(event))
        if known is None or at - known.last < CALM:
            return []
        del self._wrong[_key(event)]
        return [_over(known, at)]

    def _is_wrong(self, event: Event, ahead: timedelta, at: datetime) -> list[Event]:
        key, out = _key(event), list[Event]()
        known = self._wrong.get(key)
        if known is None:
            known = self._wrong[key] = _Wrong(event.host, event.sender, ahead, at)
            out.append(self._event(event, ahead))
        elif known.told is None:
            known.told = ahead
        elif abs(known.told - ahead) > RIGHT and at - known.told_at >= _AGAIN:
            known.told, known.told_at = ahead, at
            out.append(self._event(event, ahead))
        known.last = max(known.last, at)
        self._wrong.move_to_end(key)
        if len(self._wrong) > self._most:
            self.evicted += 1
            out.append(_over(self._wrong.popitem(last=False)[1], at))
        return out

    def _event(self, event: Event, ahead: timedelta) -> Event:
        """With the line that shows it."""
        fields: dict[str, str | int] = {"ahead_s": round(ahead.total_seconds())}
        if hint := self.advice.of(event, ahead):
            fields["hint"] = hint
        return Event(
            event=EVENT,
            time=event.time,
            received_at=event.received_at,
            severity=EventSeverity.MEDIUM,
            host=event.host,
            program=event.program,
            fields=fields,
            lines=event.lines,
            sender=event.sender,
            transport=event.transport,
        )


def _key(event: Event) -> _Key:
    return event.host.casefold(), event.sender


def _over(known: _Wrong, at: datetime) -> Event:
    return Event(event=EVENT, time=at, received_at=at, host=known.host, sender=known.sender, fields={"state": BACK})
