"""Hosts against a template host, and the steps that would make them like it.

Compared are standard switches, their uplinks and security, port groups, the services of vmkernel interfaces, NTP, DNS.
A host of another cluster is not told to have the template's port groups for guests: not every host needs every VLAN.
What takes a person (cables, a port group in use on another switch) is told and no step.

Source: report, Virtual hosts, "VLANs" (consolidate others with the configuration of the "template" machine).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from viguard.model.change import ApiCall, Risk, Step
from viguard.model.facts import Struct, Unknown
from viguard.model.host import Host
from viguard.model.inventory import Inventory
from viguard.model.network import SecurityPolicy, StandardPortGroup, StandardSwitch, Vlan
from viguard.model.plugged import interfaces
from viguard.model.text import visible
from viguard.network.vlans.carriers import service_steps
from viguard.network.vlans.need import vlan_told

PEOPLE, ADD, CHANGE, REMOVE = 10, 20, 30, 40
"""Orders of steps: time and names first, then what is missing, what differs, what is too much."""
_AS_READ = "as read"


class Alike(Struct, frozen=True, kw_only=True):
    """A host and how it differs. ``by_hand``: differences that no step mends; ``unknown``: what was not compared."""

    id: str
    host: str
    steps: tuple[Step, ...] = ()
    by_hand: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def same(self) -> bool:
        """Whether everything was compared and nothing differs."""
        return not (self.steps or self.by_hand or self.unknown)


def alike(inventory: Inventory, template: Host) -> list[Alike]:
    """Every other host against the template, in the order read."""
    return [_Compared(inventory, template, host).told() for host in inventory.hosts if host.id != template.id]


class _Compared:
    """One host against the template."""

    def __init__(self, inventory: Inventory, template: Host, host: Host) -> None:
        self._inventory, self._template, self._host = inventory, template, host
        self._by_hand: dict[str, None] = {}
        self._unknown: dict[str, None] = {}
        self._kin = bool(template.cluster) and template.cluster == host.cluster
        self._plugged = set(_plugged(inventory, host))

    def told(self) -> Alike:
        """What differs."""
        steps = [*self._lists(), *self._switches(), *self._groups()]
        made, by_hand, unknown = service_steps(self._template, self._host, CHANGE)
        return Alike(
            id=self._host.id,
            host=self._host.name,
            steps=tuple(sorted([*steps, *made], key=lambda s: s.order)),
            by_hand=(*self._by_hand, *by_hand),
            unknown=(*self._unknown, *unknown),
        )

    def _step(self, order: int, property_: str, **more: object) -> Step:
        facts = {"reason": f"as {visible(self._template.name, 60)} has it", "risk": Risk.NONE, **more}
        return Step(order=order, resource=self._host.id, name=self._host.name, property=property_, **facts)  # type: ignore[arg-type]

    def _lists(self) -> Iterator[Step]:
        for what, field, method, of in (
            ("NTP servers", "ntp_servers", "UpdateDateTimeConfig", "HostDateTimeSystem"),
            ("DNS servers", "dns_servers", "UpdateDnsConfig", "HostNetworkSystem"),
        ):
            theirs, own = getattr(self._template, field), getattr(self._host, field)
            if isinstance(theirs, Unknown) or isinstance(own, Unknown):
                self._unknown[f"{what}: {theirs if isinstance(theirs, Unknown) else own}"] = None
            elif theirs != own:
                yield self._step(
                    PEOPLE,
                    what,
                    before=list(own),
                    after=list(theirs),
                    call=_list_call(method, of, theirs),
                    rollback=_list_call(method, of, own),
                )

    def _switches(self) -> Iterator[Step]:
        theirs = self._inventory.switches_by_host.get(self._template.id, {})
        own = self._inventory.switches_by_host.get(self._host.id, {})
        if isinstance(self._host.switches, Unknown):
            self._unknown[f"its switches: {self._host.switches}"] = None
            return
        for name in theirs.keys() - own.keys():
            self._by_hand[f"the switch {visible(name, 60)} is missing: it needs uplinks, so cables"] = None
        for name in own.keys() - theirs.keys():
            self._by_hand[f"the switch {visible(name, 60)} is more than the template has"] = None
        for name in sorted(theirs.keys() & own.keys()):
            yield from self._switch(theirs[name], own[name])

    def _switch(self, theirs: StandardSwitch, own: StandardSwitch) -> Iterator[Step]:
        name = visible(own.name, 60)
        if isinstance(theirs.uplinks, Unknown) or isinstance(own.uplinks, Unknown):
            self._unknown[f"the uplinks of {name} were not read"] = None
        elif len(theirs.uplinks) != len(own.uplinks):
            told = f"{len(own.uplinks)} uplinks where the template has {len(theirs.uplinks)}"
            self._by_hand[f"the switch {name} has {told}: cables"] = None
        if isinstance(theirs.security, Unknown) or isinstance(own.security, Unknown):
            self._unknown[f"the security policy of {name} was not read"] = None
        elif theirs.security != own.security:
            yield self._step(
                CHANGE,
                f"security policy of {own.name}",
                before=_security(own.security),
                after=_security(theirs.security),
                call=_switch_call(own, theirs.security),
                rollback=_switch_call(own, own.security),
                risk=Risk.SHORT,
            )

    def _groups(self) -> Iterator[Step]:
        if isinstance(self._host.port_groups, Unknown):
            self._unknown[f"its port groups: {self._host.port_groups}"] = None
            return
        theirs = self._inventory.port_groups_by_host.get(self._template.id, {})
        own = self._inventory.port_groups_by_host.get(self._host.id, {})
        nics = interfaces(self._template)
        for_hosts = {n.port_group for n in nics} if not isinstance(nics, Unknown) else set[str]()
        switches = self._inventory.switches_by_host.get(self._host.id, {})
        for name, group in theirs.items():
            if name in own:
                yield from self._group(group, own[name])
            elif self._kin or name in for_hosts:
                if group.switch not in switches:
                    told = f"the port group {visible(name, 60)} is missing, and so is its switch"
                    self._by_hand[f"{told} {visible(group.switch, 60)}"] = None
                elif isinstance(group.vlan, Unknown) or isinstance(group.security, Unknown):
                    self._unknown[f"the port group {visible(name, 60)} of the template was not read whole"] = None
                else:
                    yield self._step(
                        ADD,
                        f"port group {name}",
                        before=None,
                        after=f"{vlan_told(group)} on {group.switch}",
                        call=_group_call(
                            "AddPortGroup", group, group.vlan, None if self._inherits(group) else group.security
                        ),
                        rollback=_removal(name),
                    )
        for name in own.keys() - theirs.keys() if self._kin else ():
            yield from self._extra(own[name])

    def _group(self, theirs: StandardPortGroup, own: StandardPortGroup) -> Iterator[Step]:
        name = visible(own.name, 60)
        if theirs.switch != own.switch:
            told = f"on {visible(own.switch, 60)} where the template has {visible(theirs.switch, 60)}"
            self._by_hand[f"the port group {name} is {told}: move what is plugged in, then make it anew"] = None
            return
        facts = (theirs.vlan, own.vlan, theirs.security, own.security)
        if any(isinstance(fact, Unknown) for fact in facts):
            self._unknown[f"the port group {name} was not read whole"] = None
            return
        inherited = self._inherits(theirs) and self._inherits(own)  # then the switch's step mends it
        if theirs.vlan != own.vlan or (theirs.security != own.security and not inherited):
            yield self._step(
                CHANGE,
                f"port group {own.name}",
                before=_group_told(own),
                after=_group_told(theirs),
                call=_group_call(
                    "UpdatePortGroup", own, theirs.vlan, None if self._inherits(theirs) else theirs.security
                ),
                rollback=_group_call("UpdatePortGroup", own, own.vlan, None if self._inherits(own) else own.security),
                risk=self._risk(theirs, own),
            )

    def _inherits(self, group: StandardPortGroup) -> bool:
        """Whether the security policy of a port group is its switch's, as far as can be told: both are the same."""
        switch = self._inventory.switches_by_host.get(group.host, {}).get(group.switch)
        return switch is not None and switch.security == group.security

    def _risk(self, theirs: StandardPortGroup, own: StandardPortGroup) -> Risk:
        if own.name not in self._plugged:
            return Risk.NONE
        return Risk.OUTAGE if theirs.vlan != own.vlan else Risk.SHORT

    def _extra(self, group: StandardPortGroup) -> Iterator[Step]:
        name = visible(group.name, 60)
        if group.name in self._plugged or isinstance(self._host.guests, Unknown):
            self._by_hand[f"the port group {name} is more than the template has, and in use"] = None
        elif isinstance(group.vlan, Unknown) or isinstance(group.security, Unknown):
            self._unknown[f"the port group {name} was not read whole"] = None
        else:
            yield self._step(
                REMOVE,
                f"port group {group.name}",
                before=f"{vlan_told(group)} on {group.switch}",
                after=None,
                call=_removal(group.name),
                rollback=_group_call(
                    "AddPortGroup", group, group.vlan, None if self._inherits(group) else group.security
                ),
            )


def _plugged(inventory: Inventory, host: Host) -> Iterable[str]:
    """Names of the port groups that something on a host is plugged into, or may be."""
    nics = interfaces(host)
    yield from (n.port_group for n in nics) if not isinstance(nics, Unknown) else ()
    for guest in (*inventory.guests_by_host.get(host.id, ()), *(t for t in inventory.templates if t.host == host.id)):
        if isinstance(guest.nics, Unknown):
            yield from inventory.port_groups_by_host.get(host.id, {})  # any of them
        else:
            yield from (n.port_group for n in guest.nics)


def _security(policy: SecurityPolicy) -> dict[str, object]:
    return {
        "allowPromiscuous": policy.promiscuous,
        "macChanges": policy.mac_changes,
        "forgedTransmits": policy.forged_transmits,
    }


def _group_told(group: StandardPortGroup) -> dict[str, object]:
    policy = _security(group.security) if isinstance(group.security, SecurityPolicy) else {}
    return {"vlan": vlan_told(group), **policy}


def _group_call(method: str, group: StandardPortGroup, vlan: object, security: object) -> ApiCall:
    spec = {
        "name": group.name,
        "vswitchName": group.switch,
        "vlanId": vlan.id if isinstance(vlan, Vlan) else 0,
        "policy": {"security": _security(security)} if isinstance(security, SecurityPolicy) else {},
    }
    named = {"pgName": group.name} if method == "UpdatePortGroup" else {}
    return ApiCall(method=method, of="HostNetworkSystem", arguments={**named, "portgrp": spec})


def _removal(name: str) -> ApiCall:
    return ApiCall(method="RemovePortGroup", of="HostNetworkSystem", arguments={"pgName": name})


def _switch_call(switch: StandardSwitch, security: object) -> ApiCall:
    """The call takes a whole specification: one without its bridge would take the uplinks away."""
    uplinks = list(switch.uplinks) if isinstance(switch.uplinks, tuple) else _AS_READ
    policy = {"security": _security(security)} if isinstance(security, SecurityPolicy) else {}
    spec = {"numPorts": _AS_READ, "mtu": _AS_READ, "bridge": {"nicDevice": uplinks}, "policy": policy}
    return ApiCall(
        method="UpdateVirtualSwitch", of="HostNetworkSystem", arguments={"vswitchName": switch.name, "spec": spec}
    )


def _list_call(method: str, of: str, servers: Iterable[str]) -> ApiCall:
    if of == "HostDateTimeSystem":
        config: dict[str, object] = {"ntpConfig": {"server": list(servers)}}
    else:
        names = {"dhcp": False, "hostName": _AS_READ, "domainName": _AS_READ, "searchDomain": _AS_READ}
        config = {**names, "address": list(servers)}
    return ApiCall(method=method, of=of, arguments={"config": config})
