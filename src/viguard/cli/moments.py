"""Times on the command line."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import click

_AGO = re.compile(r"(\d{1,6})([smhdw])", re.ASCII)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def time(value: str) -> datetime:
    """The time, in UTC, of a date or time of ISO 8601 (without an offset: UTC), or of so long ago: 30m, 2h, 7d, 4w.

    Raises: click.BadParameter.
    """
    try:
        if ago := _AGO.fullmatch(value):
            return datetime.now(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        found = datetime.fromisoformat(value)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        hint = "write 2026-11-23, 2026-11-23T10:00+01:00, or 2h for two hours ago"
        raise click.BadParameter(f"{value!r} is no time; {hint}") from None
