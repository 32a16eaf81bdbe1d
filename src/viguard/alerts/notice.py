"""What a receiver is told, and how it reads. Names in it come from log lines: every text is made safe to show here."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from enum import StrEnum

from viguard.model.event import EventSeverity
from viguard.model.facts import Struct
from viguard.model.text import plural, visible

SMS_LENGTH = 160
WORST = tuple(EventSeverity)


class Kind(StrEnum):
    """Why a notice is sent."""

    FIRING = "firing"
    RESOLVED = "resolved"
    DIGEST = "digest"  # what a rate limit held back
    TROUBLE = "trouble"  # of viguard itself: a receiver does not take its notices
    HEARTBEAT = "heartbeat"


class Notice(Struct, frozen=True, kw_only=True):
    """One message to one receiver; every text is printable. ``group`` "" is about no group.

    ``host`` is the name that the lines claim. ``lines`` are the first lines of evidence. ``count``: alerts in it.
    """

    id: str
    kind: Kind
    title: str
    severity: EventSeverity
    at: datetime
    group: str = ""
    rule: str = ""
    key: str = ""
    zone: str = ""
    host: str = ""
    count: int = 1
    first: datetime | None = None
    last: datetime | None = None
    text: str = ""
    steps: tuple[str, ...] = ()
    attack: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()


def rank(severity: EventSeverity) -> int:
    """How bad, 0 the least."""
    return WORST.index(severity)


def subject(notice: Notice) -> str:
    """One line for a subject or a list, at most 200 characters."""
    word = notice.severity.upper() if notice.kind in {Kind.FIRING, Kind.DIGEST, Kind.TROUBLE} else notice.kind.upper()
    about = f": {notice.key}" if notice.key else ""
    return visible(f"[viguard {word}] {notice.title}{about}", 200)


def body(notice: Notice) -> str:
    """Several lines for a mail or a chat; only line feeds end them."""
    rows = [subject(notice)]
    if notice.group:
        rows += [f"Rule: {notice.rule}", f"About: {notice.key}"]
        rows += [f"Zone: {notice.zone}"] if notice.zone else []
        rows.append(f"{plural(notice.count, 'alert')}, {_time(notice.first)} to {_time(notice.last)}")
    rows += ["", notice.text] if notice.text else []
    rows += ["", "First steps:", *(f"{n}. {step}" for n, step in enumerate(notice.steps, 1))] if notice.steps else []
    rows += ["", f"ATT&CK: {', '.join(notice.attack)}"] if notice.attack else []
    rows += ["", "As received:", *(f"  {line}" for line in notice.lines)] if notice.lines else []
    return "\n".join(visible(row, 1000) for row in rows) + "\n"


def short(notice: Notice) -> str:
    """At most 160 characters of ASCII: one SMS or page."""
    plain = unicodedata.normalize("NFKD", subject(notice)).encode("ascii", "ignore").decode()
    return plain if len(plain) <= SMS_LENGTH else plain[: SMS_LENGTH - 3] + "..."


def _time(at: datetime | None) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC") if at else "?"
