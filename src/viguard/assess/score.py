"""Counts over results: by status, failures by severity, the score, and the coverage beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from viguard.model.audit import Summary
from viguard.model.result import Result, Severity, Status

_SCORED = (Status.PASS, Status.FAIL, Status.UNKNOWN)


def summarise(results: Iterable[Result]) -> Summary:
    """Counts, score and coverage of some results.

    The score is the share of passes among passes, failures and unknowns (0..1, None when there is none of them), so
    that not looking never raises it. Waived and attested results are outside it and counted on their own. The coverage
    is the share of results that are not unknown, among those that apply.
    """
    by_status: Counter[Status] = Counter()
    failed: Counter[Severity] = Counter()
    for result in results:
        by_status[result.status] += 1
        if result.status is Status.FAIL:
            failed[result.severity] += 1
    scored = sum(by_status[s] for s in _SCORED)
    applying = sum(n for s, n in by_status.items() if s is not Status.NOT_APPLICABLE)
    return Summary(
        by_status={s: by_status[s] for s in Status if by_status[s]},
        failed={s: failed[s] for s in Severity if failed[s]},
        score=by_status[Status.PASS] / scored if scored else None,
        coverage=(applying - by_status[Status.UNKNOWN]) / applying if applying else 0.0,
    )
