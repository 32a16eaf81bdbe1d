"""What is remembered of open trouble."""

from __future__ import annotations

import hashlib
from datetime import datetime

import msgspec

from viguard.model.event import Alert, EventSeverity
from viguard.model.text import visible

SHOWN_LINES = 3


class Group(msgspec.Struct, kw_only=True):
    """The trouble of one rule and key while it is open. ``due``: when to tell next, None when nobody waits for it."""

    id: str
    rule: str
    key: str
    title: str
    severity: EventSeverity
    first: datetime
    last: datetime
    zones: tuple[str, ...] = ()
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
    over: bool = False


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


def describe(group: Group, alert: Alert) -> None:
    """Make the group show this alert, its worst, safe to show."""
    group.severity = alert.severity
    group.title, group.text = visible(alert.title), visible(alert.text, 1000)
    group.zones = tuple(map(visible, alert.zones))
    group.steps = tuple(visible(s, 300) for s in alert.steps[:20])
    group.attack = tuple(visible(a) for a in alert.attack[:20])
    group.host = next((visible(e.host) for e in alert.events if e.host), "")
    lines = [line for event in alert.events[:SHOWN_LINES] for line in event.lines[:SHOWN_LINES]]
    group.lines = tuple(visible(line, 300) for line in lines[:SHOWN_LINES])
