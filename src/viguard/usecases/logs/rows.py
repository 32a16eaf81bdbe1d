"""Events as rows: JSON objects with keys that stay, lines of a table. Nothing in them steers a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from viguard.model.event import Event
from viguard.model.text import visible

_encoder = msgspec.json.Encoder()
_STEERS = re.compile("[\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")
"""What JSON lets stand and a terminal would obey or hide."""
COLUMNS = (("TIME", 20), ("HOST", 16), ("EVENT", 24), ("OUTCOME", 8), ("USER", 16), ("SOURCE", 16), ("WHERE", 0))


def row(event: Event) -> dict[str, Any]:
    """An event as one flat object: every key of ours, None where nothing is said, then the fields of its class.

    A field of the class that is called as one of ours is called ``field_NAME``.
    """
    said: dict[str, Any] = {
        "event": event.event,
        "outcome": event.outcome,
        "user": event.user,
        "source_ip": event.source_ip,
        "channel": event.channel,
        "host": event.host or None,
        "program": event.program or None,
        "time": event.time,
        "severity": event.severity,
        "pid": event.pid,
        "vm": event.vm,
        "session": event.session,
    }
    for name, value in event.fields.items():
        said[f"field_{name}" if name in said or name in {"file", "line", "lines", "sender"} else name] = value
    return said


def lines(rows: Iterable[Any]) -> bytes:
    """Rows as JSON Lines, fit for a terminal too."""
    return safe(_encoder.encode_lines(rows))


def safe(text: bytes) -> bytes:
    """JSON in which what steers a terminal is escaped; it still means the same."""
    if text.isascii() and b"\x7f" not in text:
        return text
    return _STEERS.sub(lambda found: f"\\u{ord(found[0]):04x}", text.decode()).encode()


def table_head() -> bytes:
    """The names of the columns."""
    return _columns(tuple((name, width) for name, width in COLUMNS))


def table_line(event: Event, where: str) -> bytes:
    """An event as a line of a table; ``where`` it stands comes last."""
    time = f"{event.time:%Y-%m-%dT%H:%M:%SZ}" if event.time else ""
    cells = (time, event.host, event.event, event.outcome, event.user or "", event.source_ip or "", where)
    return _columns(tuple((cell, width) for cell, (_, width) in zip(cells, COLUMNS, strict=True)))


def _columns(cells: Iterable[tuple[str, int]]) -> bytes:
    """Cells of a width, longer ones whole: a cut address or name is worse than a crooked table."""
    shown = "  ".join((visible(cell) or "-").ljust(width) for cell, width in cells)
    return shown.rstrip().encode("utf-8", "backslashreplace") + b"\n"
