"""VLANs that reach a host. Source: report, "Existing setup": not every ESX server needs every VLAN."""

from __future__ import annotations

from viguard.assess.context import Context
from viguard.assess.kind import expect
from viguard.assess.segments import groups_of, guest_plugs, interface_plugs
from viguard.assess.tally import Tally, listed
from viguard.assess.verdict import Verdict
from viguard.model.facts import Resource, Unknown
from viguard.model.host import Host
from viguard.model.network import StandardPortGroup, Vlan
from viguard.model.plugged import ranges


def only_needed(subject: Resource, context: Context) -> Verdict:
    """No port group of the host brings a VLAN that no guest, template or interface there needs.

    An unneeded one is a failure. That the physical switch's trunk carries no more cannot be seen from here, so a host
    without one stays unknown. Distributed port groups belong to a switch of many hosts and are not judged.
    """
    host = expect(Host, subject)
    tally = Tally()
    groups = groups_of(host, context)
    needed = _needed(host, context, tally)
    if isinstance(groups, Unknown):
        tally.miss(groups, context.evidence(host, "port_groups", groups))
    else:
        _judge_groups(host, groups, needed, context, tally)
    tally.miss("no source yet: the trunk of the physical switch")
    return tally.verdict()


def _needed(host: Host, context: Context, tally: Tally) -> set[int] | None:
    """VLANs in use on the host; None when a fact about that is missing."""
    needed: set[int] = set()
    missing: list[Unknown] = []
    for plugs in (guest_plugs(host, context), interface_plugs(host, context)):
        if isinstance(plugs, Unknown):
            missing.append(plugs)
            continue
        for plug in plugs:
            vlan = plug.group if isinstance(plug.group, Unknown) else plug.group.vlan
            if isinstance(vlan, Unknown):
                missing.append(vlan)
            else:
                needed |= _ids(vlan)
    for why in dict.fromkeys(missing):
        tally.miss(why, context.evidence(host, "port_groups", why, part=".vlanId"))
    return None if missing else needed


def _judge_groups(
    host: Host, groups: list[StandardPortGroup], needed: set[int] | None, context: Context, tally: Tally
) -> None:
    idle: list[StandardPortGroup] = []
    for group in groups:
        if isinstance(group.vlan, Unknown):
            tally.miss(group.vlan, context.evidence(host, "port_groups", group.vlan, part=f"[{group.name}].vlanId"))
        elif needed is not None and not _ids(group.vlan) <= needed:
            idle.append(group)
    tally.see(context.evidence(host, "port_groups", [f"{g.name}: {_told(g.vlan)}" for g in groups[:20]]))
    if idle:
        tally.fail(f"VLANs that nothing on the host needs: {listed(f'{_told(g.vlan)} ({g.name})' for g in idle)}")


def _ids(vlan: Vlan) -> set[int]:
    return {v for low, high in ranges(vlan) for v in range(max(low, 1), min(high, 4094) + 1)}


def _told(vlan: Vlan | Unknown) -> str:
    if isinstance(vlan, Unknown):
        return "not read"
    return "trunk" if vlan.is_trunk else str(vlan.id)
