"""That audits happen. Source: report, "Auditing the security": regularly, like once every month."""

from __future__ import annotations

from datetime import timedelta

from viguard.assess.context import Context
from viguard.assess.verdict import Verdict, failed, passed, unknown
from viguard.model.facts import Resource, Unknown
from viguard.model.result import Evidence

KEY = "audit_every_days"
PROPERTY = "viguard.audits.last"


def monthly(_subject: Resource, context: Context) -> Verdict:
    """The last complete audit of every server of this one is no older than ``audit_every_days``."""
    last = context.derived.last_audit_at
    if isinstance(last, Unknown):
        return unknown(last, Evidence(property=PROPERTY, unknown=str(last)), policy=KEY)
    told = last.isoformat() if last else None
    evidence = Evidence(property=PROPERTY, value=told, read_at=context.now, source="viguard")
    if last is None:
        return failed("never audited before", evidence, policy=KEY)
    age, allowed = context.now - last, context.policy.audit_every_days
    if age > timedelta(days=allowed):
        return failed(f"the last audit was {age.days} days ago, {allowed} may pass", evidence, policy=KEY)
    return passed(evidence, reason=f"last audited {age.days} days ago", policy=KEY)
