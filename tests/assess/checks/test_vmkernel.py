"""host-vmk-management, host-vmk-vmotion. VLAN 30 is management, 31 vMotion, 10 guests."""

from __future__ import annotations

from typing import Any

import pytest

from tests.assess.checks.estate import ESX35, but, group, guest, host, lost, named, serving, vmk, world
from viguard.assess.checks.vmkernel import management, vmotion
from viguard.model.facts import Reason, Resource, Unknown
from viguard.model.guest import Guest
from viguard.model.network import DistributedSwitch, DvMember, DvPortGroup, StandardPortGroup, Vlan
from viguard.model.result import Status
from viguard.model.storage import IscsiAdapter, IscsiTarget
from viguard.policy.policy import Policy, Purpose, Recognition, Zone

ZONES = (
    Zone(name="management", match=Recognition(vlans=(30,)), purpose=Purpose.MANAGEMENT),
    Zone(name="guests", match=Recognition(vlans=(10,))),
)
POLICY = Policy(zones=ZONES)
TOO_OLD = Unknown(reason=Reason.NOT_IN_VERSION, detail="since API 4.0")


def wired(
    *more: StandardPortGroup, vlans: tuple[int, int] = (30, 31), plug: str = "web", **facts: Any
) -> list[Resource]:
    """vmk0 manages, vmk1 moves guests, one guest on VLAN 10."""
    groups = [group("mgmt", vlans[0]), group("move", vlans[1]), group("web", 10), *more]
    held: dict[str, Any] = {
        "guests": ("g1",),
        "vmkernel": (vmk("vmk0", "mgmt", "10.3.0.1"), vmk("vmk1", "move", "10.3.1.1")),
        "vmkernel_services": serving(management="vmk0", vmotion="vmk1"),
        "port_groups": tuple(g.name for g in groups),
        **facts,
    }
    return [host(**held), *groups, guest(plug=plug)]


def classic(**facts: Any) -> list[Resource]:
    """The same before 4.0: a service console manages, one interface is chosen for vMotion."""
    held: dict[str, Any] = {
        "product": ESX35,
        "vmkernel": (vmk("vmk0", "move", "10.3.1.1"),),
        "console_nics": (vmk("vswif0", "mgmt", "10.3.0.1"),),
        "vmkernel_services": TOO_OLD,
        "vmotion_device": "VMotionConfig.vmotion.key-vim.host.VirtualNic-vmk0",
        **facts,
    }
    return wired(**held)


# host-vmk-management


def managed(records: list[Resource], policy: Policy = POLICY) -> Status:
    return management(records[0], world(*records, policy=policy)).status


def test_alone_in_the_zone_for_management_passes() -> None:
    assert managed(wired()) is Status.PASS
    assert managed(classic()) is Status.PASS


@pytest.mark.parametrize("vlan", [10, 99])
def test_another_zone_or_none_fails(vlan: int) -> None:
    assert managed(wired(vlans=(vlan, 31))) is Status.FAIL
    assert managed([r for r in classic() if r.name != "mgmt"] + [group("mgmt", vlan)]) is Status.FAIL


def test_management_with_another_service_fails() -> None:
    assert managed(wired(vmkernel_services=serving(management="vmk0", vmotion="vmk0"))) is Status.FAIL
    assert managed(wired(vmkernel_services=serving(management="vmk0", vsan="vmk0"))) is Status.FAIL


@pytest.mark.parametrize("policy", [Policy(), Policy(zones=ZONES[1:])], ids=["no zones", "none for management"])
def test_management_is_unknown_while_undecided(policy: Policy) -> None:
    assert managed(wired(), policy) is Status.UNKNOWN


@pytest.mark.parametrize("fact", ["vmkernel", "vmkernel_services"])
def test_management_is_unknown_without_a_fact(fact: str) -> None:
    records = wired()
    assert managed([lost(records[0], fact), *records[1:]]) is Status.UNKNOWN
    assert managed([r for r in records if r.name != "mgmt"]) is Status.UNKNOWN
    assert managed([lost(r, "vlan") if isinstance(r, StandardPortGroup) else r for r in records]) is Status.UNKNOWN
    assert managed(wired(vmkernel_services=serving(vmotion="vmk1"))) is Status.UNKNOWN


def test_the_console_of_classic_esx_is_needed() -> None:
    records = classic()
    assert managed([lost(records[0], "console_nics"), *records[1:]]) is Status.UNKNOWN
    assert managed([lost(records[0], "product"), *records[1:]]) is Status.UNKNOWN


# host-vmk-vmotion


def moved(records: list[Resource]) -> Status:
    return vmotion(records[0], world(*records)).status


def test_alone_on_interface_and_vlan_passes() -> None:
    assert moved(wired()) is Status.PASS
    assert moved(classic(iscsi=())) is Status.PASS


@pytest.mark.parametrize(
    ("records", "beside"),
    [
        (wired(vlans=(31, 31)), "vmk0"),
        (wired(plug="move"), "g1"),
        (wired(group("more", 31)), "port group more"),
        (wired(group("all", 4095)), "port group all"),
    ],
    ids=["management", "guest", "port group", "trunk"],
)
def test_anything_else_on_the_vlan_fails(records: list[Resource], beside: str) -> None:
    found = vmotion(records[0], world(*records))
    assert (found.status, found.reason) == (Status.FAIL, f"on the VLAN of vMotion: {beside}")


def test_vmotion_with_another_service_fails() -> None:
    assert moved(wired(vmkernel_services=serving(vmotion="vmk1", vsan="vmk1"))) is Status.FAIL


def test_before_4_0_storage_is_what_could_share_it() -> None:
    san = IscsiAdapter(device="vmhba33", software=True, targets=(IscsiTarget(address="10.3.1.200"),))
    assert moved(classic(iscsi=(san,))) is Status.FAIL
    records = classic()
    assert moved([lost(records[0], "iscsi"), *records[1:]]) is Status.UNKNOWN


def test_two_vmotion_interfaces_may_share_a_vlan() -> None:
    nics = (vmk("vmk0", "mgmt"), vmk("vmk1", "move"), vmk("vmk2", "move2"))
    services = (*serving(management="vmk0", vmotion="vmk1"), *serving(vmotion="vmk2"))
    assert moved(wired(group("move2", 31), vmkernel=nics, vmkernel_services=services)) is Status.PASS


def test_untagged_networks_of_two_switches_may_be_one() -> None:
    assert moved(wired(group("more", 0, switch="vSwitch1"), vlans=(30, 0))) is Status.UNKNOWN
    assert moved(wired(group("more", 0), vlans=(30, 0))) is Status.FAIL


def test_a_distributed_port_group_on_the_vlan_of_vmotion() -> None:
    switch = named(DistributedSwitch, "dvs", members=(DvMember(host="vc:h1", uplinks=("vmnic2",)),))
    free = named(DvPortGroup, "free", key="dp1", switch="vc:dvs", vlan=Vlan(id=31))
    assert moved([*wired(), switch, free]) is Status.FAIL
    assert moved([*wired(), switch, but(free, vlan=Vlan(id=10))]) is Status.PASS
    assert moved([*wired(), lost(switch, "members"), free]) is Status.UNKNOWN


def test_without_vmotion_there_is_nothing_to_judge() -> None:
    assert moved(wired(vmkernel_services=serving(management="vmk0"))) is Status.NOT_APPLICABLE
    assert moved(classic(vmotion_device=None)) is Status.NOT_APPLICABLE


@pytest.mark.parametrize("fact", ["vmkernel", "vmkernel_services", "guests", "port_groups"])
def test_vmotion_is_unknown_without_a_fact_of_the_host(fact: str) -> None:
    records = wired()
    assert moved([lost(records[0], fact), *records[1:]]) is Status.UNKNOWN


def test_vmotion_is_unknown_without_other_facts() -> None:
    records = wired()
    assert moved([lost(r, "nics") if isinstance(r, Guest) else r for r in records]) is Status.UNKNOWN
    assert moved([lost(r, "vlan") if isinstance(r, StandardPortGroup) else r for r in records]) is Status.UNKNOWN
    assert moved([r for r in records if r.name != "move"]) is Status.UNKNOWN
    old = classic()
    assert moved([lost(old[0], "vmotion_device"), *old[1:]]) is Status.UNKNOWN
    assert moved([but(old[0], vmotion_device="vmk7"), *old[1:]]) is Status.UNKNOWN
