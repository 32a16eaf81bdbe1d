"""Virtual NICs of guests. Source: report, Guests, "VLANs"."""

from __future__ import annotations

from viguard.assess.context import Context
from viguard.assess.kind import expect, host_of, release
from viguard.assess.operators import version
from viguard.assess.tally import Tally, about, listed
from viguard.assess.verdict import Verdict, not_applicable, unknown
from viguard.model.facts import Fact, Resource, Unknown
from viguard.model.guest import FEW_NICS, MANY_NICS, Guest, VirtualNic
from viguard.model.network import DvPortGroup


def one_vlan(subject: Resource, context: Context) -> Verdict:
    """Each NIC is on one configured VLAN: not a trunk, and not untagged, where the physical port decides.

    Where a distributed port group lets single ports have VLANs of their own, a good one proves nothing: unknown.
    """
    guest = expect(Guest, subject)
    if isinstance(guest.nics, Unknown):
        return unknown(guest.nics, context.evidence(guest, "nics"))
    if not guest.nics:
        return not_applicable("it has no NIC", context.evidence(guest, "nics"))
    tally = Tally()
    trunk, untagged = list[str](), list[str]()
    for nic in guest.nics:
        name = nic.label or str(nic.key)
        vlan = context.inventory.vlan_of(guest, nic)
        if isinstance(vlan, Unknown):
            tally.miss(f"{listed([name])}: {vlan}", context.evidence(guest, "nics", vlan, part=f"[{nic.key}].vlan"))
            continue
        told = "unplugged" if vlan is None else "trunk" if vlan.is_trunk else vlan.id
        tally.see(context.evidence(guest, "nics", told, part=f"[{nic.key}].vlan"))
        if vlan is not None and vlan.is_trunk:
            trunk.append(name)
        elif vlan is not None and vlan.id == 0:
            untagged.append(name)
        elif vlan is not None:
            _port(guest, nic, name, context, tally)
    if trunk:
        tally.fail(f"several VLANs reach {listed(trunk)}")
    if untagged:
        tally.fail(f"no VLAN is set for {listed(untagged)}")
    return tally.verdict()


def _port(guest: Guest, nic: VirtualNic, name: str, context: Context, tally: Tally) -> None:
    """Whether the NIC's own port may have another VLAN than its group. Ports themselves are not read."""
    group = context.inventory.port_group_of(guest, nic)
    if not isinstance(group, DvPortGroup) or group.vlan_override is False:
        return
    evidence = about(context, group, "vlan_override")
    if isinstance(group.vlan_override, Unknown):
        tally.miss(f"{listed([name])}: whether its port may have another VLAN: {group.vlan_override}", evidence)
    else:
        tally.miss(f"{listed([name])}: no source yet: its port may override the VLAN of its port group", evidence)


def count(subject: Resource, context: Context) -> Verdict:
    """A guest has no more NICs than its platform carries: 4 on ESX 3 or hardware version 6 and older, 10 after."""
    guest = expect(Guest, subject)
    if isinstance(guest.nics, Unknown):
        return unknown(guest.nics, context.evidence(guest, "nics"))
    tally = Tally()
    found = len(guest.nics)
    tally.see(context.evidence(guest, "nics", found, part=".count"))
    old_hardware = _old_hardware(guest, context, tally)
    old_host = _old_host(guest, context, tally)
    allowed = FEW_NICS if old_hardware or old_host else MANY_NICS
    if found > allowed:
        tally.fail(f"{found} NICs, its platform carries {allowed}")
    return tally.verdict()


def _old_hardware(guest: Guest, context: Context, tally: Tally) -> bool | None:
    evidence = context.evidence(guest, "version")
    found = version(guest.version.rpartition("-")[2]) if isinstance(guest.version, str) else None
    if found is None:
        why = guest.version if isinstance(guest.version, Unknown) else "its hardware version is not a number"
        tally.miss(why, evidence)
        return None
    tally.see(evidence)
    return found[0] < 7


def _old_host(guest: Guest, context: Context, tally: Tally) -> bool | None:
    host = host_of(guest, context)
    if isinstance(host, Unknown):
        tally.miss(host, context.evidence(guest, "host", host))
        return None
    found: Fact[tuple[int, int]] = release(host.product)
    if isinstance(found, Unknown):
        tally.miss(found, about(context, host, "product", found))
        return None
    tally.see(about(context, host, "product", f"{found[0]}.{found[1]}", part=".version"))
    return found < (4, 0)
