"""Makes one function of a control's data: (subject, context) -> verdict. Built once, run for every resource."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

import msgspec

from viguard.assess import reads
from viguard.assess.context import Context
from viguard.assess.control import MISSING, Control, Read, Unset
from viguard.assess.intent import UNDECIDED, Expected, resolve
from viguard.assess.operators import OF_NOTHING, OPERATORS, Test
from viguard.assess.verdict import Verdict
from viguard.model.facts import Reason, Resource, Unknown
from viguard.model.result import Evidence, Status
from viguard.policy.policy import Policy, Profile

Judge: TypeAlias = Callable[[Resource, Context], Verdict]
"""Judges one subject."""


class Outcome(NamedTuple):
    """What one expectation says. ``status`` None: it does not count here (its ``when`` does not hold)."""

    status: Status | None
    reason: str = ""
    evidence: tuple[Evidence, ...] = ()
    policy: str = ""


_Check: TypeAlias = Callable[[Resource, Context], Outcome]


def applicability(control: Control, policy: Policy) -> _Check:
    """Whether a control can apply to a subject: PASS, NOT_APPLICABLE with the reason, or UNKNOWN."""
    checks = [(_check(entry, policy), entry.otherwise) for entry in control.applies]

    def applies(subject: Resource, context: Context) -> Outcome:
        found = Outcome(Status.PASS)
        for check, otherwise in checks:
            outcome = check(subject, context)
            if outcome.status in {Status.FAIL, Status.NOT_APPLICABLE}:
                return outcome._replace(status=Status.NOT_APPLICABLE, reason=otherwise or outcome.reason)
            if outcome.status is Status.UNKNOWN and found.status is Status.PASS:
                found = outcome
        return found

    return applies


def expectations(control: Control, profile: Profile, policy: Policy) -> Judge:
    """The verdict of a control's data under a profile: every expectation that counts must hold.

    A failure wins over an unknown, because the failing fact itself was read.
    """
    checks = [_check(entry, policy) for entry in control.expect[profile]]

    def judge(subject: Resource, context: Context) -> Verdict:
        return _verdict([found for check in checks if (found := check(subject, context)).status is not None])

    return judge if len(checks) != 1 else _single(checks[0])


def _single(check: _Check) -> Judge:
    def judge(subject: Resource, context: Context) -> Verdict:
        status, reason, evidence, policy = check(subject, context)
        return Verdict(status=status, reason=reason, evidence=evidence, policy=policy) if status else _verdict([])

    return judge


_ORDER = (Status.FAIL, Status.UNKNOWN, Status.PASS, Status.NOT_APPLICABLE)


def _verdict(outcomes: Sequence[Outcome]) -> Verdict:
    if not outcomes:
        return Verdict(status=Status.UNKNOWN, reason="nothing is known of what this product should have")
    worst = min((o.status for o in outcomes if o.status), key=_ORDER.index)
    deciding = [o for o in outcomes if o.status is worst]
    reason = "; ".join(dict.fromkeys(o.reason for o in deciding if o.reason))
    evidence: list[Evidence] = []
    for outcome in outcomes:
        evidence.extend(e for e in outcome.evidence if e not in evidence)
    policy = next((o.policy for o in deciding if o.policy), "")
    return Verdict(status=worst, reason=reason, evidence=tuple(evidence), policy=policy)


def _check(entry: Read, policy: Policy) -> _Check:
    if entry.any_of:
        check = _any_of([_check(e, policy) for e in entry.any_of])
    elif entry.needs:
        check = _missing(entry)
    else:
        check = _fact(entry, policy)
    return _when([_check(e, policy) for e in entry.when], check) if entry.when else check


def _when(conditions: Sequence[_Check], check: _Check) -> _Check:
    """The check, where all conditions hold. Conditions that decided are evidence too."""

    def conditional(subject: Resource, context: Context) -> Outcome:
        outcomes = [condition(subject, context) for condition in conditions]
        if any(o.status in {Status.FAIL, Status.NOT_APPLICABLE} for o in outcomes):
            return Outcome(None)
        seen = tuple(e for o in outcomes for e in o.evidence)
        for outcome in outcomes:
            if outcome.status is Status.UNKNOWN:
                return outcome._replace(evidence=seen)
        found = check(subject, context)
        return found._replace(evidence=found.evidence + seen)

    return conditional


def _any_of(checks: Sequence[_Check]) -> _Check:
    """One must hold; an unknown one leaves it unknown, so that no pass rests on a fact that was not read."""

    def any_of(subject: Resource, context: Context) -> Outcome:
        outcomes = [check(subject, context) for check in checks]
        evidence = tuple(e for o in outcomes for e in o.evidence)
        for wanted in (Status.UNKNOWN, Status.PASS):
            for outcome in outcomes:
                if outcome.status is wanted:
                    return outcome._replace(evidence=evidence)
        return outcomes[0]._replace(evidence=evidence)

    return any_of


def _missing(entry: Read) -> _Check:
    evidence = (Evidence(property=entry.needs, unknown="no source yet"),)
    outcome = Outcome(Status.UNKNOWN, no_source(entry.needs, entry.otherwise), evidence)
    return lambda _subject, _context: outcome


def no_source(need: str, what: str = "") -> str:
    """The reason of a result whose source does not exist yet."""
    return f"no source yet: needs {what or MISSING[need]}"


def _fact(entry: Read, policy: Policy) -> _Check:
    path = reads.parse(entry.path)
    if path is None:
        raise ValueError(entry.path)
    read, expected = reads.reader(path), {name: resolve(value, policy) for name, value in entry.operators.items()}
    undecided = next((e for e in expected.values() if e.value is UNDECIDED), None)
    test = _all_of([OPERATORS[name](e.value) for name, e in expected.items() if e.value is not UNDECIDED])
    key = next((e.key for e in expected.values() if e.key), "")
    judges_nothing = OF_NOTHING.issuperset(entry.operators)
    label = _label(path)

    def check(subject: Resource, context: Context) -> Outcome:
        value, evidence = read(subject, context)
        if isinstance(value, Unknown):
            return _unknown(entry, value, evidence)
        if undecided:
            return _undecided(undecided, evidence, key)
        if value is msgspec.UNSET and not judges_nothing:
            return _unset(entry, test, label, evidence)
        wrong = test(None if value is msgspec.UNSET else value)
        if not wrong:
            return Outcome(Status.PASS, "", (evidence,), key)
        return Outcome(Status.FAIL, entry.otherwise or f"{label} {wrong}", (evidence,), key)

    return check


def _all_of(tests: Sequence[Test]) -> Test:
    return tests[0] if len(tests) == 1 else lambda value: next((wrong for t in tests if (wrong := t(value))), "")


def _unknown(entry: Read, fact: Unknown, evidence: Evidence) -> Outcome:
    if fact.reason is Reason.NOT_IN_VERSION and entry.not_in_version is Status.NOT_APPLICABLE:
        return Outcome(Status.NOT_APPLICABLE, str(fact), (evidence,))
    return Outcome(Status.UNKNOWN, f"{evidence.property}: {fact}", (evidence,))


def _undecided(expected: Expected, evidence: Evidence, key: str) -> Outcome:
    why = "the policy does not decide it"
    return Outcome(
        Status.UNKNOWN, f"{expected.key}: {why}", (evidence, Evidence(property=expected.key, unknown=why)), key
    )


def _unset(entry: Read, test: Test, label: str, evidence: Evidence) -> Outcome:
    if entry.default is not msgspec.UNSET:
        wrong = test(entry.default)
        if not wrong:
            return Outcome(Status.PASS, f"{label} is not set; the product's default is {entry.default}", (evidence,))
        return Outcome(Status.FAIL, f"{label} is not set; the product's default {wrong}", (evidence,))
    if entry.unset is Unset.PASS:
        return Outcome(Status.PASS, f"{label} is not set, which is safe", (evidence,))
    if entry.unset is Unset.FAIL:
        return Outcome(Status.FAIL, entry.otherwise or f"{label} is not set", (evidence,))
    return Outcome(Status.UNKNOWN, f"{label} is not set and what holds then is not known", (evidence,))


def _label(path: reads.Path) -> str:
    """How a reason names a fact: the key of a setting, or the field in words."""
    if path.key and path.key != "*":
        return f"{path.key} {path.attribute}".strip()
    return " ".join(filter(None, [path.field.replace("_", " "), path.attribute.replace("_", " ")]))
