"""The report's five questions and its main question, answered from results."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache

import msgspec
import yaml

from viguard import content
from viguard.model.audit import Answer, ControlCard, Recommendation
from viguard.model.facts import Struct
from viguard.model.result import Result, Status
from viguard.model.text import plural

SHOWN = 3
_NO_PASS = (Status.FAIL, Status.UNKNOWN, Status.WAIVED)


class Question(Struct, frozen=True, kw_only=True):
    """A question of the report and the controls that answer it. Source: report, "Sub-questions" and "Conclusion"."""

    number: int
    question: str
    report: str
    holds: str
    open: str
    not_shown: str
    controls: tuple[str, ...]


def answer(
    questions: Iterable[Question], results: Iterable[Result], left_out: Iterable[Result] = ()
) -> tuple[Answer, ...]:
    """One answer per question; each rests on the ids of the results that it cites.

    ``left_out`` are results of the same estate outside of a selection: nothing holds while they are no passes.
    """
    by_control, outside = _by_control(results), _by_control(left_out)
    return tuple(_answer(question, by_control, outside) for question in questions)


def _answer(question: Question, by_control: Mapping[str, list[Result]], outside: Mapping[str, list[Result]]) -> Answer:
    results = [r for control in question.controls for r in by_control.get(control, ())]
    hidden = [r.status for control in question.controls for r in outside.get(control, ()) if r.status in _NO_PASS]
    failed = sorted((r for r in results if r.status is Status.FAIL), key=lambda r: (r.severity.rank, r.control))
    waived = [r for r in results if r.status is Status.WAIVED]
    unknown = [r for r in results if r.status is Status.UNKNOWN]
    facts = tuple(_facts(question, by_control))
    if failed:
        verdict, sentence = "open", f"{question.open}: {_worst(failed)}."
    elif unknown or waived or hidden or not any(r.status in {Status.PASS, Status.ATTESTED} for r in results):
        verdict, sentence = "not_shown", f"{question.not_shown}{_missing(unknown, waived, hidden)}."
    else:
        verdict, sentence = "holds", question.holds
    return Answer(
        number=question.number,
        question=question.question,
        verdict=verdict,
        sentence=sentence,
        report=question.report,
        findings=tuple(r.id for r in failed),
        unknown=tuple(r.id for r in unknown),
        facts=facts,
    )


def _worst(failed: list[Result]) -> str:
    number: dict[str, list[Result]] = defaultdict(list)
    for result in failed:
        number[result.control].append(result)
    parts = [f"{control} on {len(rs):,}, e.g. {rs[0].id}" for control, rs in list(number.items())[:SHOWN]]
    more = len(number) - SHOWN
    return "; ".join(parts) + (f"; and {plural(more, 'more control')}" if more > 0 else "")


def _missing(unknown: list[Result], waived: list[Result], hidden: list[Status]) -> str:
    controls = sorted({r.control for r in unknown})
    named = ", ".join(controls[:SHOWN]) + (f" and {len(controls) - SHOWN} more" if len(controls) > SHOWN else "")
    parts = [f"unknown: {named}"] if controls else []
    if waived:
        parts.append(f"{len(waived):,} waived")
    if hidden:
        told = ", ".join(f"{hidden.count(status):,} {status}" for status in _NO_PASS if status in hidden)
        parts.append(f"outside the selection: {told}")
    return f" ({'; '.join(parts)})" if parts else ""


def _facts(question: Question, by_control: Mapping[str, list[Result]]) -> Iterable[str]:
    """``control: 3 fail, 9 pass`` for each control of the question."""
    for control in question.controls:
        counts: dict[Status, int] = defaultdict(int)
        for result in by_control.get(control, ()):
            counts[result.status] += 1
        told = ", ".join(f"{n:,} {s.replace('_', ' ')}" for s, n in sorted(counts.items()))
        yield f"{control}: {told or 'nothing of its kind'}"


def roadmap(cards: Mapping[str, ControlCard], results: Iterable[Result]) -> tuple[Recommendation, ...]:
    """What is left of the report, ranked: failing controls before unknown ones, severest and most frequent first.

    Source: report, main question: the best way is to carry out the suggestions it proposes.
    """
    by_control = _by_control(results)
    found = []
    for card in cards.values():
        if card.section != "report":
            continue
        results_here = by_control.get(card.id, [])
        failed = sum(r.status is Status.FAIL for r in results_here)
        unknown = sum(r.status is Status.UNKNOWN for r in results_here)
        if failed or unknown:
            found.append((card, failed, unknown))
    found.sort(key=lambda x: (not x[1], x[0].severity.rank, -x[1], -x[2], x[0].id))
    return tuple(
        Recommendation(
            rank=rank,
            chapter=", ".join(card.references.get("report", ())) or "-",
            control=card.id,
            title=card.title,
            severity=card.severity,
            open=failed,
            unknown=unknown,
            fix=card.fix,
        )
        for rank, (card, failed, unknown) in enumerate(found, 1)
    )


def _by_control(results: Iterable[Result]) -> dict[str, list[Result]]:
    found: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        found[result.control].append(result)
    return found


@cache
def load_questions() -> tuple[Question, ...]:
    """The questions of viguard's content."""
    found = yaml.safe_load(content.text("questions.yaml"))
    return msgspec.convert(found["questions"], tuple[Question, ...])
