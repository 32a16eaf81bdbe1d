"""The ground of an estate: zones and points as the policy names them, with the rules of devices and hosts."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from ipaddress import ip_interface, ip_network

from msgspec.structs import replace

from viguard.model.facts import Reason, Unknown
from viguard.model.host import Firewall, Host
from viguard.model.inventory import Inventory
from viguard.model.plugged import interfaces
from viguard.model.text import visible
from viguard.network.addresses import Family, Range, Ranges, joined, read
from viguard.network.closed.roles import Cast, addresses_of, outside
from viguard.network.parse import esxi
from viguard.network.parse.imported import Imported, Point
from viguard.network.reach.checks import unread
from viguard.network.reach.ground import INTERNET, Ground, Guard, Network, Router, Translation, layers
from viguard.network.rules import Action, RuleSet
from viguard.policy.policy import EnforcementPoint, Policy

Readings = Mapping[str, Sequence[Imported]]
"""What was read of the files of each point, by its name."""
_INTO, _OUT, _FORWARD = {"in", "input"}, {"out", "output"}, {"forward"}
_BRIDGE = re.compile(r"(?i)vlan")
NO_FILE = "the policy names no file with its rules"


def stand(inventory: Inventory, policy: Policy, who: Cast, readings: Readings, *, hosts: bool = True) -> Ground:
    """Everything that packets of an estate can meet, as far as it is known; the firewalls of ``hosts`` or without."""
    networks, notes = _networks(policy), list[str]()
    segments: dict[str, list[str]] = defaultdict(list)
    for name in networks:
        segments[zone_of(name)].append(name)
    routers = []
    for point in policy.firewall.points:
        if point.between:
            made = _Joining(policy, point, segments, networks)
            routers.append(made.router(readings.get(point.name, ())))
            notes += made.notes
    guards = [*_hosts(inventory)] if hosts else []
    guarded: dict[Family, Ranges] = dict.fromkeys(Family, ())
    for point in policy.firewall.points:
        if point.before:
            files, here = readings.get(point.name, ()), _named(point, inventory, policy, who)
            guards += _before(point, files, here, notes)
            for family in {family for file in files for family in file.families}:
                guarded[family] = joined((*guarded[family], *here[family]))
    isolated = {name for zone in policy.firewall.isolated for name in segments[zone]}
    notes += [f"no address of zone {zone.name} is known" for zone in policy.zones or () if not segments[zone.name]]
    for name in {name for point in policy.firewall.points for name in point.between} - segments.keys():
        networks[name] = Network(name=name, addresses={})
    return Ground(
        networks=networks,
        routers=tuple(routers),
        layers=layers(guards),
        isolated=frozenset(isolated),
        guarded=guarded,
        notes=tuple(dict.fromkeys(visible(note, 400) for note in notes)),
    )


def zone_of(network: str) -> str:
    """The zone of a network: a zone with several subnets has a network for each."""
    return network.partition(" (")[0]


def _networks(policy: Policy) -> dict[str, Network]:
    """A network for each subnet of a zone, as each may be behind another list; and the internet."""
    found: dict[str, Network] = {}
    every: dict[Family, list[Ranges]] = {family: [] for family in Family}
    for zone in policy.zones or ():
        by_family: dict[Family, list[str]] = {family: [] for family in Family}
        for text in zone.match.subnets:
            family, span = read(text)
            by_family[family].append(text)
            every[family].append((span,))
        is_one = all(len(texts) < 2 for texts in by_family.values())
        for family, texts in by_family.items():
            for text in texts:
                name = zone.name if is_one else f"{zone.name} ({text})"
                before = found[name].addresses if name in found else {}
                found[name] = Network(name=name, addresses={**before, family: (read(text)[1],)})
    found[INTERNET] = Network(name=INTERNET, addresses={f: outside(every[f], f) for f in Family})
    return found


class _Joining:
    """A point between networks. ``notes`` say what of its files is not looked at."""

    def __init__(
        self,
        policy: Policy,
        point: EnforcementPoint,
        segments: Mapping[str, Sequence[str]],
        networks: Mapping[str, Network],
    ) -> None:
        self._policy, self._point, self._segments, self._networks = policy, point, segments, networks
        self._lost: list[str] = []
        self.notes: list[str] = []

    def router(self, files: Sequence[Imported]) -> Router:
        """The router that it is."""
        lists: dict[tuple[str, str, Family], list[RuleSet]] = defaultdict(list)
        forward: dict[Family, list[RuleSet]] = defaultdict(list)
        for file in files:
            self.notes += [f"{self._point.name}: {note}" for note in file.notes]
            for one in file.points:
                self._take(one, lists, forward)
        families = {family for file in files for family in file.families}
        for family in set(Family) - families if files else ():
            why = f"its rules of IPv{family.value} were not read"
            forward[family].append(unread(why, self._point.name, family))
        return Router(
            name=self._point.name,
            joins=tuple(name for zone in self._point.between for name in self._segments.get(zone, (zone,))),
            lists={key: tuple(sets) for key, sets in lists.items()},
            forward={family: tuple(sets) for family, sets in forward.items()},
            translations={family: tuple(self._translations(family)) for family in Family},
            interfaces=self._interfaces(),
            unread=NO_FILE if not files else "; ".join(dict.fromkeys(self._lost)),
            families=tuple(f for f in Family if not files or any(f in file.carries for file in files)),
        )

    def _interfaces(self) -> dict[str, tuple[str, ...]]:
        """The names of its interfaces by network, as the policy says."""
        found: dict[str, tuple[str, ...]] = {}
        for name, zone in self._point.interfaces.items():
            for network in self._segments.get(zone, (zone,)):
                found[network] = (*found.get(network, ()), name)
        return found

    def _take(
        self, one: Point, lists: dict[tuple[str, str, Family], list[RuleSet]], forward: dict[Family, list[RuleSet]]
    ) -> None:
        family, ways = (
            one.rules.family,
            [way for way, words in (("in", _INTO), ("out", _OUT)) if one.direction in words],
        )
        if one.direction in _FORWARD:
            forward[family].append(one.rules)
        elif one.is_own or not one.direction:
            return
        elif one.direction == "vlan":
            for network in self._of_vlan(one.vlan):
                lists[network, "in", family].append(one.rules)
                lists[network, "out", family].append(one.rules)
        elif (networks := self._of_interface(one)) is not None:
            for network in networks:
                for way in ways:
                    lists[network, way, family].append(one.rules)

    def _of_interface(self, one: Point) -> list[str] | None:
        """The networks of an interface, of those that the point joins; None: it is a port of a switch."""
        for name, zone in self._point.interfaces.items():
            if name.casefold() == one.place.casefold():
                return [*self._segments.get(zone, (zone,))]
        told = [network for text in one.addresses for network in self._of_address(text)]
        if not told and (_BRIDGE.match(one.place) or "." in one.place):
            told = self._of_vlan(one.vlan)
        if not told and not one.addresses and one.vlan is not None:
            self.notes.append(f"{self._point.name}: the list at the port {one.place} is not looked at")
            return None
        if not told:
            self._lost.append(f"its interface {one.place} has a list, and 'interfaces' does not say in which network")
        return told

    def _of_address(self, text: str) -> Iterator[str]:
        try:
            own = ip_interface(text)
        except ValueError:
            return
        for name in self._joined():
            spans = self._networks[name].addresses.get(Family(own.version), ()) if name in self._networks else ()
            if name != INTERNET and any(one.first <= int(own.ip) <= one.last for one in spans):
                yield name

    def _of_vlan(self, vlan: int | None) -> list[str]:
        """The networks of a VLAN: those of its zones, where no address tells them apart."""
        zones = [zone.name for zone in self._policy.zones or () if vlan in zone.match.vlans]
        return [name for name in self._joined() if zone_of(name) in zones]

    def _joined(self) -> list[str]:
        return [name for zone in self._point.between for name in self._segments.get(zone, (zone,))]

    def _translations(self, family: Family) -> Iterator[Translation]:
        for one in self._point.nat:
            its, outside_span = read(one.outside)
            _, inside = read(one.inside)
            if its is family:
                for name in self._segments.get(one.on, (one.on,)):
                    where = f"{self._policy.file}:{one.line}"
                    yield Translation(on=name, outside=outside_span, inside=inside, where=where)


def _hosts(inventory: Inventory) -> Iterator[Guard]:
    """The firewall of each host that has one, before its own addresses."""
    for host in inventory.hosts:
        here = addresses_of_host(host)
        wall = host.firewall
        if isinstance(wall, Unknown) and wall.reason is Reason.NOT_IN_VERSION:
            continue
        found = esxi.parse(wall if isinstance(wall, Firewall | Unknown) else None, visible(host.name, 60))
        into, out = (
            {one.rules.family: _besides(host, one.rules) for one in found.points if one.direction in words}
            for words in (_INTO, _OUT)
        )
        yield Guard(name=f"the firewall of {visible(host.name, 60)}", here=here, into=into, out=out)


def _besides(host: Host, one: RuleSet) -> RuleSet:
    """Classic ESX opens ports beside its services, which its API does not tell."""
    if not host.is_classic or one.default is Action.PERMIT:
        return one
    rule = esxi.anything(one.family, f"{visible(host.name, 60)}:firewall", "of classic ESX the API tells services only")
    return replace(one, rules=(*one.rules, rule))


def addresses_of_host(host: Host) -> dict[Family, Ranges]:
    """The addresses of every interface of a host."""
    nics = interfaces(host)
    texts = [] if isinstance(nics, Unknown) else [text for nic in nics for text in (nic.address, *nic.ipv6) if text]
    return _by_family(text.partition("/")[0].partition("%")[0] for text in texts)


def _before(
    point: EnforcementPoint, files: Sequence[Imported], here: dict[Family, Ranges], notes: list[str]
) -> Iterator[Guard]:
    """Guards of a point, one for each rule set that all packets meet one after the other."""
    notes += [f"{point.name}: {note}" for file in files for note in file.notes]
    if not files:
        sets = {family: unread(NO_FILE, point.name, family) for family in Family}
        yield Guard(name=point.name, here=here, into=sets, out=sets)
        return
    for file in files:
        places = dict.fromkeys(one.place for one in file.points if one.direction in _INTO | _OUT)
        is_choice = len(places) > 1 and {"Domain", "Private", "Public"} >= places.keys()
        if is_choice:
            notes.append(f"{point.name}: which of its profiles is active is not known")
        for place in places:
            into, out = (
                {
                    one.rules.family: unread("which profile is active", point.name, one.rules.family)
                    if is_choice
                    else one.rules
                    for one in file.points
                    if one.place == place and one.direction in words
                }
                for words in (_INTO, _OUT)
            )
            yield Guard(name=point.name, here=here, into=into, out=out, each=file.is_before_each)
    for family in set(Family) - {family for file in files for family in file.families}:
        sets = {family: unread(f"its rules of IPv{family.value} were not read", point.name, family)}
        yield Guard(name=point.name, here=here, into=sets, out=sets)


def _named(point: EnforcementPoint, inventory: Inventory, policy: Policy, who: Cast) -> dict[Family, Ranges]:
    """The addresses that a point stands before."""
    texts: list[str] = []
    spans: dict[Family, list[Range]] = {family: [] for family in Family}
    for name in point.before:
        found = [*addresses_named(name, inventory, policy)]
        texts += found
        for player in who.players.get(name, ()):
            spans[player.family] += player.addresses
    more = _by_family(texts)
    return {family: joined((*more.get(family, ()), *spans[family])) for family in Family}


def addresses_named(name: str, inventory: Inventory, policy: Policy) -> Iterator[str]:
    """Addresses and networks that a name means: of a zone, a guest, a host; or itself. Nothing: nobody has it."""
    key = name.casefold()
    for zone in policy.zones or ():
        if zone.name == name:
            yield from zone.match.subnets
    for guest in inventory.guests:
        names = {guest.name.casefold(), guest.host_name.casefold() if isinstance(guest.host_name, str) else ""}
        if key in names:
            yield from addresses_of(guest)
    for host in inventory.hosts:
        if key in {host.name.casefold(), host.name.casefold().partition(".")[0]}:
            nics = interfaces(host)
            for nic in [] if isinstance(nics, Unknown) else nics:
                yield from (text.partition("/")[0] for text in (nic.address, *nic.ipv6) if text)
    try:
        ip_network(name)
    except ValueError:
        return
    yield name


def _by_family(texts: Iterable[str]) -> dict[Family, Ranges]:
    spans: dict[Family, list[Range]] = {family: [] for family in Family}
    for text in texts:
        try:
            family, span = read(text)
        except ValueError:
            continue
        spans[family].append(span)
    return {family: joined(found) for family, found in spans.items()}
