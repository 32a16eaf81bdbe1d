"""Results gathered for people: one row per control, worst first; unknowns by why."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from viguard.model.audit import Audit, ControlCard, FixedFinding
from viguard.model.result import Kind, Result, Severity, Status, Target

UNDECIDED = "depends on the policy"
"""What every result is folded into that is unknown because the owner has not decided something."""

_HOW = {"pass": "passes now", "not_applicable": "no longer applies", "gone": "the resource is gone"}


@dataclass
class ControlRow:
    """One control with what became of it: counts by status and its results by status."""

    control: str
    title: str
    severity: Severity
    results: dict[Status, list[Result]] = field(default_factory=lambda: defaultdict(list))

    def count(self, status: Status) -> int:
        """How many results have this status."""
        return len(self.results.get(status, ()))

    @property
    def judged(self) -> int:
        """Results that apply: all but not_applicable."""
        return sum(len(r) for s, r in self.results.items() if s is not Status.NOT_APPLICABLE)


def by_control(audit: Audit) -> list[ControlRow]:
    """One row per control that was judged, worst first: failures by severity, then by number."""
    rows: dict[str, ControlRow] = {}
    for result in audit.results:
        row = rows.get(result.control)
        if row is None:
            card = audit.controls.get(result.control)
            title = card.title if card else result.control
            row = rows[result.control] = ControlRow(result.control, title, result.severity)
        row.results[result.status].append(result)
    return sorted(rows.values(), key=_worst_first)


def _worst_first(row: ControlRow) -> tuple[bool, int, int, str]:
    failed = row.count(Status.FAIL)
    return (not failed, row.severity.rank, -failed, row.control)


def unknown_reasons(audit: Audit) -> list[tuple[str, int, list[str]]]:
    """Why results are unknown: reason, number of results, control ids; most frequent first."""
    number: Counter[str] = Counter()
    controls: dict[str, set[str]] = defaultdict(set)
    for result in audit.results:
        if result.status is Status.UNKNOWN:
            reason = UNDECIDED if _undecided(result) else result.reason
            number[reason] += 1
            controls[reason].add(result.control)
    return [(reason, n, sorted(controls[reason])) for reason, n in number.most_common()]


def _undecided(result: Result) -> bool:
    """Whether the owner can decide it: a key of the policy that stands at its default, or a missing attestation."""
    waits = result.reason.startswith("no source yet")
    return (result.policy.endswith("(default)") and not waits) or result.reason.startswith("needs a statement")


def unjudged(audit: Audit) -> list[ControlCard]:
    """Controls for which the estate holds no resource of their kind: nothing was judged, nothing passed."""
    seen = {r.control for r in audit.results}
    return [card for card in audit.controls.values() if card.id not in seen]


def how_fixed(finding: FixedFinding) -> str:
    """How a finding went, in words."""
    return _HOW.get(finding.how, finding.how)


def told_apart(audit: Audit) -> Callable[[Target], str]:
    """Gives the name of a resource as reports show it: where the same name stands at several vCenters, with its own."""
    if len(audit.sources) == 1:
        return _name
    roots: dict[tuple[Kind, str], set[str]] = defaultdict(set)
    for result in audit.results:
        roots[result.resource.kind, _name(result.resource)].add(_root(result.resource))

    def told(target: Target) -> str:
        name = _name(target)
        return f"{name} ({_root(target)})" if len(roots[target.kind, name]) > 1 else name

    return told


def _name(target: Target) -> str:
    """The name; a part of a host, whose name stands on every host, with its host before it."""
    if target.kind in {Kind.SWITCH, Kind.PORT_GROUP}:
        return "/".join(target.path.split("/")[-2:])
    return target.name or target.path


def _root(target: Target) -> str:
    return target.path.removeprefix("/").partition("/")[0]
