"""The closed rules of an estate: what has to pass, named end by end; everything else is denied."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any

from msgspec.structs import replace

from viguard.errors import InputError
from viguard.model.facts import Struct, Unknown
from viguard.model.inventory import Inventory
from viguard.model.server import Cluster
from viguard.model.storage import Datastore
from viguard.model.tables import FlowRow
from viguard.network.addresses import Family, Ranges, common, joined, read, without
from viguard.network.closed.need import Need
from viguard.network.closed.roles import EVERY, HOST, INTERNET, Cast, addresses_of, cast, outside
from viguard.network.closed.separated import check as check_separations
from viguard.network.rules import Action, Rule, RuleSet
from viguard.network.services import Box
from viguard.network.services import read as service_of
from viguard.policy.policy import Flow, Policy
from viguard.policy.quoting import quote
from viguard.policy.typed import suggest


class Level(StrEnum):
    """What is taken from the port tables (see content/flows.yaml)."""

    PRINTED = "printed"
    CORRECTED = "corrected"
    MODERN = "modern"


class Closed(Struct, frozen=True, kw_only=True):
    """Rows that stay closed although they may be needed: nobody is known who plays ``role``, or whether it is used."""

    row: str
    role: str
    why: str


class Way(StrEnum):
    """Which packets a point sees."""

    BOTH = "both"
    IN = "in"
    OUT = "out"


class Point(Struct, frozen=True, kw_only=True):
    """Where rules are enforced: at the edge of ``here``, or (None) where all traffic comes through.

    What stays inside ``here`` does not cross its edge.
    """

    here: Ranges | None = None
    way: Way = Way.BOTH


class Derived(Struct, frozen=True, kw_only=True):
    """What passes and what stays closed for want of a fact; ``notes`` say what of the ends is not known."""

    needs: tuple[Need, ...]
    closed: tuple[Closed, ...]
    notes: tuple[str, ...]

    def rule_set(self, name: str, family: Family, at: Point) -> RuleSet:
        """The closed rules of an enforcement point."""
        needs = [need for need in self.needs if need.family is family]
        rules = tuple(rule for need in needs for rule in _crossing(need, at))
        return RuleSet(name=name, family=family, rules=rules, default=Action.DENY)


def derive(inventory: Inventory, policy: Policy, rows: Sequence[FlowRow], level: Level) -> Derived:
    """What has to pass in an estate, by the port tables and the flows of the policy.

    Raises: InputError for a flow that means nothing, or joins zones that are separated.
    """
    who = cast(inventory, policy)
    needs, closed = list[Need](), list[Closed]()
    for row in rows:
        if level in row.levels:
            is_used = _USES[row.need](inventory) if row.need else True
            if is_used is None:
                closed.append(Closed(row=row.id, role="", why=f"whether {row.need} is in use was not read"))
            elif is_used:
                found, lacking = _of_row(row, who)
                needs += found
                closed += lacking
    ends = _Ends(inventory, policy, who, {role for row in rows for role in (*row.initiators, *row.responders)})
    for number, flow in enumerate(policy.firewall.flows, 1):
        passing, lacking = ends.flow(number, flow)
        needs += passing
        closed += lacking
    check_separations(policy, needs)
    notes = tuple(f"{role}: {what}" for role, told in who.unknown.items() for what in told)
    return Derived(needs=tuple(needs), closed=tuple(closed), notes=notes)


def _of_row(row: FlowRow, who: Cast) -> tuple[list[Need], list[Closed]]:
    services = tuple(map(service_of, row.services))
    needs, closed = list[Need](), list[Closed]()
    missing = {role for role in (*row.initiators, *row.responders) if not who.of(role, row.network)}
    for role in sorted(missing):
        if role == HOST:
            why = f"no host has an interface on the network {row.network}"
        else:
            why = f"nobody is known who plays {role}: name them under firewall.roles.{role} in the policy"
        closed.append(Closed(row=row.id, role=role, why=why))
    for family in Family:
        sources, destinations = (
            joined(
                span
                for role in roles
                for player in who.of(role, row.network)
                if player.family is family
                for span in player.addresses
            )
            for roles in (row.initiators, row.responders)
        )
        if sources and destinations:
            needs.append(
                Need(
                    row=row.id,
                    family=family,
                    sources=sources,
                    destinations=destinations,
                    services=services,
                    why=row.why,
                )
            )
    return needs, closed


class _Ends:
    """What the ends of flows mean."""

    def __init__(self, inventory: Inventory, policy: Policy, who: Cast, roles: Iterable[str]) -> None:
        self._policy, self._who = policy, who
        self._zones = {zone.name: zone.match.subnets for zone in policy.zones or ()}
        self._guests = {guest.name: guest for guest in inventory.guests}
        self._roles = {*roles, *policy.firewall.roles}

    def flow(self, number: int, flow: Flow) -> tuple[list[Need], list[Closed]]:
        """What a flow of the policy lets pass, and which ends of it have no address.

        Raises: InputError with ``file:line`` for a service or an end that is none.
        """
        where, row = f"{self._policy.file}:{flow.line}", f"flow {number}"
        services = tuple(_read_service(text, where) for text in flow.services)
        closed = [
            Closed(row=row, role=end, why=f"no address of {end} is known")
            for end in (*flow.sources, *flow.destinations)
            if not any(self._of(end, family, where) for family in Family)
        ]
        needs = []
        for family in Family:
            sources, destinations = (
                joined(span for end in ends for span in self._of(end, family, where))
                for ends in (flow.sources, flow.destinations)
            )
            if sources and destinations:
                ends = {"sources": sources, "destinations": destinations}
                needs.append(Need(row=row, family=family, services=services, why=flow.why, **ends))
        return needs, closed

    def _of(self, end: str, family: Family, where: str) -> Ranges:
        if end == EVERY:
            return family.every
        if end == INTERNET:
            return outside([_nets(subnets, family) for subnets in self._zones.values()], family)
        if end in self._zones:
            return _nets(self._zones[end], family)
        if end in self._roles:
            return joined(s for one in self._who.of(end, "management") if one.family is family for s in one.addresses)
        if end in self._guests:
            return _nets(addresses_of(self._guests[end]), family)
        try:
            found, span = read(end)
        except ValueError:
            hint = suggest(end, {*self._zones, *self._roles, *self._guests, EVERY, INTERNET})
            raise InputError(f"{quote(end)} is no zone, role, guest or address", where=where, hint=hint) from None
        return (span,) if found is family else ()


def _read_service(text: str, where: str) -> Box:
    try:
        return service_of(text)
    except ValueError as error:
        hint = "write tcp/443, udp/5000-5010, icmp/8 or any"
        raise InputError(f"{quote(text)} is no service: {error}", where=where, hint=hint) from error


def _nets(texts: Sequence[str], family: Family) -> Ranges:
    out = []
    for text in texts:
        try:
            found, span = read(text)
        except ValueError:
            continue
        if found is family:
            out.append(span)
    return joined(out)


def _crossing(need: Need, at: Point) -> Iterator[Rule]:
    """The rules of a need at a point: one for each direction in which it crosses the edge."""
    if at.here is None:
        yield need.rule()
        return
    if at.way is not Way.OUT:
        inside, rest = common(need.destinations, at.here), without(need.sources, at.here)
        if inside and rest:
            yield replace(need, sources=rest, destinations=inside).rule()
    if at.way is not Way.IN:
        inside, rest = common(need.sources, at.here), without(need.destinations, at.here)
        if inside and rest:
            yield replace(need, sources=inside, destinations=rest).rule()


def _known(told: Sequence[object], is_used: Callable[[Any], bool]) -> bool | None:
    """Whether any of some facts shows it; None when none does and one was not read."""
    if any(not isinstance(one, Unknown) and is_used(one) for one in told):
        return True
    return None if any(isinstance(one, Unknown) for one in told) else False


def _service(name: str) -> Callable[[Inventory], bool | None]:
    def found(estate: Inventory) -> bool | None:
        told = [host.vmkernel_services for host in estate.hosts]
        return _known(told, lambda some: any(one.service == name and one.devices for one in some))

    return found


def _vmotion(estate: Inventory) -> bool | None:
    """By the service of an interface, or by the interface that is chosen for it, which older hosts tell."""
    chosen = _known([host.vmotion_device for host in estate.hosts], bool)
    by_service = _service("vmotion")(estate)
    return True if True in {chosen, by_service} else None if None in {chosen, by_service} else False


_USES: Mapping[str, Callable[[Inventory], bool | None]] = {
    "ha": lambda estate: _known([cluster.ha for cluster in estate.all(Cluster)], bool),
    "iscsi": lambda estate: _known([host.iscsi for host in estate.hosts], lambda some: any(a.targets for a in some)),
    "nfs": lambda estate: _known([store.nfs_servers for store in estate.all(Datastore)], bool),
    "vmotion": _vmotion,
    "vsan": _service("vsan"),
    "faultToleranceLogging": _service("faultToleranceLogging"),
    "dumps": lambda _: False,
}
"""What may be in use: True, False, or None where a fact that tells it was not read."""
