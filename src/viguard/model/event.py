"""Something that log lines or a vCenter's events say has happened, and what is made of it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from viguard.model.facts import Struct


class Outcome(StrEnum):
    """How it went, as the line says."""

    SUCCESS = "success"
    FAILURE = "failure"
    UNKNOWN = "unknown"


class Channel(StrEnum):
    """The way somebody comes in."""

    API = "api"
    DCUI = "dcui"
    SSH = "ssh"
    TECHSUPPORT = "techsupport"
    CONSOLE = "console"
    SSO = "sso"
    APPLIANCE = "appliance"


class EventSeverity(StrEnum):
    """How bad an event or alert is, worst last. Findings know no info: see ``result.Severity``."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


SEVERAL = ", "
"""What joins several zones or owners where one text names them."""
NOISE = "noise"
"""The event of a line that says nothing of what viguard knows."""


class Event(Struct, frozen=True, kw_only=True):
    """One fact, from one line or from several that tell the same.

    ``event`` is the id of its class (content/logs/events). ``user`` is who did it, None where the line does not say;
    ``host`` and ``program`` are what the line claims. ``fields`` holds whatever else the class names (target_user,
    count, command, …). ``lines`` are the lines as received, the first the one that decided. ``sender`` is the address
    that they came from, "" when they were read from a file; ``transport`` is "api" when a server was asked for it.
    """

    event: str
    time: datetime | None = None
    outcome: Outcome = Outcome.UNKNOWN
    severity: EventSeverity = EventSeverity.INFO
    channel: Channel | None = None
    user: str | None = None
    source_ip: str | None = None
    host: str = ""
    program: str = ""
    pid: int | None = None
    vm: str | None = None
    session: str | None = None
    fields: dict[str, str | int] = msgspec.field(default_factory=dict)
    lines: tuple[str, ...] = ()
    sender: str = ""
    transport: str = ""
    received_at: datetime | None = None


class Alert(Struct, frozen=True, kw_only=True):
    """What a detection makes of one or more events, for people.

    ``rule`` is the id of the detection, ``key`` what it is about (host, user, address, guest): alerts of one rule and
    key are the same trouble; one that is ``resolved`` says that it is over. ``steps`` are the first steps of a
    response, ``attack`` ids of ATT&CK techniques. ``zones`` are those of the guest or host, as far as they are known.
    """

    id: str
    rule: str
    title: str
    severity: EventSeverity
    key: str
    time: datetime
    events: tuple[Event, ...]
    attack: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    text: str = ""
    resolved: bool = False
