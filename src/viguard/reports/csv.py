"""Results as CSV for a spreadsheet."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

import msgspec

from viguard.model.audit import Audit
from viguard.model.result import Evidence, Result
from viguard.model.text import visible

COLUMNS = ("id", "control", "status", "severity", "profile", "kind", "name", "path", "reason", "change", "evidence")

_HIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
"""Characters that a terminal would obey, or that turn text around: a CSV is looked at with cat, too."""


def lines(audit: Audit) -> Iterator[str]:
    """CSV lines (RFC 4180) with a heading; every result is a row.

    No cell starts a formula; control and direction characters are shown as ``\\uXXXX``.
    """
    yield _line(COLUMNS)
    for result in audit.results:
        yield _line(_row(result))


def _row(result: Result) -> tuple[str, ...]:
    target = result.resource
    return (
        result.id,
        result.control,
        result.status,
        result.severity,
        result.profile,
        target.kind,
        target.name,
        target.path,
        result.reason,
        result.change or "",
        "; ".join(evidence_text(e) for e in result.evidence),
    )


def evidence_text(evidence: Evidence) -> str:
    """One fact as ``property = value`` or ``property unknown: reason``."""
    if evidence.unknown is not msgspec.UNSET:
        return f"{evidence.property} unknown: {evidence.unknown}"
    value = "unset" if evidence.value is None else msgspec.json.encode(evidence.value).decode()
    return f"{evidence.property} = {value}"


def _line(cells: tuple[str, ...]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow([_inert(str(c)) for c in cells])
    return out.getvalue()


def _inert(cell: str) -> str:
    """A spreadsheet takes these first characters as a formula; an apostrophe makes the cell text."""
    cell = _HIDDEN.sub(lambda found: visible(found[0]), cell)
    return f"'{cell}" if cell[:1] in {"=", "+", "-", "@", "\t", "\r"} else cell
