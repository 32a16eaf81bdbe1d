"""NICs, trunks, forged frames and mirrors: into which networks a guest or host sends, and what it hears there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from viguard.attack.estate import Estate, Plugged, PortGroup
from viguard.attack.graph import Edge, Seen
from viguard.model.facts import Unknown
from viguard.model.guest import Guest
from viguard.model.network import VGT, DistributedSwitch, DvPortGroup, SecurityPolicy, StandardPortGroup, Vlan

TRAFFIC = "what crosses there in clear"


def edges(estate: Estate) -> Iterator[Edge]:
    """Steps of guests on their networks. Services between networks follow when every service is known (``between``)."""
    carried = _carried(estate)
    members: dict[str, list[tuple[Guest, tuple[Seen, ...]]]] = defaultdict(list)
    groups: dict[str, PortGroup] = {}
    for guest in estate.machines:
        if guest.template is True:
            continue
        zones: dict[str, tuple[Seen, ...]] = {}
        for plug in estate.plugged(guest):
            nic, group, facts, missing = plug
            groups[group.id] = group
            members[group.id].append((guest, facts))
            several = isinstance(guest.nics, tuple) and len(guest.nics) > 1
            on = f"{guest.id}/{nic.key}" if several else ""  # without its only NIC a guest serves nobody
            if isinstance(group.vlan, Unknown):
                estate.notes[f"the VLAN of {group.name}: {group.vlan}"] = None
            elif group.vlan.is_trunk:
                yield from _trunk(estate, guest, plug, carried)
            else:
                zone, told = estate.network(group), (*facts, estate.vlan_seen(group))
                zones.setdefault(zone, told)
                yield Edge("nic", estate.at(guest), zone, told, missing, on=on)
                yield from _offers(estate, guest, zone, told)
        yield from _bridge(estate, guest, zones)
    for id_, plugged in members.items():
        yield from _hears(estate, groups[id_], plugged)
    yield from _mirrors(estate)


def between(estate: Estate) -> Iterator[Edge]:
    """From every network to every service that something listens on, by the reach that was handed in."""
    zones = [z for z in estate.nodes if z.startswith("zone:")]
    names = {z: _names(estate, z) for z in zones}
    for id_, (zone, service, addresses) in list(estate.services.items()):
        asked = "any" if service == "guests" else service
        for source in zones:
            if source == zone:
                fact = Seen(zone, "", "network", "both are on this VLAN", None, estate.nodes[zone].name)
                apart = ("whether the private VLAN lets its members talk",) if zone in estate.private else ()
                yield Edge("same_vlan", source, id_, (fact,), apart)
                continue
            way = estate.reach.way(names[source], names[zone], asked, addresses)
            on = f"{source}>{zone}/{service}"
            if way.is_open:
                fact = Seen(source, "", "reach", way.told, None, estate.nodes[source].name)
                yield Edge("permitted", source, id_, (fact,), on=on)
            elif way.is_open is None:
                yield Edge("permitted", source, id_, (), (way.told,), on=on)


def _names(estate: Estate, zone: str) -> frozenset[str]:
    vlan = estate.vlans.get(zone)
    if vlan is None:
        return frozenset({zone})
    return frozenset({zone, str(vlan), *estate.zones.of_vlan(Vlan(id=vlan)).zones})


def _trunk(estate: Estate, guest: Guest, plug: Plugged, carried: dict[str, list[PortGroup]]) -> Iterator[Edge]:
    """Every VLAN of the trunk: sure where the same switch has it, else for the physical switch to say."""
    _, group, facts, missing = plug
    vlan = group.vlan
    ranges = vlan.trunk if isinstance(vlan, Vlan) and vlan.id != VGT else ((0, VGT),)
    own = (*facts, estate.vlan_seen(group), *_switched(estate, group))
    sure: set[int] = set()
    for other in carried.get(_switch(group), ()):
        number = other.vlan.id if isinstance(other.vlan, Vlan) else 0
        if number and any(a <= number <= b for a, b in ranges):
            sure.add(number)
            told = (*own, estate.vlan_seen(other), *_switched(estate, other))
            yield Edge("trunk_nic", estate.at(guest), estate.network(other), told, missing, on=group.id)
    far: dict[int, PortGroup] = {}
    for groups in carried.values():
        for other in groups:
            if isinstance(other.vlan, Vlan) and other.vlan.id not in sure and other.vlan.id:
                far.setdefault(other.vlan.id, other)
    for number, other in far.items():
        if any(a <= number <= b for a, b in ranges):
            why = (*missing, "which VLANs the physical switch sends into its trunk")
            yield Edge("trunk_nic", estate.at(guest), estate.network(other), own, why, on=group.id)


def _carried(estate: Estate) -> dict[str, list[PortGroup]]:
    """Port groups with one VLAN, by switch."""
    found: dict[str, list[PortGroup]] = defaultdict(list)
    everything: list[PortGroup] = [*estate.inventory.all(StandardPortGroup), *estate.inventory.all(DvPortGroup)]
    for group in everything:
        if isinstance(group.vlan, Vlan) and not group.vlan.is_trunk:
            found[_switch(group)].append(group)
    return found


def _switched(estate: Estate, group: PortGroup) -> tuple[Seen, ...]:
    """The switch of a distributed port group is a fact of its own; a standard one is named by it."""
    return (estate.seen(group, "switch", group.switch),) if isinstance(group, DvPortGroup) else ()


def _switch(group: PortGroup) -> str:
    return f"{group.host}/{group.switch}" if isinstance(group, StandardPortGroup) else str(group.switch)


def _offers(estate: Estate, guest: Guest, zone: str, told: tuple[Seen, ...]) -> Iterator[Edge]:
    """Into a guest by what it offers: sure where a flaw was told, possible where nobody looked."""
    flaw = estate.supplied.flaws.get(guest.id)
    if flaw == "":
        return
    facts = (*told, estate.told(guest, "flaw of a service", flaw)) if flaw else told
    missing = () if flaw else ("which services the guest offers, and whether they are patched",)
    yield Edge("guest_service", estate.service(zone, "guests"), estate.at(guest), facts, missing, on=guest.id)


def _bridge(estate: Estate, guest: Guest, zones: dict[str, tuple[Seen, ...]]) -> Iterator[Edge]:
    forwards = estate.supplied.forwards.get(guest.id)
    if forwards is False:
        return
    for source, told in zones.items():
        for target, also in zones.items():
            if source != target:
                facts = tuple(dict.fromkeys((*told, *also)))
                facts += (estate.told(guest, "forwards packets", "yes"),) if forwards else ()
                missing = () if forwards else ("whether the guest forwards packets",)
                yield Edge("bridge", source, target, facts, missing, on=guest.id)


def _hears(estate: Estate, group: PortGroup, plugged: list[tuple[Guest, tuple[Seen, ...]]]) -> Iterator[Edge]:
    """Frames of a port group that accepts what it should reject: read or forged by each guest on it."""
    if isinstance(group.security, Unknown):
        estate.notes[f"what guests may do on {group.name}: {group.security}"] = None
        return
    accepted = [field for field in SecurityPolicy.__struct_fields__ if getattr(group.security, field)]
    if not accepted:
        return
    told = estate.seen(group, "security", ", ".join(accepted) + " accepted")
    node = estate.at(group)
    for guest, facts in plugged:
        yield Edge("sniff", estate.at(guest), node, (*facts, told), on=group.id)
        yield Edge("intercept", node, estate.at(guest), (*facts, told), (TRAFFIC,), on=group.id)


def _mirrors(estate: Estate) -> Iterator[Edge]:
    for switch in estate.inventory.all(DistributedSwitch):
        groups = [g for g in estate.inventory.all(DvPortGroup) if g.switch == switch.id and g.uplink is not True]
        for mirror in switch.mirrors if isinstance(switch.mirrors, tuple) else ():
            if not mirror.enabled:
                continue
            to = ", ".join(mirror.destinations)
            told = estate.seen(switch, "mirrors", f"{mirror.name} to {to}", f"[{mirror.name}]")
            for guest in (g for d in mirror.destinations for g in estate.by_address.get(d, ())):
                facts = (told, estate.seen(guest, "addresses", to))
                missing = ("which ports are mirrored", TRAFFIC)
                for group in groups:
                    yield Edge("mirror", estate.at(guest), estate.at(group), facts, missing, on=switch.id)
