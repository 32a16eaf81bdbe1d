"""Open consoles of each guest: how many, who holds them, and when there are more than the owner accepts.

Source: report, "Monitoring the security" and Appendix A (Virtual Console events).
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from viguard.logs.detect.seen import moment
from viguard.logs.telling import host_of, place_of
from viguard.model.event import Channel, Event, EventSeverity, Outcome

EVENT = "console.multiple"
BACK = "resolved"
"""The field ``state`` of an event that says that the sessions are no longer too many."""
GUESTS = 20_000
WAITING = 256
"""Tickets of one host that may wait to be used."""
SHOWN = 50
"""Holders of the consoles of one guest that are remembered."""
_TICKET_LIFE = timedelta(minutes=2)
_SAME = timedelta(seconds=5)
"""How far apart two tellers of one connection are at most."""


class Holder(NamedTuple):
    """Who holds a console, as far as lines tell, and the events that show it."""

    user: str | None
    source_ip: str | None
    pid: int | None
    since: datetime | None
    evidence: tuple[Event, ...]


class _Step(NamedTuple):
    """A change of the count: who told it, by how many, when, and whether it was new."""

    teller: str
    by: int
    at: datetime
    is_new: bool


@dataclass
class _Guest:
    """The consoles of one guest. ``count`` is the figure that was told last, with what came since."""

    name: str
    count: int = 0
    holders: list[Holder] = field(default_factory=list)
    alerted: int = 0
    host: str = ""
    names: set[str] = field(default_factory=set)
    steps: deque[_Step] = field(default_factory=lambda: deque(maxlen=64))


class Consoles:
    """Counts consoles from lines, vCenter events and the API's figure. Bounded; pure."""

    def __init__(self, limit: int = 1, *, guests: int = GUESTS) -> None:
        self.limit, self._most = limit, guests
        self._guests: OrderedDict[str, _Guest] = OrderedDict()
        self._names: dict[str, set[str]] = {}
        self._tickets: OrderedDict[str, deque[Event]] = OrderedDict()  # of each host, the oldest first
        self._redeemed: OrderedDict[tuple[str, int], tuple[str, Holder]] = OrderedDict()  # by host and process
        self.evicted = 0
        """Guests or tickets that were forgotten because there were too many."""

    def now(self) -> dict[str, tuple[int, tuple[Holder, ...]]]:
        """Guests with an open console: how many, and who holds them (fewer when no line told)."""
        return {g.name: (g.count, tuple(g.holders[-g.count :])) for g in self._guests.values() if g.count}

    def take(self, event: Event) -> list[Event]:
        """What an event makes of it: ``console.multiple`` for each count above the limit, and when it is back."""
        match event.event:
            case "console.ticket.issued":
                self._issue(event)
            case "console.ticket.redeemed":
                self._redeem(event)
            case "console.connected":
                return self._connect(event)
            case "console.disconnected":
                return self._disconnect(event)
            case "console.count":
                return self._told(event)
        return []

    def figures(self, counts: Mapping[str, int], at: datetime) -> list[Event]:
        """What the API's figures make of it: ``counts`` by name of guest; guests that it leaves out have none open."""
        out = []
        for name in sorted({*counts, *(g.name for g in self._guests.values() if g.count)}):
            guest = self._guest(name)
            guest.steps.append(_Step("figure", counts.get(name, 0) - guest.count, at, is_new=True))
            out += self._set(guest, counts.get(name, 0), at)
        return out

    def restore(self, alerted: Mapping[str, int]) -> None:
        """After a restart: guests with too many open consoles of which people know, with how many there were.

        Guests of which more is known by now stay as they are.
        """
        for name, count in alerted.items():
            guest = self._guest(name)
            if not guest.alerted:
                guest.count = max(count, guest.count, self.limit + 1)
                guest.alerted = guest.count

    def _issue(self, ticket: Event) -> None:
        waiting = self._tickets.setdefault(place_of(ticket), deque(maxlen=WAITING))
        self.evicted += len(waiting) == WAITING
        waiting.append(ticket)
        self._tickets.move_to_end(place_of(ticket))
        while len(self._tickets) > self._most:
            self._tickets.popitem(last=False)
            self.evicted += 1

    def _redeem(self, event: Event) -> None:
        """A ticket is used by who comes next: the line names an address and no guest, the ticket a guest and a user."""
        ticket = self._oldest_ticket(event)
        evidence = (event,) if ticket is None else (ticket, event)
        holder = Holder(ticket.user if ticket else None, event.source_ip, event.pid, moment(event), evidence)
        guest = "" if ticket is None else _name(ticket)
        self._redeemed[place_of(event), event.pid or 0] = guest, holder
        while len(self._redeemed) > self._most:
            self._redeemed.popitem(last=False)
            self.evicted += 1

    def _oldest_ticket(self, event: Event) -> Event | None:
        waiting, at = self._tickets.get(place_of(event)), moment(event)
        while waiting:
            ticket = waiting.popleft()
            issued = moment(ticket)
            if ticket.time is None or event.time is None or issued is None or at is None or at - issued <= _TICKET_LIFE:
                return ticket
        return None

    def _connect(self, event: Event) -> list[Event]:
        at = moment(event)
        name, holder = self._redeemed.pop((place_of(event), event.pid or 0), ("", None))
        if holder is None:
            holder = Holder(event.user, event.source_ip, event.pid, at, ())
        name = _name(event) or name
        if not name:
            return []
        guest = self._guest(name, event)
        if _is_told_already(guest, event, 1, at):
            self._hold(guest, holder, event, known=True)
            return []
        self._hold(guest, holder, event)
        return self._set(guest, guest.count + 1, at, event)

    def _disconnect(self, event: Event) -> list[Event]:
        name = _name(event) or next(
            (g.name for g in self._guests.values() if any(h.pid and h.pid == event.pid for h in g.holders)), ""
        )
        guest = self._guests.get(self._key(name))
        if guest is None or _is_told_already(guest, event, -1, moment(event)):
            return []
        for holder in guest.holders:
            if (event.user and holder.user == event.user) or (event.pid and holder.pid == event.pid):
                guest.holders.remove(holder)
                break
        return self._set(guest, max(0, guest.count - 1), moment(event), event)

    def _told(self, event: Event) -> list[Event]:
        name, told, before = _name(event), event.fields.get("count"), event.fields.get("count_before")
        count = told if isinstance(told, int) else before + 1 if isinstance(before, int) else None
        if not name or count is None:
            return []
        guest, at = self._guest(name, event), moment(event)
        change = count - guest.count
        if change and at is not None:
            guest.steps.append(_Step("figure", change, at, is_new=True))
        if guest.holders and not change:
            last = guest.holders[-1]
            guest.holders[-1] = last._replace(evidence=(*last.evidence, event)[-8:])
        return self._set(guest, count, at, event)

    def _hold(self, guest: _Guest, holder: Holder, event: Event, *, known: bool = False) -> None:
        if known and not guest.count:
            return
        if known and len(guest.holders) >= guest.count:  # the same connection by another teller: fill in what lacked
            last = guest.holders[-1]
            guest.holders[-1] = last._replace(
                user=last.user or holder.user,
                source_ip=last.source_ip or holder.source_ip,
                evidence=(*last.evidence, *holder.evidence, event)[-8:],
            )
            return
        guest.holders = [*guest.holders, holder._replace(evidence=(*holder.evidence, event))][-SHOWN:]

    def _set(self, guest: _Guest, count: int, at: datetime | None, cause: Event | None = None) -> list[Event]:
        guest.count = max(0, count)
        del guest.holders[: max(0, len(guest.holders) - guest.count)]
        if guest.count > max(self.limit, guest.alerted):
            guest.alerted = guest.count
            return [_multiple(guest, self.limit, at, cause)]
        if guest.count <= self.limit and guest.alerted:
            guest.alerted = 0
            return [_multiple(guest, self.limit, at, cause, state=BACK)]
        guest.alerted = min(guest.alerted, guest.count)
        return []

    def _guest(self, name: str, event: Event | None = None) -> _Guest:
        key, plain = self._key(name), name.rpartition("/")[2].removesuffix(".vmx")
        plain = event.vm if event is not None and event.vm else plain
        if key not in self._guests:
            self._guests[key] = self._without_path(key, plain) or _Guest(name=plain)
        guest = self._guests[key]
        guest.name = plain if event is not None and event.vm else guest.name
        guest.names.add(plain)
        self._names.setdefault(plain, set()).add(key)
        guest.host = host_of(event) if event is not None and event.host else guest.host
        self._guests.move_to_end(key)
        while len(self._guests) > self._most:
            quiet = next((k for k, g in self._guests.items() if not g.count and k != key), next(iter(self._guests)))
            self.evicted += self._guests[quiet].count > 0
            self._drop(quiet)
        return guest

    def _without_path(self, key: str, plain: str) -> _Guest | None:
        """A guest that was known by its name alone until now."""
        return self._drop(plain) if key != plain and plain in self._guests else None

    def _drop(self, key: str) -> _Guest:
        guest = self._guests.pop(key)
        for name in guest.names:
            known = self._names.get(name, set())
            known.discard(key)
            if not known:
                self._names.pop(name, None)
        return guest

    def _key(self, name: str) -> str:
        """A guest's path where lines have told it, for a name that only one guest has."""
        known = self._names.get(name, set())
        return next(iter(known)) if len(known) == 1 else name


def _is_told_already(guest: _Guest, event: Event, change: int, at: datetime | None) -> bool:
    """Whether another teller has just told this change: more has changed than this teller itself has told."""
    if at is None:
        return False
    teller = event.program.casefold() or "api"
    near = [step for step in guest.steps if abs(at - step.at) <= _SAME and step.by * change > 0]
    changed = sum(abs(step.by) for step in near if step.is_new)
    own = sum(abs(step.by) for step in near if step.teller == teller)
    guest.steps.append(_Step(teller, change, at, is_new=own >= changed))
    return own < changed


def _name(event: Event) -> str:
    return str(event.fields.get("vm_path") or event.vm or "")


def _multiple(guest: _Guest, limit: int, at: datetime | None, cause: Event | None, *, state: str = "above") -> Event:
    holders = guest.holders[-guest.count :] if guest.count else []
    evidence = [e for h in holders for e in h.evidence]
    if cause is not None and cause not in evidence:
        evidence.append(cause)
    fields: dict[str, str | int] = {"count": guest.count, "limit": limit, "state": state}
    fields["users"] = ", ".join(h.user or "unknown" for h in holders)
    fields["source_ips"] = ", ".join(h.source_ip or "unknown" for h in holders)
    return Event(
        event=EVENT,
        time=at,
        outcome=Outcome.SUCCESS,
        severity=EventSeverity.HIGH,
        channel=Channel.CONSOLE,
        host=guest.host,
        vm=guest.name,
        fields=fields,
        lines=tuple(dict.fromkeys(line for e in evidence for line in e.lines)),
        sender=cause.sender if cause is not None else "",
        transport=cause.transport if cause is not None else "",
        received_at=cause.received_at if cause is not None else None,
    )
