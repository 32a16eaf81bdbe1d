"""Whether the VLANs that a guest tags itself get through its port groups: only a trunk lets tagged frames pass.

Source: report, Guests, "VLANs" (one VLAN on a virtual NIC); vim.dvs.VmwareDistributedVirtualSwitch.TrunkVlanSpec.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from viguard.model.facts import Struct, Unknown
from viguard.model.guest import Guest, VirtualNic
from viguard.model.inventory import Inventory
from viguard.model.plugged import ranges
from viguard.model.text import visible
from viguard.network.vlans.guests.interfaces import Interface
from viguard.network.vlans.need import vlan_told


class Fits(Struct, frozen=True, kw_only=True):
    """What cannot work, with its place; what is not known; and how interfaces were taken for NICs."""

    mistakes: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()


def fits(interfaces: Sequence[Interface], guest: Guest, inventory: Inventory) -> Fits:
    """The VLANs of a guest's interfaces against the port groups of its NICs.

    An interface is the NIC of its MAC address; one without is taken for the NIC of its number, which is said.
    """
    tagged = [one for one in interfaces if one.vlan is not None]
    if not tagged:
        return Fits()
    if isinstance(guest.nics, Unknown):
        return Fits(unknown=(f"the NICs of {visible(guest.name, 60)}: {guest.nics}",))
    mistakes, unknown, assumed = list[str](), list[str](), dict[str, None]()
    macs = {one.name: one.mac for one in interfaces if one.mac}
    for one in tagged:
        nic = _nic(one.parent, macs.get(one.parent, ""), guest.nics)
        if nic is None:
            unknown.append(f"{one.where}: {one.name}: which NIC {one.parent} is")
            continue
        if one.parent not in macs:
            assumed[f"{one.parent} is taken for {visible(nic.label or str(nic.key), 40)}: no MAC address is said"] = (
                None
            )
        for is_sure, what in _judge(one, nic, guest, inventory):
            (mistakes if is_sure else unknown).append(f"{one.where}: {one.name}: {what}")
    return Fits(mistakes=tuple(mistakes), unknown=tuple(unknown), assumed=tuple(assumed))


def _nic(parent: str, mac: str, nics: Sequence[VirtualNic]) -> VirtualNic | None:
    if mac:
        return next((nic for nic in nics if nic.mac.casefold() == mac.casefold()), None)
    found = re.fullmatch(r"eth([0-9]{1,2})", parent)
    return nics[int(found[1])] if found and int(found[1]) < len(nics) else None


def _judge(one: Interface, nic: VirtualNic, guest: Guest, inventory: Inventory) -> Iterable[tuple[bool, str]]:
    group = inventory.port_group_of(guest, nic)
    if group is None:
        yield True, "its NIC is plugged into nothing"
    elif isinstance(group, Unknown) or isinstance(group.vlan, Unknown):
        yield False, str(group if isinstance(group, Unknown) else group.vlan)
    elif not group.vlan.is_trunk:
        name = visible(group.name, 60)
        yield True, f"tagged frames do not pass {name} (VLAN {vlan_told(group)}): give the guest a NIC for each VLAN"
    elif not any(low <= (one.vlan or 0) <= high for low, high in ranges(group.vlan)):
        yield True, f"{visible(group.name, 60)} does not let VLAN {one.vlan} through ({vlan_told(group)})"
