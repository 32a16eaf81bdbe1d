"""How a log server is, in words: its status file, which probes read as numbers."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

import msgspec

from viguard.alerts.probes.status_file import UnusableError, read
from viguard.alerts.status import Status
from viguard.errors import InputError
from viguard.model.event import EventSeverity
from viguard.model.text import plural

NAME = "status.json"
MAX_AGE_S = 120.0
"""As long as ``viguard-check`` believes a status."""


def told(directory: Path) -> list[str]:
    """Lines on the log server of a directory: since when it runs, alerts, findings, and what is wrong.

    Raises: InputError when its status is missing, no status, or too old: then nothing is known.
    """
    file = directory / NAME
    try:
        status = msgspec.convert(read(str(file), MAX_AGE_S, time.time()), Status)
    except (UnusableError, msgspec.ValidationError) as error:
        hint = "name the directory of serve.yaml; is the log server running, and may you read its status?"
        raise InputError(str(error), where=str(file), hint=hint) from error
    return list(_lines(status))


def _lines(status: Status) -> Iterator[str]:
    yield f"viguard {status.version}, running since {_time(status.started_at)}; {_time(status.written_at)}:"
    silenced = f"; {status.silenced:,} silenced" if status.silenced else ""
    yield f"open alerts: {_by_severity(status.open)}{silenced}"
    yield _findings(status)
    yield f"hosts heard: {len(status.hosts):,}"
    yield from (f"problem: {problem}" for problem in status.problems)


def _findings(status: Status) -> str:
    audit = status.audit
    if audit.why or audit.at is None:
        return f"open findings are not known: {audit.why}"
    lacks = "" if audit.complete else ", which lacks something"
    unknown = f"; {plural(audit.unknown, 'result')} could not be known" if audit.unknown else ""
    return f"open findings: {_by_severity(status.findings)}, by the audit of {_time(audit.at)}{lacks}{unknown}"


def _by_severity(counts: Mapping[str, int]) -> str:
    worst = [severity.value for severity in reversed(EventSeverity) if counts.get(severity.value)]
    return ", ".join(f"{counts[severity]:,} {severity}" for severity in worst) or "none"


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
