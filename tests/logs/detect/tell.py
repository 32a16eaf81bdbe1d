"""Events by hand, as the classifier makes them from one line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from viguard.model.event import Channel, Event, EventSeverity, Outcome

START = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)

_CHANNELS = {
    "api": Channel.API,
    "dcui": Channel.DCUI,
    "ssh": Channel.SSH,
    "shell": Channel.TECHSUPPORT,
    "sso": Channel.SSO,
}


def event(kind: str, at: float = 0, line: str = "", **told: Any) -> Event:
    """An event of class ``kind``, ``at`` seconds after the start; what Event does not know goes into fields."""
    own = {name: told.pop(name) for name in list(told) if name in Event.__struct_fields__}
    words = kind.split(".")
    login = words[0] == "login"
    own.setdefault("time", START + timedelta(seconds=at))
    own.setdefault("received_at", START + timedelta(seconds=at))
    own.setdefault("host", "esx1")
    if login:
        own.setdefault("outcome", Outcome.SUCCESS if words[1] == "success" else Outcome.FAILURE)
        own.setdefault("channel", _CHANNELS[words[2]])
    own.setdefault("severity", EventSeverity.INFO)
    return Event(event=kind, lines=(line,) if line else (), fields=told, **own)
