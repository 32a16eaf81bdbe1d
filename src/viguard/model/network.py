"""Networks as hosts and vCenter hold them: NICs, switches, port groups, VLANs."""

from __future__ import annotations

from typing import Annotated

from viguard.model.facts import UNREAD, Api, Fact, Resource, Struct

VGT = 4095
"""The VLAN id by which a standard port group hands every VLAN, tagged, to the guest."""


class Vlan(Struct, frozen=True, kw_only=True, tag_field="is", tag="vlan"):
    """VLANs of a port group: ``id`` 0 untagged, 1-4094 tagged, or trunk ranges handed to the guest."""

    id: int = 0
    trunk: tuple[tuple[int, int], ...] = ()
    private: bool = False  # ``id`` is a private (secondary) VLAN

    @property
    def is_trunk(self) -> bool:
        """Whether guests get tagged traffic of several VLANs."""
        return bool(self.trunk) or self.id == VGT


class SecurityPolicy(Struct, frozen=True, kw_only=True, tag_field="is", tag="security_policy"):
    """What a switch or port group lets a guest do. None: inherited and not told. Source: vim.host.NetworkPolicy."""

    promiscuous: bool | None = None
    mac_changes: bool | None = None
    forged_transmits: bool | None = None


class Neighbour(Struct, frozen=True, kw_only=True, tag_field="is", tag="neighbour"):
    """The switch port at the other end, as it names itself by CDP or LLDP. Source: vim.host.PhysicalNic.NetworkHint."""

    device: str
    port: str


class PhysicalNic(Struct, frozen=True, kw_only=True):
    """A physical network adapter of a host. ``neighbour`` is None where nothing was heard."""

    device: str
    mac: str = ""
    link_mbps: int | None = None  # None: link down
    driver: str = ""
    neighbour: Fact[Neighbour | None] = UNREAD


class VmkernelNic(Struct, frozen=True, kw_only=True):
    """A vmkernel (or service console) interface of a host."""

    device: str  # vmk0, vswif0
    port_group: str = ""  # name of a standard port group
    dv_port_group: str = ""  # key of a distributed port group
    address: str = ""
    netmask: str = ""
    ipv6: tuple[str, ...] = ()
    services: tuple[
        str, ...
    ] = ()  # management, vmotion, vSAN, … (empty also where not told, see Host.vmkernel_services)


class StandardSwitch(Resource, frozen=True, kw_only=True, tag_field="is", tag="standard_switch"):
    """A standard switch of one host. ``uplinks`` are devices of the host. Source: vim.host.VirtualSwitch."""

    host: str
    uplinks: Fact[tuple[str, ...]] = UNREAD
    security: Annotated[Fact[SecurityPolicy], Api("config.network.vswitch.spec.policy.security", of="HostSystem")] = (
        UNREAD
    )


class StandardPortGroup(Resource, frozen=True, kw_only=True, tag_field="is", tag="standard_port_group"):
    """A port group of one host. ``security`` is the computed policy. Source: vim.host.PortGroup."""

    host: str
    switch: str  # name of the standard switch
    vlan: Annotated[Fact[Vlan], Api("config.network.portgroup.spec.vlanId", of="HostSystem")] = UNREAD
    security: Annotated[
        Fact[SecurityPolicy], Api("config.network.portgroup.computedPolicy.security", of="HostSystem")
    ] = UNREAD
    uplinks: Fact[tuple[str, ...]] = UNREAD  # active and standby devices


class PortMirror(Struct, frozen=True, kw_only=True):
    """A port mirror session of a distributed switch. Source: vim.dvs.VmwareDistributedVirtualSwitch.VspanSession."""

    name: str
    enabled: bool
    type: str = ""
    destinations: tuple[str, ...] = ()


class DvMember(Struct, frozen=True, kw_only=True):
    """A host in a distributed switch, and the physical NICs it gives."""

    host: str
    uplinks: tuple[str, ...] = ()


class DistributedSwitch(Resource, frozen=True, kw_only=True, tag_field="is", tag="distributed_switch"):
    """A distributed switch. Source: vim.dvs.VmwareDistributedVirtualSwitch."""

    uuid: Annotated[Fact[str], Api("uuid", since="4.0")] = UNREAD
    datacenter: str = ""
    security: Annotated[Fact[SecurityPolicy], Api("config.defaultPortConfig", since="4.0")] = UNREAD
    security_override: Fact[bool] = False  # a default for its port groups; what ports may override, each of them says
    mirrors: Annotated[Fact[tuple[PortMirror, ...]], Api("config.vspanSession", since="5.0")] = UNREAD
    members: Annotated[Fact[tuple[DvMember, ...]], Api("config.host", since="4.0")] = UNREAD


class DvPortGroup(Resource, frozen=True, kw_only=True, tag_field="is", tag="dv_port_group"):
    """A distributed port group. Source: vim.dvs.DistributedVirtualPortgroup.

    ``vlan`` and ``security`` are what its ports take over; ``vlan_override`` and ``security_override`` say whether a
    single port may have others. Source: vim.dvs.VmwareDistributedVirtualSwitch.VMwarePortgroupPolicy.
    """

    key: Annotated[Fact[str], Api("key", since="4.0")] = UNREAD
    switch: Annotated[Fact[str], Api("config.distributedVirtualSwitch", since="4.0")] = UNREAD  # resource id
    uplink: Fact[bool] = False  # carries the switch's uplinks, no guest
    vlan: Annotated[Fact[Vlan], Api("config.defaultPortConfig.vlan", since="4.0")] = UNREAD
    security: Annotated[Fact[SecurityPolicy], Api("config.defaultPortConfig.macManagementPolicy", since="4.0")] = UNREAD
    vlan_override: Annotated[Fact[bool], Api("config.policy.vlanOverrideAllowed", since="4.0")] = UNREAD
    security_override: Annotated[Fact[bool], Api("config.policy.securityPolicyOverrideAllowed", since="4.0")] = UNREAD
