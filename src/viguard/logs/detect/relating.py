"""Sigma's correlations as the engine runs them. Source: Sigma correlation rules specification 2.1."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sigma.correlations import (
    CorrelationConditionAND,
    CorrelationConditionNOT,
    CorrelationConditionOR,
    SigmaCorrelationRule,
    SigmaExtendedCorrelationCondition,
    SigmaRuleReference,
)

from viguard.logs.detect.asking import UnsupportedError
from viguard.logs.detect.rules import About, Correlation

KINDS = ("event_count", "value_count", "temporal", "temporal_ordered")
MOST = 10_000
"""The highest count of events or values that a correlation may ask for: its state is bounded by it."""
LONGEST_S = 86_400 * 31


def referenced(rules: Iterable[Any]) -> set[str]:
    """Names and ids of rules that only serve a correlation, so raise no alert themselves."""
    return {name for r in rules if isinstance(r, SigmaCorrelationRule) and not r.generate for name in references(r)}


def references(rule: Any) -> tuple[str, ...]:
    """What a correlation refers to, by name or id as written."""
    if rule.rules is not None:
        return tuple(one.reference for one in rule.rules)
    is_extended = isinstance(rule.condition, SigmaExtendedCorrelationCondition)
    return tuple(rule.condition.get_referenced_rules()) if is_extended else ()


def in_order(sources: list[Any]) -> list[Any]:
    """Correlations after those that they refer to; one in a circle comes where it stands."""
    names = {name: s for s in sources for name in (s.name, str(s.rule.id))}
    placed: dict[int, Any] = {}

    def place(source: Any, above: tuple[int, ...]) -> None:
        for name in references(source.rule):
            other = names.get(name)
            if other is not None and id(other) not in placed and id(other) not in above and len(above) < 50:
                place(other, (*above, id(other)))
        placed.setdefault(id(source), source)

    for source in sources:
        place(source, (id(source),))
    return list(placed.values())


def correlation_of(rule: Any, about: About, known: dict[str, str], *, alerts: bool) -> Correlation:
    """A correlation. ``known`` are the names of rules by every name that may be used for them.

    Raises: UnsupportedError with what cannot be judged on a stream.
    """
    kind = rule.type.name.lower()
    if kind not in KINDS:
        raise UnsupportedError(f"{kind} is not judged on a stream; {', '.join(KINDS)} are")
    names = references(rule)
    missing = [name for name in names if name not in known]
    if missing or not names:
        raise UnsupportedError(f"no usable rule is called {', '.join(missing)}" if missing else "it refers to no rule")
    if rule.timespan.seconds > LONGEST_S:
        raise UnsupportedError("the timespan is longer than 31 days")
    needs, count, exactly, fields = None, len(names), False, ()
    if isinstance(rule.condition, SigmaExtendedCorrelationCondition):
        if kind == "temporal_ordered":
            raise UnsupportedError("an order cannot be told of and, or, not: name the rules in order")
        needs = _needs(rule.condition.parsed, known)
    else:
        count, exactly = _count(rule.condition)
        wanted = rule.condition.fieldref
        fields = () if wanted is None else (wanted,) if isinstance(wanted, str) else tuple(wanted)
    if kind == "temporal_ordered" and count != len(names):
        raise UnsupportedError("temporal_ordered needs all of its rules: leave the condition out")
    return Correlation(
        about=about,
        kind=kind,
        rules=tuple(known[name] for name in names),
        group=tuple(rule.group_by or ()),
        span_s=rule.timespan.seconds,
        count=count,
        exactly=exactly,
        fields=fields,
        names={
            (alias.alias, known.get(reference.reference, reference.reference)): field
            for alias in rule.aliases
            for reference, field in alias.mapping.items()
        },
        needs=needs,
        alerts=alerts,
    )


def _count(condition: Any) -> tuple[int, bool]:
    """How many make it, and whether it must be exactly so many."""
    op, count = condition.op.name.lower(), condition.count
    if op not in {"gte", "gt", "eq"}:
        raise UnsupportedError(f"{op} cannot be judged while events still come; gte, gt and eq can")
    if not isinstance(count, int) or not 0 < count + (op == "gt") <= MOST:
        raise UnsupportedError(f"the count is a whole number from 1 to {MOST}")
    return count + (op == "gt"), op == "eq"


def _needs(node: Any, known: dict[str, str]) -> Callable[[frozenset[str]], bool]:
    match node:
        case SigmaRuleReference():
            name = known[node.reference]
            return lambda heard: name in heard
        case CorrelationConditionAND():
            every = [_needs(arg, known) for arg in node.args]
            return lambda heard: all(one(heard) for one in every)
        case CorrelationConditionOR():
            some = [_needs(arg, known) for arg in node.args]
            return lambda heard: any(one(heard) for one in some)
        case CorrelationConditionNOT():
            no = _needs(node.args[0], known)
            return lambda heard: not no(heard)
    raise UnsupportedError("the condition has a part that is not known")
