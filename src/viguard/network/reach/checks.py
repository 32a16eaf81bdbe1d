"""What a packet meets on its way, one rule set after the other, and which addresses it bears there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from typing import NamedTuple

from msgspec.structs import replace

from viguard.network.addresses import Family, Range, Ranges, common, joined, without
from viguard.network.match import everything
from viguard.network.reach.ground import Ground, Translation
from viguard.network.reach.ways import Hop
from viguard.network.rules import Action, Packet, Rule, RuleSet


class Check(NamedTuple):
    """A rule set on the way, and the addresses that the packet bears there where they are not its own."""

    place: str
    rules: RuleSet
    source: int | None = None
    destination: int | None = None

    def seen(self, packet: Packet) -> Packet:
        """The packet as it is here."""
        source = packet.source if self.source is None else self.source
        destination = packet.destination if self.destination is None else self.destination
        return packet._replace(source=source, destination=destination)


class Course(NamedTuple):
    """Packets from some addresses to some others, and every check that they meet. ``alias``: the address that is
    written on them for the destination, where it is another one."""

    sources: Ranges
    destinations: Ranges
    checks: tuple[Check, ...]
    alias: int | None = None


class _Turn(NamedTuple):
    """Some addresses that a router translates to one."""

    addresses: Ranges
    hop: int = -1
    seen_as: int | None = None


def courses(ground: Ground, way: Sequence[Hop], ends: tuple[Ranges, Ranges], family: Family) -> Iterator[Course]:
    """Every course on one way from some addresses to others. A destination with an alias is on two: by each address."""
    sources, destinations = ends
    for come, go in product(_sources(way, sources, family), _destinations(way, destinations, family)):
        checks = [*_edges(ground, way, come, go, family)]
        alias = go.seen_as
        yield Course(come.addresses, go.addresses, tuple(checks), alias)


def _sources(way: Sequence[Hop], sources: Ranges, family: Family) -> list[_Turn]:
    """The parts of the sources that are translated on the way, by the first router that does; and the rest."""
    found, rest = list[_Turn](), sources
    for number, hop in enumerate(way):
        for one in hop.router.translations.get(family, ()):
            if one.on == hop.goes and (inside := common(rest, (one.inside,))):
                found += _turned(one, inside, number)
                rest = without(rest, inside)
    return [*found, *([_Turn(rest)] if rest else [])]


def _destinations(way: Sequence[Hop], destinations: Ranges, family: Family) -> list[_Turn]:
    """All of them by their own addresses, and those with an alias by it."""
    found = [_Turn(destinations)]
    for number, hop in enumerate(way):
        for one in hop.router.translations.get(family, ()):
            if one.on == hop.came and not one.hides:
                found += _turned(one, common(destinations, (one.inside,)), number)
    return found


def _turned(one: Translation, inside: Ranges, hop: int) -> list[_Turn]:
    if one.hides:
        return [_Turn(inside, hop, one.outside.first)]
    each = (address for span in inside for address in range(span.first, span.last + 1))
    return [_Turn((Range(address, address),), hop, one.outside_of(address)) for address in each]


def _edges(ground: Ground, way: Sequence[Hop], come: _Turn, go: _Turn, family: Family) -> Iterator[Check]:
    """What a router looks at on its incoming side has the addresses of that side, what it forwards the own address of
    the destination, and what it looks at on the other side those of that one."""
    first = go.seen_as
    for layer in ground.layers:
        yield Check("", layer.out[family], None, first)
    for number, hop in enumerate(way):
        source = come.seen_as if number > come.hop >= 0 else None
        before = go.seen_as if number <= go.hop else None
        after = go.seen_as if number < go.hop else None
        later = come.seen_as if number >= come.hop >= 0 else None
        name, lists = hop.router.name, hop.router.lists
        if hop.router.unread:
            yield Check(name, unread(hop.router.unread, name, family), source, after)
            continue
        yield from (Check(name, one, source, before) for one in lists.get((hop.came, "in", family), ()))
        yield from (Check(name, one, source, after) for one in hop.router.handed(family, hop.came, hop.goes))
        yield from (Check(name, one, later, after) for one in lists.get((hop.goes, "out", family), ()))
    for layer in ground.layers:
        yield Check("", layer.into[family], come.seen_as, None)


def unread(why: str, where: str, family: Family) -> RuleSet:
    """Nobody knows what it lets through."""
    whole = everything(family)
    rule = Rule(
        action=Action.PERMIT, sources=whole.sources, destinations=whole.destinations, where=where, text=why, unsure=why
    )
    return RuleSet(name=where, family=family, rules=(rule,))


def narrowed(one: RuleSet, sources: Ranges, destinations: Ranges) -> RuleSet:
    """The rules that say anything of packets between some addresses, for these addresses alone."""
    rules = []
    for rule in one.rules:
        here, there = common(rule.sources, sources), common(rule.destinations, destinations)
        if here and there:
            rules.append(replace(rule, sources=here, destinations=there))
    return replace(one, rules=tuple(rules))


def borne(some: Iterable[Course]) -> tuple[Ranges, Ranges]:
    """Every address that packets of some courses bear anywhere as their source, and as their destination."""
    sources, destinations = list[Range](), list[Range]()
    for course in some:
        sources += course.sources
        destinations += course.destinations
        for check in course.checks:
            sources += [Range(check.source, check.source)] if check.source is not None else []
            destinations += [Range(check.destination, check.destination)] if check.destination is not None else []
    return joined(sources), joined(destinations)
