"""Alerts of one rule and key become one group; a group says when somebody is to be told. No I/O, no clock.

A group is open from its first alert until its detection says that it is over, until none came for
``resolve_minutes`` (rules in ``lasting`` wait for their detection), or until somebody calls it a false positive. It is
told once after ``wait_s``, again when it becomes worse, and every ``repeat_minutes`` until somebody acknowledges it.
Silenced groups are followed and counted, and told when the silence ends before they do.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

import msgspec

from viguard.alerts.group import Group, Mark, State, describe, group_id
from viguard.alerts.limits import Limits
from viguard.alerts.notice import Kind, Notice, rank
from viguard.alerts.routing import receivers_of, silenced_until
from viguard.alerts.settings import Send, Settings
from viguard.model.event import SEVERAL, Alert, EventSeverity
from viguard.model.text import visible

MOST_GROUPS = 10_000
RECENT = 64
OVERFLOW = "(more keys than are followed one by one)"


class Groups:
    """The state machine: alerts go in, ``tick`` gives what is to be told to whom. ``now`` is an aware time."""

    def __init__(self, settings: Settings, state: State | None = None) -> None:
        self.settings = settings
        self.state = state or State()
        self._by_name = {r.name: r for r in settings.receivers}
        self.limits = Limits(self.state, self._by_name)

    def take(self, alert: Alert, now: datetime) -> None:
        """Add one alert; one that was taken before (by id) changes nothing."""
        if alert.resolved:
            known = self.state.groups.get(group_id(alert.rule, alert.key))
            if known is not None:
                known.over = True
            return
        group = self._group(alert, now)
        if alert.id in group.recent:
            return
        group.over = False
        group.recent = [*group.recent[1 - RECENT :], alert.id]
        self.state.alerts += 1
        group.count += 1
        group.last = max(group.last, now)
        worse = rank(alert.severity) > rank(group.severity)
        if worse or group.count == 1:
            describe(group, alert)
        told = group.told_severity
        if told is None or rank(group.severity) > rank(told):
            group.acknowledged_by = "" if told else group.acknowledged_by
            soon = now + timedelta(seconds=self.settings.grouping.wait_s)
            group.due = min(group.due or soon, soon)

    def tick(self, now: datetime) -> list[tuple[str, Notice]]:
        """What is to be told now, as (name of the receiver, notice)."""
        out: list[tuple[str, Notice]] = []
        for group in list(self.state.groups.values()):
            if group.due is not None and group.due <= now:
                out += self._tell(group, now)
            if group.over and (group.told or group.silenced):
                out += self._close(group, now, "The detection says that it is over.")
            elif (end := self._quiet_at(group)) is not None and end <= now:
                minutes = self.settings.grouping.resolve_minutes
                out += self._close(group, now, f"No alert for {minutes} min, which does not prove that it is over.")
        return [*(p for p in out if self.limits.may(*p, now)), *self.limits.digests(now), *self._heartbeats(now)]

    def next_due(self) -> datetime | None:
        """When ``tick`` has something to do next, None when it has nothing to wait for."""
        groups = self.state.groups.values()
        times = [g.last for g in groups if g.over and (g.told or g.silenced)]
        times += [end for g in groups if (end := self._quiet_at(g)) is not None]
        times += [g.due for g in groups if g.due]
        times += self.limits.next_due()
        times += [
            self.state.beats[b.receiver] + timedelta(minutes=b.every_minutes)
            for b in self.settings.heartbeats
            if b.receiver in self.state.beats
        ]
        return min(times, default=None)

    def open(self) -> Iterator[Group]:
        """The groups that are open and not silenced, in the order they began."""
        yield from (g for g in self.state.groups.values() if not g.silenced)

    def end(self, group: str, by: str, now: datetime) -> list[tuple[str, Notice]]:
        """Somebody says that it is over; returned is whom to tell. Raises: KeyError when there is no such group."""
        found = self.state.groups[group]
        return [p for p in self._close(found, now, f"{visible(by)} says that it is over.") if self.limits.may(*p, now)]

    def look_again(self, now: datetime) -> None:
        """After a change of the silences: those that are silenced are told now when their silence is gone."""
        for group in self.state.groups.values():
            if group.silenced:
                group.due = now

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
        return [] if true_positive else [p for p in self._close(found, now, _FALSE) if self.limits.may(*p, now)]

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

    def _quiet_at(self, group: Group) -> datetime | None:
        """When the group counts as over because nothing more was heard of it; None: its detection will say so."""
        if any(fnmatchcase(group.rule, pattern) for pattern in self.settings.grouping.lasting):
            return None
        return group.last + timedelta(minutes=self.settings.grouping.resolve_minutes)

    def _close(self, group: Group, now: datetime, why: str) -> list[tuple[str, Notice]]:
        self.state.groups.pop(group.id, None)
        notice = msgspec.structs.replace(self._notice(group, Kind.RESOLVED, now), text=why, steps=())
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
            zone=SEVERAL.join(group.zones),
            host=group.host,
            count=group.count,
            first=group.first,
            last=group.last,
            text=group.text,
            steps=group.steps,
            attack=group.attack,
            lines=group.lines,
        )

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


_FALSE = "Somebody called it a false positive."
