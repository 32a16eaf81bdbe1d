from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from viguard.assess.score import summarise
from viguard.model.result import Kind, Result, Severity, Status, Target


def result(status: Status, severity: Severity = Severity.HIGH) -> Result:
    target = Target(kind=Kind.HOST, name="h", path="/h")
    return Result(id="VG-1", control="c", status=status, severity=severity, profile="modern", resource=target)


def test_counts_by_hand() -> None:
    found = summarise(
        [
            result(Status.PASS),
            result(Status.PASS),
            result(Status.FAIL, Severity.CRITICAL),
            result(Status.UNKNOWN),
            result(Status.NOT_APPLICABLE),
            result(Status.WAIVED),
            result(Status.ATTESTED),
        ]
    )
    assert found.by_status == {"pass": 2, "fail": 1, "unknown": 1, "not_applicable": 1, "waived": 1, "attested": 1}
    assert found.failed == {"critical": 1}
    assert found.score == 0.5
    assert found.coverage == 5 / 6


def test_nothing_judged_has_no_score() -> None:
    assert summarise([]).score is None
    assert summarise([result(Status.NOT_APPLICABLE)]).score is None
    assert summarise([result(Status.UNKNOWN)]).score == 0


@given(st.lists(st.sampled_from(list(Status)), min_size=1), st.data())
def test_not_looking_never_raises_the_score(statuses: list[Status], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(statuses) - 1))
    before = summarise(map(result, statuses))
    after = summarise(map(result, [*statuses[:index], Status.UNKNOWN, *statuses[index + 1 :]]))
    assert (after.score or 0) <= (before.score or 0)
    if statuses[index] is not Status.NOT_APPLICABLE:
        assert after.coverage <= before.coverage
