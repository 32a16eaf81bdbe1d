"""The networks of one host: its port groups and interfaces, and what shares a VLAN."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_interface

from viguard.assess.context import Context
from viguard.assess.kind import guests_on, not_read
from viguard.assess.tally import listed
from viguard.model.facts import Fact, Reason, Struct, Unknown
from viguard.model.guest import Guest
from viguard.model.host import Host
from viguard.model.inventory import Inventory
from viguard.model.network import DistributedSwitch, DvPortGroup, StandardPortGroup, Vlan, VmkernelNic
from viguard.model.plugged import PortGroup, group_of_interface, interfaces, ranges
from viguard.model.text import visible
from viguard.policy.membership import Membership
from viguard.policy.policy import Policy
from viguard.policy.zones import TRUNK, Zones

UNTAGGED = Unknown(reason=Reason.NO_SOURCE, detail="no source yet: which network the physical switch sends untagged")
PRIVATE = Unknown(reason=Reason.NO_SOURCE, detail="no source yet: which primary VLAN a private one belongs to")


class Plug(Struct, frozen=True, kw_only=True):
    """Something plugged into a port group of a host: ``name`` for people, the group, and what its zones are."""

    name: str
    group: Fact[PortGroup]
    zones: Membership = Membership()


def group_of(host: Host, nic: VmkernelNic, context: Context) -> Fact[PortGroup]:
    """The port group of an interface."""
    return group_of_interface(host, nic, context.inventory)


def zones_of(host: Host, nic: VmkernelNic, context: Context) -> Membership:
    """Zones of an interface: its port group's and its address's."""
    zones = context.index(Zones)
    group = group_of(host, nic, context)
    by_address = zones.of_address(nic.address, nic.device).matches if nic.address else ()
    if isinstance(group, Unknown):
        return Membership(matches=by_address, unread=(group,))
    by_group = zones.of_port_group(group)
    return Membership(matches=(*by_group.matches, *by_address), unread=by_group.unread)


def interface_plugs(host: Host, context: Context) -> Fact[list[Plug]]:
    """Every interface of a host as a plug."""
    nics = interfaces(host)
    if isinstance(nics, Unknown):
        return nics
    return [Plug(name=n.device, group=group_of(host, n, context), zones=zones_of(host, n, context)) for n in nics]


class PlugsByHost:
    """Guest plugs by host id, as far as a check has asked for them."""

    def __init__(self, _inventory: Inventory, _policy: Policy) -> None:
        self.kept: dict[str, Fact[list[Plug]]] = {}


def guest_plugs(host: Host, context: Context) -> Fact[list[Plug]]:
    """Every NIC of the guests and templates on a host; NICs that are plugged into nothing left out."""
    kept = context.index(PlugsByHost).kept
    if host.id not in kept:
        kept[host.id] = _all_plugs(host, context)
    return kept[host.id]


def groups_of(host: Host, context: Context) -> Fact[list[StandardPortGroup]]:
    """The standard port groups of a host; Unknown when one that it names was not read."""
    if isinstance(host.port_groups, Unknown):
        return host.port_groups
    held = context.inventory.port_groups_by_host.get(host.id, {})
    missing = [name for name in host.port_groups if name not in held]
    return not_read(f"{len(missing)} of its port groups were not read") if missing else list(held.values())


class Distributed:
    """Distributed port groups (without the ones of uplinks) by the hosts in their switch."""

    def __init__(self, inventory: Inventory, _policy: Policy) -> None:
        self.unread: dict[str, None] = {}
        members: dict[str, list[str]] = {}
        for switch in inventory.all(DistributedSwitch):
            if isinstance(switch.members, Unknown):
                self.unread[f"the hosts of {listed([switch.name])}: {switch.members}"] = None
            else:
                members[switch.id] = [m.host for m in switch.members]
        self._by_host: dict[str, list[DvPortGroup]] = {}
        for group in inventory.all(DvPortGroup):
            if isinstance(group.switch, Unknown):
                self.unread[f"the switch of {listed([group.name])}: {group.switch}"] = None
            elif inventory.get(DistributedSwitch, group.switch) is None:
                self.unread[f"the switch of {listed([group.name])} was not read"] = None
            if group.uplink is True or isinstance(group.switch, Unknown):
                continue
            for host in members.get(group.switch, ()):
                self._by_host.setdefault(host, []).append(group)

        self._held = {
            (host.server, nic.dv_port_group)
            for host in inventory.hosts
            for nics in (host.vmkernel, host.console_nics)
            for nic in (nics if isinstance(nics, tuple) else ())
        }

    def open_on(self, host: Host) -> list[DvPortGroup]:
        """Those that no interface of any host holds: guests can be plugged in there, on this host too."""
        return [g for g in self.of(host) if (g.server, g.key) not in self._held]

    def of(self, host: Host) -> list[DvPortGroup]:
        """The distributed port groups that a host can carry."""
        return self._by_host.get(host.id, [])


def together(one: PortGroup, other: PortGroup) -> Fact[bool]:
    """Whether two port groups of a host are one network: the same VLAN, or both untagged on one switch.

    A trunk carries what is tagged on its own switch; whether VLANs of another switch reach it is not known. Nor is
    whether two switches get the same untagged network, or which VLANs stand around a private one.
    """
    if isinstance(one.vlan, Unknown):
        return one.vlan
    if isinstance(other.vlan, Unknown):
        return other.vlan
    same_switch = type(one) is type(other) and one.switch == other.switch
    if _untagged(one.vlan) and _untagged(other.vlan):
        return True if same_switch else UNTAGGED
    shared = any(a <= d and c <= b for a, b in ranges(one.vlan) for c, d in ranges(other.vlan))
    if not shared and (one.vlan.private or other.vlan.private):
        return PRIVATE
    trunk = one.vlan.is_trunk or other.vlan.is_trunk
    return TRUNK if shared and trunk and not same_switch else shared


def neighbours(group: PortGroup, plugs: Iterable[Plug]) -> tuple[list[str], list[str]]:
    """Names of the plugs that can be on a port group's network, and why it is not known for others."""
    beside, unsure = dict[str, None](), dict[str, None]()
    for plug in plugs:
        shared = plug.group if isinstance(plug.group, Unknown) else together(group, plug.group)
        if isinstance(shared, Unknown):
            unsure[f"{visible(plug.name, 60)}: {shared}"] = None
        elif shared:
            beside[plug.name] = None
    return list(beside), list(unsure)


def reaches(nic: VmkernelNic, addresses: Iterable[str]) -> bool:
    """Whether any of the addresses lies in one of the interface's own subnets."""
    networks = [n for n in map(_network, (f"{nic.address}/{nic.netmask}", *nic.ipv6)) if n]
    return any(_inside(address, network) for address in addresses for network in networks)


def _network(own: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_interface(own).network
    except ValueError:
        return None


def _inside(address: str, network: object) -> bool:
    try:
        return ip_interface(address.partition("/")[0]).ip in network  # type: ignore[operator]
    except ValueError:
        return False


def _all_plugs(host: Host, context: Context) -> Fact[list[Plug]]:
    guests = guests_on(host, context)
    if isinstance(guests, Unknown):
        return guests
    plugs: list[Plug] = []
    for guest in guests:
        found = _plugs(guest, context)
        if isinstance(found, Unknown):
            return found
        plugs += found
    return plugs


def _untagged(vlan: Vlan) -> bool:
    return vlan.id == 0 and not vlan.trunk


def _plugs(guest: Guest, context: Context) -> Fact[list[Plug]]:
    if isinstance(guest.nics, Unknown):
        return guest.nics
    zones = context.index(Zones)
    plugs: list[Plug] = []
    for nic in guest.nics:
        group = context.inventory.port_group_of(guest, nic)
        if isinstance(group, StandardPortGroup | DvPortGroup | Unknown):
            plugs.append(Plug(name=guest.name, group=group, zones=zones.of_nic(guest, nic)))
    return plugs
