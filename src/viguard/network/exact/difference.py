"""How two rule sets differ in what they let through, each case with a packet that shows it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import SequenceMatcher

import numpy as np
from numpy.typing import NDArray

from viguard.model.facts import Struct
from viguard.network.exact.classes import alike, numbers
from viguard.network.exact.deciding import deciding
from viguard.network.exact.matrix import passing
from viguard.network.exact.space import Space
from viguard.network.exact.sweep import Sweep
from viguard.network.rules import Action, Packet, Rule, RuleSet
from viguard.network.services import Box

CASES = 200
"""How many cases are looked for unless more are asked for: two sets may differ in millions of pairs of addresses."""


class Case(Struct, frozen=True):
    """Packets that two rule sets treat differently, for the same reason.

    ``now`` is what the newer set does; ``before`` and ``after`` are the rules that decide, None: the default.
    ``services`` and ``packet`` are of one pair of addresses among them.
    """

    now: Action
    before: Rule | None
    after: Rule | None
    services: tuple[Box, ...]
    packet: Packet


class Difference(Struct, frozen=True):
    """Cases, one for each pair of rules that makes two sets differ.

    ``is_all``: there are no others; else there were enough, and the rest was not looked at.
    """

    cases: tuple[Case, ...]
    is_all: bool = True

    def __bool__(self) -> bool:
        """Whether the sets differ at all."""
        return bool(self.cases)


def difference(old: RuleSet, new: RuleSet, sweep: Sweep, most: int = CASES) -> Difference:
    """How two sets differ in what they let through.

    Raises: InputError for sets of two families.
    """
    space = Space([old, new])
    sources, destinations = _touched(space, old, new)
    found: dict[tuple[int, int], Case] = {}
    seen: set[bytes] = set()
    for source in sources:
        here = int(source)
        before, after = (passing(space, sweep, here, (point,))[destinations] for point in (0, 1))
        differing = np.flatnonzero((before ^ after).any(axis=1))
        for there in _not_seen(space, here, destinations[differing], seen) if len(differing) else ():
            if len(found) >= most:
                return Difference(_in_order(found), is_all=False)
            _add(space, here, there, found)
    return Difference(_in_order(found))


def _in_order(found: Mapping[tuple[int, int], Case]) -> tuple[Case, ...]:
    return tuple(found[key] for key in sorted(found))


def _touched(space: Space, old: RuleSet, new: RuleSet) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The classes that a rule has which is not in both sets at the same place among the others: no other can differ."""
    if old.default is not new.default:
        return np.arange(space.sources.count), np.arange(space.destinations.count)
    changed = [rule for one, rules in zip((old, new), _not_common(old, new), strict=True) for rule in _of(one, rules)]
    sources = [space.sources.inside(rule.sources) for rule in changed]
    destinations = [space.destinations.inside(rule.destinations) for rule in changed]
    nothing = [np.empty(0, np.intp)]
    return np.unique(np.concatenate(sources + nothing)), np.unique(np.concatenate(destinations + nothing))


def _not_common(old: RuleSet, new: RuleSet) -> tuple[list[int], list[int]]:
    keys = [[(r.action, r.sources, r.destinations, r.services) for r in one.rules] for one in (old, new)]
    gone, come = list[int](), list[int]()
    for kind, a, b, c, d in SequenceMatcher(a=keys[0], b=keys[1], autojunk=False).get_opcodes():
        if kind != "equal":
            gone += range(a, b)
            come += range(c, d)
    return gone, come


def _of(one: RuleSet, some: Iterable[int]) -> list[Rule]:
    return [one.rules[number] for number in some]


def _not_seen(space: Space, source: int, destinations: NDArray[np.intp], seen: set[bytes]) -> Iterator[int]:
    """One class of destinations for each combination of rules that fit, unless the same was met before."""
    rows = np.concatenate([one.destinations[destinations] & one.sources[source] for one in space.compiled], axis=1)
    for first in alike(rows)[0]:
        rules = rows[first].tobytes()
        if rules not in seen:
            seen.add(rules)
            yield int(destinations[first])


def _add(space: Space, source: int, destination: int, found: dict[tuple[int, int], Case]) -> None:
    old, new = space.sets
    for before, before_has in deciding(space, source, destination, 0):
        for after, after_has in deciding(space, source, destination, 1):
            both = before_has & after_has
            if (before, after) in found or not both.any():
                continue
            was, now = _action(old, before), _action(new, after)
            if was is not now:
                packet = space.packet(source, destination, numbers(both)[0])
                boxes = space.services.boxes(both)
                found[before, after] = Case(now, _rule(old, before), _rule(new, after), boxes, packet)


def _rule(one: RuleSet, number: int) -> Rule | None:
    return one.rules[number] if number < len(one.rules) else None


def _action(one: RuleSet, number: int) -> Action:
    rule = _rule(one, number)
    return rule.action if rule else one.default
