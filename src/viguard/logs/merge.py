"""Several lines that tell one fact become one event that keeps them all. Pure: time comes from the events."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import islice

import msgspec

from viguard.logs.processes import CLOSED, OPENED, Processes
from viguard.logs.telling import (
    DETAIL,
    contradict,
    explains,
    from_there,
    is_near,
    is_neighbour,
    is_own_process,
    judged,
    operation,
    place_of,
    teller,
)
from viguard.model.event import Event, EventSeverity, Outcome

WINDOW = timedelta(seconds=2)
"""How far apart the lines of one fact are at most."""
GRACE = timedelta(seconds=5)
"""How long after its receipt an event is held when its host sends nothing more."""
MOST_LINES = 32
"""Lines of one fact: more are another event, whoever sends them."""
_BACK = timedelta(minutes=1)
"""A step back of a host's clock that is believed, so that one line from the future does not end all merging."""
_LOOK_BACK = 16
"""Open events of one kind that a line is compared with, the latest first."""
_NEIGHBOURS = {
    OPENED: ("login.success.ssh", "login.failure.ssh"),
    CLOSED: ("login.failure.ssh",),
    "techsupport.available": ("login.success.shell",),
    "shell.process.started": ("login.success.shell",),
}
"""Lines that enrich a login and tell nothing more when one stands beside them."""
_RANKS = {severity: rank for rank, severity in enumerate(EventSeverity)}
_LOCAL = (None, "", "127.0.0.1", "::1", "localhost")


class Merger:
    """Merges a stream of events of single lines. Not for several threads at a time.

    An event is released when its host's time has passed the window, when ``grace`` has passed since it was received
    (by the times of receipt of later events, or ``advance``), when too many are open, or on ``flush``. A late line
    attaches to an event that is still open and else stands alone: every line is in exactly one event.
    The result does not depend on how the stream is cut into calls.
    """

    def __init__(self, *, window: timedelta = WINDOW, grace: timedelta = GRACE, limit: int = 20_000) -> None:
        self._window, self._grace, self._limit = window, grace, limit
        self._open: OrderedDict[int, _Group] = OrderedDict()
        self._of: dict[tuple[str, ...], OrderedDict[int, _Group]] = {}
        self._latest: OrderedDict[str, datetime] = OrderedDict()  # newest time that each host claimed
        self._received: datetime | None = None
        self._processes = Processes(limit)
        self._serial = 0
        self.evicted = 0
        """Events that were released early because too many were open."""

    def feed(self, events: Iterable[Event]) -> list[Event]:
        """The events that are complete, oldest first."""
        out: list[Event] = []
        for event in events:
            self._take(event)
            self._release(event, out)
        return out

    def advance(self, now: datetime) -> list[Event]:
        """The events that have waited long enough at ``now``, a time of receipt; for a stream that has gone quiet."""
        if self._received is None or now > self._received:
            self._received = now
        out: list[Event] = []
        self._release(None, out)
        return out

    def flush(self) -> list[Event]:
        """Everything that is still open."""
        out: list[Event] = []
        while self._open:
            self._close(next(iter(self._open.values())), out)
        self._latest.clear()
        self._processes.clear()
        return out

    def _take(self, event: Event) -> None:
        event = self._processes.known(event)
        place = place_of(event)
        if event.time is not None:
            self._set_latest(place, event.time)
        if event.received_at is not None and (self._received is None or event.received_at > self._received):
            self._received = event.received_at
        is_told, group = self._processes.is_told(event), self._home(event, place)
        if group is not None:
            group.add(event)
            return
        if is_told:  # the event that told it is released
            event = msgspec.structs.replace(event, event=DETAIL, severity=EventSeverity.INFO)
        self._serial += 1
        group = _Group(self._serial, event, place)
        self._open[group.serial] = group
        for key in group.keys:
            self._of.setdefault(key, OrderedDict())[group.serial] = group
        if event.event.startswith("login."):
            self._absorb(group)

    def _set_latest(self, place: str, time: datetime) -> None:
        known = self._latest.get(place)
        if known is None or time > known or known - time > _BACK:
            self._latest[place] = time
            self._latest.move_to_end(place)
            if len(self._latest) > self._limit:
                self._latest.popitem(last=False)

    def _home(self, event: Event, place: str) -> _Group | None:
        """The open event that a line belongs to."""
        if event.event == DETAIL:
            logins = self._near((place, "login", event.program.casefold()))
            return next((g for g in logins if g.explained_by(event, self._window)), None)
        said = teller(event)
        for kind in (event.event, *_NEIGHBOURS.get(event.event, ())):
            for group in self._near((place, kind)):
                if group.tells(event, said, self._window):
                    return group
        return None

    def _absorb(self, login: _Group) -> None:
        """Lines that came before the login that they explain or belong to."""
        program = login.first.program.casefold()
        waiting = [g for g in self._near((login.place, DETAIL, program)) if g.waits_for(login, self._window)]
        if login.first.outcome is Outcome.SUCCESS:
            before = self._near((login.place, "login", program))
            waiting += [g for g in before if g.is_refuted_by(login, self._window)]
        for kind, logins in _NEIGHBOURS.items():
            if login.first.event in logins:
                waiting += [
                    g for g in self._near((login.place, kind)) if login.tells(g.first, teller(g.first), self._window)
                ]
        for group in sorted(waiting, key=lambda g: g.serial):
            if len(login.events) + len(group.events) <= MOST_LINES and not group.tellers & login.tellers:
                self._forget(group)
                for event in group.events:
                    login.add(event)

    def _near(self, key: tuple[str, ...]) -> list[_Group]:
        groups = self._of.get(key)
        if groups is None:
            return []
        return list(islice(reversed(groups.values()), _LOOK_BACK))

    def _release(self, event: Event | None, out: list[Event]) -> None:
        while self._open:
            oldest = next(iter(self._open.values()))
            if len(self._open) > self._limit:
                self.evicted += 1
            elif not self._is_over(oldest):
                break
            self._close(oldest, out)
        if event is not None and event.time is not None:  # another host's open events hold nobody up
            while groups := self._of.get((place_of(event),)):
                oldest = next(iter(groups.values()))
                if not self._is_over(oldest):
                    break
                self._close(oldest, out)

    def _is_over(self, group: _Group) -> bool:
        first = group.first
        latest = self._latest.get(group.place)
        if first.time is not None and latest is not None and latest - first.time > self._window:
            return True
        received = first.received_at
        return received is not None and self._received is not None and self._received - received > self._grace

    def _close(self, group: _Group, out: list[Event]) -> None:
        self._forget(group)
        out.append(group.event())

    def _forget(self, group: _Group) -> None:
        del self._open[group.serial]
        for key in group.keys:
            groups = self._of[key]
            del groups[group.serial]
            if not groups:
                del self._of[key]


class _Group:
    """An open event: its lines' events in the order they came, ``first`` the one that decided."""

    __slots__ = ("events", "explained", "first", "keys", "place", "serial", "tellers")

    def __init__(self, serial: int, first: Event, place: str) -> None:
        self.serial, self.first, self.place = serial, first, place
        self.events = [first]
        self.tellers = {teller(first)}
        self.explained = False
        program = first.program.casefold()
        self.keys: tuple[tuple[str, ...], ...] = ((place,), (place, first.event))
        if first.event == DETAIL:
            self.keys = ((place,), (place, DETAIL, program))
        elif first.event.startswith("login."):
            self.keys = (*self.keys, (place, "login", program))

    def add(self, event: Event) -> None:
        self.events.append(event)
        self.tellers.add(teller(event))
        self.explained |= event.event == DETAIL

    def tells(self, event: Event, said: tuple[str, str, str], window: timedelta) -> bool:
        """Whether a line tells what this event tells: near, in words not ``said`` yet, and nothing contradicts."""
        if said in self.tellers or len(self.events) >= MOST_LINES:  # who says the same again tells of something new
            return False
        if not from_there(self.first, event):
            return False
        if event.event != self.first.event and not is_neighbour(self.first, event):
            return False
        same_session = any(one.session and one.session == event.session for one in self.events)
        same_session |= any(operation(one) and operation(one) == operation(event) for one in self.events)
        if not same_session and not is_near(self.first, event, window):
            return False
        return not any(contradict(one, event) for one in self.events)

    def explained_by(self, detail: Event, window: timedelta) -> bool:
        """Whether a supporting line belongs to this login although it came later: same process, or its time is not."""
        first = self.first
        if len(self.events) >= MOST_LINES or not explains(detail, first) or not is_near(first, detail, window):
            return False
        if first.pid is not None and first.pid == detail.pid and is_own_process(first.program):
            return True
        if operation(first) and operation(first) == operation(detail):
            return True
        if detail.outcome is Outcome.SUCCESS and detail.user and detail.user == first.user:
            return not self.explained
        return not self.explained and first.time is not None and detail.time is not None and detail.time < first.time

    def waits_for(self, login: _Group, window: timedelta) -> bool:
        """Whether this supporting line explains a login that came after it."""
        return explains(self.first, login.first) and is_near(self.first, login.first, window)

    def is_refuted_by(self, login: _Group, window: timedelta) -> bool:
        """Whether a failure that only a module of PAM told was followed by the success of the same process."""
        first = self.first
        if first.outcome is not Outcome.FAILURE or not any("pam_" in line for line in first.lines):
            return False
        return first.pid is not None and first.pid == login.first.pid and self.waits_for(login, window)

    def event(self) -> Event:
        """The whole fact: what the first line says, and what it left open from the others."""
        if len(self.events) == 1:
            return judged(self.first)
        first = self.first
        refuted = Outcome.FAILURE if first.outcome is Outcome.SUCCESS else None
        told = [e for e in self.events if e.event != DETAIL and (e is first or e.outcome is not refuted)]
        fields: dict[str, str | int] = {}
        for one in told:
            for name, value in one.fields.items():
                if name not in fields or fields[name] == "":
                    fields[name] = value
        merged = msgspec.structs.replace(
            first,
            outcome=next((e.outcome for e in told if e.outcome is not Outcome.UNKNOWN), first.outcome),
            severity=max((e.severity for e in told if e.event == first.event), key=_RANKS.__getitem__),
            channel=next((e.channel for e in told if e.channel), None),
            user=max((e.user for e in told if e.user), key=len, default=None),
            source_ip=next((e.source_ip for e in told if e.source_ip not in _LOCAL), first.source_ip),
            time=first.time or next((e.time for e in self.events if e.time), None),
            pid=first.pid if first.pid is not None else next((e.pid for e in told if e.pid is not None), None),
            vm=next((e.vm for e in told if e.vm), None),
            session=next((e.session for e in told if e.session), None),
            fields=fields,
            lines=tuple(line for e in self.events for line in e.lines),
        )
        return judged(merged, [e for e in self.events if e.event == DETAIL])
