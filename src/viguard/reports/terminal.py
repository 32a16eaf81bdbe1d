"""An audit for a terminal: the summary first and last, the worst between them."""

from __future__ import annotations

from collections.abc import Callable

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from viguard.model.audit import Answer, Audit, Recommendation
from viguard.model.result import Change, Result, Severity, Status, Target
from viguard.model.snapshot import Source
from viguard.model.text import plural, visible
from viguard.reports.grouping import UNDECIDED, ControlRow, by_control, how_fixed, told_apart, unjudged, unknown_reasons

# Shape and word carry the meaning, colour only supports them.
MARKS = {
    Severity.CRITICAL: ("◆", "bold red"),
    Severity.HIGH: ("▲", "red"),
    Severity.MEDIUM: ("◧", "yellow"),
    Severity.LOW: ("○", "cyan"),
}
VERDICTS = {"holds": ("✓", "green"), "open": ("▲", "red"), "not_shown": ("?", "magenta")}
NAMES_SHOWN = 4
UNKNOWNS_SHOWN = 8
FIXED_SHOWN = 5
_TO_DECIDE = "decide it there (`viguard init` proposes one)"


def render(console: Console, audit: Audit, *, every: bool = False) -> None:
    """Print the report. ``every`` lists every finding, not the first few names of each control."""
    for part in (summary(audit), questions(audit.answers), findings(audit, every=every), fixed(audit), unknowns(audit)):
        if part is not None:
            console.print(part)
    console.print(summary(audit, ending=True))


def summary(audit: Audit, *, ending: bool = False) -> RenderableType:
    """What was read, how complete, and the counts in three or four lines."""
    lines: list[RenderableType] = [] if ending else [_estate(audit)]
    lines.append(_counts(audit))
    lines.append(_score(audit))
    lines += _warnings(audit)
    if not audit.complete:
        lines.append(_incomplete(audit, listed=not ending))
    if ending:
        lines.append(_next_step(audit))
    return Group(Text(), *lines) if ending else Group(*lines, Text())


def _estate(audit: Audit) -> Text:
    what = ", ".join(plural(n, kind) for kind, n in audit.counted.items() if n)
    text = Text(f"viguard audit of {what or 'nothing'}", style="bold")
    text.append(f"\nread {audit.read_at:%Y-%m-%d %H:%M} UTC from ", style="default not bold")
    text.append(", ".join(map(_source, audit.sources)) or "no source", style="default not bold")
    if audit.selection:
        text.append(f"\nonly {visible(audit.selection)}: the rest is read and left out here", style="default not bold")
    return text


def _source(source: Source) -> str:
    return visible(source.name, 60) + (f" ({source.trust})" if source.trust else "")


def _warnings(audit: Audit) -> list[RenderableType]:
    return [Text(f"WARNING: {visible(warning, 300)}", style="bold red") for warning in audit.warnings]


def _counts(audit: Audit) -> Text:
    failed = audit.summary.failed
    text = Text(plural(sum(failed.values()), "finding"), style="bold")
    for severity in Severity:
        if failed.get(severity):
            mark, style = MARKS[severity]
            text.append("  ").append(f"{mark} {failed[severity]:,} {severity}", style=style)
    for status in (Status.UNKNOWN, Status.WAIVED, Status.ATTESTED):
        if number := audit.summary.by_status.get(status):
            text.append(f"  {number:,} {status}", style="magenta" if status is Status.UNKNOWN else "default")
    changes = [r.change for r in audit.results if r.change in {Change.NEW, Change.REOPENED}]
    if changes:
        text.append(f"  ({changes.count(Change.NEW):,} new, {changes.count(Change.REOPENED):,} reopened)")
    return text


def _score(audit: Audit) -> Text:
    passes = audit.summary.by_status.get(Status.PASS, 0)
    if audit.summary.score is None:
        return Text("nothing could be decided: no score")
    return Text(
        f"{passes:,} passes: {audit.summary.score:.0%} of what applies is as intended; "
        f"{audit.summary.coverage:.0%} of it could be decided"
    )


def _incomplete(audit: Audit, *, listed: bool) -> Text:
    text = Text(f"INCOMPLETE: {plural(len(audit.gaps), 'gap')} in what was read", style="bold magenta")
    if not listed:
        return text
    for gap in audit.gaps[:3]:
        text.append(f"\n  {visible(gap.path, 60)} {gap.what}: {visible(gap.reason, 120)}", style="not bold")
    if len(audit.gaps) > 3:
        text.append(f"\n  and {len(audit.gaps) - 3:,} more (`--format json` lists them)", style="not bold")
    return text


def _next_step(audit: Audit) -> Text:
    text = Text("next: ", style="bold")
    if not audit.policy_file:
        return text.append("viguard init SOURCE, then audit again with --policy policy.yaml", "not bold")
    worst = next((r for r in audit.results if r.status is Status.FAIL), None)
    if worst is None:
        return text.append("nothing is open; audit again when something changes", "not bold")
    return text.append("viguard explain ", "not bold").append(worst.id).append(" (why, evidence, fix)", "not bold")


def questions(answers: tuple[Answer, ...]) -> RenderableType | None:
    """The report's five questions, a verdict and a sentence each."""
    if not answers:
        return None
    table = Table(box=None, show_header=False, padding=(0, 1), pad_edge=False)
    for answer in answers:
        mark, style = VERDICTS[answer.verdict]
        word = Text(f"{mark} {answer.verdict.replace('_', ' ')}", style=style)
        table.add_row(str(answer.number), word, Text(answer.question, style="bold"))
        table.add_row("", "", Text(answer.sentence))
    return table


def findings(audit: Audit, *, every: bool = False) -> RenderableType | None:
    """One row per control with failures, worst first, with the first names."""
    rows = [row for row in by_control(audit) if row.count(Status.FAIL)]
    if not rows:
        return None
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1), title=None)
    table.add_column("severity", no_wrap=True)
    table.add_column("open", justify="right", no_wrap=True)
    table.add_column("control and first names", ratio=1, overflow="fold")
    changed = any(r.change is not Change.NEW for row in rows for r in row.results[Status.FAIL])
    told = told_apart(audit)
    for row in rows:
        mark, style = MARKS[row.severity]
        open_of = f"{row.count(Status.FAIL):,}/{row.judged:,}"
        cell = _control_cell(row, told, every=every, flags=changed)
        table.add_row(Text(f"{mark} {row.severity}", style=style), open_of, cell)
    return table


def _control_cell(row: ControlRow, told: Callable[[Target], str], *, every: bool, flags: bool) -> Text:
    cell = Text(row.control, style="bold").append(f"  {row.title}", style="not bold")
    failed = row.results[Status.FAIL]
    if every:
        for result in failed:
            cell.append(f"\n{result.id} {visible(result.resource.path)}", style="not bold")
            cell.append(f"\n  {visible(result.reason, 300)}", style="not bold dim")
        return cell
    names = ", ".join(_name(r, told, flags=flags) for r in failed[:NAMES_SHOWN])
    more = f" and {len(failed) - NAMES_SHOWN:,} more" if len(failed) > NAMES_SHOWN else ""
    return cell.append(f"\n{names}{more}", style="not bold dim")


def _name(result: Result, told: Callable[[Target], str], *, flags: bool) -> str:
    """A name with what became of its finding. In a first audit everything is new, and saying so is noise."""
    words = {Change.NEW: " (new)", Change.REOPENED: " (reopened)"} if flags else {}
    flag = words.get(result.change or Change.OPEN, "")
    return f"{visible(told(result.resource), 80)}{flag}"


def fixed(audit: Audit) -> RenderableType | None:
    """Findings of the last audit that are gone: the first few by name, then how many more."""
    if not audit.fixed:
        return None
    text = Text(f"✓ {plural(len(audit.fixed), 'finding')} of the last audit fixed or gone", style="green")
    for finding in audit.fixed[:FIXED_SHOWN]:
        text.append(f"\n  {finding.control}  {visible(finding.path, 120)}: {how_fixed(finding)}", style="default")
    if len(audit.fixed) > FIXED_SHOWN:
        text.append(f"\n  and {len(audit.fixed) - FIXED_SHOWN:,} more (`--format json` lists them)", style="default")
    return text


def unknowns(audit: Audit) -> RenderableType | None:
    """Why results are unknown, folded: one line per reason, what depends on the policy in one line."""
    reasons = unknown_reasons(audit)
    missing = unjudged(audit)
    if not reasons and not missing:
        return None
    table = Table(box=None, show_header=False, padding=(0, 1), pad_edge=False)
    for reason, number, controls in reasons[:UNKNOWNS_SHOWN]:
        shown = ", ".join(controls[:3]) + (f" and {len(controls) - 3} more" if len(controls) > 3 else "")
        told = f"{reason}: {_TO_DECIDE}" if reason == UNDECIDED else visible(reason, 160)
        table.add_row(Text("? unknown", "magenta"), f"{number:,}", Text(told), Text(shown, "dim"))
    if len(reasons) > UNKNOWNS_SHOWN:
        rest = sum(n for _, n, _ in reasons[UNKNOWNS_SHOWN:])
        table.add_row(Text("? unknown", "magenta"), f"{rest:,}", f"for {len(reasons) - UNKNOWNS_SHOWN} more reasons")
    if missing:
        table.add_row(
            Text("- not judged", "dim"), str(len(missing)), "controls: the estate holds nothing of their kind"
        )
    return table


def roadmap(items: tuple[Recommendation, ...]) -> RenderableType:
    """Open recommendations of the report, ranked."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    for heading in ("#", "chapter of the report", "severity", "open", "unknown", "what to do"):
        table.add_column(heading, justify="right" if heading in {"#", "open", "unknown"} else "left", overflow="fold")
    for item in items:
        mark, style = MARKS[item.severity]
        what = Text(item.title, "bold").append(f"\n{item.fix}", "not bold dim")
        severity = Text(f"{mark} {item.severity}", style)
        table.add_row(str(item.rank), item.chapter, severity, f"{item.open:,}", f"{item.unknown:,}", what)
    return table


def asked(console: Console, audit: Audit) -> None:
    """Print the five answers with the results they rest on, then the roadmap."""
    for warning in _warnings(audit):
        console.print(warning)
    for answer in audit.answers:
        mark, style = VERDICTS[answer.verdict]
        console.print(Text(f"{answer.number}  {answer.question}", "bold"))
        console.print(Text(f"   {mark} {answer.verdict.replace('_', ' ')}  ", style).append(answer.sentence, "default"))
        console.print(Text(f"   The report: {answer.report}", "dim"))
        cited = [*answer.findings, *answer.unknown]
        if cited:
            more = f" and {len(cited) - 6:,} more" if len(cited) > 6 else ""
            console.print(Text(f"   rests on {', '.join(cited[:6])}{more}", "dim"))
        for fact in answer.facts:
            console.print(Text(f"     {fact}", "dim"))
        console.print()
    console.print(Text("What is the best way to a secure virtual infrastructure? What is left of the report:", "bold"))
    console.print(roadmap(audit.roadmap))
