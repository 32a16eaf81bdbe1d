"""What a control says of one subject, before it is bound to an id, a severity and a resource."""

from __future__ import annotations

from viguard.model.facts import Struct, Unknown
from viguard.model.result import Evidence, Status


class Verdict(Struct, frozen=True, kw_only=True):
    """An outcome with its evidence. ``reason`` is one sentence; ``policy`` the dotted key that decided, if any."""

    status: Status
    reason: str = ""
    evidence: tuple[Evidence, ...] = ()
    policy: str = ""


def passed(*evidence: Evidence, reason: str = "", policy: str = "") -> Verdict:
    """The requirement holds; at least one fact must show it."""
    if not evidence:
        raise ValueError("no evidence, no pass")
    return Verdict(status=Status.PASS, reason=reason, evidence=evidence, policy=policy)


def failed(reason: str, *evidence: Evidence, policy: str = "") -> Verdict:
    """The requirement does not hold."""
    return Verdict(status=Status.FAIL, reason=reason, evidence=evidence, policy=policy)


def unknown(why: Unknown | str, *evidence: Evidence, policy: str = "") -> Verdict:
    """A fact that is needed was not read, or the policy leaves it undecided."""
    return Verdict(status=Status.UNKNOWN, reason=str(why), evidence=evidence, policy=policy)


def not_applicable(reason: str, *evidence: Evidence) -> Verdict:
    """The requirement cannot apply to this subject."""
    return Verdict(status=Status.NOT_APPLICABLE, reason=reason, evidence=evidence)
