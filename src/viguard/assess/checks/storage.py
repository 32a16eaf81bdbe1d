"""The storage network and who reaches its volumes. Source: report, "SAN"; "iSCSI network security"."""

from __future__ import annotations

from collections import defaultdict

from viguard.assess.context import Context
from viguard.assess.kind import expect, not_read
from viguard.assess.segments import (
    Distributed,
    Plug,
    group_of,
    groups_of,
    guest_plugs,
    interface_plugs,
    neighbours,
    reaches,
    zones_of,
)
from viguard.assess.storage_traffic import StorageTraffic, storage_traffic, unreached
from viguard.assess.tally import Tally, about, listed
from viguard.assess.verdict import Verdict, not_applicable, unknown
from viguard.model.facts import Fact, Resource, Unknown
from viguard.model.guest import Guest
from viguard.model.host import Host
from viguard.model.inventory import Inventory
from viguard.model.network import VmkernelNic
from viguard.model.plugged import PortGroup, interfaces
from viguard.model.server import Cluster
from viguard.model.storage import Datastore
from viguard.policy.policy import Policy, Purpose
from viguard.policy.zones import Zones


def vlan_isolated(subject: Resource, context: Context) -> Verdict:
    """No guest, and no port group that guests could use, is on the network of the host's storage interfaces.

    A storage interface is in a zone for storage, is chosen for vSAN or NVMe, or lies in the subnet of an iSCSI target
    or NFS server. A service console on the storage network is no guest: classic ESX needs it there for software iSCSI.
    """
    host = expect(Host, subject)
    nics = interfaces(host)
    if isinstance(nics, Unknown):
        return unknown(nics, context.evidence(host, "vmkernel", nics))
    tally = Tally("zones")
    traffic = storage_traffic(host, context, tally)
    storage = [n for n in host_vmkernel(host) if _for_storage(host, n, traffic, context)]
    beyond = [a for a in traffic.addresses if not any(reaches(n, [a]) for n in storage)]
    unreached(traffic, {n.device for n in storage}, beyond, tally)
    if not storage and tally.clean:
        return not_applicable("it has no storage interface", *tally.verdict().evidence)
    tally.see(context.evidence(host, "vmkernel", [f"{n.device} {n.address}" for n in storage], part="[storage]"))
    for nic in storage:
        group = group_of(host, nic, context)
        if isinstance(group, Unknown):
            tally.miss(group, context.evidence(host, "vmkernel", group, part=f"[{nic.device}].portgroup"))
        else:
            _judge_network(host, nic, group, context, tally)
    return tally.verdict("no guest is on the storage network")


def authorisation(subject: Resource, context: Context) -> Verdict:
    """Only hosts of the clusters whose guests use a volume mount it.

    A mount beyond them is a failure. That the array itself would refuse other hosts cannot be seen from here, so a
    volume without such a mount stays unknown. Datastores of one volume are one, whichever server lists them.
    """
    store = expect(Datastore, subject)
    if isinstance(store.hosts, Unknown):
        return unknown(store.hosts, context.evidence(store, "hosts"))
    volumes = context.index(Volumes)
    mounting = volumes.hosts(store)
    if store.shared is False and mounting and not any(_may_be_on_an_array(h) for h in mounting):
        return not_applicable("a local datastore", context.evidence(store, "shared"))
    tally = Tally()
    tally.see(context.evidence(store, "hosts", [h.name for h in mounting[:20]]))
    using = volumes.units(store)
    if isinstance(using, Unknown):
        tally.miss(using)
    elif not using:
        tally.miss("no guest uses it, so which hosts need it is not known")
    else:
        extra = [h.name for h in mounting if volumes.unit(h) not in using]
        if extra:
            evidence = context.evidence(store, "hosts", extra[:20], part="[not using]")
            tally.fail(f"mounted by hosts whose guests do not use it: {listed(extra)}", evidence)
    tally.miss("no source yet: the access list of the array")
    return tally.verdict()


def _may_be_on_an_array(host: Host) -> bool:
    """Whether the volumes of a host may be an array's: it has iSCSI targets, or nobody read whether it has."""
    return isinstance(host.iscsi, Unknown) or any(adapter.targets for adapter in host.iscsi)


class Volumes:
    """Which hosts mount each volume, and whose guests use it."""

    def __init__(self, inventory: Inventory, _policy: Policy) -> None:
        self._inventory = inventory
        self._stores: dict[str, list[Datastore]] = defaultdict(list)
        for store in inventory.all(Datastore):
            self._stores[_volume(store)].append(store)
        self._used: dict[str, dict[str, None]] = defaultdict(dict)
        self._unread: dict[str, Unknown] = {}
        for guest in inventory.all(Guest):
            host = inventory.host_of(guest)
            if isinstance(guest.datastores, Unknown):
                self._unread[guest.server] = guest.datastores
            elif host is not None:
                for id_ in guest.datastores:
                    self._used[id_][self.unit(host)] = None
            elif guest.datastores:
                for id_ in guest.datastores:
                    self._unread[id_] = not_read("the host of a guest on it was not read")

    def hosts(self, store: Datastore) -> list[Host]:
        """Hosts that mount the volume."""
        ids = {id_ for s in self._stores[_volume(store)] if isinstance(s.hosts, tuple) for id_ in s.hosts}
        return [h for h in (self._inventory.get(Host, id_) for id_ in sorted(ids)) if h]

    def units(self, store: Datastore) -> Fact[set[str]]:
        """Clusters (or lone hosts) whose guests use the volume."""
        stores = self._stores[_volume(store)]
        unread = [self._unread[key] for s in stores for key in (s.server, s.id) if key in self._unread]
        return unread[0] if unread else {unit for s in stores for unit in self._used.get(s.id, ())}

    def unit(self, host: Host) -> str:
        """The id of the host's cluster, or its own where it has none."""
        cluster = self._inventory.get(Cluster, host.cluster)
        return cluster.id if cluster and not cluster.lone else host.id


def host_vmkernel(host: Host) -> tuple[VmkernelNic, ...]:
    """The vmkernel interfaces, without the service console's."""
    return host.vmkernel if isinstance(host.vmkernel, tuple) else ()


def _volume(store: Datastore) -> str:
    return store.volume if isinstance(store.volume, str) and store.volume else store.id


def _for_storage(host: Host, nic: VmkernelNic, traffic: StorageTraffic, context: Context) -> bool:
    zones = context.index(Zones)
    own = zones_of(host, nic, context).zones
    in_zone = any(zones.purpose(z) is Purpose.STORAGE for z in own)
    return in_zone or nic.device in traffic.devices or reaches(nic, traffic.addresses)


def _judge_network(host: Host, nic: VmkernelNic, group: PortGroup, context: Context, tally: Tally) -> None:
    tally.see(about(context, group, "vlan"))
    for why in context.index(Distributed).unread:
        tally.miss(why)
    for plugs, field, what in (
        (guest_plugs(host, context), "guests", "guests"),
        (_open_groups(host, context), "port_groups", "port groups for guests"),
    ):
        if isinstance(plugs, Unknown):
            tally.miss(plugs, context.evidence(host, field, plugs))
            continue
        beside, unsure = neighbours(group, plugs)
        for why in unsure:
            tally.miss(why)
        if beside:
            evidence = context.evidence(host, field, beside[:20], part=f"[network of {nic.device}]")
            tally.fail(f"{what} on the network of {nic.device}: {listed(beside)}", evidence)


def _open_groups(host: Host, context: Context) -> Fact[list[Plug]]:
    """Port groups that no interface holds: guests can be plugged in there."""
    groups, own = groups_of(host, context), interface_plugs(host, context)
    if isinstance(groups, Unknown):
        return groups
    if isinstance(own, Unknown):
        return own
    taken = {p.group.id for p in own if not isinstance(p.group, Unknown)}
    free: list[PortGroup] = [g for g in groups if g.id not in taken]
    free += context.index(Distributed).open_on(host)
    return [Plug(name=g.name, group=g) for g in free]
