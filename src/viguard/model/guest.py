"""A guest (virtual machine) or template."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from viguard.model.facts import UNREAD, Api, Fact, Resource, Settings, Struct
from viguard.model.resources import Allocation

FEW_NICS, MANY_NICS = 4, 10
"""NICs a guest may have: up to hardware version 6 or ESX 3, and after. Source: report, Guests, "VLANs"."""


class Device(Struct, frozen=True, kw_only=True):
    """A virtual device. ``type`` is the API type without its namespace, e.g. VirtualFloppy."""

    key: int
    type: str
    label: str = ""
    connected: bool | None = None  # None: a device that cannot be unplugged, or a guest that is off
    start_connected: bool | None = None


class VirtualNic(Struct, frozen=True, kw_only=True):
    """A virtual NIC and what it is plugged into: a standard port group by name or a distributed one by key."""

    key: int
    type: str
    label: str = ""
    mac: str = ""
    port_group: str = ""
    dv_port_group: str = ""
    connected: bool | None = None
    start_connected: bool | None = None


class GuestNic(Struct, frozen=True, kw_only=True):
    """A NIC as VMware Tools report it. ``addresses`` in CIDR form where the prefix is told."""

    network: str = ""
    mac: str = ""
    addresses: tuple[str, ...] = ()


class Guest(Resource, frozen=True, kw_only=True, tag_field="is", tag="guest"):
    """A virtual machine; ``template`` True makes it a template. Facts are named after their API property."""

    datacenter: str = ""
    folder: str = ""  # resource id
    host: Annotated[Fact[str | None], Api("runtime.host")] = UNREAD  # resource id
    pool: Annotated[Fact[str | None], Api("resourcePool")] = UNREAD
    template: Annotated[Fact[bool], Api("config.template")] = UNREAD
    uuid: Annotated[Fact[str], Api("config.uuid")] = UNREAD  # BIOS UUID
    instance_uuid: Annotated[Fact[str | None], Api("config.instanceUuid", since="4.0")] = UNREAD
    power: Annotated[Fact[str], Api("runtime.powerState")] = UNREAD  # poweredOn, poweredOff, suspended
    connection: Annotated[Fact[str], Api("runtime.connectionState")] = UNREAD
    os: Annotated[Fact[str], Api("config.guestFullName")] = UNREAD
    os_id: Annotated[Fact[str], Api("config.guestId")] = UNREAD
    version: Annotated[Fact[str], Api("config.version")] = UNREAD  # vmx-04
    modified: Annotated[Fact[datetime], Api("config.modified")] = UNREAD
    change_version: Annotated[Fact[str], Api("config.changeVersion")] = UNREAD
    annotation: Annotated[Fact[str | None], Api("config.annotation")] = UNREAD
    file: Annotated[Fact[str], Api("config.files.vmPathName")] = UNREAD
    cpus: Annotated[Fact[int], Api("config.hardware.numCPU")] = UNREAD
    memory_mib: Annotated[Fact[int], Api("config.hardware.memoryMB")] = UNREAD
    devices: Annotated[Fact[tuple[Device, ...]], Api("config.hardware.device")] = UNREAD  # all, NICs too
    nics: Annotated[Fact[tuple[VirtualNic, ...]], Api("config.hardware.device")] = UNREAD
    extra_config: Annotated[Fact[Settings], Api("config.extraConfig")] = UNREAD
    cpu: Annotated[Fact[Allocation], Api("config.cpuAllocation")] = UNREAD  # MHz
    memory: Annotated[Fact[Allocation], Api("config.memoryAllocation")] = UNREAD  # MiB
    max_consoles: Annotated[Fact[int | None], Api("config.maxMksConnections", since="5.0")] = UNREAD
    consoles: Annotated[Fact[int], Api("runtime.numMksConnections")] = UNREAD  # console sessions open now
    max_cpu_mhz: Annotated[Fact[int | None], Api("runtime.maxCpuUsage")] = UNREAD
    addresses: Annotated[Fact[tuple[GuestNic, ...]], Api("guest.net")] = UNREAD
    host_name: Annotated[Fact[str | None], Api("guest.hostName")] = UNREAD
    tools: Annotated[Fact[str | None], Api("guest.toolsStatus")] = UNREAD
    tools_version_status: Annotated[Fact[str | None], Api("guest.toolsVersionStatus2", since="5.0")] = UNREAD
    datastores: Annotated[Fact[tuple[str, ...]], Api("datastore")] = UNREAD
