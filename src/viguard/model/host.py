"""A host: an ESX or ESXi server, or another server that runs guests."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from viguard.model.facts import UNREAD, Api, Fact, Resource, Settings, Struct
from viguard.model.network import PhysicalNic, VmkernelNic
from viguard.model.server import Product
from viguard.model.storage import IscsiAdapter


class Hardware(Struct, frozen=True, kw_only=True, tag_field="is", tag="hardware"):
    """What the host is made of. Source: vim.host.Summary.HardwareSummary."""

    vendor: str = ""
    model: str = ""
    uuid: str = ""
    cpu_mhz: int = 0  # of one core
    cores: int = 0
    memory_bytes: int = 0

    @property
    def total_mhz(self) -> int:
        """CPU of the whole host in MHz."""
        return self.cpu_mhz * self.cores


class Service(Struct, frozen=True, kw_only=True):
    """A service of a host. ``policy`` is on, off or automatic. Source: vim.host.Service."""

    key: str
    running: bool
    policy: str
    label: str = ""


class Port(Struct, frozen=True, kw_only=True):
    """A rule of a ruleset. ``end`` equals ``start`` for one port. Source: vim.host.Ruleset.Rule."""

    start: int
    end: int
    direction: str  # inbound, outbound
    protocol: str  # tcp, udp
    type: str = "dst"  # src: the ports that packets come from, so every destination port is open; told from API 5.0


class Ruleset(Struct, frozen=True, kw_only=True):
    """A ruleset of a host firewall. ``all_addresses`` is None where the version cannot name sources (before 5.0)."""

    key: str
    enabled: bool
    ports: tuple[Port, ...] = ()
    all_addresses: bool | None = None
    addresses: tuple[str, ...] = ()  # single addresses and networks in CIDR form
    addresses_configurable: bool | None = None
    label: str = ""


class Firewall(Struct, frozen=True, kw_only=True, tag_field="is", tag="firewall"):
    """A host firewall. Source: vim.host.FirewallInfo."""

    incoming_blocked: bool | None = None
    outgoing_blocked: bool | None = None
    rulesets: tuple[Ruleset, ...] = ()


class VmkernelService(Struct, frozen=True, kw_only=True):
    """A vmkernel service and the interfaces that carry it. Source: vim.host.VirtualNicManager.NetConfig."""

    service: str  # management, vmotion, faultToleranceLogging, vSphereReplication, vsan, …
    devices: tuple[str, ...] = ()


class Certificate(Struct, frozen=True, kw_only=True, tag_field="is", tag="certificate"):
    """A host certificate. Source: vim.host.CertificateManager.CertificateInfo."""

    issuer: str = ""
    subject: str = ""
    not_before: datetime | None = None
    not_after: datetime | None = None
    status: str = ""


class Tpm(Struct, frozen=True, kw_only=True, tag_field="is", tag="tpm"):
    """Trusted platform module. Source: vim.host.Capability.tpmSupported, tpmVersion; summary.tpmAttestation."""

    supported: bool | None = None
    version: str | None = None
    attestation: str | None = None  # accepted, declined


class Module(Struct, frozen=True, kw_only=True):
    """A loaded kernel module. Source: vim.host.KernelModuleSystem.ModuleInfo."""

    name: str
    version: str = ""
    enabled: bool = True


class Package(Struct, frozen=True, kw_only=True):
    """An installed package (VIB). Source: vim.host.SoftwarePackage."""

    name: str
    version: str = ""
    vendor: str = ""
    acceptance: str = ""


class LocalAccount(Struct, frozen=True, kw_only=True):
    """A local account of a host. Source: vim.UserSearchResult."""

    name: str
    group: bool = False


class Host(Resource, frozen=True, kw_only=True, tag_field="is", tag="host"):
    """A server that runs guests. Facts are named after the API property they come from."""

    datacenter: str = ""  # resource ids; empty on a host read directly
    cluster: str = ""
    site: str = ""
    connection: Annotated[Fact[str], Api("runtime.connectionState")] = UNREAD  # connected, notResponding, …
    maintenance: Annotated[Fact[bool], Api("runtime.inMaintenanceMode")] = UNREAD
    product: Annotated[Fact[Product], Api("summary.config.product")] = UNREAD
    hardware: Annotated[Fact[Hardware], Api("summary.hardware")] = UNREAD
    guests: Annotated[Fact[tuple[str, ...]], Api("vm")] = UNREAD
    datastores: Annotated[Fact[tuple[str, ...]], Api("datastore")] = UNREAD
    nics: Annotated[Fact[tuple[PhysicalNic, ...]], Api("config.network.pnic")] = UNREAD
    switches: Annotated[Fact[tuple[str, ...]], Api("config.network.vswitch")] = UNREAD  # names
    port_groups: Annotated[Fact[tuple[str, ...]], Api("config.network.portgroup")] = UNREAD  # names
    vmkernel: Annotated[Fact[tuple[VmkernelNic, ...]], Api("config.network.vnic")] = UNREAD
    console_nics: Annotated[Fact[tuple[VmkernelNic, ...]], Api("config.network.consoleVnic")] = UNREAD  # classic ESX
    vmkernel_services: Annotated[
        Fact[tuple[VmkernelService, ...]], Api("config.virtualNicManagerInfo.netConfig", since="4.0")
    ] = UNREAD
    vmotion_device: Annotated[Fact[str | None], Api("config.vmotion.netConfig.selectedVnic")] = UNREAD
    dns_servers: Annotated[Fact[tuple[str, ...]], Api("config.network.dnsConfig")] = UNREAD
    dns_name: Annotated[Fact[str | None], Api("config.network.dnsConfig")] = UNREAD  # what the host calls itself
    services: Annotated[Fact[tuple[Service, ...]], Api("config.service.service")] = UNREAD
    firewall: Annotated[Fact[Firewall | None], Api("config.firewall")] = UNREAD
    options: Annotated[Fact[Settings], Api("config.option")] = UNREAD
    admin_disabled: Annotated[Fact[bool | None], Api("config.adminDisabled", since="2.5")] = UNREAD
    lockdown_mode: Annotated[Fact[str | None], Api("config.lockdownMode", since="6.0")] = UNREAD
    lockdown_exceptions: Annotated[
        Fact[tuple[str, ...]], Api("QueryLockdownExceptions()", since="6.0", of="HostAccessManager")
    ] = UNREAD
    software_iscsi: Annotated[Fact[bool | None], Api("config.storageDevice.softwareInternetScsiEnabled")] = UNREAD
    iscsi: Annotated[Fact[tuple[IscsiAdapter, ...]], Api("config.storageDevice.hostBusAdapter")] = UNREAD
    ntp_servers: Annotated[Fact[tuple[str, ...]], Api("config.dateTimeInfo.ntpConfig.server", since="2.5")] = UNREAD
    tpm_supported: Annotated[Fact[bool | None], Api("capability.tpmSupported", since="4.0")] = UNREAD
    tpm_version: Annotated[Fact[str | None], Api("capability.tpmVersion", since="6.7")] = UNREAD
    tpm_attestation: Annotated[Fact[str | None], Api("summary.tpmAttestation.status", since="6.7")] = UNREAD
    secure_boot: Annotated[Fact[bool | None], Api("capability.uefiSecureBoot", since="8.0.3.0")] = UNREAD
    certificate: Annotated[
        Fact[Certificate | None], Api("certificateInfo", since="6.0", of="HostCertificateManager")
    ] = UNREAD
    acceptance_level: Annotated[
        Fact[str | None], Api("HostImageConfigGetAcceptance()", since="5.0", of="HostImageConfigManager")
    ] = UNREAD
    packages: Annotated[
        Fact[tuple[Package, ...]], Api("fetchSoftwarePackages()", since="6.5", of="HostImageConfigManager")
    ] = UNREAD
    modules: Annotated[Fact[tuple[Module, ...]], Api("QueryModules()", since="4.0", of="HostKernelModuleSystem")] = (
        UNREAD
    )
    accounts: Annotated[Fact[tuple[LocalAccount, ...]], Api("RetrieveUserGroups()", of="UserDirectory")] = UNREAD

    @property
    def is_esxi(self) -> bool:
        """Whether the product is known to be ESXi (no service console)."""
        return isinstance(self.product, Product) and self.product.line == "embeddedEsx"

    @property
    def is_classic(self) -> bool:
        """Whether the product is known to be classic ESX (with a service console)."""
        return isinstance(self.product, Product) and self.product.line == "esx"
