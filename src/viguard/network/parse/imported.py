"""What an importer gives: rule sets with the place where packets meet them, and what of a file is not in them."""

from __future__ import annotations

from viguard.model.facts import Struct
from viguard.network.addresses import Family
from viguard.network.rules import RuleSet

INTO, OUT, FORWARD = {"in", "input"}, {"out", "output"}, {"forward"}
"""What devices call what comes to them, leaves them, and is handed on."""


class Point(Struct, frozen=True, kw_only=True):
    """One rule set where packets meet it.

    ``place``: the interface, hook, host or policy. ``direction``: ``in``, ``out``, ``forward`` or another word of
    the device; empty: it stands in the file and is applied nowhere. ``addresses`` and ``vlan`` are those of the
    interface. ``is_own``: what the device itself gets and sends, not what it hands on.
    """

    place: str
    direction: str
    rules: RuleSet
    addresses: tuple[str, ...] = ()
    vlan: int | None = None
    is_own: bool = False


class Imported(Struct, frozen=True, kw_only=True):
    """Every rule set of a file. Of several at one place and direction, in their order, each has to let a packet
    through. ``notes``: what of the file is not in them. ``families``: those that it speaks of; ``carries``: those in
    which the device has an address. ``is_before_each``: the rules stand before every single guest;
    ``by_interface``: they are those of a router's interfaces."""

    points: tuple[Point, ...]
    notes: tuple[str, ...] = ()
    families: tuple[Family, ...] = tuple(Family)
    carries: tuple[Family, ...] = tuple(Family)
    is_before_each: bool = False
    by_interface: bool = False

    def at(self, direction: str, family: Family, place: str | None = None) -> tuple[RuleSet, ...]:
        """The rule sets that a packet meets, in order."""
        return tuple(
            point.rules
            for point in self.points
            if point.direction == direction and point.rules.family is family and place in {None, point.place}
        )
