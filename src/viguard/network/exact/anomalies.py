"""What is wrong within one rule set: rules that never decide, rules that nobody would miss, rules that cross others."""

from __future__ import annotations

from enum import StrEnum

import numpy as np

from viguard.model.facts import Struct
from viguard.network.exact.classes import Bits, numbers, packed
from viguard.network.exact.deciding import deciding
from viguard.network.exact.matrix import use
from viguard.network.exact.space import Space
from viguard.network.exact.sweep import Sweep
from viguard.network.rules import Action, Rule, RuleSet
from viguard.network.services import EVERY_PORT, EVERY_PROTOCOL, WITH_PORTS

_NAMED = 8
"""How many of the rules that cover another are named."""


class Kind(StrEnum):
    """What is wrong with a rule."""

    SHADOWED = "shadowed"
    """Earlier rules, one or several together, take every packet that it fits."""
    REDUNDANT = "redundant"
    """Without it the same passes: what it decides, later rules or the default decide alike."""
    CORRELATED = "correlated"
    """It crosses an earlier rule of the other action, so that their order decides for what both fit."""
    BROAD = "broad"
    """It permits from or to every address, or for every service."""


class Anomaly(Struct, frozen=True):
    """A rule with what is wrong with it, and the other rules that make it so; ``others_more`` are not named."""

    kind: Kind
    number: int
    rule: Rule
    others: tuple[int, ...] = ()
    others_more: int = 0


def anomalies(one: RuleSet, sweep: Sweep) -> tuple[Anomaly, ...]:
    """Every anomaly of a rule set by the place of its rule, from 0; exact, by unions of rules too."""
    space = Space([one])
    found = use(space, sweep)
    out = []
    for number, rule in enumerate(one.rules):
        if not found.hits[number]:
            out.append(_named(Kind.SHADOWED, number, rule, _takers(space, number)))
        elif not found.needed[number]:
            out.append(Anomaly(Kind.REDUNDANT, number, rule))
        if rule.action is Action.PERMIT and _is_broad(rule, one):
            out.append(Anomaly(Kind.BROAD, number, rule))
    crossings = _crossings(space)
    out += [_named(Kind.CORRELATED, number, one.rules[number], others) for number, others in crossings.items()]
    return tuple(sorted(out, key=lambda anomaly: (anomaly.number, anomaly.kind)))


def _named(kind: Kind, number: int, rule: Rule, others: list[int]) -> Anomaly:
    return Anomaly(kind, number, rule, tuple(others[:_NAMED]), max(len(others) - _NAMED, 0))


def _takers(space: Space, number: int) -> list[int]:
    """The earlier rules that decide what a rule fits: one alone when one covers it all."""
    rules = space.compiled[0]
    word, bit = number >> 6, np.uint64(1 << (number & 63))
    sources, destinations = (np.flatnonzero(bits[:, word] & bit) for bits in (rules.sources, rules.destinations))
    alone = np.bitwise_and.reduce(rules.sources[sources]) & np.bitwise_and.reduce(rules.destinations[destinations])
    wanted = rules.services[number]
    for other in numbers(alone):
        if other < number and not (wanted & ~rules.services[other]).any():
            return [other]
    takers: set[int] = set()
    for source in sources:
        for destination in destinations:
            takers |= {other for other, here in deciding(space, int(source), int(destination)) if (here & wanted).any()}
            if len(takers) > 2 * _NAMED:
                return sorted(takers)
    return sorted(takers)


def _is_broad(rule: Rule, one: RuleSet) -> bool:
    every = one.family.every
    if every in {rule.sources, rule.destinations}:
        return True
    return any(
        box.port == EVERY_PORT and (box.protocol == EVERY_PROTOCOL or box.protocol.first in WITH_PORTS)
        for box in rule.services
    )


def _crossings(space: Space) -> dict[int, list[int]]:
    """For each rule the earlier ones of the other action that it overlaps, when neither has the other inside."""
    rules = space.compiled[0]
    count = len(rules.permits) - 1
    if count < 2:
        return {}
    of_rule = [_turned(rules.sources, count), _turned(rules.destinations, count), rules.services[:count]]
    out = {}
    for number in range(1, count):
        others = np.flatnonzero(rules.permits[:number] != rules.permits[number])
        for part in of_rule:
            others = others[(part[others] & part[number]).any(axis=1)]
        inside = np.ones(len(others), bool)
        around = np.ones(len(others), bool)
        for part in of_rule:
            inside &= ~(part[number] & ~part[others]).any(axis=1)
            around &= ~(part[others] & ~part[number]).any(axis=1)
        crossing = others[~inside & ~around]
        if len(crossing):
            out[number] = [int(other) for other in crossing]
    return out


def _turned(bits: Bits, count: int) -> Bits:
    """Rules by class as classes by rule."""
    flags = np.unpackbits(np.ascontiguousarray(bits).view(np.uint8), axis=1, bitorder="little")[:, :count]
    return packed(flags.T.astype(bool))
