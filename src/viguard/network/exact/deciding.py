"""Which rules decide between two addresses, service by service."""

from __future__ import annotations

import numpy as np

from viguard.model.facts import Struct
from viguard.network.exact.classes import Bits, numbers
from viguard.network.exact.space import Space
from viguard.network.rules import Action, Rule
from viguard.network.services import Box


class Decision(Struct, frozen=True):
    """A part of all services, and the rule that decides it; None: the default."""

    action: Action
    rule: Rule | None
    services: tuple[Box, ...]


def decisions(space: Space, source: int, destination: int, point: int = 0) -> tuple[Decision, ...]:
    """Every rule that decides anything from one class of sources to one of destinations, in order."""
    rules = space.sets[point].rules
    out = []
    for number, here in deciding(space, source, destination, point):
        rule = rules[number] if number < len(rules) else None
        action = rule.action if rule else space.sets[point].default
        out.append(Decision(action, rule, space.services.boxes(here)))
    return tuple(out)


def deciding(space: Space, source: int, destination: int, point: int = 0) -> list[tuple[int, Bits]]:
    """The numbers of those rules, each with the services that it decides; the default comes last."""
    compiled = space.compiled[point]
    left = np.full(space.services.words, ~np.uint64(0), np.uint64)
    out = []
    for rule in numbers(compiled.sources[source] & compiled.destinations[destination]):
        here = left & compiled.services[rule]
        if here.any():
            out.append((rule, here))
            left &= ~here
    return out
