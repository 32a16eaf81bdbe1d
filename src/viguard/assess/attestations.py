"""Statements of people for what facts do not show. A statement counts from its date until it expires."""

from __future__ import annotations

from datetime import date, datetime

from viguard.assess.verdict import Verdict
from viguard.model.result import Evidence, Status
from viguard.policy.policy import Attestation, Policy


def attested(verdict: Verdict, control: str, policy: Policy, now: datetime, *, attest: bool = False) -> Verdict:
    """An unknown verdict after the policy's statements on its control.

    A valid statement makes it attested. Otherwise it stays unknown; a control that only a statement can decide
    (``attest``) then says when the last one expired or starts.
    """
    found = [a for a in policy.attestations if a.control == control]
    if not found or verdict.status is not Status.UNKNOWN:
        return verdict
    today = now.date()
    valid = [a for a in found if a.dated <= today < a.expires]
    if valid:
        return _attested(max(valid, key=_expiry), verdict)
    latest = max(found, key=_expiry)
    why = (
        f"attestation expired on {latest.expires}" if latest.expires <= today else f"attested only from {latest.dated}"
    )
    reason = why if attest else f"{verdict.reason}; {why}"
    return Verdict(status=Status.UNKNOWN, reason=reason, evidence=_evidence(latest), policy="attestations")


def _attested(statement: Attestation, verdict: Verdict) -> Verdict:
    by = f"{statement.owner} on {statement.dated}, until {statement.expires}"
    evidence = (*_evidence(statement), *(e for e in verdict.evidence if e.property != "attestation"))
    return Verdict(status=Status.ATTESTED, reason=f"attested by {by}", evidence=evidence, policy="attestations")


def _evidence(statement: Attestation) -> tuple[Evidence, ...]:
    said = [statement.statement, statement.evidence, f"by {statement.owner}", f"dated {statement.dated}"]
    said.append(f"expires {statement.expires}")
    return (Evidence(property="attestation", value=[s for s in said if s], source="policy"),)


def _expiry(statement: Attestation) -> date:
    return statement.expires
