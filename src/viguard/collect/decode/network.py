"""Networks of hosts and vCenters: NICs, standard and distributed switches, port groups."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from viguard.collect.decode.place import NO_VALUE, Identity, Place
from viguard.collect.decode.values import Values, find, maybe_truth, number, text, texts
from viguard.model.facts import UNREAD, Fact, Reason, Unknown, escape
from viguard.model.network import (
    DistributedSwitch,
    DvMember,
    DvPortGroup,
    PhysicalNic,
    PortMirror,
    SecurityPolicy,
    StandardPortGroup,
    StandardSwitch,
    Vlan,
    VmkernelNic,
)
from viguard.vsphere.replies import Element, xsi_type

NOT_UNDERSTOOD = Unknown(reason=Reason.FAILED, detail="a kind of setting that viguard does not know")
UPLINK_TAG = "SYSTEM/DVS.UPLINKPG"


def physical_nics(element: Element) -> tuple[PhysicalNic, ...]:
    """Physical NICs. Source: vim.host.PhysicalNic[]."""
    return tuple(
        PhysicalNic(
            device=find(n, "device"),
            mac=find(n, "mac").lower(),
            link_mbps=number(n.findtext("linkSpeed/speedMb")) if n.find("linkSpeed") is not None else None,
            driver=find(n, "driver"),
        )
        for n in element
    )


def vmkernel_nics(element: Element) -> tuple[VmkernelNic, ...]:
    """Interfaces of the host itself. Source: vim.host.VirtualNic[]."""
    return tuple(
        VmkernelNic(
            device=find(n, "device"),
            port_group=find(n, "portgroup") or find(n, "spec/portgroup"),
            dv_port_group=find(n, "spec/distributedVirtualPort/portgroupKey"),
            address=find(n, "spec/ip/ipAddress"),
            netmask=find(n, "spec/ip/subnetMask"),
            ipv6=tuple(
                f"{find(a, 'ipAddress')}/{find(a, 'prefixLength')}"
                for a in n.iterfind("spec/ip/ipV6Config/ipV6Address")
            ),
        )
        for n in element
    )


def names(element: Element) -> tuple[str, ...]:
    """Names of switches or port groups."""
    return tuple(find(e, "name") or find(e, "spec/name") for e in element)


def security_policy(element: Element | None) -> SecurityPolicy:
    """What guests may do. Source: vim.host.NetworkPolicy.SecurityPolicy; its empty values are inherited."""
    if element is None:
        return SecurityPolicy()
    return SecurityPolicy(
        promiscuous=maybe_truth(element.findtext("allowPromiscuous")),
        mac_changes=maybe_truth(element.findtext("macChanges")),
        forged_transmits=maybe_truth(element.findtext("forgedTransmits")),
    )


def standard_switches(host: Place, element: Element) -> Iterator[StandardSwitch]:
    """The standard switches of a host. Source: vim.host.VirtualSwitch[]."""
    for switch in element:
        name = find(switch, "name")
        bridge = switch.find("spec/bridge")
        uplinks = texts(bridge.iterfind("nicDevice")) if bridge is not None else ()
        if bridge is not None and not uplinks:
            uplinks = tuple(_device(p.text or "") for p in switch.iterfind("pnic"))
        yield StandardSwitch(
            **_part(host, "switch", name),
            host=host.id,
            uplinks=uplinks,
            security=security_policy(switch.find("spec/policy/security")),
        )


def standard_port_groups(host: Place, element: Element) -> Iterator[StandardPortGroup]:
    """The standard port groups of a host. Source: vim.host.PortGroup[]."""
    for group in element:
        computed = group.find("computedPolicy/nicTeaming/nicOrder")
        order = computed if computed is not None else group.find("spec/policy/nicTeaming/nicOrder")
        vlan = group.findtext("spec/vlanId")
        yield StandardPortGroup(
            **_part(host, "portgroup", find(group, "spec/name")),
            host=host.id,
            switch=find(group, "spec/vswitchName"),
            vlan=Vlan(id=int(vlan)) if vlan and vlan.lstrip("-").isdigit() else NO_VALUE,
            security=_computed(group),
            uplinks=texts([*order.iterfind("activeNic"), *order.iterfind("standbyNic")])
            if order is not None
            else NO_VALUE,
        )


def _computed(group: Element) -> SecurityPolicy:
    computed = group.find("computedPolicy/security")
    return security_policy(computed if computed is not None else group.find("spec/policy/security"))


def _device(key: str) -> str:
    return key.rpartition("-")[2]


def _part(host: Place, kind: str, name: str) -> Identity:
    step = escape(name)
    part = replace(
        host, id=f"{host.id}/{kind}/{step}", name=name, path=f"{host.path}/{step}", tags=UNREAD, custom=UNREAD
    )
    return part.identity


def decode_switch(place: Place, values: Values) -> DistributedSwitch:
    """A distributed switch."""
    config = values.element("config")
    if config is None or isinstance(config, Unknown):
        lost = config or NO_VALUE
        return DistributedSwitch(
            **place.identity, datacenter=place.datacenter, uuid=lost, security=lost, mirrors=lost, members=lost
        )
    return DistributedSwitch(
        **place.identity,
        datacenter=place.datacenter,
        uuid=find(config, "uuid") or values.fact("uuid", text, NO_VALUE),
        security=port_security(config.find("defaultPortConfig")),
        mirrors=values.missing("config.vspanSession") or tuple(_mirror(m) for m in config.iterfind("vspanSession")),
        members=tuple(_member(place, m) for m in config.iterfind("host")),
    )


def _mirror(element: Element) -> PortMirror:
    ports = element.iterfind("destinationPort/portKey")
    addresses = element.iterfind("destinationPort/ipAddress")
    return PortMirror(
        name=find(element, "name"),
        enabled=find(element, "enabled") == "true",
        type=find(element, "sessionType"),
        destinations=texts([*ports, *addresses]),
    )


def _member(place: Place, element: Element) -> DvMember:
    host = element.find("config/host")
    return DvMember(
        host=place.resource(host) if host is not None else "",
        uplinks=texts(element.iterfind("config/backing/pnicSpec/pnicDevice")),
    )


def decode_port_group(place: Place, values: Values) -> DvPortGroup:
    """A distributed port group."""
    setting = values.fact("config.defaultPortConfig", lambda e: e, NO_VALUE)
    return DvPortGroup(
        **place.identity,
        key=values.fact("key", text, NO_VALUE),
        switch=values.fact("config.distributedVirtualSwitch", place.resource, NO_VALUE),
        uplink=values.fact("tag", _is_uplink, False),  # noqa: FBT003  (no tag: no uplink)
        vlan=setting if isinstance(setting, Unknown) else port_vlan(setting.find("vlan")),
        security=setting if isinstance(setting, Unknown) else port_security(setting),
        vlan_override=values.fact("config.policy", lambda e: _allowed(e, "vlanOverrideAllowed"), NO_VALUE),
        security_override=values.fact(
            "config.policy",
            # From API 6.7.1 a server has a second permission, for the policy that took the first one's place.
            lambda e: _allowed(e, "securityPolicyOverrideAllowed", "macManagementOverrideAllowed"),
            NO_VALUE,
        ),
    )


def _allowed(policy: Element, name: str, newer: str = "") -> Fact[bool]:
    """Whether one of these may be overridden by a single port; the second may be left out.

    Source: vim.dvs.VmwareDistributedVirtualSwitch.VMwarePortgroupPolicy.
    """
    first, second = maybe_truth(policy.findtext(name)), maybe_truth(policy.findtext(newer)) if newer else None
    return True if first or second else NO_VALUE if first is None else False


def _is_uplink(element: Element) -> bool:
    return any(find(t, "key") == UPLINK_TAG for t in element)


def port_vlan(element: Element | None) -> Fact[Vlan]:
    """The VLANs of a distributed port. Source: vim.dvs.VmwareDistributedVirtualSwitch.VlanSpec and its subtypes."""
    if element is None:
        return NO_VALUE
    kind = xsi_type(element)
    try:
        if kind.endswith("TrunkVlanSpec"):
            ranges = element.iterfind("vlanId")
            trunk = tuple((int(find(r, "start")), int(find(r, "end"))) for r in ranges)
            return Vlan(trunk=trunk) if trunk else NO_VALUE
        if kind.endswith("PvlanSpec"):
            return Vlan(id=int(find(element, "pvlanId")), private=True)
        if kind.endswith("VlanIdSpec"):
            return Vlan(id=int(find(element, "vlanId")))
    except ValueError:
        return NO_VALUE
    return NOT_UNDERSTOOD


def port_security(element: Element | None) -> Fact[SecurityPolicy]:
    """What guests may do on a distributed port.

    From API 6.7 macManagementPolicy decides; securityPolicy, which it replaced, is only a copy there.
    """
    if element is None:
        return NO_VALUE
    management = element.find("macManagementPolicy")
    if management is not None and len(management):
        return security_policy(management)
    policy = element.find("securityPolicy")
    if policy is None:
        return NO_VALUE
    return SecurityPolicy(
        promiscuous=maybe_truth(policy.findtext("allowPromiscuous/value")),
        mac_changes=maybe_truth(policy.findtext("macChanges/value")),
        forged_transmits=maybe_truth(policy.findtext("forgedTransmits/value")),
    )
