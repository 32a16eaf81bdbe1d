"""Hosts whose guests may be started on each other, what those guests are plugged into, and distributed switches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import TypeAlias

from viguard.model.facts import Struct, Unknown
from viguard.model.guest import Guest
from viguard.model.host import Host
from viguard.model.inventory import Inventory
from viguard.model.network import DistributedSwitch, DvPortGroup
from viguard.model.plugged import housed
from viguard.model.server import Cluster
from viguard.model.text import visible

Plug: TypeAlias = tuple[str, str]
"""What a NIC is plugged into: ("standard", name of the port group) or ("distributed", its key)."""


class Domain(Struct, frozen=True, kw_only=True):
    """Hosts whose guests may be started on each other."""

    name: str
    hosts: tuple[Host, ...]
    unsure: tuple[str, ...] = ()


def domains(inventory: Inventory) -> list[Domain]:
    """Every host in one domain: its cluster where that has HA or DRS, else itself."""
    by_cluster: dict[str, list[Host]] = defaultdict(list)
    for host in inventory.hosts:
        by_cluster[host.cluster].append(host)
    found: list[Domain] = []
    for id_, hosts in by_cluster.items():
        cluster = inventory.get(Cluster, id_)
        if cluster is None:
            unsure = (f"the cluster {id_} was not read",) if id_ else ()
            found += [Domain(name="", hosts=(h,), unsure=unsure) for h in hosts]
        elif cluster.lone or (not cluster.ha and not cluster.drs):
            found += [Domain(name="", hosts=(h,)) for h in hosts]
        else:
            found.append(Domain(name=cluster.name, hosts=tuple(hosts), unsure=tuple(_unread(cluster, inventory))))
    return found


def _unread(cluster: Cluster, inventory: Inventory) -> Iterable[str]:
    """An unread HA or DRS counts as on: the larger need."""
    for what, fact in (("HA", cluster.ha), ("DRS", cluster.drs)):
        if isinstance(fact, Unknown):
            yield f"whether {visible(cluster.name, 60)} has {what}: {fact}"
    if isinstance(cluster.hosts, Unknown):
        yield f"the hosts of {visible(cluster.name, 60)}: {cluster.hosts}"
    elif missing := [h for h in cluster.hosts if inventory.get(Host, h) is None]:
        yield f"{len(missing)} of the hosts of {visible(cluster.name, 60)} were not read"


class Plugs:
    """What the guests of a domain are plugged into, by host."""

    def __init__(self, domain: Domain, inventory: Inventory) -> None:
        self.guests: dict[Plug, dict[str, tuple[Guest, Host]]] = defaultdict(dict)
        self.unsure: dict[str, None] = dict.fromkeys(domain.unsure)
        for host in domain.hosts:
            guests = housed(host, inventory)
            if isinstance(guests, Unknown):
                self.unsure[f"the guests of {visible(host.name, 60)}: {guests}"] = None
                guests = inventory.guests_by_host.get(host.id, [])
            for guest in guests:
                self._take(guest, host)

    def _take(self, guest: Guest, host: Host) -> None:
        if isinstance(guest.nics, Unknown):
            self.unsure[f"the NICs of {visible(guest.name, 60)}: {guest.nics}"] = None
            return
        for nic in guest.nics:
            if nic.dv_port_group:
                plug = ("distributed", nic.dv_port_group)
            elif nic.port_group:
                plug = ("standard", nic.port_group)
            else:
                continue
            self.guests[plug][guest.id] = (guest, host)


def lost(inventory: Inventory) -> dict[str, tuple[str, ...]]:
    """By server: guests of which nobody told the host, so that any host there may need what they need."""
    listed = {id_ for h in inventory.hosts if isinstance(h.guests, tuple) for id_ in h.guests}
    found: dict[str, list[str]] = defaultdict(list)
    for guest in inventory.all(Guest):
        if isinstance(guest.host, Unknown) and guest.id not in listed:
            found[guest.server].append(f"the host of {visible(guest.name, 60)}: {guest.host}")
    return {server: tuple(whys) for server, whys in found.items()}


class Distributed:
    """Distributed switches by the hosts in them, with the NICs that each gives."""

    def __init__(self, inventory: Inventory) -> None:
        self.uplinks: dict[str, dict[str, tuple[str, ...]]] = defaultdict(dict)
        self.groups: dict[str, list[DvPortGroup]] = defaultdict(list)
        self.unsure: dict[str, dict[str, None]] = defaultdict(dict)  # by server
        self.names: dict[str, str] = {}
        for switch in inventory.all(DistributedSwitch):
            self.names[switch.id] = switch.name
            if isinstance(switch.members, Unknown):
                self.unsure[switch.server][f"the hosts of {visible(switch.name, 60)}: {switch.members}"] = None
                continue
            for member in switch.members:
                self.uplinks[switch.id][member.host] = member.uplinks
        for group in inventory.all(DvPortGroup):
            if isinstance(group.switch, Unknown):
                self.unsure[group.server][f"the switch of {visible(group.name, 60)}: {group.switch}"] = None
            elif group.uplink is not True:
                self.groups[group.switch].append(group)

    def of(self, group: DvPortGroup, host: Host) -> tuple[str, ...] | None:
        """The NICs that carry a port group on a host; None when the host is not in its switch."""
        return self.uplinks.get(group.switch, {}).get(host.id) if isinstance(group.switch, str) else None

    def on(self, host: Host) -> list[DvPortGroup]:
        """The port groups that can be used on a host."""
        return [g for switch, members in self.uplinks.items() if host.id in members for g in self.groups[switch]]
