"""What a host sends into, and what crosses the network of vMotion."""

from __future__ import annotations

from collections.abc import Iterator

from viguard.attack.estate import Estate, PortGroup
from viguard.attack.graph import Edge, Seen
from viguard.model.facts import Reason, Unknown
from viguard.model.guest import Guest
from viguard.model.host import Host
from viguard.model.network import DistributedSwitch, DvPortGroup, Vlan, VmkernelNic
from viguard.model.server import Product

ENCRYPTS = (6, 5)
"""Versions before this one move guests in clear. Source: vim.vm.ConfigSpec.MigrateEncryption, since 6.5."""


def edges(estate: Estate) -> Iterator[Edge]:
    """VLANs of hosts, those that nothing needs, and memory that crosses vMotion."""
    for host in estate.inventory.hosts:
        yield from _networks(estate, host)
        yield from _vmotion(estate, host)
    yield from _distributed(estate)


def _networks(estate: Estate, host: Host) -> Iterator[Edge]:
    used = _used(estate, host)
    for group in estate.inventory.port_groups_by_host.get(host.id, {}).values():
        if isinstance(group.vlan, Unknown) or group.vlan.is_trunk:
            continue
        zone, told = estate.network(group), estate.vlan_seen(group)
        yield Edge("host_networks", estate.at(host), zone, (told,))
        if used is not None and group.name not in used[0] and group.vlan.id not in used[1]:
            yield Edge("surplus_vlan", estate.at(host), zone, (told, *used[2]), on=f"{host.id}/{group.name}")


def _used(estate: Estate, host: Host) -> tuple[set[str], set[int], tuple[Seen, ...]] | None:
    """Port groups and VLANs that a guest or interface of a host uses, and the facts; None when one was not read."""
    inventory = estate.inventory
    if isinstance(host.guests, Unknown) or isinstance(host.vmkernel, Unknown) or not isinstance(host.product, Product):
        return None
    facts = [estate.seen(host, "guests", f"{len(host.guests)} guests")]
    facts.append(estate.seen(host, "vmkernel", f"{len(host.vmkernel)} interfaces"))
    facts.append(estate.seen(host, "product", host.product.name))
    nics = list(host.vmkernel)
    if not host.is_esxi:  # a service console has interfaces of its own
        if isinstance(host.console_nics, Unknown):
            return None
        facts.append(estate.seen(host, "console_nics", f"{len(host.console_nics)} interfaces"))
        nics += host.console_nics
    names = {n.port_group for n in nics}
    for id_ in host.guests:
        guest = inventory.get(Guest, id_)
        if guest is None or isinstance(guest.nics, Unknown):
            return None
        names |= {n.port_group for n in guest.nics}
        facts.append(estate.seen(guest, "nics", ", ".join(n.port_group or n.dv_port_group for n in guest.nics)))
    held = inventory.port_groups_by_host.get(host.id, {})
    vlans: set[int] = set()
    for name in sorted(names & held.keys()):
        vlan = held[name].vlan
        if isinstance(vlan, Unknown):
            return None
        vlans |= {vlan.id}
        facts.append(estate.vlan_seen(held[name]))
    return names, vlans, tuple(facts)


def _distributed(estate: Estate) -> Iterator[Edge]:
    switches = {s.id: s for s in estate.inventory.all(DistributedSwitch)}
    groups: list[PortGroup] = [g for g in estate.inventory.all(DvPortGroup) if g.uplink is not True]
    for group in groups:
        switch = switches.get(str(group.switch))
        if (
            switch is None
            or isinstance(switch.members, Unknown)
            or not isinstance(group.vlan, Vlan)
            or group.vlan.is_trunk
        ):
            continue
        for member in switch.members:
            if (host := estate.inventory.get(Host, member.host)) is not None:
                facts = (
                    estate.seen(switch, "members", host.name),
                    estate.seen(group, "switch", switch.name),
                    estate.vlan_seen(group),
                )
                yield Edge("host_networks", estate.at(host), estate.network(group), facts)


def _vmotion(estate: Estate, host: Host) -> Iterator[Edge]:
    """Each guest of a host whose memory crosses the network of vMotion when it moves."""
    for nic, told in moving(estate, host):
        zone = estate.vmkernel_zone(host, nic)
        if zone is None:
            continue
        missing: tuple[str, ...] = ("whether the guest's moves are encrypted (config.migrateEncryption)",)
        facts = (*told, *zone[1])
        if isinstance(host.product, Product) and _release(host.product) < ENCRYPTS:
            missing, facts = (), (*facts, estate.seen(host, "product", f"{host.product.version}: moves are in clear"))
        for guest in estate.inventory.guests_by_host.get(host.id, ()):
            runs = estate.seen(guest, "host", host.name)
            yield Edge("vmotion", zone[0], estate.at(guest), (runs, *facts), missing, on=zone[0])


def moving(estate: Estate, host: Host) -> list[tuple[VmkernelNic, tuple[Seen, ...]]]:
    """The interfaces that move guests, each with the facts that say so."""
    if isinstance(host.vmkernel, Unknown):
        return []
    services = host.vmkernel_services
    if not isinstance(services, Unknown):
        field, devices = "vmkernel_services", {d for s in services if s.service == "vmotion" for d in s.devices}
    elif services.reason is Reason.NOT_IN_VERSION and isinstance(host.vmotion_device, str):
        chosen = host.vmotion_device
        field, devices = "vmotion_device", {n.device for n in host.vmkernel if chosen.endswith(n.device)}
    else:
        return []
    return [
        (
            n,
            (
                estate.seen(host, "vmkernel", n.device, f"[{n.device}]"),
                estate.seen(host, field, f"vmotion: {n.device}"),
            ),
        )
        for n in host.vmkernel
        if n.device in devices
    ]


def _release(product: Product) -> tuple[int, ...]:
    parts = product.version.split(".")[:2]
    return tuple(int(p) for p in parts) if all(p.isdecimal() for p in parts) else ENCRYPTS
