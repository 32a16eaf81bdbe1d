"""Rule sets without denies, for devices on which the order of rules means nothing: earlier denies are taken away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from viguard.model.text import visible
from viguard.network.addresses import Range, common, without
from viguard.network.match import Match, everything, meet
from viguard.network.rules import Action, Rule, RuleSet
from viguard.network.services import Box

MOST: Final = 1000
"""How many rules one permit may become."""
_FULL: Final = "what no rule fits"


def permitted(one: RuleSet, most: int = MOST) -> tuple[list[tuple[int, Rule]], list[str]]:
    """Permits alone that let through the same, each with the place of its rule, and what is left out.

    The place is 0 for the default. What nobody understood is not let through: of such rules denies count whole, and
    permits not at all. A permit that would become more than ``most`` rules is left out.
    """
    out: list[tuple[int, Rule]] = []
    left: list[str] = []
    denied: list[Rule] = []
    for number, rule in _numbered(one):
        place = f"rule {number} ({rule.where})" if rule.where else f"rule {number}" if number else _FULL
        if rule.action is Action.DENY:
            denied.append(rule)
            if rule.unsure:
                left.append(f"{place}: {visible(rule.unsure)}; everything that it may fit is denied")
        elif rule.unsure:
            left.append(f"{place}: {visible(rule.unsure)}; left out")
        elif (pieces := _without(rule, denied, most)) is None:
            left.append(f"{place}: the denies before it would make more than {most} rules of it; left out")
        else:
            out += [
                (number, replace(rule, sources=p.sources, destinations=p.destinations, services=p.services))
                for p in pieces
            ]
    return out, left


def _numbered(one: RuleSet) -> Iterator[tuple[int, Rule]]:
    yield from enumerate(one.rules, 1)
    if one.default is Action.PERMIT:
        whole = everything(one.family)
        yield (
            0,
            Rule(action=Action.PERMIT, sources=whole.sources, destinations=whole.destinations, why=_FULL),
        )


def _without(rule: Rule, denied: list[Rule], most: int) -> list[Match] | None:
    pieces = [Match(sources=rule.sources, destinations=rule.destinations, services=rule.services)]
    for gone in denied:
        pieces = [left for piece in pieces for left in rest(piece, gone)]
        if len(pieces) > most:
            return None
    return pieces


def rest(piece: Match, gone: Rule) -> Iterator[Match]:
    """A piece without what a rule fits: what has other sources, then other destinations, then other services."""
    sources, destinations = common(piece.sources, gone.sources), common(piece.destinations, gone.destinations)
    touched = any(meet(one, other) for one in piece.services for other in gone.services)
    if not (sources and destinations and touched):
        yield piece
        return
    if others := without(piece.sources, gone.sources):
        yield replace(piece, sources=others)
    if others := without(piece.destinations, gone.destinations):
        yield replace(piece, sources=sources, destinations=others)
    services = piece.services
    for hole in gone.services:
        services = tuple(part for box in services for part in box_without(box, hole))
    if services:
        yield replace(piece, sources=sources, destinations=destinations, services=services)


def box_without(box: Box, hole: Box) -> Iterator[Box]:
    """Services of the one that are not in the other, as boxes that do not overlap."""
    inner = meet(box, hole)
    if inner is None:
        yield box
        return
    rest = box
    for name, whole, taken in zip(Box._fields, box, inner, strict=True):
        for first, last in ((whole.first, taken.first - 1), (taken.last + 1, whole.last)):
            if first <= last:
                yield rest._replace(**{name: Range(first, last)})
        rest = rest._replace(**{name: taken})
