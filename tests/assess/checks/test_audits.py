"""audit-monthly."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.assess.checks.estate import NOW, world
from viguard.assess.checks.audits import monthly
from viguard.assess.targets import ESTATE
from viguard.model.derived import NO_SOURCE, Derived
from viguard.model.result import Status
from viguard.policy.policy import Policy


@pytest.mark.parametrize(
    ("last", "status", "reason"),
    [
        (NOW - timedelta(days=31), Status.PASS, "last audited 31 days ago"),
        (NOW - timedelta(days=32), Status.FAIL, "the last audit was 32 days ago, 31 may pass"),
        (None, Status.FAIL, "never audited before"),
    ],
)
def test_the_last_audit(last: datetime | None, status: Status, reason: str) -> None:
    found = monthly(ESTATE, world(derived=Derived(last_audit_at=last)))
    assert (found.status, found.reason, found.policy) == (status, reason, "audit_every_days")
    assert found.evidence


def test_the_policy_sets_how_often() -> None:
    context = world(derived=Derived(last_audit_at=NOW - timedelta(days=8)), policy=Policy(audit_every_days=7))
    assert monthly(ESTATE, context).status is Status.FAIL


def test_unknown_without_the_ledger() -> None:
    assert monthly(ESTATE, world(derived=Derived(last_audit_at=NO_SOURCE))).status is Status.UNKNOWN
