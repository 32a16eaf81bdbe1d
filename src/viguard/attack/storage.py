"""Datastores, iSCSI volumes and NFS exports: who reads and writes the disks of guests."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from ipaddress import ip_address, ip_interface

from viguard.attack.estate import Estate
from viguard.attack.graph import Edge, NodeKind, Seen
from viguard.model.guest import Guest
from viguard.model.host import Host
from viguard.model.network import VmkernelNic
from viguard.model.storage import Chap, Datastore, IscsiAdapter, IscsiTarget


def edges(estate: Estate) -> Iterator[Edge]:
    """Mounts, disks, targets and exports."""
    stores: dict[str, list[Datastore]] = defaultdict(list)
    for store in estate.inventory.all(Datastore):
        for id_ in store.hosts if isinstance(store.hosts, tuple) else ():
            if (host := estate.inventory.get(Host, id_)) is not None:
                stores[host.id].append(store)
                told = estate.seen(store, "hosts", host.name)
                yield Edge("mounts", estate.at(host), estate.at(store), (told,), on=f"{host.id}/{store.id}")
                yield from _nfs(estate, store, host, told)
    for guest in estate.machines:
        yield from _disks(estate, guest)
    for host in estate.inventory.hosts:
        for adapter in host.iscsi if isinstance(host.iscsi, tuple) else ():
            yield from _adapter(estate, host, adapter, stores[host.id])


def _disks(estate: Estate, guest: Guest) -> Iterator[Edge]:
    for id_ in guest.datastores if isinstance(guest.datastores, tuple) else ():
        if (store := estate.inventory.get(Datastore, id_)) is None:
            continue
        told = estate.seen(guest, "datastores", store.name)
        yield Edge("disks", estate.at(store), estate.at(guest), (told,), on=guest.id)
        if guest.power == "suspended":
            facts = (told, estate.seen(guest, "power", "suspended"))
            yield Edge("memory_file", estate.at(store), estate.at(guest), facts, on=guest.id)


def _adapter(estate: Estate, host: Host, adapter: IscsiAdapter, stores: list[Datastore]) -> Iterator[Edge]:
    secret = ""
    volumes = [t for t in adapter.targets if t.iqn] or list(adapter.targets)
    for target in volumes:
        name = target.iqn or target.address
        node = estate.node(NodeKind.TARGET, f"target:{name}", name)
        chap = target.chap or adapter.chap
        told = estate.seen(host, "iscsi", f"{name}: {_chap(chap)}", f"[{adapter.device}]")
        if _required(chap):
            secret = estate.credential(f"chap of {host.id} {adapter.device}")
            yield Edge("chap_login", secret, node, (told,))
        else:
            yield from _open(estate, host, target, node, told)
        yield from _volume(estate, target, node, stores, told)
    if secret:
        told = estate.seen(host, "iscsi", f"CHAP name {adapter.chap.name}", f"[{adapter.device}]")
        yield Edge("chap_secret", estate.at(host), secret, (told,))


def _open(estate: Estate, host: Host, target: IscsiTarget, node: str, told: Seen) -> Iterator[Edge]:
    for nic, facts in facing(estate, host, target.address):
        if (zone := estate.vmkernel_zone(host, nic)) is not None:
            service = estate.service(zone[0], f"tcp/{target.port}", (target.address,))
            yield Edge("iscsi", service, node, (told, facts, *zone[1]), on=node.partition(":")[2])


def _volume(estate: Estate, target: IscsiTarget, node: str, stores: list[Datastore], told: Seen) -> Iterator[Edge]:
    """The datastore of a volume: by its name, with which an EqualLogic target ends; else any that the host mounts."""
    named = [s for s in stores if target.iqn.endswith(f"-{s.name}")]
    for store in named or [s for s in stores if s.shared is not False and not s.nfs_servers]:
        facts = (told, estate.seen(store, "hosts", "the host mounts it"))
        missing = () if named else ("on which target the datastore lies",)
        yield Edge("target_volume", node, estate.at(store), facts, missing)


def _nfs(estate: Estate, store: Datastore, host: Host, told: Seen) -> Iterator[Edge]:
    for server in store.nfs_servers if isinstance(store.nfs_servers, tuple) else ():
        for nic, facts in facing(estate, host, server):
            if (zone := estate.vmkernel_zone(host, nic)) is not None:
                seen = (told, estate.seen(store, "nfs_servers", server), facts, *zone[1])
                service = estate.service(zone[0], "tcp/2049", (server,))
                missing = ("which addresses the export admits",)
                yield Edge("nfs", service, estate.at(store), seen, missing, on=store.id)


def facing(estate: Estate, host: Host, address: str) -> Iterator[tuple[VmkernelNic, Seen]]:
    """The interfaces of a host in whose own subnet an address lies."""
    for nic in host.vmkernel if isinstance(host.vmkernel, tuple) else ():
        if any(_inside(address, own) for own in (f"{nic.address}/{nic.netmask}", *nic.ipv6)):
            value = f"{nic.device} {nic.address}/{nic.netmask}"
            yield nic, estate.seen(host, "vmkernel", value, f"[{nic.device}]")


def _inside(address: str, own: str) -> bool:
    try:
        return ip_address(address) in ip_interface(own).network
    except ValueError:
        return False


def _required(chap: Chap) -> bool:
    return chap.enabled and chap.one_way in {None, "chapRequired"}


def _chap(chap: Chap) -> str:
    if not chap.enabled:
        return "CHAP off"
    return f"CHAP {chap.one_way or 'on'}"
