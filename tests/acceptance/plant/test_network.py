"""Standard switches, port groups, VLANs and kernel interfaces of hosts."""

from __future__ import annotations

import pytest
from pyVmomi import vim

from tests.acceptance.plant.harness import Bench, proves

pytestmark = pytest.mark.real("lab")


BLADE1, BLADE11 = "esxblade1.fw.belnet.be", "esxblade11.fw.belnet.be"
INTERNAL = ["Internal Servers", "Internal DB", "Internal Management"]  # every port group of vSwitch1 there
LOOSE = [
    pytest.param(control, field, marks=proves(control), id=control)
    for control, field in (
        ("vss-reject-forged", "forgedTransmits"),
        ("vss-reject-mac", "macChanges"),
        ("vss-reject-promisc", "allowPromiscuous"),
    )
]


@pytest.mark.parametrize(("control", "field"), LOOSE)
def test_loose_switch(main: Bench, control: str, field: str) -> None:
    network = main.host(1).configManager.networkSystem

    def put(value: bool) -> None:
        spec = next(s for s in network.networkInfo.vswitch if s.name == "vSwitch1").spec
        setattr(spec.policy.security, field, value)
        network.UpdateVirtualSwitch("vSwitch1", spec)

    main.check(
        {control: [f"{BLADE1}/{name}" for name in ["vSwitch1", *INTERNAL]]},
        plant=lambda: put(True),
        mend=lambda: put(False),
    )


@pytest.mark.parametrize(("control", "field"), LOOSE)
def test_loose_port_group(today: Bench, control: str, field: str) -> None:
    network = today.host(11).configManager.networkSystem

    def put(value: bool | None) -> None:
        spec = next(p for p in network.networkInfo.portgroup if p.spec.name == "Test").spec
        spec.policy.security = vim.host.NetworkPolicy.SecurityPolicy(**({field: value} if value else {}))
        network.UpdatePortGroup("Test", spec)

    today.check({control: [f"{BLADE11}/Test"]}, plant=lambda: put(True), mend=lambda: put(None))


def add(bench: Bench, number: int, name: str, vlan: int, switch: str = "vSwitch1") -> None:
    """A port group with nothing in it."""
    spec = vim.host.PortGroup.Specification(name=name, vlanId=vlan, vswitchName=switch, policy=vim.host.NetworkPolicy())
    bench.host(number).configManager.networkSystem.AddPortGroup(spec)


def remove(bench: Bench, number: int, name: str) -> None:
    bench.host(number).configManager.networkSystem.RemovePortGroup(name)


@proves("vss-no-vgt")
def test_trunk_for_guests(main: Bench) -> None:
    main.check(
        {
            "vss-no-vgt": [f"{BLADE1}/Trunk"],
            "host-vlan-only-needed": [BLADE1],  # a trunk brings VLANs that nothing there needs
        },
        plant=lambda: add(main, 1, "Trunk", 4095),
        mend=lambda: remove(main, 1, "Trunk"),
    )


@proves("host-vlan-only-needed")
def test_vlan_that_nothing_needs(main: Bench) -> None:
    main.check(
        {"host-vlan-only-needed": [BLADE1]},
        plant=lambda: add(main, 1, "Left over", 777),
        mend=lambda: remove(main, 1, "Left over"),
    )


@proves("dmz-physical-nic")
def test_internal_network_beside_the_dmz(main: Bench) -> None:
    name = "esxblade5.fw.belnet.be"
    main.check(
        {"dmz-physical-nic": [name], "host-vlan-only-needed": [name]},  # nothing is plugged in there yet
        plant=lambda: add(main, 5, "Internal Servers", 210),
        mend=lambda: remove(main, 5, "Internal Servers"),
    )


@proves("host-vmk-vmotion")
def test_port_group_on_the_vlan_of_vmotion(main: Bench) -> None:
    main.check(
        {"host-vmk-vmotion": [BLADE1]},
        plant=lambda: add(main, 1, "Fast", 20),
        mend=lambda: remove(main, 1, "Fast"),
    )


@proves("san-vlan-isolated")
def test_port_group_on_the_vlan_of_storage(main: Bench) -> None:
    main.check(
        {"san-vlan-isolated": [BLADE1]},
        plant=lambda: add(main, 1, "Fast", 900, "vSwitch2"),
        mend=lambda: remove(main, 1, "Fast"),
    )


@proves("host-vmk-vmotion")
def test_vmotion_interface_that_logs_fault_tolerance(today: Bench) -> None:
    manager = today.host(11).configManager.virtualNicManager
    today.check(
        {"host-vmk-vmotion": [BLADE11]},
        plant=lambda: manager.SelectVnicForNicType("faultToleranceLogging", "vmk1"),
        mend=lambda: manager.DeselectVnicForNicType("faultToleranceLogging", "vmk1"),
    )


@proves("host-vmk-management")
def test_management_interface_that_logs_fault_tolerance(today: Bench) -> None:
    manager = today.host(11).configManager.virtualNicManager
    today.check(
        {"host-vmk-management": [BLADE11]},
        plant=lambda: manager.SelectVnicForNicType("faultToleranceLogging", "vmk0"),
        mend=lambda: manager.DeselectVnicForNicType("faultToleranceLogging", "vmk0"),
    )


@proves("host-vmk-management")
def test_management_in_another_zone(main: Bench) -> None:
    network = main.host(1).configManager.networkSystem

    def put(vlan: int) -> None:
        spec = next(p for p in network.networkInfo.portgroup if p.spec.name == "Management").spec
        spec.vlanId = vlan
        network.UpdatePortGroup("Management", spec)

    main.check({"host-vmk-management": [BLADE1]}, plant=lambda: put(310), mend=lambda: put(10))
