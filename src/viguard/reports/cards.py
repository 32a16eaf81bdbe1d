"""Controls and single findings for a terminal."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from viguard.model.audit import ControlCard
from viguard.model.facts import Struct
from viguard.model.result import Result, Status
from viguard.model.text import visible
from viguard.reports.csv import evidence_text
from viguard.reports.terminal import MARKS


class Listed(Struct, frozen=True, kw_only=True, omit_defaults=False):
    """A control in a list. ``state`` is evaluated, attested or ``waits for SOURCE``."""

    card: ControlCard
    state: str


def listed(console: Console, items: Iterable[Listed]) -> None:
    """Print a list of controls."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    for heading in ("id", "severity", "state"):
        table.add_column(heading, no_wrap=True)
    table.add_column("title", ratio=1, overflow="fold")
    number = 0
    for number, item in enumerate(items, 1):  # noqa: B007  (counted for the last line)
        mark, style = MARKS[item.card.severity]
        severity = Text(f"{mark} {item.card.severity}", style)
        state_style = "" if item.state == "evaluated" else "magenta"
        table.add_row(item.card.id, severity, Text(item.state, state_style), item.card.title)
    console.print(table)
    console.print(f"{number} controls")


def document(items: Iterable[Listed]) -> bytes:
    """A list of controls as JSON."""
    return msgspec.json.format(msgspec.json.encode(list(items)), indent=1) + b"\n"


def card(console: Console, shown: ControlCard, state: str, expectations: Iterable[tuple[str, str]]) -> None:
    """Print everything about one control. ``expectations`` are pairs of profile and text."""
    mark, style = MARKS[shown.severity]
    console.print(Text(shown.id, "bold").append(f"  {mark} {shown.severity}", style))
    console.print(shown.title)
    table = _pairs()
    table.add_row("state", state)
    table.add_row("judges", ", ".join(shown.kinds))
    table.add_row("needs", ", ".join(shown.needs))
    for profile, text in expectations:
        table.add_row(f"expects ({profile})", Text(text))
    _why_and_fix(table, shown)
    console.print(table)


def explanation(console: Console, result: Result, shown: ControlCard | None, history: Iterable[str]) -> None:
    """Print one result: what, why, evidence, the deciding line of the policy, fix, side effects."""
    mark, style = MARKS[result.severity]
    console.print(Text(result.id, "bold").append(f"  {mark} {result.severity} {result.status}", style))
    console.print(Text(f"{result.control}: {shown.title if shown else ''}"))
    table = _pairs()
    table.add_row("resource", Text(f"{result.resource.kind} {visible(result.resource.path, 400)}"))
    if result.reason:
        table.add_row("what is wrong" if result.status is Status.FAIL else "reason", Text(visible(result.reason, 1000)))
    for fact in result.evidence:
        when = "" if fact.read_at is msgspec.UNSET else f"  (read {fact.read_at:%Y-%m-%d %H:%M} UTC, {fact.source})"
        table.add_row("evidence", Text(visible(evidence_text(fact), 1000) + when))
    table.add_row("profile", result.profile)
    table.add_row("policy", Text(result.policy or "no line of a policy decided this"))
    for line in history:
        table.add_row("history", Text(line))
    if shown:
        _why_and_fix(table, shown)
    console.print(table)


def _pairs() -> Table:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    return table


def _why_and_fix(table: Table, shown: ControlCard) -> None:
    for name, text in (("why", shown.why), ("fix", shown.fix), ("side effects", shown.side_effects)):
        if text:
            table.add_row(name, Text(text))
    for guide, ids in shown.references.items():
        table.add_row(guide, ", ".join(ids))
