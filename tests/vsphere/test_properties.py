"""Every path and call that the model or the reader names, compared with pyVmomi's type tables."""

from __future__ import annotations

import pytest
from pyVmomi import VmomiSupport, vim

from viguard.collect.vsphere import KINDS
from viguard.model.facts import Api, Resource
from viguard.model.guest import Guest
from viguard.model.host import Host
from viguard.model.network import DvPortGroup, StandardPortGroup, StandardSwitch
from viguard.vsphere.calls import HOST_CALLS
from viguard.vsphere.properties import EXTRA, asking, sources
from viguard.vsphere.versions import knows, version_key

MANAGED = {
    "DistributedVirtualPortgroup": "vim.dvs.DistributedVirtualPortgroup",
    "VmwareDistributedVirtualSwitch": "vim.dvs.VmwareDistributedVirtualSwitch",
}
VMWARE_SETTING = vim.dvs.VmwareDistributedVirtualSwitch.VmwarePortConfigPolicy
VMWARE_POLICY = vim.dvs.VmwareDistributedVirtualSwitch.VMwarePortgroupPolicy
VMWARE_CONFIG = vim.dvs.VmwareDistributedVirtualSwitch.ConfigInfo
MANAGERS = {
    "hostAccessManager": vim.host.HostAccessManager,
    "imageConfigManager": vim.host.ImageConfigManager,
    "kernelModuleSystem": vim.host.KernelModuleSystem,
}


def walk(start: type, path: str) -> tuple[str, type]:
    """The newest version among the steps of a path, and the type at its end."""
    kind, newest = start, "2.0"
    for step in path.split("."):
        if kind is vim.DistributedVirtualSwitch.ConfigInfo:
            kind = VMWARE_CONFIG
        if kind is vim.dvs.DistributedVirtualPort.Setting:
            kind = VMWARE_SETTING
        if kind is vim.dvs.DistributedVirtualPortgroup.PortgroupPolicy:
            kind = VMWARE_POLICY
        info = kind._GetPropertyInfo(step)
        newest = max(newest, VmomiSupport.versionIdMap[info.version] or "2.0", key=version_key)
        kind = getattr(info.type, "Item", info.type)
    return newest, kind


def facts() -> list[tuple[str, Api]]:
    found = []
    for managed_type, kind in KINDS.items():
        owners: tuple[type[Resource], ...] = (kind, StandardSwitch, StandardPortGroup) if kind is Host else (kind,)
        for owner in owners:
            found += [(managed_type, api) for api in sources(owner).values() if not api.path.endswith("()")]
        found += [(managed_type, api) for base in (Resource, kind) for api in EXTRA.get(base, ())]
    return [(t, a) for t, a in found if not a.of or a.of == "HostSystem"]


@pytest.mark.parametrize(("managed_type", "api"), facts(), ids=lambda v: v if isinstance(v, str) else v.path)
def test_path_exists_from_the_version_that_the_model_names(managed_type: str, api: Api) -> None:
    start = VmomiSupport.GetVmodlType(MANAGED.get(managed_type, f"vim.{managed_type}"))
    newest, _ = walk(start, api.path)
    if api.path.endswith(".macManagementPolicy"):
        assert newest == "6.7"  # before it the same fact is read from securityPolicy, known from the start
        return
    if managed_type == "StoragePod":
        return  # itself newer than what every folder has
    assert knows(newest, api.since), f"{api.path} is known from {newest}, the model says {api.since}"
    assert knows(api.since, newest), f"{api.path} is known from {newest}, the model says {api.since}"


@pytest.mark.parametrize("managed_type", KINDS)
@pytest.mark.parametrize("version", ["2.5", "4.0", "4.1", "5.0", "6.5", "8.0.2.0", "9.1.1.0"])
def test_no_path_is_asked_that_the_version_does_not_know(managed_type: str, version: str) -> None:
    start = VmomiSupport.GetVmodlType(MANAGED.get(managed_type, f"vim.{managed_type}"))
    for path in asking(managed_type, version).paths:
        newest, _ = walk(start, path)
        assert knows(version, newest) or path == "uuid", path


def test_a_path_below_an_asked_one_is_not_asked() -> None:
    paths = asking("DistributedVirtualPortgroup", "8.0.2.0").paths
    assert "config.defaultPortConfig" in paths
    assert not [p for p in paths if p.startswith("config.defaultPortConfig.")]
    assert [p for p in paths if p.startswith("config.policy")] == ["config.policy"]
    assert asking("HostSystem", "8.0.2.0").paths.count("config.network.vswitch") == 1


def test_an_old_server_is_not_asked_and_the_fact_says_why() -> None:
    old = asking("HostSystem", "2.5")
    assert "config.lockdownMode" not in old.paths
    assert str(old.unknown["config.lockdownMode"]) == "known from API 6.0"
    assert "config.lockdownMode" in asking("HostSystem", "6.0").paths


@pytest.mark.parametrize("field", HOST_CALLS)
def test_host_call_exists_from_the_version_named(field: str) -> None:
    name, manager, since = HOST_CALLS[field]
    methods = {m.wsdlName: m for m in MANAGERS[manager]._GetMethodList()}
    assert VmomiSupport.versionIdMap[methods[name].version] == since
    assert sources(Host)[field].since == since
    assert sources(Host)[field].path == f"{name}()"


def test_every_fact_of_a_guest_and_a_host_is_read() -> None:
    from viguard.collect.decode import guest, host  # noqa: PLC0415

    read = {*guest.FACTS, *guest.STANDING, *guest.HARDWARE, "host", "pool", "connection", "datastores"}
    assert read == set(sources(Guest))
    read = {*host.FACTS, *host.STANDING, *host.CALLS, "connection", "guests", "datastores"}
    assert read == set(sources(Host))
    overrides = {"vlan_override", "security_override"}
    assert set(sources(DvPortGroup)) == {"key", "switch", "vlan", "security", *overrides}
