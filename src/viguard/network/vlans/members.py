"""Servers and services by VLAN, over all hosts, and what is odd about the port groups.

Source: report, "VLAN setup" (Figure 6: what servers and services are configured on a specific VLAN).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from enum import StrEnum

from viguard.model.facts import Fact, Struct, Unknown
from viguard.model.guest import Guest
from viguard.model.host import Host
from viguard.model.inventory import Inventory
from viguard.model.network import DistributedSwitch, DvPortGroup, StandardPortGroup, VmkernelNic
from viguard.model.plugged import PortGroup, group_of_interface, interfaces
from viguard.model.text import visible
from viguard.network.vlans.need import vlan_told
from viguard.policy.zones import Zones

SERVICES_AT_MOST = 80  # characters of an annotation that stand for a service


class Kind(StrEnum):
    """What a network is."""

    VLAN = "vlan"
    PRIVATE = "private"
    UNTAGGED = "untagged"
    TRUNK = "trunk"
    UNKNOWN = "unknown"


class Member(Struct, frozen=True, kw_only=True):
    """A guest, template or interface of a host in a network.

    ``services`` are of an interface those that the host tells, of a guest the first line of its annotation.
    ``power`` of a guest; "not known" where it was not read.
    """

    kind: str  # guest, template, interface
    name: str
    host: str
    port_group: str
    services: tuple[str, ...] = ()
    power: str = ""


class Network(Struct, frozen=True, kw_only=True):
    """A VLAN (``id``), or one of the networks that are none. ``zones`` as the policy says, by name and number.

    ``port_groups`` are names, ``hosts`` those that have one of them.
    """

    name: str
    kind: Kind
    id: int = 0
    zones: tuple[str, ...] = ()
    port_groups: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    members: tuple[Member, ...] = ()


class Odd(Struct, frozen=True, kw_only=True):
    """Something about port groups that a person should look at. ``wrong``: a finding, else a note."""

    what: str
    wrong: bool = False


class Vlans(Struct, frozen=True, kw_only=True):
    """Every network of the estate by number, what is odd, and what was not read."""

    networks: tuple[Network, ...]
    odd: tuple[Odd, ...] = ()
    unknown: tuple[str, ...] = ()


def vlans(inventory: Inventory, zones: Zones | None = None) -> Vlans:
    """Servers and services of each VLAN. ``zones``: named where a policy says them."""
    made = _Made(inventory)
    networks = []
    for key in sorted(made.groups.keys() | made.members.keys(), key=_order):
        groups = made.groups.get(key, [])
        networks.append(
            Network(
                name=_name(key),
                kind=key[0],
                id=key[1],
                zones=_zones(groups, zones),
                port_groups=tuple(dict.fromkeys(g.name for g in groups)),
                hosts=tuple(sorted({h for g in groups for h in made.hosts_of(g)})),
                members=tuple(
                    sorted(made.members.get(key, ()), key=lambda m: (m.kind, _natural(m.name), _natural(m.host)))
                ),
            )
        )
    return Vlans(networks=tuple(networks), odd=tuple(_odd(made)), unknown=tuple(made.unknown))


_Key = tuple[Kind, int, str]


class _Made:
    """The port groups and members of each network, while they are gathered."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self.groups: dict[_Key, list[PortGroup]] = defaultdict(list)
        self.members: dict[_Key, list[Member]] = defaultdict(list)
        self.unknown: dict[str, None] = {}
        self._names = {h.id: h.name for h in inventory.hosts}
        self._of_switch: dict[str, list[str]] = {}
        for switch in inventory.all(DistributedSwitch):
            members = switch.members if isinstance(switch.members, tuple) else ()
            self._of_switch[switch.id] = [self._names.get(m.host, m.host) for m in members]
            if isinstance(switch.members, Unknown):
                self.unknown[f"the hosts of {visible(switch.name, 60)}: {switch.members}"] = None
        for group in inventory.all(StandardPortGroup):
            self.groups[_key(group)].append(group)
        for dv in inventory.all(DvPortGroup):
            if dv.uplink is not True:
                self.groups[_key(dv)].append(dv)
        for key, groups in self.groups.items():
            if key[0] is Kind.UNKNOWN:
                self.unknown |= {f"the VLAN of {visible(g.name, 60)}: {g.vlan}": None for g in groups}
        for host in inventory.hosts:
            self._host(host)
        for guest in inventory.all(Guest):
            self._guest(guest)

    def hosts_of(self, group: PortGroup) -> list[str]:
        """Names of the hosts that have a port group."""
        if isinstance(group, StandardPortGroup):
            return [self._names.get(group.host, group.host)]
        return self._of_switch.get(group.switch, []) if isinstance(group.switch, str) else []

    def _host(self, host: Host) -> None:
        nics = interfaces(host)
        if isinstance(nics, Unknown):
            self.unknown[f"the interfaces of {visible(host.name, 60)}: {nics}"] = None
            return
        for nic in nics:
            group = group_of_interface(host, nic, self._inventory)
            name = nic.port_group or (group.name if not isinstance(group, Unknown) else nic.dv_port_group)
            services = tuple(_services(host, nic))
            self._add(
                group,
                Member(kind="interface", name=nic.device, host=host.name, port_group=name, services=services),
                host.name,
            )

    def _guest(self, guest: Guest) -> None:
        if isinstance(guest.nics, Unknown):
            self.unknown[f"the NICs of {visible(guest.name, 60)}: {guest.nics}"] = None
            return
        host = self._inventory.host_of(guest)
        seen = set[_Key]()
        for nic in guest.nics:
            group = self._inventory.port_group_of(guest, nic)
            if group is None:
                continue
            key = _LOST if isinstance(group, Unknown) else _key(group)
            if key in seen:
                continue
            seen.add(key)
            member = Member(
                kind="template" if guest.template is True else "guest",
                name=guest.name,
                host=host.name if host else "not known",
                port_group=group.name if not isinstance(group, Unknown) else nic.port_group,
                services=_annotated(guest),
                power=guest.power if isinstance(guest.power, str) else "not known",
            )
            self._add(group, member, guest.name)

    def _add(self, group: Fact[PortGroup], member: Member, owner: str) -> None:
        if isinstance(group, Unknown):
            self.unknown[f"{visible(owner, 60)}: {group}"] = None
        self.members[_LOST if isinstance(group, Unknown) else _key(group)].append(member)


_LOST: _Key = (Kind.UNKNOWN, 0, "")


def _key(group: PortGroup) -> _Key:
    """A network by its number. Untagged ones stand together, though they may be several: the physical ports decide."""
    vlan = group.vlan
    if isinstance(vlan, Unknown):
        return _LOST
    if vlan.is_trunk:
        return (Kind.TRUNK, 0, vlan_told(group))
    if vlan.private:
        return (Kind.PRIVATE, vlan.id, "")
    return (Kind.VLAN, vlan.id, "") if vlan.id else (Kind.UNTAGGED, 0, "")


def _natural(name: str) -> list[tuple[int, str]]:
    """Sorts blade2 before blade10."""
    return [(int(part[:18]), "") if part.isdecimal() else (0, part) for part in re.split(r"([0-9]+)", name)]


def _order(key: _Key) -> tuple[int, int, str]:
    return (list(Kind).index(key[0]) if key[0] is not Kind.PRIVATE else 0, key[1], key[2])


def _name(key: _Key) -> str:
    kind, id_, more = key
    if kind is Kind.TRUNK:
        return f"VLAN {more}"
    names = {Kind.VLAN: f"VLAN {id_}", Kind.PRIVATE: f"private VLAN {id_}", Kind.UNTAGGED: "untagged"}
    return names.get(kind, "VLAN not known")


def _zones(groups: Iterable[PortGroup], zones: Zones | None) -> tuple[str, ...]:
    if zones is None:
        return ()
    return tuple(dict.fromkeys(name for g in groups for name in sorted(zones.of_port_group(g).zones)))


def _services(host: Host, nic: VmkernelNic) -> Iterable[str]:
    yield from nic.services
    told = host.vmkernel_services if isinstance(host.vmkernel_services, tuple) else ()
    yield from (s.service for s in told if nic.device in s.devices and s.service not in nic.services)
    if host.vmotion_device == nic.device and not any(nic.device in s.devices for s in told):
        yield "vmotion"
    if nic.device.startswith("vswif"):
        yield "console"


def _annotated(guest: Guest) -> tuple[str, ...]:
    lines = guest.annotation.strip().splitlines() if isinstance(guest.annotation, str) else []
    return (visible(lines[0], SERVICES_AT_MOST),) if lines else ()


def _odd(made: _Made) -> Iterable[Odd]:
    by_name: dict[str, dict[str, dict[str, None]]] = defaultdict(lambda: defaultdict(dict))
    for key, groups in made.groups.items():
        for group in groups:
            if key != _LOST:
                by_name[group.name][_name(key)] |= dict.fromkeys(made.hosts_of(group))
    for name, networks in by_name.items():
        if len(networks) > 1:
            told = "; ".join(f"{network} on {_some(hosts)}" for network, hosts in networks.items())
            yield Odd(what=f"the port group {visible(name, 60)} is not one network: {told}", wrong=True)
    for key in sorted(made.groups, key=_order):
        names = dict.fromkeys(g.name for g in made.groups[key])
        if key[0] in {Kind.VLAN, Kind.PRIVATE} and len(names) > 1:
            yield Odd(what=f"{_name(key)} has several names: {_some(names)}")
        elif key[0] is Kind.UNTAGGED:
            yield Odd(what=f"untagged, so the physical port decides the network: {_some(names)}")
        elif key[0] is Kind.TRUNK:
            guests = dict.fromkeys(m.name for m in made.members.get(key, ()))
            to = f" to {_some(guests)}" if guests else ", and nothing is plugged in"
            yield Odd(what=f"{_some(names)} hands several VLANs tagged ({key[2].removeprefix('trunk ')}){to}")
        if key[0] is Kind.PRIVATE:
            yield Odd(what=f"{_name(key)}: which primary VLAN stands around it was not read")


def _some(names: Iterable[str]) -> str:
    every = list(names)
    shown = ", ".join(visible(n, 60) for n in every[:5])
    return f"{shown} and {len(every) - 5} more" if len(every) > 5 else shown or "no host"
