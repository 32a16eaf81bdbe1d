"""Writes docs/events.md, the table of the classes of events: `python docs/events.py`."""

from __future__ import annotations

from pathlib import Path

from viguard.logs.cases import cases
from viguard.logs.classes import EventClass, classes
from viguard.model.event import NOISE

TARGET = Path(__file__).with_name("events.md")
_HEAD = """# Events

What viguard makes of log lines: {count} classes, and `noise` for every other line.
Written by `python docs/events.py` from `src/viguard/content/logs/events`; the lines in which each comes are in
`src/viguard/content/logs/cases`.

*Seen in* says where a class comes from: `lines` of programs, `host` observations (`esx.*`, `vob.*`), events of a
`vcenter` (by id or by text), `audit` records of ESXi 7 and later, or `derived` from other events by a detection.

The cases, each of which has to be what it says: {outside} lines of events whose form is written down outside,
{own} that are self-written, {noise} lines of noise that look like an event. How many public lines are recognised:
[performance](performance.md#recall-and-false-alarms).
"""


def table() -> str:
    """The whole document."""
    groups: dict[str, list[EventClass]] = {}
    for kind in classes().values():
        if kind.id != NOISE:
            groups.setdefault(kind.group, []).append(kind)
    told = [case for case in cases() if case.event != NOISE]
    own = sum(case.source.startswith("self-written") for case in told)
    figures = {"outside": len(told) - own, "own": own, "noise": len(cases()) - len(told)}
    parts = [_HEAD.format(count=sum(map(len, groups.values())), **figures)]
    for group, kinds in groups.items():
        rows = [f"| `{k.id}` | {k.title} | {k.severity} | {_seen(k)} | {_notes(k)} |" for k in kinds]
        parts.append(
            "\n".join(
                [f"## {group}", "", "| event | what | severity | seen in | notes |", "|---|---|---|---|---|", *rows]
            )
        )
    return "\n".join(f"{part.strip()}\n" for part in parts)


def _seen(kind: EventClass) -> str:
    ways = {
        "derived": kind.kind == "derived",
        "lines": kind.lines,
        "host": kind.vob,
        "vcenter": kind.vcenter or kind.says,
        "audit": kind.audit,
    }
    return ", ".join(way for way, there in ways.items() if there)


def _notes(kind: EventClass) -> str:
    return " ".join(part for part in (f"When: {kind.derive}." if kind.derive else "", kind.notes) if part).replace(
        "|", "\\|"
    )


if __name__ == "__main__":
    TARGET.write_text(table(), encoding="utf-8")
