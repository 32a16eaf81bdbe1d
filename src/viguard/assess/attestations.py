"""Statements of people for what facts do not show. A statement counts from its date until it expires."""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from viguard.assess.control import Control
from viguard.assess.verdict import Verdict
from viguard.model.derived import NO_SOURCE
from viguard.model.result import Evidence, Status
from viguard.policy.policy import Attestation, Policy


def attested(verdict: Verdict, control: Control, policy: Policy, now: datetime) -> Verdict:
    """An unknown verdict after the policy's statements on its control.

    A valid statement makes it attested where no machine can decide: the control is left to people, or waits for a
    source that is not there yet. What is unknown because it could not be read stays unknown, whoever vouches for it.
    """
    found = [(number, a) for number, a in enumerate(policy.attestations) if a.control == control.id]
    if not found or verdict.status is not Status.UNKNOWN:
        return verdict
    if not _is_for_people(verdict, control):
        why = "a statement does not count here: facts decide, and they could not be read"
        return msgspec.structs.replace(verdict, reason=f"{verdict.reason}; {why}")
    today = now.date()
    valid = [entry for entry in found if entry[1].dated <= today < entry[1].expires]
    if valid:
        return _attested(*max(valid, key=_expiry), verdict)
    number, latest = max(found, key=_expiry)
    why = (
        f"attestation expired on {latest.expires}" if latest.expires <= today else f"attested only from {latest.dated}"
    )
    reason = why if control.attest else f"{verdict.reason}; {why}"
    return Verdict(status=Status.UNKNOWN, reason=reason, evidence=_evidence(latest), policy=_key(number))


def _is_for_people(verdict: Verdict, control: Control) -> bool:
    if not control.evaluable:
        return True
    unknown = [evidence.unknown for evidence in verdict.evidence if evidence.unknown]
    return bool(unknown) and all(why.startswith(NO_SOURCE.detail) for why in unknown)


def _attested(number: int, statement: Attestation, verdict: Verdict) -> Verdict:
    by = f"{statement.owner} on {statement.dated}, until {statement.expires}"
    evidence = (*_evidence(statement), *(e for e in verdict.evidence if e.property != "attestation"))
    return Verdict(status=Status.ATTESTED, reason=f"attested by {by}", evidence=evidence, policy=_key(number))


def _key(number: int) -> str:
    """Where a statement stands in the policy."""
    return f"attestations.{number}"


def _evidence(statement: Attestation) -> tuple[Evidence, ...]:
    said = [statement.statement, statement.evidence, f"by {statement.owner}", f"dated {statement.dated}"]
    said.append(f"expires {statement.expires}")
    return (Evidence(property="attestation", value=[s for s in said if s], source="policy"),)


def _expiry(entry: tuple[int, Attestation]) -> date:
    return entry[1].expires
