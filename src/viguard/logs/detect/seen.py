"""An event as a rule sees it: every field by its Sigma name."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeAlias

from viguard.logs.block import API
from viguard.logs.detect.intent import Sight
from viguard.logs.telling import host_of
from viguard.model.event import SEVERAL, Event

Value: TypeAlias = str | int | float | None

SKEW_BELIEVED = timedelta(minutes=10)
"""How far a claimed time may be from its receipt to count as the time of an event."""
_WRAPPERS = frozenset({"sudo", "nohup", "exec", "time", "env", "busybox", "setsid", "nice", "command", "&"})
_STEP = re.compile(r"\|\||&&|[;|\n&]")


def moment(event: Event) -> datetime | None:
    """When an event counts as having happened: the time that it claims, unless its receipt shows that it is wrong.

    What a server was asked for may be hours old when it is received: its own time counts.
    """
    claimed, received = event.time, event.received_at
    if event.transport == API:
        return claimed or received
    if claimed is not None and received is not None and abs(claimed - received) > SKEW_BELIEVED:
        return received
    return claimed or received


class Seen:
    """One event with what the owner's intent says of it; ``command`` is one command of a line of several."""

    __slots__ = ("command", "event", "is_maintained", "sight")

    def __init__(self, event: Event, sight: Sight, *, is_maintained: bool | None = None, command: str = "") -> None:
        self.event, self.sight, self.is_maintained = event, sight, is_maintained
        self.command = command or str(event.fields.get("command", ""))

    def get(self, name: str) -> Value:
        """The value of a field, None when the event has none."""
        getter = FIELDS.get(name)
        if getter is not None:
            return getter(self)
        return self.event.fields.get(name)

    @property
    def zones(self) -> tuple[str, ...]:
        """The zones of the guest, or else of the host."""
        return self.sight.zones_of(self.event.vm or "") or self.sight.zones_of(host_of(self.event))

    def values(self, name: str) -> tuple[Value, ...]:
        """What may fulfil a rule: the values of a field that can have several, else its only one."""
        return (self.zones or (None,)) if name == "zone" else (self.get(name),)

    def processes(self) -> list[Seen]:
        """The commands of a shell line, one for each program that it starts; empty for another event."""
        if self.event.event != "shell.command" or not self.command:
            return []
        parts = [part.strip() for part in _STEP.split(self.command[:16_384])] if _STEP.search(self.command) else []
        whole = [self.command, *(p for p in parts if p and p != self.command)]
        return [Seen(self.event, self.sight, is_maintained=self.is_maintained, command=part) for part in whole[:33]]


def image_of(command: str) -> str | None:
    """The program of a command as a path: rules for processes want one, and a shell's log has the bare word."""
    for word in command.split():
        if word in _WRAPPERS or ("=" in word and word.partition("=")[0].isidentifier()):
            continue
        return word if word.startswith("/") else f"/bin/{word.rpartition('/')[2]}"
    return None


def _truth(value: bool | None) -> str | None:  # noqa: FBT001  (private, one fact)
    return None if value is None else str(value).lower()


def _skew(seen: Seen) -> float | None:
    claimed, received = seen.event.time, seen.event.received_at
    if seen.event.transport == API:
        return None
    return None if claimed is None or received is None else abs((received - claimed).total_seconds())


def _is_sender_known(seen: Seen) -> bool | None:
    if seen.event.transport == API:  # a vCenter tells of its hosts
        return None
    return seen.sight.is_sender_known(seen.event.host, seen.event.sender)


def _zone(seen: Seen) -> str | None:
    return SEVERAL.join(seen.zones) or None


def _guest(seen: Seen) -> Value:
    fields = seen.event.fields
    return seen.event.vm or fields.get("vm_path") or fields.get("object")


def _local(part: Callable[[datetime], int]) -> Callable[[Seen], Value]:
    def get(seen: Seen) -> Value:
        time = moment(seen.event)
        return None if time is None else part(seen.sight.local(time))

    return get


FIELDS: dict[str, Callable[[Seen], Value]] = {
    "event": lambda seen: seen.event.event,
    "outcome": lambda seen: seen.event.outcome.value,
    "severity": lambda seen: seen.event.severity.value,
    "channel": lambda seen: seen.event.channel,
    "user": lambda seen: seen.event.user,
    "source_ip": lambda seen: seen.event.source_ip,
    "host": lambda seen: host_of(seen.event) or None,
    "program": lambda seen: seen.event.program or None,
    "pid": lambda seen: seen.event.pid,
    "vm": _guest,
    "session": lambda seen: seen.event.session,
    "sender": lambda seen: seen.event.sender or None,
    "message": lambda seen: "\n".join(seen.event.lines) or None,
    "command": lambda seen: seen.command or None,
    "Image": lambda seen: image_of(seen.command),
    "zone": _zone,
    "source_zone": lambda seen: seen.sight.zone_of_address(seen.event.source_ip),
    "time": lambda seen: None if (at := moment(seen.event)) is None else at.isoformat(),
    "hour": _local(lambda time: time.hour),
    "weekday": _local(lambda time: time.weekday()),
    "clock_skew_s": _skew,
    "source_allowed": lambda seen: _truth(seen.sight.is_source_allowed(seen.event.source_ip)),
    "time_allowed": lambda seen: _truth(seen.sight.is_time_allowed(moment(seen.event))),
    "sender_known": lambda seen: _truth(_is_sender_known(seen)),
    "maintenance": lambda seen: _truth(seen.is_maintained),
}
"""Every field that an event has besides its own ``fields``. Times are in the owner's time zone."""

for _own, _others in {
    "user": ("User",),
    "source_ip": ("src_ip", "SourceIp"),
    "host": ("hostname", "Computer"),
    "program": ("ProcessName",),
    "command": ("CommandLine",),
}.items():
    FIELDS.update(dict.fromkeys(_others, FIELDS[_own]))
