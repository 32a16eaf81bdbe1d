"""VLANs and trunks as lines of text for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from viguard.model.change import Step
from viguard.model.text import plural, visible
from viguard.network.vlans.alike import Alike
from viguard.network.vlans.bridges import Bridges
from viguard.network.vlans.members import Member, Vlans
from viguard.network.vlans.need import UplinkNeed, Use
from viguard.network.vlans.trunks import HostTrunks, Lack, State, Trunks, Uplink, told

NAMED = 6
"""Names in one line; the rest are counted."""


def of_vlans(found: Vlans) -> Iterable[str]:
    """Each network with its servers and services."""
    for network in found.networks:
        zones = f" [{', '.join(visible(z, 40) for z in network.zones)}]" if network.zones else ""
        groups = _some(network.port_groups) or "no port group"
        yield f"{network.name}{zones}: {groups} on {plural(len(network.hosts), 'host')}"
        yield from (f"  {_member(m)}" for m in network.members if m.kind != "interface")
        by_device: dict[str, list[str]] = {}
        for member in network.members:
            if member.kind == "interface":
                by_device.setdefault(_interface(member), []).append(member.host)
        yield from (
            f"  {device} of {plural(len(hosts), 'host')}: {_some(hosts)}" for device, hosts in by_device.items()
        )
        if not network.members:
            yield "  nothing is plugged in"
    yield from (f"{'finding' if odd.wrong else 'note'}: {odd.what}" for odd in found.odd)
    yield from (f"unknown: {what}" for what in found.unknown)


def of_trunks(found: Trunks) -> Iterable[str]:
    """Each host with its need, and what of it its ports carry."""
    yield _summary(found)
    for host in found.hosts:
        yield from _host(host, compared=found.compared)


def of_steps(steps: Sequence[Step]) -> Iterable[str]:
    """What would be changed, in order."""
    for step in steps:
        yield f"step {step.order}: {visible(step.name, 80)}: {visible(step.property, 80)} ({step.reason})"
        yield f"  {visible(step.call.shown(), 600)}"
        if step.risk != "none":
            yield f"  risk: {step.risk}"


def of_alike(found: Iterable[Alike], template: str) -> Iterable[str]:
    """Hosts against their template."""
    for host in found:
        name = visible(host.host, 60)
        if host.same:
            yield f"{name}: like {visible(template, 60)}"
            continue
        yield f"{name}: {plural(len(host.steps), 'step')} to be like {visible(template, 60)}"
        yield from (f"  by hand: {what}" for what in host.by_hand)
        yield from (f"  unknown: {what}" for what in host.unknown)


def of_bridges(found: Bridges) -> Iterable[str]:
    """Guests in several zones."""
    for bridge in found.found:
        zones = ", ".join(visible(z, 40) for z in bridge.zones)
        apart = "; ".join(f"{visible(a, 40)} and {visible(b, 40)}" for a, b in bridge.apart)
        kept = f"; the policy keeps apart {apart}" if apart else ""
        yield f"{visible(bridge.guest, 60)} stands in several zones: {zones}{kept}"
    yield from (f"unknown: {visible(what, 200)}" for what in found.unknown)


def _summary(found: Trunks) -> str:
    states = Counter(u.state for h in found.hosts for u in h.uplinks)
    total = plural(sum(states.values()), "uplink")
    if not found.compared:
        return f"{total}: what they need; what the switches carry was not given (--switch FILE)"
    if found.no_change_needed:
        return f"{total}: no change needed at the switches"
    return f"{total}: " + ", ".join(f"{count} {state}" for state in State if (count := states[state]))


def _host(host: HostTrunks, *, compared: bool) -> Iterable[str]:
    need = host.need
    yield f"{visible(need.host, 60)}" + (f" ({visible(need.domain, 60)})" if need.domain else "")
    for uplink in host.uplinks:
        name = f"{visible(uplink.need.device, 40)} {visible(uplink.need.switch, 40)}"
        yield f"  {name}: {_vlans(uplink.need)}{_port(uplink, compared)}"
        yield from (f"    {_lack(lack)}" for lack in uplink.lacks)
        yield from (f"    unknown: {why}" for why in uplink.unknown if why not in need.unsure)
        only = [str(use.vlan) for use in uplink.need.uses if use.only_templates]
        if only:
            yield f"    only templates need {', '.join(only)}"
    for group in need.stranded:
        names = _some(group.guests)
        yield f"  cannot be started here, for want of {visible(group.port_group, 60)} (VLAN {group.vlan}): {names}"
    yield from (f"  nothing needs {visible(i.port_group, 60)} (VLAN {i.vlan})" for i in need.idle)
    yield from (f"  {what}" for what in need.inside)
    yield from (f"  unknown: {why}" for why in need.unsure)


def _port(uplink: Uplink, compared: bool) -> str:  # noqa: FBT001
    if not compared:
        return ""
    if uplink.port is None:
        return " | port unknown"
    much = f" {told(uplink.surplus)}" if uplink.surplus else ""
    where = f"{visible(uplink.port.device, 40)} {visible(uplink.port.name, 40)}"
    if uplink.state is State.LACKS and much:
        return f" | {where}: lacks VLANs, and carries too much:{much}"
    return f" | {where}: {uplink.state}{much}"


def _lack(lack: Lack) -> str:
    name = f"VLAN {lack.vlan}" if lack.vlan else "untagged"
    when = {True: "breaks", False: "breaks when the other uplinks are gone", None: "breaks, unless another carries it"}
    return f"{name} is not carried ({lack.why}): {when[lack.now]} {_for(lack.use)}"


def _for(use: Use) -> str:
    return _some(tuple(dict.fromkeys((*use.interfaces, *use.guests, *use.failover, *use.templates))))


def _vlans(need: UplinkNeed) -> str:
    named = [str(use.vlan) if use.vlan else "untagged" for use in need.uses]
    named += [f"any of {', '.join(f'{a}-{b}' for a, b in o.vlans)} for {_some(o.guests)}" for o in need.open]
    return ", ".join(named) or "nothing"


def _member(member: Member) -> str:
    told = [
        *member.services,
        *(["template"] if member.kind == "template" and "template" not in member.services else []),
    ]
    told += {"poweredOn": [], "poweredOff": ["off"]}.get(member.power, [f"power {member.power}"])
    return f"{visible(member.name, 60)}" + (f": {', '.join(visible(t, 80) for t in told)}" if told else "")


def _interface(member: Member) -> str:
    services = f" ({', '.join(visible(s, 40) for s in member.services)})" if member.services else ""
    return f"{visible(member.name, 40)}{services}"


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(visible(n, 60) for n in names[:NAMED])
    return f"{shown} and {len(names) - NAMED} more" if len(names) > NAMED else shown
