from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from viguard.assess.attestations import attested
from viguard.assess.control import Control
from viguard.assess.verdict import failed, unknown
from viguard.model.facts import Reason, Unknown
from viguard.model.result import Evidence, Severity, Status
from viguard.policy.policy import Attestation, Policy


def statement(dated: date, expires: date, control: str = "c") -> Attestation:
    return Attestation(control=control, statement="done", owner="Ann", dated=dated, expires=expires, evidence="minutes")


def control(*, attest: bool = False, needs: tuple[str, ...] = ("vim",)) -> Control:
    return Control(
        id="c", title="", section="report", kinds=(), severity=Severity.HIGH, why="", fix="", attest=attest, needs=needs
    )


PEOPLE, WAITS, READ = control(attest=True), control(needs=("vim", "vault")), control()


def at(day: date, *statements: Attestation) -> tuple[Status, str]:
    now = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    verdict = attested(unknown("needs a statement"), PEOPLE, Policy(attestations=statements), now)
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
    verdict = attested(unknown("?"), WAITS, Policy(attestations=(statement(JAN, MAR),)), now)
    assert verdict.evidence[0].value == ["done", "minutes", "by Ann", "dated 2026-01-01", "expires 2026-03-01"]


def test_a_failure_stays_a_failure() -> None:
    now = datetime(2026, 2, 1, tzinfo=UTC)
    assert attested(failed("bad"), PEOPLE, Policy(attestations=(statement(JAN, MAR),)), now).status is Status.FAIL


def test_it_says_which_statement_of_the_policy_decided() -> None:
    policy = Policy(attestations=(statement(JAN, MAR, control="other"), statement(JAN, MAR)))
    assert attested(unknown("?"), PEOPLE, policy, datetime(2026, 2, 1, tzinfo=UTC)).policy == "attestations.1"
    assert attested(unknown("?"), PEOPLE, policy, datetime(2026, 4, 1, tzinfo=UTC)).policy == "attestations.1"


@pytest.mark.parametrize("reason", [Reason.UNREACHABLE, Reason.NO_PERMISSION, Reason.FAILED, Reason.NOT_DECIDED])
def test_nobody_can_vouch_for_what_could_not_be_read(reason: Reason) -> None:
    why = Unknown(reason=reason, detail="it was not read")
    verdict = unknown(why, Evidence(property="config.lockdownMode", unknown=str(why)))
    told = attested(verdict, READ, Policy(attestations=(statement(JAN, MAR),)), datetime(2026, 2, 1, tzinfo=UTC))
    assert told.status is Status.UNKNOWN
    assert told.reason == "it was not read; a statement does not count here: facts decide, and they could not be read"
    assert told.evidence == verdict.evidence


def test_a_statement_stands_in_for_a_source_that_a_control_lacks_for_one_subject() -> None:
    now, policy = datetime(2026, 2, 1, tzinfo=UTC), Policy(attestations=(statement(JAN, MAR),))
    trunk = Evidence(property="trunk", unknown="no source yet: which VLANs the physical switch sends into its trunk")
    lost = Evidence(property="vnic", unknown="the host does not answer its vCenter")
    known = Evidence(property="portgroup", value="DMZ")
    assert attested(unknown("?", known, trunk), READ, policy, now).status is Status.ATTESTED
    assert attested(unknown("?", known, trunk, lost), READ, policy, now).status is Status.UNKNOWN
    assert attested(unknown("?", known), READ, policy, now).status is Status.UNKNOWN
