"""The ground on which packets travel: networks, the routers between them, and what stands before single addresses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from ipaddress import IPv4Network, IPv6Network, ip_network

from msgspec import field
from msgspec.structs import replace

from viguard.model.facts import Struct
from viguard.network.addresses import Family, Range, Ranges, common, joined, read, without
from viguard.network.rules import Action, Rule, RuleSet

INTERNET = "internet"
NO_FILE = "the policy names no file with its rules"
_NEVER_ON_THE_INTERNET = (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16",
    "224.0.0.0/3", "::/8", "fc00::/7", "fe80::/10", "ff00::/8",
)  # fmt: skip


class Network(Struct, frozen=True, kw_only=True):
    """One subnet of a zone, the internet, or a network that only routers are in, which has no addresses here.

    ``zone`` is the zone's name; of the others their own.
    """

    name: str
    zone: str
    addresses: Mapping[Family, Ranges]


class Translation(Struct, frozen=True, kw_only=True):
    """``inside`` is seen as ``outside`` in the network ``on``. One outside address for many: they hide behind it."""

    on: str
    outside: Range
    inside: Range
    where: str

    @property
    def hides(self) -> bool:
        """Whether the inside cannot be reached by it."""
        return self.outside.first == self.outside.last and self.inside.first != self.inside.last

    def outside_of(self, address: int) -> int:
        """What an inside address is seen as."""
        return self.outside.first + (0 if self.hides else address - self.inside.first)


class Router(Struct, frozen=True, kw_only=True):
    """A device that joins networks. ``lists`` are rule sets by network, direction (``in``, ``out``) and family.

    ``forward`` are those that everything meets which it hands on. Where there is none, it hands on everything.
    ``unread`` says why nobody knows its rules, ``families`` in which it has addresses; ``interfaces`` are those in
    a network by their names, where the policy tells them.
    """

    name: str
    joins: tuple[str, ...]
    lists: Mapping[tuple[str, str, Family], tuple[RuleSet, ...]]
    forward: Mapping[Family, tuple[RuleSet, ...]]
    translations: Mapping[Family, tuple[Translation, ...]]
    unread: str = ""
    families: tuple[Family, ...] = tuple(Family)
    interfaces: Mapping[str, tuple[str, ...]] = {}
    kept: dict[tuple[Family, str, str], tuple[RuleSet, ...]] = field(default_factory=dict)

    def handed(self, family: Family, came: str, goes: str) -> tuple[RuleSet, ...]:
        """The rule sets that packets from one of its networks to another meet when they are handed on.

        What they ask of interfaces is answered where each of the two networks has one interface that is known.
        """
        key = family, came, goes
        if key not in self.kept:
            own, other = self.interfaces.get(came, ()), self.interfaces.get(goes, ())
            is_known = len(own) == len(other) == 1
            sets = self.forward.get(family, ())
            self.kept[key] = tuple(one.at(own[0], other[0]) for one in sets) if is_known else sets
        return self.kept[key]


class Guard(Struct, frozen=True, kw_only=True):
    """Rules before single addresses: one rule set for what comes in to ``here`` and one for what goes out.

    What stays inside meets none of them, unless they stand before ``each`` address.
    """

    name: str
    here: Mapping[Family, Ranges]
    into: Mapping[Family, RuleSet]
    out: Mapping[Family, RuleSet]
    each: bool = False


class Layer(Struct, frozen=True, kw_only=True):
    """Guards no two of which stand before one address, as one rule set for each way and family."""

    into: Mapping[Family, RuleSet]
    out: Mapping[Family, RuleSet]


class Ground(Struct, frozen=True, kw_only=True):
    """Everything that packets can meet. ``isolated`` are networks that no router is in, as the owner says.

    Before ``guarded`` addresses stands a point whose rules were read. ``notes`` say what is not known of all that.
    """

    networks: Mapping[str, Network]
    routers: tuple[Router, ...]
    layers: tuple[Layer, ...]
    isolated: frozenset[str] = frozenset()
    guarded: Mapping[Family, Ranges] = {}
    notes: tuple[str, ...] = ()

    def split(self, spans: Ranges, family: Family) -> dict[str, Ranges]:
        """Addresses by the network that they are in; "" for those in no zone that nobody on the internet has."""
        found: dict[str, Ranges] = {}
        left = spans
        for name, network in self.networks.items():
            own = network.addresses.get(family, ())
            here = common(left, without(own, private(family)) if name == INTERNET else own)
            if here:
                found[name] = here
                left = without(left, here)
        return {**found, "": left} if left else found


@cache
def private(family: Family) -> Ranges:
    """Addresses that nobody on the internet has. Source: RFC 6890."""
    nets: list[IPv4Network | IPv6Network] = [ip_network(text) for text in _NEVER_ON_THE_INTERNET]
    return joined(read(str(net))[1] for net in nets if net.version == family.value)


def layers(guards: Iterable[Guard]) -> tuple[Layer, ...]:
    """Guards in as few layers as they fit in; every layer has to let a packet through."""
    stacked: list[tuple[list[Guard], dict[Family, Ranges]]] = []
    for guard in guards:
        fits = (one for one in stacked if not any(common(guard.here.get(f, ()), one[1][f]) for f in Family))
        if (found := next(fits, None)) is None:
            found = ([], dict.fromkeys(Family, ()))
            stacked.append(found)
        members, taken = found
        members.append(guard)
        for family in Family:
            taken[family] = joined((*taken[family], *guard.here.get(family, ())))
    return tuple(
        Layer(
            into={family: _set([(one, one.into) for one in members], family, is_into=True) for family in Family},
            out={family: _set([(one, one.out) for one in members], family, is_into=False) for family in Family},
        )
        for members, _ in stacked
    )


def _set(guards: Iterable[tuple[Guard, Mapping[Family, RuleSet]]], family: Family, *, is_into: bool) -> RuleSet:
    """The rules of each for its own addresses; what is before none of them passes."""
    rules: list[Rule] = []
    is_stateful = True
    for guard, sets in guards:
        here, one = guard.here.get(family, ()), sets.get(family)
        if not here or one is None:
            continue
        is_stateful = is_stateful and one.stateful
        if not guard.each:
            why = "it stays inside"
            rules.append(Rule(action=Action.PERMIT, sources=here, destinations=here, where=guard.name, why=why))
        for rule in (*one.rules, _default(one, guard.name)):
            sources = rule.sources if is_into else common(rule.sources, here)
            destinations = common(rule.destinations, here) if is_into else rule.destinations
            if sources and destinations:
                rules.append(replace(rule, sources=sources, destinations=destinations))
    return RuleSet(name="", family=family, rules=tuple(rules), default=Action.PERMIT, stateful=is_stateful)


def _default(one: RuleSet, name: str) -> Rule:
    every, text = one.family.every, f"what no rule fits: {one.default}"
    return Rule(action=one.default, sources=every, destinations=every, where=name, text=text)
