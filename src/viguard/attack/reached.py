"""What gets from network to network, asked of the rules of an estate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from viguard.attack.supplied import Way
from viguard.network.addresses import Family, read
from viguard.network.exact.sweep import Sweep
from viguard.network.reach.ground import Ground
from viguard.network.reach.judging import Against, Answer, Case, End, Judged, Sides, judge
from viguard.network.reach.stand import zone_of
from viguard.network.rules import Action, Rule, RuleSet
from viguard.network.services import read as service_of


class Reached:
    """Every question about one destination is answered at once and kept: rules do not change while a graph is drawn.

    Whoever is in a network can take any address of it. So a service is open from a network when it is from one of its
    addresses; of a VLAN whose zone has several subnets, when it is from all of them, and closed when it is from none.
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
        found = self._kept[key]
        here = [name for name in self._ground.networks if zone_of(name) in source and name in found]
        ways = [_of(found[name], is_any=bool(addresses)) for name in here]
        return _agreed(ways) if ways else Way(is_open=None)

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
        for text in addresses:
            try:
                family, span = read(text)
            except ValueError:
                continue
            network = self._ground.network_of(span.first, family)
            known = network if zone_of(network) in zones else ""  # what the VLAN and the address say has to agree
            yield End(name=text, network=known, addresses={family: (span,)})
        if not addresses:
            for name, one in self._ground.networks.items():
                if zone_of(name) in zones:
                    yield End(name=name, network=name, addresses=one.addresses)


def _networks(ground: Ground, family: Family) -> Iterator[End]:
    for name, network in ground.networks.items():
        if network.addresses.get(family):
            yield End(name=name, network=name, addresses=network.addresses)


def _all_but(service: str, family: Family) -> RuleSet:
    """Everything but a service, so that what is open beside it is what gets through of the service."""
    denied = Rule(action=Action.DENY, sources=family.every, destinations=family.every, services=(service_of(service),))
    return RuleSet(name=service, family=family, rules=(denied,), default=Action.PERMIT)


def _of(judged: Sequence[Judged], *, is_any: bool) -> Way:
    """From one network: to any of some addresses; or to a zone, when it is so for each of its subnets."""
    ways = [_way(one) for one in judged]
    return next((way for way in ways if way.is_open), _agreed(ways)) if is_any else _agreed(ways)


def _agreed(ways: Sequence[Way]) -> Way:
    same = len({way.is_open for way in ways}) == 1
    return ways[0] if same else Way(is_open=None, told="which subnet of its zone is in the VLAN")


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
