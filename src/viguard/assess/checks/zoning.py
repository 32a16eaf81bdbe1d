"""Trust zones on one host: kept apart as the policy asks. Source: report, "Trusted Zones (DMZs)"; "VMware"."""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations

from viguard.assess.context import Context
from viguard.assess.kind import expect, guests_on, not_read
from viguard.assess.segments import Plug, groups_of, guest_plugs, interface_plugs
from viguard.assess.tally import Tally, listed
from viguard.assess.verdict import Verdict, not_applicable, unknown
from viguard.model.facts import Fact, Resource, Unknown
from viguard.model.guest import Guest
from viguard.model.host import Host
from viguard.model.inventory import Inventory
from viguard.model.network import DistributedSwitch, StandardPortGroup
from viguard.model.plugged import PortGroup, housed
from viguard.model.server import Cluster
from viguard.policy.policy import Policy, Purpose, Sharing
from viguard.policy.zones import Zones

UNDECIDED = "the policy does not say which zones there are"


def physical_nic(subject: Resource, context: Context) -> Verdict:
    """Traffic of DMZ zones leaves through adapters that carry nothing else; so do zones that need an own NIC.

    What a port group carries: its own zones and those of the guests and interfaces plugged into it. Its adapters: its
    own active and standby ones, or its switch's. A port group without any zone beside a DMZ on one adapter is unknown.
    """
    host = expect(Host, subject)
    if not context.index(Zones).decided:
        return unknown(UNDECIDED, policy="zones")
    tally = Tally("zones")
    carriers = _carriers(host, context, tally)
    dmz = context.index(Zones).having(Purpose.DMZ)
    used = {zone for found in carriers.values() for zone in found}
    apart = any(_own_nic(a, b, context.policy) for a, b in combinations(sorted(used), 2))
    if tally.clean and not used.intersection(dmz) and not apart:
        return not_applicable("it carries no zone that needs an own adapter", context.evidence(host, "port_groups"))
    for device, found in sorted(carriers.items()):
        tally.see(context.evidence(host, "nics", sorted(found), part=f"[{device}].zones"))
        _judge_adapter(device, found, context, tally)
    if not carriers:
        tally.see(context.evidence(host, "port_groups"))
    return tally.verdict("no adapter is shared")


def same_zone_host(subject: Resource, context: Context) -> Verdict:
    """No two zones meet on the host, or in its cluster, that the policy keeps on separate hosts or clusters.

    Guests that are off count: they can start. A guest in no zone, and a pair that the policy does not decide, leave
    the answer open.
    """
    host = expect(Host, subject)
    if not context.index(Zones).decided:
        return unknown(UNDECIDED, policy="zones")
    tally = Tally("pairs")
    here = _zones_on(host, context, tally)
    tally.see(context.evidence(host, "guests", sorted(here), part=".zones"))
    for one, other in combinations(sorted(here), 2):
        sharing = context.policy.sharing(one, other)
        if sharing is None:
            tally.miss(f"the policy does not say what {listed([one])} and {listed([other])} may share")
        elif sharing in (Sharing.SEPARATE_HOST, Sharing.SEPARATE_CLUSTER):
            tally.fail(f"{_guests_in(one, here)} beside {_guests_in(other, here)}")
    _judge_cluster(host, here, context, tally)
    return tally.verdict(f"zones: {listed(sorted(here)) or 'none'}")


class ZonesByHost:
    """Zones of the guests on each host and in each cluster: names of guests by zone, and what is not known.

    A guest counts on every host that lists it and on the one that it names itself.
    """

    def __init__(self, inventory: Inventory, policy: Policy) -> None:
        self._inventory, self._zones = inventory, Zones(inventory, policy)
        self.by_host: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        self.by_cluster: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        self.uncertain: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        self._unsure: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        for host in inventory.hosts:
            cluster = inventory.get(Cluster, host.cluster)
            self._house(host, "" if cluster and cluster.lone else host.cluster)
        for cluster in inventory.all(Cluster):
            self._count(cluster)

    def unsure_around(self, host: Host) -> list[str]:
        """Why guests of other hosts in the cluster may be in more zones than those known."""
        why = self._unsure.get(host.cluster, {}) if host.cluster else {}
        return [reason for reason, hosts in why.items() if hosts != {host.id}]

    def _house(self, host: Host, cluster_id: str) -> None:
        guests = housed(host, self._inventory)
        if isinstance(guests, Unknown):
            self._unsure[cluster_id][f"guests of other hosts in its cluster: {guests}"].add(host.id)
            guests = self._inventory.guests_by_host.get(host.id, [])
        for guest in guests:
            if guest.template is not True:
                self._place(guest, host.id, cluster_id)
        if self.uncertain.get(host.id):
            self._unsure[cluster_id]["zones of guests in its cluster are not certain"].add(host.id)
        if cluster_id and self._inventory.get(Cluster, cluster_id) is None:
            self._unsure[cluster_id]["its cluster was not read"].add(cluster_id)

    def _place(self, guest: Guest, host_id: str, cluster_id: str) -> None:
        found = self._zones.of_guest(guest)
        for zone in found.zones:
            self.by_host[host_id][zone].append(guest.name)
            if cluster_id:
                self.by_cluster[cluster_id][zone].append(guest.name)
        for why in found.unread:
            self.uncertain[host_id][f"zones not certain ({why})"].append(guest.name)
        if not found.zones and found.certain:
            self.uncertain[host_id]["in no zone"].append(guest.name)

    def _count(self, cluster: Cluster) -> None:
        hosts = cluster.hosts
        if isinstance(hosts, Unknown):
            self._unsure[cluster.id][f"the hosts of its cluster: {hosts}"].add(cluster.id)
        elif any(self._inventory.get(Host, id_) is None for id_ in hosts):
            self._unsure[cluster.id]["a host of its cluster was not read"].add(cluster.id)


def _zones_on(host: Host, context: Context, tally: Tally) -> dict[str, list[str]]:
    guests = guests_on(host, context)
    index = context.index(ZonesByHost)
    if isinstance(guests, Unknown):
        tally.miss(guests, context.evidence(host, "guests", guests))
    for why, names in index.uncertain.get(host.id, {}).items():
        tally.miss(f"{why}: {listed(names)}", context.evidence(host, "guests", names[:20], part=".zones unknown"))
    return dict(index.by_host.get(host.id, {}))


def _guests_in(zone: str, here: dict[str, list[str]]) -> str:
    return f"zone {listed([zone])} ({listed(here[zone])})"


def _judge_cluster(host: Host, here: dict[str, list[str]], context: Context, tally: Tally) -> None:
    index = context.index(ZonesByHost)
    around = index.by_cluster.get(host.cluster, {})
    if any(_own_cluster(one, zone.name, context.policy) for one in here for zone in context.policy.zones or ()):
        for why in index.unsure_around(host):
            tally.miss(why)
    for one in sorted(here):
        for other in sorted(set(around) - set(here)):
            if _own_cluster(one, other, context.policy):
                tally.fail(f"{_guests_in(one, here)} in one cluster with {_guests_in(other, around)}")


def _own_cluster(one: str, other: str, policy: Policy) -> bool:
    return one != other and policy.sharing(one, other) is Sharing.SEPARATE_CLUSTER


def _carriers(host: Host, context: Context, tally: Tally) -> dict[str, dict[str, str]]:
    """Zones by adapter, each with a name of who brings it; the zone "" stands for what is in no zone."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    groups = groups_of(host, context)
    plugs: list[Plug] = []
    if isinstance(groups, Unknown):
        tally.miss(groups, context.evidence(host, "port_groups", groups))
    else:
        zones = context.index(Zones)
        plugs += [Plug(name=g.name, group=g, zones=zones.of_port_group(g)) for g in groups]
    for part, field in ((guest_plugs(host, context), "guests"), (interface_plugs(host, context), "vmkernel")):
        if isinstance(part, Unknown):
            tally.miss(part, context.evidence(host, field, part))
        else:
            plugs += part
    zoned = {p.group.id for p in plugs if not isinstance(p.group, Unknown) and p.zones.zones}
    for plug in plugs:
        for why in plug.zones.unread:
            tally.miss(f"{listed([plug.name])}: {why}")
        devices = plug.group if isinstance(plug.group, Unknown) else _adapters(host, plug.group, context)
        if isinstance(devices, Unknown):
            tally.miss(f"{listed([plug.name])}: {devices}")
            continue
        alone = not isinstance(plug.group, Unknown) and plug.group.id not in zoned
        for device in devices:
            for zone in plug.zones.zones or (("",) if alone else ()):
                found[device].setdefault(zone, plug.name)
    return found


def _adapters(host: Host, group: PortGroup, context: Context) -> Fact[tuple[str, ...]]:
    if isinstance(group, StandardPortGroup):
        if isinstance(group.uplinks, tuple):
            return group.uplinks
        switch = context.inventory.switches_by_host.get(host.id, {}).get(group.switch)
        return switch.uplinks if switch else not_read("its switch was not read")
    if isinstance(group.switch, Unknown):
        return group.switch
    distributed = context.inventory.get(DistributedSwitch, group.switch)
    if distributed is None:
        return not_read("its switch was not read")
    if isinstance(distributed.members, Unknown):
        return distributed.members
    return next((m.uplinks for m in distributed.members if m.host == host.id), ())


def _judge_adapter(device: str, found: dict[str, str], context: Context, tally: Tally) -> None:
    dmz = set(context.index(Zones).having(Purpose.DMZ))
    ours = sorted(z for z in found if z in dmz)
    others = sorted(z for z in found if z and z not in dmz)
    if ours and others:
        tally.fail(f"{device} carries {listed(ours)} and {listed(f'{z} ({found[z]})' for z in others)}")
    elif ours and "" in found:
        tally.miss(f"{device} carries {listed(ours)} and {listed([found['']])}, which is in no zone")
    for one, other in combinations(sorted(z for z in found if z), 2):
        if _own_nic(one, other, context.policy) and (one in dmz) == (other in dmz):
            tally.fail(f"{device} carries {listed([one])} and {listed([other])}, which need an adapter each")


def _own_nic(one: str, other: str, policy: Policy) -> bool:
    return policy.sharing(one, other) is Sharing.SHARE_OWN_NIC
