"""Alerts of one rule and key become one group; a group says when somebody is to be told. No I/O, no clock.

A group is open from its first alert until none came for ``resolve_minutes``, or until somebody calls it a false
positive. It is told once after ``wait_s``, again when it becomes worse, and every ``repeat_minutes`` until somebody
acknowledges it. Silenced groups are followed and counted, and told when the silence ends before they do.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec

from viguard.alerts.notice import Kind, Notice, rank
from viguard.alerts.routing import receivers_of, silenced_until
from viguard.alerts.settings import Receiver, Send, Settings
from viguard.model.event import Alert, EventSeverity
from viguard.model.text import visible

MOST_GROUPS = 10_000
RECENT = 64
SHOWN_LINES = 3
OVERFLOW = "(more keys than are followed one by one)"


class Group(msgspec.Struct, kw_only=True):
    """The trouble of one rule and key while it is open. ``due``: when to tell next, None when nobody waits for it."""

    id: str
    rule: str
    key: str
    title: str
    severity: EventSeverity
    first: datetime
    last: datetime
    zone: str = ""
    host: str = ""
    text: str = ""
    count: int = 0
    steps: tuple[str, ...] = ()
    attack: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    recent: list[str] = []
    due: datetime | None = None
    told: int = 0
    told_severity: EventSeverity | None = None
    told_to: list[str] = []
    acknowledged_by: str = ""
    silenced: bool = False


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """What a person says an alert was."""

    rule: str
    key: str
    true_positive: bool
    by: str
    at: datetime
    note: str = ""


class State(msgspec.Struct, kw_only=True):
    """What alerting remembers over a restart, but for the notices that wait (see ``outbox``)."""

    groups: dict[str, Group] = {}
    marks: list[Mark] = []
    sent: dict[str, list[datetime]] = {}
    held: dict[str, list[str]] = {}
    held_severity: dict[str, EventSeverity] = {}
    held_count: dict[str, int] = {}
    beats: dict[str, datetime] = {}
    alerts: int = 0
    silenced: int = 0
    number: int = 0


def group_id(rule: str, key: str) -> str:
    """The id of a group: 16 hex digits made from rule and key, stable from run to run."""
    return hashlib.sha256(f"{rule}\0{key}".encode("utf-8", "surrogatepass")).hexdigest()[:16]


class Groups:
    """The state machine: alerts go in, ``tick`` gives what is to be told to whom. ``now`` is an aware time."""

    def __init__(self, settings: Settings, state: State | None = None) -> None:
        self.settings = settings
        self.state = state or State()
        self._by_name = {r.name: r for r in settings.receivers}

    def take(self, alert: Alert, now: datetime) -> None:
        """Add one alert; one that was taken before (by id) changes nothing."""
        group = self._group(alert, now)
        if alert.id in group.recent:
            return
        group.recent = [*group.recent[1 - RECENT :], alert.id]
        self.state.alerts += 1
        group.count += 1
        group.last = max(group.last, now)
        worse = rank(alert.severity) > rank(group.severity)
        if worse or group.count == 1:
            _describe(group, alert)
        told = group.told_severity
        if told is None or rank(group.severity) > rank(told):
            group.acknowledged_by = "" if told else group.acknowledged_by
            soon = now + timedelta(seconds=self.settings.grouping.wait_s)
            group.due = min(group.due or soon, soon)

    def tick(self, now: datetime) -> list[tuple[str, Notice]]:
        """What is to be told now, as (name of the receiver, notice)."""
        out: list[tuple[str, Notice]] = []
        quiet = timedelta(minutes=self.settings.grouping.resolve_minutes)
        for group in list(self.state.groups.values()):
            if group.due is not None and group.due <= now:
                out += self._tell(group, now)
            if group.last + quiet <= now:
                out += self._close(group, now)
        return [*(p for p in out if self._may(*p, now)), *self._digests(now), *self._heartbeats(now)]

    def next_due(self) -> datetime | None:
        """When ``tick`` has something to do next, None when it has nothing to wait for."""
        quiet = timedelta(minutes=self.settings.grouping.resolve_minutes)
        times = [g.last + quiet for g in self.state.groups.values()]
        times += [g.due for g in self.state.groups.values() if g.due]
        times += [self.state.sent[n][0] + _HOUR for n in self.state.held if self.state.sent.get(n)]
        times += [
            self.state.beats[b.receiver] + timedelta(minutes=b.every_minutes)
            for b in self.settings.heartbeats
            if b.receiver in self.state.beats
        ]
        return min(times, default=None)

    def open(self) -> Iterator[Group]:
        """The groups that are open and not silenced, in the order they began."""
        yield from (g for g in self.state.groups.values() if not g.silenced)

    def acknowledge(self, group: str, by: str) -> bool:
        """Somebody deals with it: no repeats until it becomes worse. False when there is no such group."""
        found = self.state.groups.get(group)
        if found is None:
            return False
        found.acknowledged_by = visible(by)
        if found.told_severity is not None and rank(found.severity) <= rank(found.told_severity):
            found.due = None
        return True

    def mark(
        self, group: str, by: str, now: datetime, *, true_positive: bool, note: str = ""
    ) -> list[tuple[str, Notice]]:
        """Keep what a person says it was. A false positive is closed; returned is whom to tell that.

        Raises: KeyError when there is no such group.
        """
        found = self.state.groups[group]
        mark = Mark(
            rule=found.rule, key=found.key, true_positive=true_positive, by=visible(by), at=now, note=visible(note)
        )
        self.state.marks = [*self.state.marks[-999:], mark]
        return [] if true_positive else [p for p in self._close(found, now) if self._may(*p, now)]

    def _group(self, alert: Alert, now: datetime) -> Group:
        key = alert.key
        found = self.state.groups.get(group_id(alert.rule, key))
        if found is None and len(self.state.groups) >= MOST_GROUPS:
            key = OVERFLOW
            found = self.state.groups.get(group_id(alert.rule, key))
        if found is None:
            number = group_id(alert.rule, key)
            found = Group(
                id=number,
                rule=visible(alert.rule),
                key=visible(key),
                title="",
                severity=alert.severity,
                first=now,
                last=now,
            )
            self.state.groups[number] = found
        return found

    def _tell(self, group: Group, now: datetime) -> list[tuple[str, Notice]]:
        end = silenced_until(self.settings.silences, group, now)
        if end is not None:
            self.state.silenced += not group.silenced
            group.silenced, group.due = True, end
            return []
        group.silenced = False
        group.told += 1
        group.told_severity = group.severity
        repeat = now + timedelta(minutes=self.settings.grouping.repeat_minutes)
        group.due = None if group.acknowledged_by else repeat
        names = receivers_of(self.settings, group, now)
        group.told_to = list(dict.fromkeys([*group.told_to, *names]))
        notice = self._notice(group, Kind.FIRING, now)
        return [(n, notice) for n in names if self._takes(n, Send.FIRING)]

    def _close(self, group: Group, now: datetime) -> list[tuple[str, Notice]]:
        self.state.groups.pop(group.id, None)
        notice = self._notice(group, Kind.RESOLVED, now)
        return [(n, notice) for n in group.told_to if self._takes(n, Send.RESOLVED)]

    def _takes(self, name: str, what: Send) -> bool:
        receiver = self._by_name.get(name)
        return receiver is not None and what in receiver.send

    def _notice(self, group: Group, kind: Kind, now: datetime) -> Notice:
        self.state.number += 1
        return Notice(
            id=f"{group.id}-{self.state.number}",
            kind=kind,
            title=group.title,
            severity=group.severity,
            at=now,
            group=group.id,
            rule=group.rule,
            key=group.key,
            zone=group.zone,
            host=group.host,
            count=group.count,
            first=group.first,
            last=group.last,
            text=group.text,
            steps=group.steps,
            attack=group.attack,
            lines=group.lines,
        )

    def _may(self, name: str, notice: Notice, now: datetime) -> bool:
        """Whether the receiver's limit lets it through; otherwise it is kept for the digest."""
        receiver = self._by_name[name]
        if not receiver.most_per_hour:
            return True
        if self._room(receiver, now):
            self.state.sent.setdefault(name, []).append(now)
            return True
        titles = self.state.held.setdefault(name, [])
        if len(titles) < 10:
            titles.append(f"{notice.kind} {notice.severity}: {notice.title}: {notice.key}")
        self.state.held_count[name] = self.state.held_count.get(name, 0) + 1
        before = self.state.held_severity.get(name, notice.severity)
        self.state.held_severity[name] = max(before, notice.severity, key=rank)
        return False

    def _room(self, receiver: Receiver, now: datetime) -> bool:
        recent = [t for t in self.state.sent.get(receiver.name, []) if t > now - _HOUR]
        self.state.sent[receiver.name] = recent
        return len(recent) < receiver.most_per_hour

    def _digests(self, now: datetime) -> list[tuple[str, Notice]]:
        out = []
        for name in [n for n in self.state.held if n in self._by_name and self._room(self._by_name[n], now)]:
            titles, count = self.state.held.pop(name), self.state.held_count.pop(name)
            self.state.sent.setdefault(name, []).append(now)
            self.state.number += 1
            notice = Notice(
                id=f"digest-{self.state.number}",
                kind=Kind.DIGEST,
                title=f"{count} notices were held back: more than this receiver takes in an hour",
                severity=self.state.held_severity.pop(name),
                at=now,
                count=count,
                text="The first of them:",
                lines=tuple(titles),
            )
            out.append((name, notice))
        return out

    def _heartbeats(self, now: datetime) -> list[tuple[str, Notice]]:
        out = []
        for beat in self.settings.heartbeats:
            last = self.state.beats.get(beat.receiver)
            if last is None or last > now or last + timedelta(minutes=beat.every_minutes) <= now:
                self.state.beats[beat.receiver] = now
                self.state.number += 1
                number = f"heartbeat-{self.state.number}"
                title = f"viguard is alive; the next heartbeat comes within {beat.every_minutes} min"
                notice = Notice(id=number, kind=Kind.HEARTBEAT, title=title, severity=EventSeverity.INFO, at=now)
                out.append((beat.receiver, notice))
        return out


_HOUR = timedelta(hours=1)


def _describe(group: Group, alert: Alert) -> None:
    """The group shows its worst alert, safe to show."""
    group.severity = alert.severity
    group.title, group.zone, group.text = visible(alert.title), visible(alert.zone), visible(alert.text, 1000)
    group.steps = tuple(visible(s, 300) for s in alert.steps[:20])
    group.attack = tuple(visible(a) for a in alert.attack[:20])
    group.host = next((visible(e.host) for e in alert.events if e.host), "")
    lines = [line for event in alert.events[:SHOWN_LINES] for line in event.lines[:SHOWN_LINES]]
    group.lines = tuple(visible(line, 300) for line in lines[:SHOWN_LINES])
