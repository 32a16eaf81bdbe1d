"""Correlations over a stream, with bounded state for each group of events."""

from __future__ import annotations

from bisect import insort
from collections import OrderedDict
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol, TypeAlias

from viguard.logs.detect.rules import Correlation
from viguard.logs.detect.seen import Seen, moment
from viguard.model.event import Event

KEYS = 10_000
"""Groups of one correlation that are remembered; the ones that were quiet longest are forgotten first."""
SHOWN = 10
"""Events that an alert shows at most, the latest."""

Group: TypeAlias = tuple[str, ...]


class Heard(NamedTuple):
    """A rule that matched: its name, when, and the event; ``evidence`` are the events of a correlation."""

    rule: str
    time: datetime
    seen: Seen
    evidence: tuple[Event, ...]


class Made(NamedTuple):
    """A correlation whose condition holds: for which group, since when, from which events."""

    group: Group
    start: datetime
    evidence: tuple[Event, ...]
    heard: Heard


class State(Protocol):
    """What is remembered of one group."""

    def take(self, heard: Heard) -> tuple[datetime, tuple[Event, ...]] | None:
        """Where the window begins and the events in it, when the condition holds now."""


class Windows:
    """The state of one correlation. The same events in the same order make the same."""

    def __init__(self, correlation: Correlation, *, keys: int = KEYS) -> None:
        self.correlation = correlation
        self._span = timedelta(seconds=correlation.span_s)
        self._names = {name: self._fields_for(name) for name in correlation.rules}
        self._keys = keys
        self._states: OrderedDict[Group, tuple[State, datetime]] = OrderedDict()
        self.evicted = 0
        """Groups that were forgotten while they still counted, because there were too many."""

    def __len__(self) -> int:
        return len(self._states)

    def take(self, heard: Heard) -> Made | None:
        """What a match makes of the correlation. A match without a value for the group does not count."""
        values = [heard.seen.get(name) for name in self._names[heard.rule]]
        if any(value is None for value in values):
            return None
        group = tuple(str(value)[:1024].casefold() for value in values)
        state, newest = self._states.get(group) or (self._fresh(), heard.time)
        self._states[group] = state, max(newest, heard.time)
        self._states.move_to_end(group)
        self._forget(heard.time)
        made = state.take(heard)
        return None if made is None else Made(group, made[0], made[1], heard)

    def _fields_for(self, rule: str) -> tuple[str, ...]:
        names = self.correlation.names or {}
        return tuple(names.get((field, rule), field) for field in self.correlation.group)

    def _fresh(self) -> State:
        match self.correlation.kind:
            case "event_count":
                return _Count(self.correlation, self._span)
            case "value_count":
                return _Values(self.correlation, self._span)
            case "temporal":
                return _Together(self.correlation, self._span)
            case _:
                return _InOrder(self.correlation, self._span)

    def _forget(self, now: datetime) -> None:
        while len(self._states) > self._keys:
            _, (_, newest) = self._states.popitem(last=False)
            if now - newest <= self._span:
                self.evicted += 1


class _Count:
    """The latest events of a group by time: any so many in a row within the span will do."""

    __slots__ = ("_exactly", "_span", "_times", "_wanted", "evidence")

    def __init__(self, correlation: Correlation, span: timedelta) -> None:
        self._wanted, self._exactly, self._span = correlation.count, correlation.exactly, span
        self._times: list[datetime] = []
        self.evidence: list[Event] = []

    def take(self, heard: Heard) -> tuple[datetime, tuple[Event, ...]] | None:
        times, wanted = self._times, self._wanted
        self.evidence = [*self.evidence, *heard.evidence][-SHOWN:]
        if not times or heard.time >= times[-1]:
            times.append(heard.time)
        else:
            insort(times, heard.time)
        if len(times) > 2 * wanted:  # twice, so that one event from the future does not push the others out
            del times[: len(times) - 2 * wanted]
        start = next(self._runs(times, heard.time), None)
        if start is None:
            return None
        return start, tuple(e for e in self.evidence if (at := moment(e)) is None or at >= start)

    def _runs(self, times: list[datetime], time: datetime) -> Iterator[datetime]:
        """The beginnings of runs of so many events within the span that the time is in, the latest first."""
        for last in range(len(times) - 1, self._wanted - 2, -1):
            if times[last] < time:
                return
            start = times[last - self._wanted + 1]
            if start <= time and times[last] - start <= self._span:
                before = last - self._wanted
                if not self._exactly or before < 0 or times[last] - times[before] > self._span:
                    yield start


class _Values:
    """The different values of a group, each with when it was last heard."""

    __slots__ = ("_exactly", "_fields", "_span", "_values", "_wanted")

    def __init__(self, correlation: Correlation, span: timedelta) -> None:
        self._wanted, self._exactly, self._span = correlation.count, correlation.exactly, span
        self._fields = correlation.fields
        self._values: OrderedDict[Group, tuple[datetime, Event]] = OrderedDict()

    def take(self, heard: Heard) -> tuple[datetime, tuple[Event, ...]] | None:
        found = [heard.seen.get(name) for name in self._fields]
        if any(value is None for value in found):
            return None
        value = tuple(str(one)[:1024].casefold() for one in found)
        self._values[value] = heard.time, heard.seen.event
        self._values.move_to_end(value)
        if len(self._values) > 2 * self._wanted:
            self._values.popitem(last=False)
        near = sorted(
            (pair for pair in self._values.values() if abs(heard.time - pair[0]) <= self._span),
            key=lambda pair: pair[0],
        )
        if len(near) < self._wanted or (self._exactly and len(near) > self._wanted):
            return None
        return near[0][0], tuple(event for _, event in near[-SHOWN:])


class _Together:
    """When each rule was last heard."""

    __slots__ = ("_last", "_needs", "_span", "_wanted")

    def __init__(self, correlation: Correlation, span: timedelta) -> None:
        self._wanted, self._needs, self._span = correlation.count, correlation.needs, span
        self._last: dict[str, Heard] = {}

    def take(self, heard: Heard) -> tuple[datetime, tuple[Event, ...]] | None:
        self._last[heard.rule] = heard
        near = [one for one in self._last.values() if abs(heard.time - one.time) <= self._span]
        names = frozenset(one.rule for one in near)
        if not (self._needs(names) if self._needs else len(names) >= self._wanted):
            return None
        near.sort(key=lambda one: one.time)
        return near[0].time, tuple(event for one in near for event in one.evidence)[-SHOWN:]


class _Chain(NamedTuple):
    start: datetime
    last: datetime
    evidence: tuple[Event, ...]


class _InOrder:
    """For each rule the latest beginning of a chain that has come as far as it."""

    __slots__ = ("_best", "_rules", "_span")

    def __init__(self, correlation: Correlation, span: timedelta) -> None:
        self._rules, self._span = correlation.rules, span
        self._best: list[_Chain | None] = [None] * len(correlation.rules)

    def take(self, heard: Heard) -> tuple[datetime, tuple[Event, ...]] | None:
        made = None
        for step in range(len(self._rules) - 1, -1, -1):  # from the end: one event is one step of a chain
            if self._rules[step] != heard.rule:
                continue
            chain = self._longer(step, heard)
            known = self._best[step]
            if chain is None:
                continue
            if step == len(self._rules) - 1:
                made = chain
            elif known is None or chain.start >= known.start:
                self._best[step] = chain
        return None if made is None else (made.start, made.evidence)

    def _longer(self, step: int, heard: Heard) -> _Chain | None:
        if step == 0:
            return _Chain(heard.time, heard.time, heard.evidence[-SHOWN:])
        before = self._best[step - 1]
        if before is None or heard.time < before.last or heard.time - before.start > self._span:
            return None
        return _Chain(before.start, heard.time, (*before.evidence, *heard.evidence)[-SHOWN:])
