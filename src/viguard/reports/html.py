"""An audit as one HTML file: nothing is loaded from elsewhere, findings are paged, names are inert."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import cache
from importlib import resources

import msgspec
from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from viguard.model.audit import Audit
from viguard.model.result import Change, Evidence, Result, Severity, Status
from viguard.model.text import plural, visible
from viguard.reports.csv import evidence_text
from viguard.reports.grouping import by_control, how_fixed, told_apart, unjudged, unknown_reasons

LISTED = (Status.FAIL, Status.UNKNOWN, Status.WAIVED, Status.ATTESTED)
"""What the list holds; passes and not_applicable are counted per control."""


def render(audit: Audit) -> str:
    """The page. Size grows by about 250 bytes a listed result."""
    rows = by_control(audit)
    return _template().render(
        audit=audit,
        plural=plural,
        visible=visible,
        how_fixed=how_fixed,
        severities=list(Severity),
        statuses=LISTED,
        rows=rows,
        Status=Status,
        reasons=unknown_reasons(audit),
        unjudged=unjudged(audit),
        data=_inert_json(_data(audit)),
        changes=Counter(r.change for r in audit.results if r.status is Status.FAIL),
        Change=Change,
    )


def _data(audit: Audit) -> dict[str, object]:
    """Columns of small lists; texts that repeat are stored once and pointed at."""
    texts: dict[str, int] = {}

    def at(text: str) -> int:
        return texts.setdefault(text, len(texts))

    told = told_apart(audit)
    rows = [_row(r, told(r.resource), at) for r in audit.results if r.status in LISTED]
    cards = {c.id: [c.title, c.why, c.fix, c.side_effects, c.references] for c in audit.controls.values()}
    return {"rows": rows, "texts": list(texts), "controls": cards}


def _row(result: Result, name: str, at: Callable[[str], int]) -> list[object]:
    return [
        result.id,
        at(result.control),
        list(LISTED).index(result.status),
        result.severity.rank,
        at(result.resource.kind),
        at(name),
        at(result.resource.path),
        at(result.reason),
        at(result.change or ""),
        [at(_evidence(e)) for e in result.evidence],
        at(result.policy),
    ]


def _evidence(evidence: Evidence) -> str:
    text = evidence_text(evidence)
    if evidence.read_at is msgspec.UNSET:
        return text
    return f"{text}  (read {evidence.read_at:%Y-%m-%d %H:%M} UTC, {evidence.source})"


def _inert_json(data: object) -> Markup:
    """JSON that cannot end its script element or open a comment."""
    text = msgspec.json.encode(data).decode()
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return Markup(text)  # noqa: S704  (escaped on the line above)


@cache
def _template() -> Template:
    source = resources.files(__package__).joinpath("templates", "audit.html").read_text(encoding="utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(source)
