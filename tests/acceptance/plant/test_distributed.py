"""Distributed switches and their port groups."""

from __future__ import annotations

from typing import Any

import pytest
from pyVmomi import vim

from tests.acceptance.plant.harness import Bench, Line, proves
from viguard.model.result import Status

pytestmark = pytest.mark.real("lab")


Switch = vim.dvs.VmwareDistributedVirtualSwitch


def port_group(bench: Bench, name: str, **setting: Any) -> None:
    group = bench.find(vim.dvs.DistributedVirtualPortgroup, name)
    spec = vim.dvs.DistributedVirtualPortgroup.ConfigSpec(
        configVersion=group.config.configVersion, defaultPortConfig=Switch.VmwarePortConfigPolicy(**setting)
    )
    bench.wait(group.ReconfigureDVPortgroup_Task(spec))


@pytest.mark.parametrize(
    ("control", "field", "name"),
    [
        pytest.param("dvpg-reject-forged", "forgedTransmits", "DMZ Web", marks=proves("dvpg-reject-forged")),
        pytest.param("dvpg-reject-mac", "macChanges", "DMZ Web", marks=proves("dvpg-reject-mac")),
        pytest.param("dvpg-reject-promisc", "allowPromiscuous", "DMZ Mail", marks=proves("dvpg-reject-promisc")),
    ],
)
def test_loose_port_group(today: Bench, control: str, field: str, name: str) -> None:
    def put(value: bool) -> None:
        policy = Switch.MacManagementPolicy(inherited=False, **{field: value})
        port_group(today, name, macManagementPolicy=policy)

    today.check({control: [f"Main Datacenter/{name}"]}, plant=lambda: put(True), mend=lambda: put(False))


@proves("dvpg-no-vgt")
def test_trunk(today: Bench) -> None:
    def carry(low: int, high: int) -> None:
        trunk = Switch.TrunkVlanSpec(inherited=False, vlanId=[vim.NumericRange(start=low, end=high)])
        port_group(today, "DMZ Trunk", vlan=trunk)

    def tag(vlan: int) -> None:
        port_group(today, "DMZ Trunk", vlan=Switch.VlanIdSpec(inherited=False, vlanId=vlan))

    tag(115)  # the demo's own fault mended
    today.settle()
    today.check(
        {"dvpg-no-vgt": ["Main Datacenter/DMZ Trunk"], "vm-one-vlan-per-vnic": ["ids1"]},  # ids1 is plugged in there
        plant=lambda: carry(100, 199),
        mend=lambda: tag(115),
    )


def change_mirror(bench: Bench, operation: str, session: Any) -> None:
    switch = bench.find(Switch, "dvs-external")
    change = Switch.VspanConfigSpec(operation=operation, vspanSession=session)
    spec = Switch.ConfigSpec(configVersion=switch.config.configVersion, vspanConfigSpec=[change])
    bench.wait(switch.ReconfigureDvs_Task(spec))


def unmirror(bench: Bench) -> None:
    """Take away every port mirror."""
    for session in bench.find(Switch, "dvs-external").config.vspanSession:
        change_mirror(bench, "remove", session)


@proves("dvs-port-mirror")
def test_port_mirror(today: Bench) -> None:
    unmirror(today)  # the demo's own fault mended
    today.settle()
    session = Switch.VspanSession(name="tap", enabled=True, normalTrafficAllowed=True)
    today.check(
        {"dvs-port-mirror": ["Main Datacenter/dvs-external"]},
        plant=lambda: change_mirror(today, "add", session),
        mend=lambda: unmirror(today),
    )


def test_ports_that_may_have_settings_of_their_own(today: Bench) -> None:
    """What a port group says is no proof where its ports may say otherwise, and ports are not read."""

    def allow(name: str, **overrides: bool) -> None:
        group = today.find(vim.dvs.DistributedVirtualPortgroup, name)
        policy = group.config.policy
        for key, value in overrides.items():
            setattr(policy, key, value)
        spec = vim.dvs.DistributedVirtualPortgroup.ConfigSpec(configVersion=group.config.configVersion, policy=policy)
        today.wait(group.ReconfigureDVPortgroup_Task(spec))

    overrides = ("vlanOverrideAllowed", "securityPolicyOverrideAllowed", "macManagementOverrideAllowed")
    lines = [Line("vm-one-vlan-per-vnic", "www1")] + [
        Line(control, "Main Datacenter/DMZ Web") for control in ("dvpg-no-vgt", "dvpg-reject-forged", "dvpg-reject-mac")
    ]

    loose = Line("dvpg-reject-promisc", "Main Datacenter/DMZ Web")

    def statuses() -> set[Status]:
        found = today.audit()
        assert found[loose] is Status.FAIL  # a failure of the port group itself stays one
        return {found[line] for line in lines}

    assert statuses() == {Status.PASS}
    allow("DMZ Web", **dict.fromkeys(overrides, True))
    assert statuses() == {Status.UNKNOWN}
    allow("DMZ Web", **dict.fromkeys(overrides, False))
    assert statuses() == {Status.PASS}
