"""What an estate shows of its zones: networks by VLAN or port group, who is on them, what guests have in common."""

from __future__ import annotations

import ipaddress
import re
from collections import Counter, defaultdict
from collections.abc import Container, Iterable
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from viguard.model.facts import Settings, Unknown
from viguard.model.guest import Guest, GuestNic, VirtualNic
from viguard.model.host import Host
from viguard.model.inventory import Inventory
from viguard.model.network import DistributedSwitch, DvPortGroup, StandardPortGroup, VmkernelNic
from viguard.model.server import Folder
from viguard.policy.guess import Guess, purpose_by_name
from viguard.policy.policy import Purpose
from viguard.policy.quoting import quote

PortGroup: TypeAlias = StandardPortGroup | DvPortGroup
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass
class Candidate:
    """A network that may be a zone. Port groups by name with the hosts that have them, everything else by use."""

    name: str = ""
    vlans: set[int] = field(default_factory=set)
    port_groups: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    guests: set[str] = field(default_factory=set)
    hosts: set[str] = field(default_factory=set)  # where those guests run
    subnets: set[str] = field(default_factory=set)
    declared: set[str] = field(default_factory=set)  # subnets that an imported table gives to it
    tags: Counter[str] = field(default_factory=Counter)
    folders: Counter[str] = field(default_factory=Counter)
    own_nics: set[str] = field(default_factory=set)  # hosts with a NIC of their own here
    carries: Counter[Purpose] = field(default_factory=Counter)  # own traffic of hosts
    shared_names: set[str] = field(default_factory=set)  # port group names that another network has too
    owner: str = ""

    @property
    def guess(self) -> Guess:
        """What it is for: seen on hosts, else from its names."""
        if self.carries:
            purpose, count = self.carries.most_common(1)[0]
            return Guess(purpose, f"it carries {purpose.value} traffic of {count} hosts")
        return purpose_by_name(sorted(self.port_groups))

    @property
    def own_port_groups(self) -> list[str]:
        """Names that no other network has: only these can recognise it."""
        return sorted(set(self.port_groups) - self.shared_names)

    def merge(self, other: Candidate) -> None:
        """Takes in another network of the same zone."""
        self.vlans |= other.vlans
        for name, hosts in other.port_groups.items():
            self.port_groups[name] |= hosts
        self.guests |= other.guests
        self.hosts |= other.hosts
        self.subnets |= other.subnets
        self.declared |= other.declared
        self.tags += other.tags
        self.folders += other.folders
        self.own_nics |= other.own_nics
        self.carries += other.carries
        self.shared_names |= other.shared_names
        self.owner = self.owner or other.owner


@dataclass
class Survey:
    """Everything that `init` proposes from. ``trunks`` and ``unread`` are port groups by name with their hosts.

    ``others`` are networks that nobody asked for: no zone is proposed, but they are there.
    """

    candidates: list[Candidate] = field(default_factory=list)
    others: list[Candidate] = field(default_factory=list)
    guests: int = 0
    tags: Counter[str] = field(default_factory=Counter)
    folders: Counter[str] = field(default_factory=Counter)
    trunks: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    unread: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    unknown_subnets: Counter[str] = field(default_factory=Counter)  # guests by subnet on no known network
    lost_guests: int = 0  # with a NIC whose port group was not read

    def narrowed(self, within: Container[str] | None) -> Survey:
        """Itself, with the networks as candidates that a guest of these ids is on; None: all of them."""
        if within is None:
            return self
        asked = [c for c in self.candidates if any(guest in within for guest in c.guests)]
        return replace(self, candidates=asked, others=[c for c in self.candidates if c not in asked])


def survey(inventory: Inventory) -> Survey:
    """The networks of an estate as candidates for zones, those with most guests first."""
    return _Surveyor(inventory).run()


class _Surveyor:
    def __init__(self, inventory: Inventory) -> None:
        self.inventory = inventory
        self.found = Survey(guests=len(inventory.guests))
        self.by_network: dict[tuple[str, object], Candidate] = {}
        self.by_port_group: dict[str, Candidate] = {}  # resource id of a port group

    def run(self) -> Survey:
        for standard in self.inventory.all(StandardPortGroup):
            self._place(standard, {standard.host})
        for distributed in self.inventory.all(DvPortGroup):
            if distributed.uplink is not True:
                self._place(distributed, self._members(distributed))
        for guest in self.inventory.guests:
            self._guest(guest)
        for host in self.inventory.hosts:
            self._host(host)
        self.found.candidates = sorted(self.by_network.values(), key=_rank)
        for candidate in self.found.candidates:
            for subnet in candidate.subnets:
                self.found.unknown_subnets.pop(subnet, None)  # seen elsewhere on a network of its own
        _mark_shared(self.found.candidates)
        _name(self.found.candidates)
        return self.found

    def _members(self, group: DvPortGroup) -> set[str]:
        """Hosts in the switch of a distributed port group, none when they were not read."""
        switch = self.inventory.get(DistributedSwitch, group.switch) if isinstance(group.switch, str) else None
        members = switch.members if switch and isinstance(switch.members, tuple) else ()
        return {member.host for member in members}

    def _place(self, group: PortGroup, hosts: set[str]) -> None:
        if isinstance(group.vlan, Unknown):
            self.found.unread[group.name] |= hosts
        elif group.vlan.is_trunk:
            self.found.trunks[group.name] |= hosts
        else:
            vlan = group.vlan.id
            key = ("vlan", vlan) if vlan else ("untagged", group.name)
            candidate = self.by_network.setdefault(key, Candidate())
            candidate.vlans |= {vlan} if vlan else set()
            candidate.port_groups[group.name] |= hosts
            self.by_port_group[group.id] = candidate

    def _guest(self, guest: Guest) -> None:
        on: dict[str, Candidate] = {}  # by MAC and by network name
        lost = False
        for nic in guest.nics if isinstance(guest.nics, tuple) else ():
            group = self.inventory.port_group_of(guest, nic)
            lost = lost or isinstance(group, Unknown)
            candidate = self.by_port_group.get(group.id) if isinstance(group, StandardPortGroup | DvPortGroup) else None
            if candidate:
                self._count(guest, candidate)
                on |= dict.fromkeys(_keys(nic), candidate)
        self.found.lost_guests += lost
        self.found.tags.update(_tags(guest))
        self.found.folders.update(self._folder(guest))
        for told in guest.addresses if isinstance(guest.addresses, tuple) else ():
            self._subnets(told, on.get(told.mac.lower()) or on.get(told.network))

    def _count(self, guest: Guest, candidate: Candidate) -> None:
        if guest.id in candidate.guests:
            return
        candidate.guests.add(guest.id)
        if isinstance(guest.host, str):
            candidate.hosts.add(guest.host)
        candidate.tags.update(_tags(guest))
        candidate.folders.update(self._folder(guest))

    def _subnets(self, told: GuestNic, candidate: Candidate | None) -> None:
        networks = {str(n) for a in told.addresses if (n := network_of(a)) is not None}
        if candidate:
            candidate.subnets |= networks
        else:
            self.found.unknown_subnets.update(networks)

    def _folder(self, guest: Guest) -> list[str]:
        folder = self.inventory.get(Folder, guest.folder)
        return [folder.path] if folder and folder.parent else []

    def _host(self, host: Host) -> None:
        targets = _targets(host)
        for nic in host.console_nics if isinstance(host.console_nics, tuple) else ():
            self._vmkernel(host, nic, {Purpose.MANAGEMENT}, targets)
        for nic in host.vmkernel if isinstance(host.vmkernel, tuple) else ():
            self._vmkernel(host, nic, _services(host, nic), targets)

    def _vmkernel(self, host: Host, nic: VmkernelNic, purposes: set[Purpose], targets: set[str]) -> None:
        group = self._group_of(host, nic)
        candidate = self.by_port_group.get(group.id) if group else None
        if candidate is None:
            return
        candidate.own_nics.add(host.id)
        network = network_of(f"{nic.address}/{nic.netmask}") if nic.address and nic.netmask else None
        if network:
            candidate.subnets.add(str(network))
            if any(_inside(target, network) for target in targets):
                purposes = purposes | {Purpose.STORAGE}
        candidate.carries.update(purposes)

    def _group_of(self, host: Host, nic: VmkernelNic) -> PortGroup | None:
        if nic.dv_port_group:
            return self.inventory.dv_port_groups_by_key.get((host.server, nic.dv_port_group))
        return self.inventory.port_groups_by_host.get(host.id, {}).get(nic.port_group)


def network_of(text: str) -> Network | None:
    """The network of an address with prefix or mask, or None where it says nothing (link-local, no prefix)."""
    try:
        network = ipaddress.ip_interface(text).network
    except ValueError:
        return None
    alone = network.prefixlen in (network.max_prefixlen, 0)
    return None if alone or network.is_link_local or network.is_loopback or network.is_multicast else network


def pattern_of(name: str) -> str:
    """A shell pattern that matches exactly this name."""
    return re.sub(r"([*?[])", r"[\1]", name)


def zone_name(text: str, taken: Iterable[str]) -> str:
    """A short name for a zone, different from those taken."""
    base = re.sub(r"[^a-z0-9]+", "-", text.lower())[:40].strip("-") or "zone"
    names, name, n = set(taken), base, 1
    while name in names:
        n += 1
        name = f"{base}-{n}"
    return name


def _rank(candidate: Candidate) -> tuple[int, list[int], list[str]]:
    return -len(candidate.guests), sorted(candidate.vlans), sorted(candidate.port_groups)


def _mark_shared(candidates: list[Candidate]) -> None:
    seen = Counter(name for c in candidates for name in c.port_groups)
    for candidate in candidates:
        candidate.shared_names = {name for name in candidate.port_groups if seen[name] > 1}


def _name(candidates: list[Candidate]) -> None:
    taken: set[str] = set()
    for c in candidates:
        names = c.own_port_groups or [f"vlan {vlan}" for vlan in sorted(c.vlans)] or sorted(c.port_groups)
        c.name = zone_name(max(names, key=lambda n: len(c.port_groups.get(n, ()))), taken)
        taken.add(c.name)


def _keys(nic: VirtualNic) -> list[str]:
    return [key for key in (nic.mac.lower(), nic.port_group) if key]


def _tags(guest: Guest) -> list[str]:
    """Tags, and custom attributes as ``name:value``: what servers had before tags, recognised like them."""
    attributes = guest.custom.values.items() if isinstance(guest.custom, Settings) else ()
    return [*(guest.tags if isinstance(guest.tags, tuple) else ()), *(f"{k}:{v}" for k, v in attributes if v)]


def _services(host: Host, nic: VmkernelNic) -> set[Purpose]:
    services = set(nic.services)
    if isinstance(host.vmkernel_services, tuple):
        services |= {s.service for s in host.vmkernel_services if nic.device in s.devices}
    if host.vmotion_device == nic.device:
        services.add("vmotion")
    known = {"vmotion": Purpose.VMOTION, "management": Purpose.MANAGEMENT, "vsan": Purpose.STORAGE}
    return {known[s.lower()] for s in services if s.lower() in known}


def _targets(host: Host) -> set[str]:
    adapters = host.iscsi if isinstance(host.iscsi, tuple) else ()
    return {target.address for adapter in adapters for target in adapter.targets}


def _inside(address: str, network: Network) -> bool:
    try:
        return ipaddress.ip_address(address) in network
    except ValueError:
        return False


def describe(names: dict[str, set[str]], limit: int = 6) -> str:
    """Port groups with their number of hosts, in words for a comment."""
    rows = sorted(names.items(), key=lambda row: (-len(row[1]), row[0]))
    told = [quote(name, 40) + _on(len(hosts)) for name, hosts in rows[:limit]]
    rest = len(rows) - limit
    return ", ".join(told) + (f" and {rest} more" if rest > 0 else "")


def _on(hosts: int) -> str:
    return f" on {hosts} host{'s' if hosts != 1 else ''}" if hosts else ""
