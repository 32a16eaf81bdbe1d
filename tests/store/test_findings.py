"""What becomes of findings, judged without a database."""

from datetime import UTC, datetime

import pytest

from viguard.model.result import Change, Kind, Result, Severity, Status, Target
from viguard.store.findings import Comparison, Finding, Key, compare

DAY1 = datetime(2026, 1, 1, tzinfo=UTC)
DAY2 = datetime(2026, 2, 1, tzinfo=UTC)


def result(status: Status, resource: str = "vc:vm-1", control: str = "c1") -> Result:
    target = Target(kind=Kind.GUEST, name="web", path="/vc/dc/web", id=resource)
    return Result(
        id=f"{control}~{resource}",
        control=control,
        status=status,
        severity=Severity.HIGH,
        profile="modern",
        resource=target,
    )


def finding(*, state: str = "open") -> Finding:
    fixed = DAY1 if state == "fixed" else None
    return Finding(
        id="f1",
        control="c1",
        resource="vc:vm-1",
        kind="guest",
        name="web",
        path="/vc/dc/web",
        severity="high",
        first_seen=DAY1,
        last_seen=DAY1,
        state=state,
        status="pass" if fixed else "fail",
        fixed_at=fixed,
        fixed_how="pass" if fixed else None,
        scope="vc",
        n=7,
    )


def after(*results: Result, known: Finding | None = None, complete: bool = True, present: set[str]) -> Comparison:
    rows: dict[Key, Finding] = {(known.control, known.resource): known} if known else {}
    return compare(results, rows, at=DAY2, complete={"vc"} if complete else set(), present=present)


def test_a_first_failure_is_new() -> None:
    found = after(result(Status.FAIL), present={"vc:vm-1"})
    assert found.results[0].change is Change.NEW
    assert [(f.id, f.first_seen, f.state) for f in found.added] == [("c1~vc:vm-1", DAY2, "open")]
    assert [(s.finding, s.change, s.status) for s in found.steps] == [("c1~vc:vm-1", Change.NEW, "fail")]


def test_a_failure_that_lasts_is_open_under_its_first_id() -> None:
    found = after(result(Status.FAIL), known=finding(), present={"vc:vm-1"})
    assert (found.results[0].id, found.results[0].change) == ("f1", Change.OPEN)
    (row,) = found.altered
    assert (row.n, row.first_seen, row.last_seen) == (7, DAY1, DAY2)
    assert found.steps == ()


@pytest.mark.parametrize("status", [Status.PASS, Status.NOT_APPLICABLE])
def test_what_fixes(status: Status) -> None:
    found = after(result(status), known=finding(), present={"vc:vm-1"})
    assert (found.results[0].id, found.results[0].change) == ("f1", Change.FIXED)
    (row,) = found.fixed
    assert (row.fixed_at, row.fixed_how, row.last_seen) == (DAY2, status.value, DAY1)


@pytest.mark.parametrize("status", [Status.UNKNOWN, Status.WAIVED, Status.ATTESTED])
def test_what_does_not_fix(status: Status) -> None:
    found = after(result(status), known=finding(), present={"vc:vm-1"})
    assert found.fixed == ()
    assert (found.results[0].status, found.results[0].change) == (status, Change.OPEN)
    (row,) = found.altered
    assert (row.state, row.status, row.fixed_at, row.last_seen) == ("open", status.value, None, DAY1)


@pytest.mark.parametrize("status", [Status.PASS, Status.NOT_APPLICABLE, Status.UNKNOWN, Status.WAIVED, Status.ATTESTED])
@pytest.mark.parametrize("known", [None, finding(state="fixed")])
def test_what_never_failed_or_is_fixed_is_no_change(status: Status, known: Finding | None) -> None:
    found = after(result(status), known=known, present={"vc:vm-1"})
    assert found.results == (result(status),)
    assert (found.added, found.altered, found.fixed, found.steps) == ((), (), (), ())


def test_a_failure_that_comes_back_is_reopened() -> None:
    found = after(result(Status.FAIL), known=finding(state="fixed"), present={"vc:vm-1"})
    assert found.results[0].change is Change.REOPENED
    (row,) = found.altered
    assert (row.state, row.reopened_at, row.fixed_at, row.fixed_how) == ("open", DAY2, None, None)


def test_a_resource_gone_from_a_complete_reading_is_fixed() -> None:
    found = after(known=finding(), present={"vc:vm-2"})
    assert [(f.id, f.fixed_how, f.fixed_at) for f in found.fixed] == [("f1", "gone", DAY2)]
    assert found.unseen == ()


def test_a_resource_that_was_not_read_stays_open() -> None:
    found = after(known=finding(), complete=False, present={"vc:vm-2"})
    assert found.fixed == ()
    assert [(f.id, f.state, f.status) for f in found.unseen] == [("f1", "open", "not_read")]


@pytest.mark.parametrize("complete", [True, False])
def test_a_control_that_was_not_judged_stays_open(*, complete: bool) -> None:
    found = after(known=finding(), complete=complete, present={"vc:vm-1"})
    assert found.fixed == ()
    assert [(f.id, f.state, f.status) for f in found.unseen] == [("f1", "open", "not_judged")]


def test_another_resource_or_control_is_another_finding() -> None:
    found = after(
        result(Status.FAIL, "vc:vm-2"),
        result(Status.FAIL, control="c2"),
        result(Status.FAIL),
        known=finding(),
        present={"vc:vm-1", "vc:vm-2"},
    )
    assert [r.change for r in found.results] == [Change.NEW, Change.NEW, Change.OPEN]


def test_a_second_result_of_one_control_and_resource_adds_nothing() -> None:
    found = after(result(Status.FAIL), result(Status.FAIL), present={"vc:vm-1"})
    assert len(found.added) == 1
    assert len(found.results) == 2
