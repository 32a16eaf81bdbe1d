"""The servers an estate was read from, and where objects stand in them."""

from __future__ import annotations

from typing import Annotated

from viguard.model.facts import UNREAD, Api, Fact, Resource, Settings, Struct
from viguard.model.resources import Allocation


class Product(Struct, frozen=True, kw_only=True, tag_field="is", tag="product"):
    """A VMware product. Source: vim.AboutInfo."""

    name: str  # "VMware ESX Server", "VMware ESXi", "VMware vCenter Server"
    version: str  # 3.5.0
    build: str
    line: str  # productLineId: vpx, esx (classic), embeddedEsx (ESXi), gsx (VMware Server)
    api_version: str = ""
    full_name: str = ""


class Server(Resource, frozen=True, kw_only=True, tag_field="is", tag="vcenter"):
    """A vCenter, or a host that was read directly (``product.line`` is not vpx)."""

    product: Annotated[Fact[Product], Api("content.about", of="ServiceInstance")] = UNREAD
    instance_uuid: str | None = None
    url: str = ""
    settings: Annotated[Fact[Settings], Api("setting", of="OptionManager")] = UNREAD

    @property
    def is_vcenter(self) -> bool:
        """Whether this is a VirtualCenter or vCenter, not a single host."""
        return isinstance(self.product, Product) and self.product.line == "vpx"


class Folder(Resource, frozen=True, kw_only=True, tag_field="is", tag="folder"):
    """A folder of the inventory. ``parent`` is a resource id, empty at the root."""

    parent: str = ""


class Datacenter(Resource, frozen=True, kw_only=True, tag_field="is", tag="datacenter"):
    """A virtual datacenter."""

    parent: str = ""


class DrsRule(Struct, frozen=True, kw_only=True):
    """An affinity rule of a cluster. Source: vim.cluster.AffinityRuleSpec, AntiAffinityRuleSpec, VmHostRuleInfo."""

    name: str
    type: str  # affinity, anti_affinity, vm_host
    enabled: bool
    guests: tuple[str, ...] = ()  # resource ids
    mandatory: bool = False


class Cluster(Resource, frozen=True, kw_only=True, tag_field="is", tag="cluster"):
    """A cluster, or the lone compute resource of one host (``lone``). ``parent`` is a folder id."""

    parent: str = ""
    datacenter: str = ""
    lone: bool = False
    hosts: Annotated[Fact[tuple[str, ...]], Api("host")] = UNREAD
    drs: Annotated[Fact[bool | None], Api("configurationEx", since="2.5")] = UNREAD
    ha: Annotated[Fact[bool | None], Api("configurationEx", since="2.5")] = UNREAD
    rules: Annotated[Fact[tuple[DrsRule, ...]], Api("configurationEx", since="2.5")] = UNREAD


class ResourcePool(Resource, frozen=True, kw_only=True, tag_field="is", tag="resource_pool"):
    """A resource pool. ``parent`` is a pool or cluster id."""

    parent: str = ""
    cluster: str = ""
    cpu: Annotated[Fact[Allocation], Api("config.cpuAllocation")] = UNREAD
    memory: Annotated[Fact[Allocation], Api("config.memoryAllocation")] = UNREAD
