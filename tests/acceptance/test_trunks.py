"""Trunks and the template host over the live lab: what the steps say is done there, and read again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pyVim.task import WaitForTask
from pyVmomi import vim

import lab
from lab.demo import POLICY, write_credentials
from tests.acceptance.plant.harness import Bench, collect
from tests.acceptance.test_belnet import NOBODY
from viguard.model.change import ApiCall, Step
from viguard.network.vlans.guests.nics import NicPlan, nic_plan
from viguard.network.vlans.guests.wanted import Wanted
from viguard.usecases import trunks, vlans
from viguard.usecases.sources import Sources

MANAGERS = {
    "HostDateTimeSystem": "dateTimeSystem",
    "HostNetworkSystem": "networkSystem",
    "HostVirtualNicManager": "virtualNicManager",
}


@pytest.mark.real("lab")
def test_steps_that_align_a_host_do_align_it_and_their_rollback_undoes_them(tmp_path: Path) -> None:
    if missing := lab.missing_parts():
        pytest.skip("the lab needs " + " and ".join(missing))
    with lab.clean("vc-today") as estate:
        bench = Bench(estate["vc-today"], proven=set())
        file = write_credentials(estate, tmp_path / "credentials.yaml")
        sources = Sources(names=(estate["vc-today"].url,), credentials=file)
        network = bench.host(10).configManager.networkSystem  # the template
        network.AddPortGroup(
            portgrp=vim.host.PortGroup.Specification(
                name="Missing", vlanId=330, vswitchName="vSwitch1", policy=vim.host.NetworkPolicy()
            )
        )

        def steps() -> list[Step]:
            request = trunks.Request(sources=sources, policy=POLICY, template="esxblade10")
            found = trunks.run(request, NOBODY)
            assert found.trunks.hosts
            assert not found.trunks.unsure
            return [s for a in found.alike if a.host == "esxblade8.fw.belnet.be" for s in a.steps]

        planned = steps()
        # esxblade8 has one time server; esxblade10 has vMotion on the interface of management.
        assert [s.property for s in planned] == [
            "NTP servers",
            "port group Missing",
            "vmotion on vmk1",
            "vmotion on vmk0",
        ]
        for step in planned:
            carry_out(bench.host(8), step.call)
        assert steps() == []
        for step in reversed(planned):
            assert step.rollback is not None
            carry_out(bench.host(8), step.rollback)
        assert steps() == planned


@pytest.mark.real("lab")
def test_a_switch_is_made_safe_and_keeps_its_uplinks(tmp_path: Path) -> None:
    if missing := lab.missing_parts():
        pytest.skip("the lab needs " + " and ".join(missing))
    with lab.clean("vc-today") as estate:
        bench = Bench(estate["vc-today"], proven=set())
        file = write_credentials(estate, tmp_path / "credentials.yaml")
        sources = Sources(names=(estate["vc-today"].url,), credentials=file)

        def steps() -> list[Step]:
            found = trunks.run(trunks.Request(sources=sources, template="esxblade1"), NOBODY)
            return [s for a in found.alike if a.host == "esxblade4.fw.belnet.be" for s in a.steps]

        (step,) = steps()  # its vSwitch1 lets guests change their MAC address, and so do the port groups that inherit
        assert step.property == "security policy of vSwitch1"
        assert isinstance(step.call, ApiCall)
        network = bench.host(4).configManager.networkSystem
        (spec,) = [v.spec for v in network.networkInfo.vswitch if v.name == step.call.arguments["vswitchName"]]
        told: Any = step.call.arguments["spec"]
        assert told["numPorts"] == told["mtu"] == "as read"
        assert list(spec.bridge.nicDevice) == told["bridge"]["nicDevice"]
        spec.policy.security = vim.host.NetworkPolicy.SecurityPolicy(**told["policy"]["security"])
        network.UpdateVirtualSwitch(vswitchName="vSwitch1", spec=spec)
        assert steps() == []


@pytest.mark.real("lab")
def test_a_nic_is_added_by_its_step() -> None:
    if missing := lab.missing_parts():
        pytest.skip("the lab needs " + " and ".join(missing))
    with lab.clean("vc-today") as estate:
        bench = Bench(estate["vc-today"], proven=set())

        def plan() -> NicPlan:
            inventory = collect(estate["vc-today"])
            (one,) = [g for g in inventory.guests if g.name == "intranet1"]
            return nic_plan(inventory, one, [Wanted(vlan=210), Wanted(vlan=220, addresses=("10.22.0.99/24",))])

        (step,) = plan().steps
        assert (step.property, step.after) == ("NIC in VLAN 220", "Internal DB")
        assert isinstance(step.call, ApiCall)
        change = step.call.arguments["spec"]["deviceChange"][0]  # type: ignore[index]
        device = vim.vm.device.VirtualDeviceSpec(operation=change["operation"], device=made(change["device"]))
        WaitForTask(bench.guest("intranet1").ReconfigVM_Task(vim.vm.ConfigSpec(deviceChange=[device])))
        assert plan().steps == ()


@pytest.mark.real("lab")
def test_the_vlans_of_a_live_server(belnet: lab.Estate, tmp_path: Path) -> None:
    file = write_credentials(belnet, tmp_path / "credentials.yaml")
    found = vlans.run(Sources(names=(belnet["vc-main"].url,), credentials=file), POLICY, NOBODY).found
    (dns,) = [n for n in found.networks if n.id == 130]
    assert {m.name for m in dns.members} >= {"ns1", "ns2", "www-proxy1"}
    assert found.unknown == ()


def carry_out(host: Any, call: object) -> None:
    assert isinstance(call, ApiCall)
    manager = getattr(host.configManager, MANAGERS[call.of])
    getattr(manager, call.method)(**{key: typed(key, value) for key, value in call.arguments.items()})


KINDS = {
    "VirtualEthernetCardNetworkBackingInfo": vim.vm.device.VirtualEthernetCard.NetworkBackingInfo,
    "VirtualVmxnet3": vim.vm.device.VirtualVmxnet3,
    "VirtualE1000": vim.vm.device.VirtualE1000,
}


def made(told: dict[str, Any]) -> Any:
    """A device as pyVmomi wants it."""
    inner = {
        **told,
        "backing": KINDS[told["backing"]["_type"]](deviceName=told["backing"]["deviceName"]),
        "connectable": vim.vm.device.VirtualDevice.ConnectInfo(**told["connectable"]),
    }
    return KINDS[inner.pop("_type")](**inner)


def typed(key: str, value: Any) -> Any:
    """Arguments as pyVmomi wants them."""
    if key == "config":
        return vim.host.DateTimeConfig(ntpConfig=vim.host.NtpConfig(server=value["ntpConfig"]["server"]))
    if key == "portgrp":
        assert value["policy"] == {}
        return vim.host.PortGroup.Specification(**{**value, "policy": vim.host.NetworkPolicy()})
    return value
