"""Points between networks as routers: which rules they have for which network."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_interface

from viguard.network.addresses import Family, read
from viguard.network.parse.imported import FORWARD, INTO, OUT, Imported, Point
from viguard.network.reach.checks import unread
from viguard.network.reach.ground import INTERNET, NO_FILE, Network, Router, Translation
from viguard.network.rules import RuleSet
from viguard.policy.policy import EnforcementPoint, Policy

_BRIDGE = re.compile(r"(?i)vlan")


class Joining:
    """A point between networks. ``notes`` say what of its files is not looked at."""

    def __init__(self, policy: Policy, point: EnforcementPoint, networks: Mapping[str, Network]) -> None:
        self._policy, self._point, self._networks = policy, point, networks
        self._segments: dict[str, list[str]] = defaultdict(list)
        for network in networks.values():
            self._segments[network.zone].append(network.name)
        self._lost: list[str] = []
        self.notes: list[str] = []

    def router(self, files: Sequence[Imported]) -> Router:
        """The router that it is."""
        lists: dict[tuple[str, str, Family], list[RuleSet]] = defaultdict(list)
        forward: dict[Family, list[RuleSet]] = defaultdict(list)
        for file in files:
            for one in file.points:
                self._take(one, lists, forward)
        families = {family for file in files for family in file.families}
        for family in set(Family) - families if files else ():
            why = f"its rules of IPv{family.value} were not read"
            forward[family].append(unread(why, self._point.name, family))
        return Router(
            name=self._point.name,
            joins=tuple(self._joined()),
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
            [way for way, words in (("in", INTO), ("out", OUT)) if one.direction in words],
        )
        if one.direction in FORWARD:
            forward[family].append(one.rules)
        elif one.is_own or not one.direction:
            return
        elif one.direction == "vlan":
            for network in self._of_vlan(one.vlan, family, one.place):
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
            told = self._of_vlan(one.vlan, one.rules.family, one.place)
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
            spans = self._networks[name].addresses.get(Family(own.version), ())
            if name != INTERNET and any(one.first <= int(own.ip) <= one.last for one in spans):
                yield name

    def _of_vlan(self, vlan: int | None, family: Family, place: str) -> list[str]:
        """The network of a VLAN, where no address tells it: that of its zone, when the zone has no other."""
        zones = {zone.name for zone in self._policy.zones or () if vlan in zone.match.vlans}
        here = [self._networks[name] for name in self._joined() if self._networks[name].zone in zones]
        found = [one.name for one in here if family in one.addresses]
        if len(found) > 1:
            self._lost.append(f"which of {', '.join(found)} is behind {place} is not known")
        return found

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
