from __future__ import annotations

from viguard.assess import controls as catalogue
from viguard.assess.questions import answer, load_questions, roadmap
from viguard.model.audit import Answer
from viguard.model.result import Kind, Result, Severity, Status, Target


def result(control: str, status: Status, number: int = 1, severity: Severity = Severity.HIGH) -> Result:
    target = Target(kind=Kind.HOST, name=f"esx{number}", path=f"/vc/esx{number}", id=f"vc:{number}")
    return Result(
        id=f"VG-{control}-{number}",
        control=control,
        status=status,
        severity=severity,
        profile="modern",
        resource=target,
    )


def first(*results: Result) -> Answer:
    return answer(load_questions(), results)[0]


def test_there_are_the_five_questions_of_the_report_in_their_order() -> None:
    assert [q.number for q in load_questions()] == [1, 2, 3, 4, 5]


def test_every_control_of_a_question_exists() -> None:
    known = catalogue.load()
    for question in load_questions():
        assert set(question.controls) <= set(known), question.number


def test_every_control_of_the_report_but_resource_housekeeping_answers_a_question_or_stands_in_the_roadmap() -> None:
    cards = {c.id: c.card for c in catalogue.load().values()}
    failing = [result(c.id, Status.FAIL) for c in cards.values() if c.section == "report"]
    assert {r.control for r in roadmap(cards, failing)} == {r.control for r in failing}


def test_a_failure_opens_the_question_and_is_cited() -> None:
    told = first(result("fw-host-table-closed", Status.FAIL), result("fw-host-restrict-sources", Status.PASS))
    assert told.verdict == "open"
    assert told.findings == ("VG-fw-host-table-closed-1",)
    assert "fw-host-table-closed on 1, e.g. VG-fw-host-table-closed-1" in told.sentence


def test_mending_the_last_failure_changes_the_verdict() -> None:
    assert first(result("fw-host-table-closed", Status.PASS)).verdict == "holds"


def test_an_unknown_never_lets_a_question_hold() -> None:
    told = first(result("fw-host-table-closed", Status.PASS), result("fw-guest-only-needed", Status.UNKNOWN))
    assert told.verdict == "not_shown"
    assert told.unknown == ("VG-fw-guest-only-needed-1",)


def test_a_waived_failure_does_not_let_a_question_hold() -> None:
    told = first(result("fw-host-table-closed", Status.PASS), result("fw-host-restrict-sources", Status.WAIVED))
    assert told.verdict == "not_shown"
    assert "1 waived" in told.sentence


def test_nothing_holds_while_what_a_selection_leaves_out_is_no_pass() -> None:
    passes = [result("fw-host-table-closed", Status.PASS)]
    left_out = [result("fw-host-restrict-sources", s) for s in (Status.FAIL, Status.FAIL, Status.UNKNOWN, Status.PASS)]
    told = answer(load_questions(), passes, left_out)[0]
    assert told.verdict == "not_shown"
    assert told.sentence.endswith("(outside the selection: 2 fail, 1 unknown).")
    assert told.findings == ()
    assert answer(load_questions(), passes, left_out[-1:])[0].verdict == "holds"


def test_nothing_judged_is_not_shown() -> None:
    assert {a.verdict for a in answer(load_questions(), [])} == {"not_shown"}


def test_the_roadmap_ranks_failures_before_unknowns_and_severest_first() -> None:
    cards = {c.id: c.card for c in catalogue.load().values()}
    ranked = roadmap(
        cards,
        [
            result("vm-log-keep-old", Status.FAIL),
            result("log-remote-host", Status.FAIL),
            result("host-grub-password", Status.UNKNOWN),
            result("vm-log-rotate-size", Status.PASS),
        ],
    )
    assert [(r.rank, r.control, r.open, r.unknown) for r in ranked] == [
        (1, "log-remote-host", 1, 0),
        (2, "vm-log-keep-old", 1, 0),
        (3, "host-grub-password", 0, 1),
    ]
