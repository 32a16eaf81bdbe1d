"""A vNIC for each VLAN: the first way to put a guest, Linux or Windows, into several VLANs.

The NICs are added by steps; the addresses are then set inside the guest, by files (Linux) or by PowerShell (Windows),
which knows a new adapter by the MAC address that its step gave it.

Source: report, Guests, "VLANs" (Linux, Windows); vim.vm.device.VirtualEthernetCard.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from ipaddress import ip_interface

from viguard.errors import InputError
from viguard.model.change import ApiCall, Risk, Step
from viguard.model.facts import Struct, Unknown
from viguard.model.guest import FEW_NICS, MANY_NICS, Guest
from viguard.model.host import Host
from viguard.model.inventory import Inventory
from viguard.model.network import DistributedSwitch, DvPortGroup, StandardPortGroup, Vlan
from viguard.model.plugged import PortGroup
from viguard.model.server import Cluster, Product
from viguard.model.text import visible
from viguard.network.vlans.guests.interfaces import Interface, parts
from viguard.network.vlans.guests.wanted import Wanted
from viguard.network.vlans.guests.windows import powershell

_MODERN = re.compile(r"windows(8|9|1[0-9]|20[0-9]{2})", re.IGNORECASE)  # 2012 and later: NetTCPIP
_PLAIN = "VirtualE1000"


class NicPlan(Struct, frozen=True, kw_only=True):
    """Steps that add a NIC for each VLAN, and why there are none for others.

    ``interfaces`` are what a Linux guest then gets; ``powershell`` is a script for each new NIC of a Windows guest.
    """

    steps: tuple[Step, ...]
    interfaces: tuple[Interface, ...] = ()
    powershell: tuple[str, ...] = ()
    mistakes: tuple[str, ...] = ()


def nic_plan(inventory: Inventory, guest: Guest, wanted: Sequence[Wanted], order: int = 1) -> NicPlan:
    """What puts a guest into these VLANs, those that it is in already left out.

    Raises: InputError for what is no VLAN or no address, or when the guest's NICs were not read.
    """
    if isinstance(guest.nics, Unknown):
        raise InputError(f"the NICs of {visible(guest.name, 60)}: {guest.nics}")
    for one in wanted:
        one.check()
    held, untold = _held(inventory, guest)
    if untold:
        return NicPlan(steps=(), mistakes=(f"which VLANs it is in: {untold}",))
    missing = [one for one in wanted if one.vlan not in held]
    limit = _limit(inventory, guest)
    mistakes: list[str] = []
    steps, made = list[Step](), list[Wanted]()
    for one in missing:
        group = _group(inventory, guest, one.vlan)
        if isinstance(group, str):
            mistakes.append(group)
        elif len(guest.nics) + len(steps) >= limit:
            mistakes.append(f"no NIC for VLAN {one.vlan}: its platform carries {limit}")
        else:
            mistakes += _elsewhere(inventory, guest, group)
            steps.append(_step(inventory, guest, group, one.vlan, order + len(steps)))
            made.append(one)
    windows = isinstance(guest.os_id, str) and guest.os_id.lower().startswith("win")
    names = [f"eth{len(guest.nics) + n}" for n in range(len(made))]
    return NicPlan(
        steps=tuple(steps),
        interfaces=() if windows else tuple(_interface(n, w) for n, w in zip(names, made, strict=True)),
        powershell=tuple(powershell(w, modern=bool(_MODERN.match(str(guest.os_id)))) for w in made) if windows else (),
        mistakes=tuple(mistakes),
    )


def sub_interface(parent: str, one: Wanted) -> Interface:
    """The VLAN as a tagged sub-interface (eth0.100), for a guest whose NIC is on a trunk."""
    return _interface(f"{parent}.{one.vlan}", one)


def _interface(name: str, one: Wanted) -> Interface:
    parent, vlan = parts(name)
    families = dict.fromkeys("inet6" if ip_interface(a).version == 6 else "inet" for a in one.addresses)
    return Interface(
        name=name,
        methods=tuple((family, "static") for family in families) or (("inet", "manual"),),
        addresses=tuple(str(ip_interface(a)) for a in one.addresses),
        gateways=(one.gateway,) if one.gateway else (),
        parent=parent,
        vlan=vlan,
    )


def _held(inventory: Inventory, guest: Guest) -> tuple[set[int], str]:
    """The VLANs of a guest's NICs, and why they are not known."""
    held = set[int]()
    for nic in guest.nics if isinstance(guest.nics, tuple) else ():
        vlan = inventory.vlan_of(guest, nic)
        if isinstance(vlan, Unknown):
            return held, f"{visible(nic.label or str(nic.key), 40)}: {vlan}"
        if vlan is not None and not vlan.is_trunk:
            held.add(vlan.id)
    return held, ""


def _groups_of(inventory: Inventory, host: Host) -> Iterable[PortGroup]:
    yield from inventory.port_groups_by_host.get(host.id, {}).values()
    for switch in inventory.all(DistributedSwitch):
        if isinstance(switch.members, tuple) and any(m.host == host.id for m in switch.members):
            yield from (g for g in inventory.all(DvPortGroup) if g.switch == switch.id and g.uplink is not True)


def _group(inventory: Inventory, guest: Guest, vlan: int) -> PortGroup | str:
    """The one port group for guests of a VLAN on the guest's host, or why there is none."""
    host = inventory.host_of(guest)
    if host is None:
        return f"no NIC for VLAN {vlan}: its host was not read"
    own = {
        n.dv_port_group or n.port_group
        for nics in (host.vmkernel, host.console_nics)
        if isinstance(nics, tuple)
        for n in nics
    }
    found = [
        g
        for g in _groups_of(inventory, host)
        if g.vlan == Vlan(id=vlan) and (g.key if isinstance(g, DvPortGroup) else g.name) not in own
    ]
    if len(found) == 1:
        return found[0]
    if found:
        return f"no NIC for VLAN {vlan}: several port groups have it: {', '.join(visible(g.name, 60) for g in found)}"
    return f"no NIC for VLAN {vlan}: no port group for guests on {visible(host.name, 60)} has it"


def _elsewhere(inventory: Inventory, guest: Guest, group: PortGroup) -> list[str]:
    """Hosts of a cluster with HA or DRS that the guest can then not be started on."""
    host = inventory.host_of(guest)
    cluster = inventory.get(Cluster, host.cluster) if host else None
    if host is None or cluster is None or (not cluster.ha and not cluster.drs):
        return []
    lacking = [
        h.name
        for h in inventory.hosts
        if h.cluster == cluster.id and not any(g.name == group.name for g in _groups_of(inventory, h))
    ]
    names = ", ".join(visible(name, 60) for name in lacking)
    return [f"it can then not be started on {names}: no port group {visible(group.name, 60)}"] if lacking else []


def _limit(inventory: Inventory, guest: Guest) -> int:
    """How many NICs its platform carries; the fewer where that is not known."""
    host = inventory.host_of(guest)
    version = guest.version.rpartition("-")[2] if isinstance(guest.version, str) else ""
    release = host.product.version.partition(".")[0] if host and isinstance(host.product, Product) else ""
    if not (version.isdecimal() and release.isdecimal()):
        return FEW_NICS
    return FEW_NICS if int(version) < 7 or int(release) < 4 else MANY_NICS


def _step(inventory: Inventory, guest: Guest, group: PortGroup, vlan: int, order: int) -> Step:
    nics = guest.nics if isinstance(guest.nics, tuple) else ()
    backing: dict[str, object]
    if isinstance(group, StandardPortGroup):
        backing = {"_type": "VirtualEthernetCardNetworkBackingInfo", "deviceName": group.name}
    else:
        switch = inventory.get(DistributedSwitch, group.switch if isinstance(group.switch, str) else None)
        port = {"portgroupKey": group.key, "switchUuid": switch.uuid if switch else ""}
        backing = {"_type": "VirtualEthernetCardDistributedVirtualPortBackingInfo", "port": port}
    device = {
        "_type": nics[0].type if nics else _PLAIN,
        "key": -order,
        "addressType": "generated",
        "backing": backing,
        "connectable": {"startConnected": True, "connected": guest.power == "poweredOn", "allowGuestControl": False},
    }
    return Step(
        order=order,
        resource=guest.id,
        name=guest.name,
        property=f"NIC in VLAN {vlan}",
        before=None,
        after=group.name,
        call=_reconfigure("add", device),
        rollback=_reconfigure("remove", {"_type": device["_type"], "key": "of the NIC that was added"}),
        risk=Risk.NONE,
        reason=f"one NIC for each VLAN; {visible(group.name, 60)} is VLAN {vlan}",
    )


def _reconfigure(operation: str, device: dict[str, object]) -> ApiCall:
    change = {"operation": operation, "device": device}
    return ApiCall(method="ReconfigVM_Task", of="VirtualMachine", arguments={"spec": {"deviceChange": [change]}})
