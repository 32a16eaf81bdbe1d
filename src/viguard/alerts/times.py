"""Hours, days and ends as alerts.yaml writes them."""

from __future__ import annotations

import re
from datetime import datetime, time

_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)", re.ASCII)


def hours_of(text: str) -> tuple[time, time] | None:
    """``HH:MM-HH:MM`` as start and end, or None when it is not written so."""
    found = _HOURS.fullmatch(text)
    if not found:
        return None
    a, b, c, d = map(int, found.groups())
    return time(a, b), time(c, d)


def within(at: time, start: time, end: time) -> bool:
    """Whether a time of the day lies from ``start`` to before ``end``; over midnight when ``end`` is not later."""
    return start <= at < end if start < end else at >= start or at < end


def end_of(text: str) -> datetime | None:
    """A time with its offset (``2026-12-01T12:00+01:00``), or None when it is not one or the offset is missing."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None
