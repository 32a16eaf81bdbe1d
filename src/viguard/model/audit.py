"""An audit as a whole: what was judged, with which outcome, and what to do next."""

from __future__ import annotations

from datetime import datetime

import msgspec

from viguard.model.facts import Struct
from viguard.model.result import Kind, Result, Severity, Status
from viguard.model.snapshot import Gap, Source

AUDIT_SCHEMA = "viguard-audit/1"


class ControlCard(Struct, frozen=True, kw_only=True):
    """What a report says of a control. ``references`` are ids by guide (report, scg, stig, cis)."""

    id: str
    title: str
    section: str  # report, modern
    kinds: tuple[Kind, ...]
    severity: Severity
    why: str = ""
    fix: str = ""
    side_effects: str = ""
    references: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    needs: tuple[str, ...] = ()


class Summary(Struct, frozen=True, kw_only=True):
    """Counts of an audit.

    ``score`` is the share of passes among passes, failures and unknowns (0..1, None when there is none), so that not
    looking never raises it; waived and attested results are outside it and counted on their own. ``coverage`` is the
    share of results that are not unknown among those that apply.
    """

    by_status: dict[Status, int] = msgspec.field(default_factory=dict)
    failed: dict[Severity, int] = msgspec.field(default_factory=dict)
    score: float | None = None
    coverage: float = 0.0


class FixedFinding(Struct, frozen=True, kw_only=True):
    """A finding of the last audit that is gone. ``how``: it passes now, or its resource is gone."""

    id: str
    control: str
    path: str
    how: str = ""


class Answer(Struct, frozen=True, kw_only=True):
    """What this estate says to one question of the report.

    ``verdict`` is holds, open or not_shown; ``findings`` and ``unknown`` are the result ids that it rests on.
    """

    number: int
    question: str
    verdict: str
    sentence: str
    report: str = ""  # what the report answers
    findings: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()


class Recommendation(Struct, frozen=True, kw_only=True):
    """One open recommendation of the report: a chapter's control with what is left to do."""

    rank: int
    chapter: str
    control: str
    title: str
    severity: Severity
    open: int
    unknown: int
    fix: str = ""


class Audit(Struct, frozen=True, kw_only=True, omit_defaults=False):
    """One audit. ``counted``: selected resources by kind; ``warnings``: what weakens it, such as how a source
    was reached; ``store_note`` says why history is missing, if it is."""

    started_at: datetime
    ended_at: datetime
    read_at: datetime
    tool: str
    sources: tuple[Source, ...] = ()
    warnings: tuple[str, ...] = ()
    complete: bool = True
    gaps: tuple[Gap, ...] = ()
    policy_file: str = ""
    selection: str = ""  # what was left in by filters, in words; empty: everything
    counted: dict[str, int] = msgspec.field(default_factory=dict)
    results: tuple[Result, ...] = ()
    fixed: tuple[FixedFinding, ...] = ()
    controls: dict[str, ControlCard] = msgspec.field(default_factory=dict)
    summary: Summary = Summary()
    answers: tuple[Answer, ...] = ()
    roadmap: tuple[Recommendation, ...] = ()
    store_note: str = ""
    schema: str = AUDIT_SCHEMA
