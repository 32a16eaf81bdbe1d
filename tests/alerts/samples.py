"""Alerts and times for tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from viguard.alerts.load import loads_alerts
from viguard.alerts.notice import Kind, Notice
from viguard.alerts.settings import Settings
from viguard.model.event import Alert, Channel, Event, EventSeverity, Outcome

START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)  # a Monday
HOSTILE = (
    "x\x1b[31m\x1b]8;;http://evil\x07",
    "x\nTo: 99999\n[0] SHUTDOWN_PROGRAM",
    "x\r\nBcc: evil@example.org",
    "x;0;all is well|open=0",
    "x`touch {flag}`",
    "x$(touch {flag})",
    "x'; touch {flag}; '",
    'x"; touch {flag}; "',
    "x & touch {flag} &",
    "<script>alert(1)</script>",
    "x\u202egnp\u2066",
    "x\x00\x85\u2028end",
    "x\\nSECOND LINE",
    '"] [evil@1 zone="prod"',
)


def at(minutes: float = 0, seconds: float = 0) -> datetime:
    """A time after the start."""
    return START + timedelta(minutes=minutes, seconds=seconds)


def event(**changes: object) -> Event:
    """A failed login."""
    values: dict[str, object] = {
        "event": "login.failure.api",
        "time": START,
        "outcome": Outcome.FAILURE,
        "severity": EventSeverity.LOW,
        "channel": Channel.API,
        "user": "root",
        "source_ip": "10.0.0.9",
        "host": "esx5",
        "lines": ("Rejected password for user root from 10.0.0.9",),
    }
    return Event(**(values | changes))  # type: ignore[arg-type]


def alert(number: int = 1, **changes: object) -> Alert:
    """A brute force against esx5."""
    values: dict[str, object] = {
        "id": f"a{number}",
        "rule": "bruteforce",
        "title": "Many failed logins",
        "severity": EventSeverity.HIGH,
        "key": "root@esx5",
        "time": START,
        "events": (event(),),
        "zones": ("management",),
        "steps": ("Ask the owner of the account",),
    }
    return Alert(**(values | changes))  # type: ignore[arg-type]


def notice(name: str = "n1", **changes: object) -> Notice:
    """A firing notice."""
    values: dict[str, object] = {
        "id": name,
        "kind": Kind.FIRING,
        "title": "Many failed logins",
        "severity": EventSeverity.HIGH,
        "at": START,
        "group": "g1",
        "rule": "bruteforce",
        "key": "root@esx5",
        "host": "esx5",
        "first": START,
        "last": START,
    }
    return Notice(**(values | changes))  # type: ignore[arg-type]


def settings(text: str) -> Settings:
    """Settings from a text."""
    return loads_alerts(text, "alerts.yaml")


TWO = """
fallback: second
receivers:
- {name: first, smstools: {outgoing: /nowhere, numbers: ["32475123456"]}}
- {name: second, smstools: {outgoing: /nowhere, numbers: ["32475123457"]}}
"""
