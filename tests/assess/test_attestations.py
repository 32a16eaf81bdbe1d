from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from viguard.assess.attestations import attested
from viguard.assess.verdict import failed, unknown
from viguard.model.result import Status
from viguard.policy.policy import Attestation, Policy


def statement(dated: date, expires: date, control: str = "c") -> Attestation:
    return Attestation(control=control, statement="done", owner="Ann", dated=dated, expires=expires, evidence="minutes")


def at(day: date, *statements: Attestation) -> tuple[Status, str]:
    now = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    verdict = attested(unknown("needs a statement"), "c", Policy(attestations=statements), now, attest=True)
    return verdict.status, verdict.reason


JAN, MAR = date(2026, 1, 1), date(2026, 3, 1)


@pytest.mark.parametrize(
    ("day", "status"),
    [
        (date(2025, 12, 31), Status.UNKNOWN),
        (JAN, Status.ATTESTED),
        (date(2026, 2, 28), Status.ATTESTED),
        (MAR, Status.UNKNOWN),
    ],
)
def test_a_statement_counts_from_its_date_until_it_expires(day: date, status: Status) -> None:
    assert at(day, statement(JAN, MAR))[0] is status


def test_the_reason_says_when_it_expired_or_starts() -> None:
    assert at(MAR, statement(JAN, MAR))[1] == "attestation expired on 2026-03-01"
    assert at(date(2025, 12, 1), statement(JAN, MAR))[1] == "attested only from 2026-01-01"


def test_a_newer_statement_replaces_an_expired_one() -> None:
    assert at(MAR, statement(JAN, MAR), statement(MAR, date(2026, 6, 1)))[0] is Status.ATTESTED


def test_a_statement_on_another_control_counts_for_nothing() -> None:
    assert at(JAN, statement(JAN, MAR, control="other")) == (Status.UNKNOWN, "needs a statement")


def test_it_shows_statement_owner_and_dates() -> None:
    now = datetime(2026, 2, 1, tzinfo=UTC)
    verdict = attested(unknown("?"), "c", Policy(attestations=(statement(JAN, MAR),)), now)
    assert verdict.evidence[0].value == ["done", "minutes", "by Ann", "dated 2026-01-01", "expires 2026-03-01"]


def test_a_failure_stays_a_failure() -> None:
    now = datetime(2026, 2, 1, tzinfo=UTC)
    assert attested(failed("bad"), "c", Policy(attestations=(statement(JAN, MAR),)), now).status is Status.FAIL
