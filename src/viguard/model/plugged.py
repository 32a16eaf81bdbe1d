"""What is plugged into the networks of a host: its own interfaces, its guests, and the VLANs of a port group."""

from __future__ import annotations

from typing import TypeAlias

from viguard.model.facts import Fact, Reason, Unknown
from viguard.model.guest import Guest
from viguard.model.host import Host
from viguard.model.inventory import Inventory
from viguard.model.network import VGT, DvPortGroup, StandardPortGroup, Vlan, VmkernelNic

PortGroup: TypeAlias = StandardPortGroup | DvPortGroup


def interfaces(host: Host) -> Fact[list[VmkernelNic]]:
    """Every vmkernel and service console interface. Only classic ESX has a console."""
    if isinstance(host.vmkernel, Unknown):
        return host.vmkernel
    if isinstance(host.console_nics, Unknown):
        return list(host.vmkernel) if host.is_esxi else host.console_nics
    return [*host.vmkernel, *host.console_nics]


def group_of_interface(host: Host, nic: VmkernelNic, inventory: Inventory) -> Fact[PortGroup]:
    """The port group of an interface."""
    if nic.dv_port_group:
        found: PortGroup | None = inventory.dv_port_groups_by_key.get((host.server, nic.dv_port_group))
    else:
        found = inventory.port_groups_by_host.get(host.id, {}).get(nic.port_group)
    return found or _not_read(f"the port group of {nic.device} was not read")


def housed(host: Host, inventory: Inventory) -> Fact[list[Guest]]:
    """Guests and templates that a host lists or that name it; Unknown when any of them was not read."""
    if isinstance(host.guests, Unknown):
        return host.guests
    found = [inventory.get(Guest, id_) for id_ in host.guests]
    known = {g.id: g for g in found if g}
    missing = len(found) - sum(g is not None for g in found)
    known.update((g.id, g) for g in inventory.guests_by_host.get(host.id, ()))
    return list(known.values()) if not missing else _not_read(f"{missing} of its guests were not read")


def ranges(vlan: Vlan) -> tuple[tuple[int, int], ...]:
    """The tagged VLANs of a port group as inclusive ranges."""
    if vlan.id == VGT:
        return ((1, VGT - 1),)
    if vlan.trunk:
        return vlan.trunk
    return ((vlan.id, vlan.id),) if vlan.id else ()


def _not_read(detail: str) -> Unknown:
    return Unknown(reason=Reason.NOT_READ, detail=detail)
