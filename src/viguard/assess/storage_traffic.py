"""Storage that a host reaches over IP: iSCSI targets, NFS servers, vSAN, NVMe; and the interfaces that carry it."""

from __future__ import annotations

from collections.abc import Iterator

from viguard.assess.context import Context
from viguard.assess.kind import not_read
from viguard.assess.tally import Tally, about, listed
from viguard.model.facts import Fact, Reason, Struct, Unknown
from viguard.model.host import Host
from viguard.model.storage import Datastore
from viguard.model.text import visible

SERVICES = frozenset({"vsan", "vsanexternal", "vsanreplication", "nvmetcp", "nvmerdma"})
"""Services of an interface by which guests' data crosses it, in lower case; what a vSAN witness gets is none.

Source: vim.host.VirtualNicManager.NicType.
"""


class StorageTraffic(Struct, frozen=True, kw_only=True):
    """``addresses`` (or names) of targets and servers, and ``devices`` that are chosen to carry storage."""

    addresses: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()


def storage_traffic(host: Host, context: Context, tally: Tally) -> StorageTraffic:
    """The storage traffic of a host. What tells of it goes into the tally, and what may hide some of it."""
    chosen = _chosen(host, context, tally)
    addresses = [*_targets(host, context, tally), *_nfs_servers(host, set(chosen), context, tally)]
    devices = [device for devices in chosen.values() for device in devices]
    return StorageTraffic(addresses=tuple(dict.fromkeys(addresses)), devices=tuple(dict.fromkeys(devices)))


def _targets(host: Host, context: Context, tally: Tally) -> list[str]:
    if isinstance(host.iscsi, Unknown):
        tally.miss(host.iscsi, context.evidence(host, "iscsi"))
        return []
    found = [t.address for adapter in host.iscsi for t in adapter.targets]
    tally.see(context.evidence(host, "iscsi", found[:20], part=".target"))
    return found


def _chosen(host: Host, context: Context, tally: Tally) -> dict[str, tuple[str, ...]]:
    """The interfaces chosen for each storage service."""
    services = host.vmkernel_services
    if isinstance(services, Unknown):
        if services.reason is not Reason.NOT_IN_VERSION:  # servers that do not tell services have none of these
            tally.miss(services, context.evidence(host, "vmkernel_services"))
        return {}
    found = {s.service.lower(): s.devices for s in services if s.service.lower() in SERVICES and s.devices}
    told = [f"{service} {device}" for service, devices in found.items() for device in devices]
    tally.see(context.evidence(host, "vmkernel_services", told, part="[storage]"))
    return found


def _nfs_servers(host: Host, services: set[str], context: Context, tally: Tally) -> Iterator[str]:
    """The NFS servers of the volumes that a host mounts."""
    if isinstance(host.datastores, Unknown):
        tally.miss(host.datastores, context.evidence(host, "datastores"))
        return
    tally.see(context.evidence(host, "datastores", len(host.datastores), part=".count"))
    stores = [context.inventory.get(Datastore, id_) for id_ in host.datastores]
    if missing := sum(store is None for store in stores):
        tally.miss(f"{missing} of its datastores were not read", context.evidence(host, "datastores", missing))
    for store in (s for s in stores if s):
        servers = _servers_of(store, services)
        if isinstance(servers, Unknown):
            tally.miss(servers, about(context, store, "type"), about(context, store, "nfs_servers"))
        elif servers:
            tally.see(about(context, store, "nfs_servers"))
            yield from servers


def _servers_of(store: Datastore, services: set[str]) -> Fact[tuple[str, ...]]:
    """The NFS servers of a volume; none of one that is not on NFS. Unknown where its traffic may go anywhere."""
    kind, name = store.type, visible(store.name, 60)
    if isinstance(kind, Unknown):
        return kind
    if isinstance(store.nfs_servers, Unknown):
        return store.nfs_servers
    if kind.startswith("NFS") and not store.nfs_servers:
        return not_read(f"the server of the NFS volume {name} is not told")
    if kind == "VVOL":
        return not_read(f"which interface carries the virtual volumes of {name} is not told")
    if kind == "vsan" and "vsan" not in services:
        return not_read(f"which interface carries vSAN to {name} is not told")
    return store.nfs_servers


def unreached(traffic: StorageTraffic, devices: set[str], beyond: list[str], tally: Tally) -> None:
    """Note what no judged interface carries: chosen devices that were not read, and addresses in no subnet."""
    absent = [d for d in traffic.devices if d not in devices]
    if absent:
        tally.miss(f"the interface chosen for storage was not read: {listed(absent)}")
    if beyond:
        tally.miss(f"which interface reaches the storage at {listed(beyond)} is not told")
