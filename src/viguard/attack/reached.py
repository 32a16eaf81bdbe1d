"""What gets from network to network, asked of the rules of an estate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from viguard.attack.supplied import Way
from viguard.network.addresses import Family, read
from viguard.network.exact.sweep import Sweep
from viguard.network.reach.ground import Ground
from viguard.network.reach.judging import Against, Answer, Case, End, Judged, Sides, judge
from viguard.network.rules import Action, Rule, RuleSet
from viguard.network.services import read as service_of


class Reached:
    """Every question about one destination is answered at once and kept: rules do not change while a graph is drawn.

    Whoever is in a network can take any address of it. So a service is open from a network when it is from one of its
    addresses; of a VLAN whose zone has several subnets, when it is from all of them, and closed when it is from none.
    One family is enough.
    """

    by_address = True

    def __init__(self, ground: Ground, sweep: Sweep) -> None:
        self._ground, self._sweep = ground, sweep
        self._kept: dict[tuple[str, tuple[str, ...], frozenset[str]], dict[str, list[Judged]]] = {}

    def way(self, source: frozenset[str], destination: frozenset[str], service: str, addresses: tuple[str, ...]) -> Way:
        """See ``Reaches``. Any of the addresses is enough."""
        key = service, addresses, destination
        if key not in self._kept:
            self._kept[key] = self._asked(service, [*self._ends(addresses, destination)])
        found, networks = self._kept[key], self._ground.networks
        told = [one for name in networks if networks[name].zone in source for one in found.get(name, ())]
        by_family = [[one for one in told if one.family is family] for family in Family]
        return _any([_of(some, is_any=bool(addresses)) for some in by_family if some])

    def _asked(self, service: str, ends: list[End]) -> dict[str, list[Judged]]:
        """What is told of each network as a source."""
        out: dict[str, list[Judged]] = {}
        for end in ends:
            for family in end.addresses:
                against = Against(policy=_all_but(service, family), sides=Sides.WIDE)
                sources = [*_networks(self._ground, family)]
                for one in judge(self._ground, self._sweep, against, end, sources):
                    out.setdefault(one.source, []).append(one)
        return out

    def _ends(self, addresses: tuple[str, ...], zones: frozenset[str]) -> Iterator[End]:
        networks = self._ground.networks
        for text in addresses:
            try:
                family, span = read(text)
            except ValueError:
                continue
            (network,) = self._ground.split((span,), family)
            known = network if network and networks[network].zone in zones else ""  # VLAN and address have to agree
            yield End(name=text, network=known, addresses={family: (span,)})
        for one in networks.values() if not addresses else ():
            if one.zone in zones:
                yield End(name=one.name, network=one.name, addresses=one.addresses)


def _networks(ground: Ground, family: Family) -> Iterator[End]:
    for name, network in ground.networks.items():
        if network.addresses.get(family):
            yield End(name=name, network=name, addresses=network.addresses)


def _all_but(service: str, family: Family) -> RuleSet:
    """Everything but a service, so that what is open beside it is what gets through of the service."""
    denied = Rule(action=Action.DENY, sources=family.every, destinations=family.every, services=(service_of(service),))
    return RuleSet(name=service, family=family, rules=(denied,), default=Action.PERMIT)


def _of(judged: Sequence[Judged], *, is_any: bool) -> Way:
    """In one family: from each subnet to any of some addresses; or from each subnet to each."""
    by_source: dict[str, list[Way]] = {}
    for one in judged:
        by_source.setdefault(one.source, []).append(_way(one))
    return _agreed([_any(ways) if is_any else _agreed(ways) for ways in by_source.values()])


def _any(ways: Sequence[Way]) -> Way:
    """Open when one is, closed when all are; else what nobody knows."""
    unknown = next((way for way in ways if way.is_open is None), Way(is_open=False if ways else None))
    return next((way for way in ways if way.is_open), unknown)


def _agreed(ways: Sequence[Way]) -> Way:
    """What all say. Where one is open and another closed, it depends on the subnet that the VLAN has."""
    if len({way.is_open for way in ways}) == 1:
        return ways[0]
    depends = Way(is_open=None, told="which subnet of its zone is in the VLAN")
    return next((way for way in ways if way.is_open is None), depends)


def _way(one: Judged) -> Way:
    sure = next((case for case in one.wide if case.sure), None)
    if sure:
        return Way(is_open=True, told=_told(sure, one))
    if one.answer is Answer.UNKNOWN and one.why:
        return Way(is_open=None, told=one.why)
    return Way(is_open=None, told="rules that could not be read for sure") if one.wide else Way(is_open=False)


def _told(case: Case, one: Judged) -> str:
    rules = [f"{told.rule.where}: {told.rule.text}" for told in case.told if told.rule and told.rule.text]
    services = ", ".join(map(str, case.services[:3]))
    return f"{services} from {one.source} to {one.destination}: {'; '.join(rules) or 'no rule is on the way'}"
