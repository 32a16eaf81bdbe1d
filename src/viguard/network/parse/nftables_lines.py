"""One rule of nftables as lines of a chain: statement by statement, verdict maps as a line for each of their elements.

Source: libnftables-json(5).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from viguard.network.match import Line, Verdict, everything
from viguard.network.parse.nftables_axes import Axis, Matches, states
from viguard.network.parse.nftables_match import (
    Region,
    Scope,
    axes_of,
    both,
    excluding,
    fitting,
    look,
    region_of,
    value_of,
)
from viguard.network.parse.tracking import OLD
from viguard.network.rules import Action

_ACTIONS = {"accept": Action.PERMIT, "drop": Action.DENY, "reject": Action.DENY}
_GOES_ON = {
    "counter", "log", "notrack", "comment", "dup", "flow", "ct helper", "ct timeout", "ct expectation", "secmark",
    "last", "continue",
}  # fmt: skip
_NOT_SHOWN = {"limit", "quota", "ct count", "set", "map", "meter", "osf", "socket"}
"""Statements that only some packets pass, which no packet alone shows."""
_HARMLESS = {"dscp", "ecn", "ttl", "hoplimit"}
"""Fields that no rule is asked for which is sure."""


class Lines(NamedTuple):
    """The lines of one rule. ``lets_known_in``: one lets in packets of flows that are known."""

    lines: tuple[Line, ...]
    lets_known_in: bool


def lines(expressions: Sequence[object], scope: Scope, bare: Line) -> Lines:
    """What a rule says; ``bare`` has its place and comment. Raises: ValueError for what is no rule."""
    found: Matches = (everything(scope.family),)
    is_old = False
    for number, said in enumerate(expressions, 1):
        kind, what = _statement(said)
        if kind == "match":
            fit = look(what, scope)
            is_old = is_old or fit.is_old
            found = found if fit.is_old else both(found, fit.matches)
        elif kind == "vmap":
            goes_on = any(_statement(other)[0] not in _GOES_ON for other in expressions[number:])
            cases = _map(what, scope, goes_on=goes_on)
            lets = any(one.is_old and one.verdict.action is Action.PERMIT for one in cases)
            return Lines(() if is_old else _lines(cases, found, bare), bool(found) and lets)
        elif kind in _NOT_SHOWN:
            every = replace(everything(scope.family), unsure=f"it also looks at {kind}")
            found = both(found, (every,))
        elif (verdict := _verdict(kind, what)) is not None:
            if is_old:
                return Lines((), bool(found) and verdict.action is Action.PERMIT)
            made = tuple(replace(bare, match=match, verdict=verdict) for match in found)
            return Lines(made, lets_known_in=False)
    return Lines((), lets_known_in=False)


class _Case(NamedTuple):
    """An element of a verdict map. ``is_old``: it is for packets of flows that are known."""

    verdict: Verdict
    matches: Matches
    is_old: bool = False


def _lines(cases: Sequence[_Case], found: Matches, bare: Line) -> tuple[Line, ...]:
    return tuple(
        replace(bare, match=match, verdict=case.verdict) for case in cases for match in both(found, case.matches)
    )


def _statement(said: object) -> tuple[str, object]:
    if isinstance(said, Mapping) and len(said) == 1:
        ((kind, what),) = said.items()
        return str(kind), what
    if isinstance(said, str):
        return "a chain without a name, which this nft does not write as JSON", None
    raise ValueError("a statement that is no object")


def _verdict(kind: str, what: object) -> Verdict | None:
    """What a statement says of a packet; None: nothing, and the next statement is asked."""
    if kind in _ACTIONS:
        return Verdict(action=_ACTIONS[kind])
    if kind == "return":
        return Verdict(is_return=True)
    if kind in {"jump", "goto"}:
        target = what.get("target") if isinstance(what, Mapping) else None
        if not isinstance(target, str) or not target:
            raise ValueError(f"{kind} without a chain")
        return Verdict(jump=target) if kind == "jump" else Verdict(goto=target)
    if kind in _GOES_ON or (kind == "mangle" and not _rewrites(what)):
        return None
    what_happens = "it rewrites the packet" if kind == "mangle" else f"{kind} hands it to something else"
    return Verdict(elsewhere=what_happens)


def _rewrites(what: object) -> bool:
    """Whether other rules would see another packet afterwards."""
    key = what.get("key") if isinstance(what, Mapping) else None
    if not isinstance(key, Mapping):
        return True
    payload = key.get("payload")
    return payload is not None and not (isinstance(payload, Mapping) and payload.get("field") in _HARMLESS)


def _map(said: object, scope: Scope, *, goes_on: bool) -> list[_Case]:
    if not isinstance(said, Mapping) or "key" not in said or "data" not in said:
        raise ValueError("a verdict map without its two sides")
    axes = axes_of(said["key"], scope)
    pairs, changes = _elements(said["data"], scope)
    cases, regions, rest = [], list[Region](), None
    for key, told in pairs:
        kind, what = _statement(told)
        verdict = _verdict(kind, what) or Verdict(
            elsewhere="its statements go on after a verdict map" if goes_on else ""
        )
        if value_of(key) == "*":
            rest = verdict
            continue
        region = (None,) * len(axes) if changes else region_of(key, axes)
        regions.append(region)
        cases.append(_Case(verdict, fitting([region], axes), _is_old(region, axes)))
    if rest is not None:
        all_end = all(case.verdict.ends for case in cases)
        others = fitting([tuple(one.every for one in axes)], axes) if all_end else excluding(regions, axes)
        cases.append(_Case(rest, others))
    return cases


def _elements(data: object, scope: Scope) -> tuple[list[tuple[object, object]], bool]:
    """Keys with their verdicts, and whether packets or time change them."""
    changes = False
    if isinstance(data, str) and data.startswith("@"):
        if data[1:] not in scope.sets:
            raise ValueError(f"there is no map {data[1:]!r}")
        elements, changes = scope.sets[data[1:]]
    elif isinstance(data, Mapping) and isinstance(data.get("set"), list):
        elements = data["set"]
    else:
        raise ValueError("a verdict map without elements")
    pairs = []
    for element in elements:
        if not isinstance(element, list) or len(element) != 2:
            raise ValueError("an element of a verdict map without its verdict")
        pairs.append((element[0], element[1]))
    return pairs, changes


def _is_old(region: Region, axes: Sequence[Axis]) -> bool:
    if [one.shown for one in axes] != ["ct state"] or region[0] is None:
        return False
    return bool(OLD & set(states(region[0])))
