"""CHAP, the network of vSAN and NFS, and which hosts mount a volume."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pyVmomi import vim

import lab
from tests.acceptance.plant.harness import Bench, Line, proves
from viguard.model.result import Status

pytestmark = pytest.mark.real("lab")

BLADE11 = "esxblade11.fw.belnet.be"

CHAP = vim.host.InternetScsiHba.AuthenticationProperties


def adapter(bench: Bench, number: int) -> Any:
    found = bench.host(number).config.storageDevice.hostBusAdapter
    return next(a for a in found if isinstance(a, vim.host.InternetScsiHba))


def authenticate(bench: Bench, number: int, **chap: Any) -> None:
    storage = bench.host(number).configManager.storageSystem
    storage.UpdateInternetScsiAuthenticationProperties(adapter(bench, number).device, CHAP(**chap))


@proves("iscsi-chap-mutual")
def test_no_chap(main: Bench) -> None:
    main.check(
        {"iscsi-chap-mutual": ["esxblade1.fw.belnet.be"]},
        plant=lambda: authenticate(main, 1, chapAuthEnabled=False),
        mend=lambda: authenticate(main, 1, chapAuthEnabled=True, chapName="esxblade1", chapSecret="one-way-secret"),
    )


@proves("iscsi-chap-mutual")
def test_chap_one_way(today: Bench) -> None:
    one_way = {
        "chapAuthEnabled": True,
        "chapName": "esxblade11",
        "chapSecret": "one-way-secret",
        "chapAuthenticationType": "chapRequired",
    }
    both = {
        **one_way,
        "mutualChapName": "eqlgroup",
        "mutualChapSecret": "other-way-secret",
        "mutualChapAuthenticationType": "chapRequired",
    }
    today.check(
        {"iscsi-chap-mutual": [BLADE11]},
        plant=lambda: authenticate(today, 11, **one_way, mutualChapAuthenticationType="chapProhibited"),
        mend=lambda: authenticate(today, 11, **both),
    )


@proves("san-authorisation-per-host")
def test_volume_mounted_elsewhere(main: Bench) -> None:
    # a host mounts what its array lets it see: no method adds a mount
    more = {"foreign_mounts": {"ext-vmfs01": "esxblade10.fw.belnet.be"}}
    with lab.clean("vc-main", overrides=more) as estate:
        spoiled = Bench(estate["vc-main"], proven=main.proven)
        main.differ(spoiled, {"san-authorisation-per-host": ["Main Datacenter/ext-vmfs01"]})


def add_group(bench: Bench, number: int, name: str, vlan: int) -> None:
    """A port group that guests could use."""
    spec = vim.host.PortGroup.Specification(
        name=name, vlanId=vlan, vswitchName="vSwitch0", policy=vim.host.NetworkPolicy()
    )
    bench.host(number).configManager.networkSystem.AddPortGroup(spec)


@proves("san-vlan-isolated", "host-vmk-management")
def test_vsan_on_the_management_network(today: Bench) -> None:
    blade = {BLADE11: {"nic_services": {"vsan": []}}}
    overrides = {"datacenters": {"vSphere Test Datacenter": {"Test Cluster": blade}}}
    with lab.clean("vc-today", overrides=overrides) as estate:
        bench = Bench(estate["vc-today"], proven=today.proven)
        manager = bench.host(11).configManager.virtualNicManager

        def plant() -> None:
            add_group(bench, 11, "Also management", 10)
            manager.SelectVnicForNicType("vsan", "vmk0")

        def mend() -> None:
            bench.host(11).configManager.networkSystem.RemovePortGroup("Also management")
            manager.DeselectVnicForNicType("vsan", "vmk0")

        bench.check({"san-vlan-isolated": [BLADE11], "host-vmk-management": [BLADE11]}, plant=plant, mend=mend)


def mount(bench: Bench, server: str, directory: Path) -> Any:
    """Mount a volume of an NFS server on esxblade11; the lab wants a directory to stand for it."""
    directory.mkdir()
    spec = vim.host.NasVolume.Specification(
        remoteHost=server, remotePath="/vol", localPath=str(directory), accessMode="readWrite", type="NFS"
    )
    return bench.host(11).configManager.datastoreSystem.CreateNasDatastore(spec)


@pytest.fixture
def lone(today: Bench) -> Iterator[Bench]:
    """A server of its own: the lab's hosts forget their other datastores when they mount a volume."""
    with lab.clean("vc-today") as estate:
        yield Bench(estate["vc-today"], proven=today.proven)


@proves("san-vlan-isolated")
def test_nfs_over_the_management_network(lone: Bench, tmp_path: Path) -> None:
    add_group(lone, 11, "Also management", 10)
    held = [f"Datastore:{store._moId}" for store in lone.host(11).datastore]
    mounted: list[Any] = []

    def mend() -> None:
        lone.wait(mounted[0].Destroy_Task())
        lone.endpoint.control("set", type="HostSystem", name=BLADE11, path="datastore", value=held)

    lone.check(
        {"san-vlan-isolated": [BLADE11]},
        plant=lambda: mounted.append(mount(lone, "193.190.198.20", tmp_path / "nas")),
        mend=mend,
    )


@pytest.mark.parametrize("server", ["nas1.belnet.be", "10.77.0.1"])
def test_nfs_over_nobody_knows_which_network(lone: Bench, tmp_path: Path, server: str) -> None:
    line = Line("san-vlan-isolated", BLADE11)
    assert lone.audit()[line] is Status.PASS
    mount(lone, server, tmp_path / "nas")
    assert lone.audit()[line] is Status.UNKNOWN
