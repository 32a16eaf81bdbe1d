"""The status file as a probe reads it. A file that is missing, torn, strange or old is no evidence of anything."""

from __future__ import annotations

import json
import os
import stat
from datetime import datetime
from typing import Any

SCHEMA = "viguard-status/1"
DEFAULT = "/var/lib/viguard/status.json"
MAX_BYTES = 16_777_216
MAX_AHEAD_S = 60
LOSING_S = 3600  # whoever lost something within the last hour is losing
SEVERITIES = ("low", "medium", "high", "critical")


class UnusableError(Exception):
    """The file says nothing about now; the text says why."""


def read(path: str, max_age_s: float, now_s: float) -> dict[str, Any]:
    """The file's content.

    Raises: UnusableError when it cannot be read, is of another schema, or was not written in the last ``max_age_s``.
    """
    try:
        number = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        with os.fdopen(number, "rb") as file:
            if not stat.S_ISREG(os.fstat(number).st_mode):
                raise UnusableError("the status file is no regular file")
            data = file.read(MAX_BYTES + 1)
        status = json.loads(data) if len(data) <= MAX_BYTES else None
    except OSError as err:
        raise UnusableError(f"the status file cannot be read: {err.strerror}") from err
    except (ValueError, RecursionError) as err:
        raise UnusableError("the status file is not whole") from err
    if not isinstance(status, dict) or status.get("schema") != SCHEMA:
        raise UnusableError(f"the status file is not of schema {SCHEMA}")
    age_s = now_s - _seconds(status.get("written_at"))
    if age_s > max_age_s:
        raise UnusableError(f"viguard has not written its status for {age_s:.0f} s")
    if age_s < -MAX_AHEAD_S:
        raise UnusableError(f"the status is {-age_s:.0f} s ahead of this machine's clock")
    return status


def values(status: dict[str, Any], now_s: float, silent_minutes: float) -> dict[str, float]:
    """Every number that a threshold can be set on; one that the file does not hold is missing here."""
    try:
        found = {name: float(value) for name, value in status["counters"].items()}
        found |= {f"open_{s}": float(status["open"].get(s, 0)) for s in SEVERITIES}
        found["open"] = float(sum(status["open"].values()))
        found |= _findings(status["findings"], status.get("audit") or {}, now_s)
        consoles = status["consoles"].values()
        found |= {"consoles_open": float(sum(consoles)), "consoles_most": float(max(consoles, default=0))}
        found |= _flow("receivers", status["receivers"], now_s) | _flow("siem", status["siem"], now_s)
        found["problems"] = float(len(status["problems"]))
        found["silenced"] = float(status["silenced"])
        found["hosts"] = float(len(status["hosts"]))
        if silent_minutes:
            late = now_s - silent_minutes * 60
            found["hosts_silent"] = float(sum(_seconds(at) < late for at in status["hosts"].values()))
    except (KeyError, TypeError, ValueError, AttributeError) as err:
        raise UnusableError("the status file holds something else than its schema says") from err
    return found


def why_unknown(status: dict[str, Any], name: str) -> str:
    """Why a number is not known, as far as the file says it; else ""."""
    audit = status.get("audit")
    is_of_audit = name.partition("_")[0] in {"findings", "audit"}
    return str(audit.get("why") or "") if is_of_audit and isinstance(audit, dict) else ""


def _findings(findings: dict[str, int], audit: dict[str, Any], now_s: float) -> dict[str, float]:
    """None of them is 0 because nobody knows it. Files of earlier versions have no ``audit``."""
    found = {}
    if audit.get("at") is not None:
        found["audit_hours"] = (now_s - _seconds(audit["at"])) / 3600
    if audit and not audit["why"]:
        found |= {"audit_incomplete": float(not audit["complete"]), "findings_unknown": float(audit["unknown"])}
    elif not findings:
        return found
    found |= {f"findings_{severity}": float(findings.get(severity, 0)) for severity in SEVERITIES}
    return found | {"findings": float(sum(findings.values()))}


def _flow(name: str, parts: dict[str, Any], now_s: float) -> dict[str, float]:
    losses = [_seconds(p["lost_at"]) for p in parts.values() if p["lost_at"] is not None]
    return {
        f"{name}_losing": float(sum(at > now_s - LOSING_S for at in losses)),
        f"{name}_failing": float(sum(p["failing_since"] is not None for p in parts.values())),
        f"{name}_waiting": float(sum(p["waiting"] for p in parts.values())),
        f"{name}_lost": float(sum(p["dropped"] + p.get("given_up", 0) + p.get("refused", 0) for p in parts.values())),
    }


def _seconds(text: object) -> float:
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError as err:
        raise UnusableError("a time in the status file is none") from err
    if at.tzinfo is None:
        raise UnusableError("a time in the status file has no offset")
    return at.timestamp()
