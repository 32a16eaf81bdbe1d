"""Interfaces that manage a host and move guests. Source: guides, network isolation of management and vMotion."""

from __future__ import annotations

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
from viguard.assess.tally import Tally, about, listed
from viguard.assess.verdict import Verdict, not_applicable, unknown
from viguard.model.facts import Fact, Reason, Resource, Unknown
from viguard.model.host import Host
from viguard.model.network import VmkernelNic
from viguard.model.plugged import PortGroup, interfaces
from viguard.policy.policy import Purpose
from viguard.policy.zones import Zones

NO_ZONES = "the policy names no zone for management"


def management(subject: Resource, context: Context) -> Verdict:
    """Each management interface serves nothing else, and lies in zones for management only.

    On classic ESX the service console is the management interface.
    """
    host = expect(Host, subject)
    tally = Tally("zones")
    nics = _managing(host)
    if isinstance(nics, Unknown):
        return unknown(nics, context.evidence(host, "vmkernel_services", nics))
    if not nics:
        return unknown("it names no management interface", context.evidence(host, "vmkernel_services"))
    tally.see(context.evidence(host, "vmkernel", [n.device for n in nics], part="[management]"))
    for nic in nics:
        others = _other_services(host, nic, "management")
        if others:
            tally.fail(f"{nic.device} also serves {listed(others)}", context.evidence(host, "vmkernel_services"))
        _judge_zone(host, nic, context, tally)
    return tally.verdict("alone, in a zone for management")


def vmotion(subject: Resource, context: Context) -> Verdict:
    """Each vMotion interface serves nothing else and is alone on its VLAN: guests' memory crosses it in clear."""
    host = expect(Host, subject)
    nics = _moving(host)
    if isinstance(nics, Unknown):
        return unknown(nics, context.evidence(host, "vmkernel_services", nics))
    if not nics:
        return not_applicable("vMotion is not set up", context.evidence(host, "vmotion_device", None))
    tally = Tally()
    tally.see(context.evidence(host, "vmkernel", [n.device for n in nics], part="[vmotion]"))
    moving = {n.device for n in nics}
    for nic in nics:
        _judge_services(host, nic, context, tally)
        group = group_of(host, nic, context)
        if isinstance(group, Unknown):
            tally.miss(group, context.evidence(host, "vmkernel", group, part=f"[{nic.device}].portgroup"))
            continue
        tally.see(about(context, group, "vlan"))
        _judge_neighbours(host, group, moving, context, tally)
    return tally.verdict("alone on its interface and VLAN")


def _managing(host: Host) -> Fact[list[VmkernelNic]]:
    nics = interfaces(host)
    if isinstance(nics, Unknown):
        return nics
    if host.is_classic:
        return [n for n in nics if isinstance(host.console_nics, tuple) and n in host.console_nics]
    if isinstance(host.vmkernel_services, Unknown):
        return host.vmkernel_services
    return _carrying(host, nics, "management")


def _moving(host: Host) -> Fact[list[VmkernelNic]]:
    nics = interfaces(host)
    if isinstance(nics, Unknown):
        return nics
    if not isinstance(host.vmkernel_services, Unknown):
        return _carrying(host, nics, "vmotion")
    if host.vmkernel_services.reason is not Reason.NOT_IN_VERSION:
        return host.vmkernel_services
    chosen = host.vmotion_device
    if chosen is None or isinstance(chosen, Unknown):
        return chosen or []
    found = [n for n in nics if chosen == n.device or chosen.endswith(f"-{n.device}")]
    return found or not_read("the interface chosen for vMotion was not read")


def _carrying(host: Host, nics: list[VmkernelNic], service: str) -> list[VmkernelNic]:
    services = host.vmkernel_services if isinstance(host.vmkernel_services, tuple) else ()
    devices = {d for s in services if s.service == service for d in s.devices}
    return [n for n in nics if n.device in devices]


def _other_services(host: Host, nic: VmkernelNic, own: str) -> list[str]:
    services = host.vmkernel_services if isinstance(host.vmkernel_services, tuple) else ()
    return [s.service for s in services if nic.device in s.devices and s.service != own]


def _judge_zone(host: Host, nic: VmkernelNic, context: Context, tally: Tally) -> None:
    zones = context.index(Zones)
    if not zones.having(Purpose.MANAGEMENT):
        tally.miss(NO_ZONES)
        return
    found = zones_of(host, nic, context)
    wrong = [z for z in found.zones if zones.purpose(z) is not Purpose.MANAGEMENT]
    evidence = context.evidence(host, "vmkernel", list(found.zones), part=f"[{nic.device}].zones")
    if wrong:
        tally.fail(f"{nic.device} is in {listed(wrong)}, which is not for management", evidence)
    for why in found.unread:
        tally.miss(why, evidence)
    if not found.zones and found.certain:
        tally.fail(f"{nic.device} is in no zone for management", evidence)
    tally.see(evidence)


def _judge_services(host: Host, nic: VmkernelNic, context: Context, tally: Tally) -> None:
    others = _other_services(host, nic, "vmotion")
    if others:
        tally.fail(f"{nic.device} also serves {listed(others)}", context.evidence(host, "vmkernel_services"))
    if isinstance(host.vmkernel_services, Unknown):  # before 4.0 only storage could share it
        _judge_storage(host, nic, context, tally)


def _judge_storage(host: Host, nic: VmkernelNic, context: Context, tally: Tally) -> None:
    if isinstance(host.iscsi, Unknown):
        tally.miss(host.iscsi, context.evidence(host, "iscsi"))
    elif reaches(nic, [t.address for a in host.iscsi for t in a.targets]):
        tally.fail(f"{nic.device} also reaches the iSCSI targets", context.evidence(host, "iscsi", "same subnet"))


def _judge_neighbours(host: Host, group: PortGroup, moving: set[str], context: Context, tally: Tally) -> None:
    own, guests = interface_plugs(host, context), guest_plugs(host, context)
    groups = groups_of(host, context)
    plugs: list[Plug] = []
    for part, field in ((own, "vmkernel"), (guests, "guests"), (groups, "port_groups")):
        if isinstance(part, Unknown):
            tally.miss(part, context.evidence(host, field, part))
    plugs += [p for p in own if p.name not in moving] if isinstance(own, list) else []
    plugs += guests if isinstance(guests, list) else []
    taken = {p.group.id for p in (*plugs, *(own if isinstance(own, list) else ())) if not isinstance(p.group, Unknown)}
    free: list[PortGroup] = [g for g in groups if g.id not in taken] if isinstance(groups, list) else []
    free += context.index(Distributed).open_on(host)
    for why in context.index(Distributed).unread:
        tally.miss(why)
    beside, unsure = neighbours(group, [*plugs, *(Plug(name=f"port group {g.name}", group=g) for g in free)])
    for why in unsure:
        tally.miss(why)
    if beside:
        evidence = context.evidence(host, "vmkernel", beside[:20], part="[VLAN of vMotion]")
        tally.fail(f"on the VLAN of vMotion: {listed(beside)}", evidence)
