from __future__ import annotations

from typing import Any

import pytest

from tests.assess.checks.estate import LOST, READ_AT, but, group, guest, host, lost, serving, switch, vmk
from tests.network.test_vlans import DEMO
from viguard.model.change import ApiCall, Risk, Step
from viguard.model.facts import Reason, Resource, Unknown
from viguard.model.host import Host
from viguard.model.inventory import Inventory
from viguard.model.network import SecurityPolicy, StandardSwitch
from viguard.network.vlans.alike import Alike, alike
from viguard.network.vlans.bridges import bridges
from viguard.policy.load import load
from viguard.policy.zones import Zones
from viguard.store import snapshots

SAFE = SecurityPolicy(promiscuous=False, mac_changes=False, forged_transmits=False)
OPEN = SecurityPolicy(promiscuous=True, mac_changes=False, forged_transmits=False)


def machine(name: str, **more: Any) -> Host:
    facts = {"ntp_servers": ("a", "b"), "dns_servers": ("c",), "switches": ("vSwitch0",), **more}
    return host(name, vmkernel=(vmk("vmk0", "mgmt"), vmk("vmk1", "move")), **facts)


def safe(record: Any) -> Any:
    return but(record, security=SAFE)


def compared(*swap: Resource, template: Host | None = None) -> Alike:
    """h2 against h1, which have the same until something is swapped."""
    records: dict[str, Resource] = {}
    for name in ("h1", "h2"):
        services = serving(management="vmk0", vmotion="vmk1")
        groups = [safe(group(n, v, on=name)) for n, v in (("mgmt", 10), ("move", 20), ("web", 110))]
        for record in (
            machine(name, vmkernel_services=services),
            safe(switch("vSwitch0", ("vmnic0",), on=name)),
            *groups,
        ):
            records[record.id] = record
    records |= {r.id: r for r in swap}
    inventory = Inventory(records.values(), read_at=READ_AT)
    (one,) = alike(inventory, template or inventory.hosts[0])
    return one


def only(found: Alike) -> Step:
    assert (found.by_hand, found.unknown) == ((), ())
    (step,) = found.steps
    return step


def calls(step: Step) -> tuple[ApiCall, ApiCall]:
    assert isinstance(step.call, ApiCall)
    assert isinstance(step.rollback, ApiCall)
    return step.call, step.rollback


def services(**of: str) -> Any:
    return serving(**of)


def test_two_hosts_that_are_alike_need_nothing() -> None:
    assert compared().same


def test_time_servers_are_set_and_can_be_set_back() -> None:
    step = only(
        compared(machine("h2", ntp_servers=("a",), vmkernel_services=services(management="vmk0", vmotion="vmk1")))
    )
    call, rollback = calls(step)
    assert (call.of, call.method) == ("HostDateTimeSystem", "UpdateDateTimeConfig")
    assert call.arguments == {"config": {"ntpConfig": {"server": ["a", "b"]}}}
    assert rollback.arguments == {"config": {"ntpConfig": {"server": ["a"]}}}
    assert (step.before, step.after, step.risk) == (["a"], ["a", "b"], Risk.NONE)


def test_a_missing_port_group_is_added_and_taken_away_again_by_the_rollback() -> None:
    step = only(compared(safe(group("dns", 130, on="h1"))))
    call, rollback = calls(step)
    assert call == ApiCall(
        method="AddPortGroup",
        of="HostNetworkSystem",
        arguments={"portgrp": {"name": "dns", "vswitchName": "vSwitch0", "vlanId": 130, "policy": {}}},
    )
    assert rollback == ApiCall(method="RemovePortGroup", of="HostNetworkSystem", arguments={"pgName": "dns"})


def test_a_host_of_another_cluster_does_not_get_the_port_groups_of_guests() -> None:
    other = machine("h2", cluster="vc:c2", vmkernel_services=services(management="vmk0", vmotion="vmk1"))
    assert compared(safe(group("dns", 130, on="h1")), other).same


def test_another_vlan_is_an_outage_for_what_is_plugged_in() -> None:
    step = only(compared(safe(group("web", 111, on="h2")), guest("g1", on="h2", plug="web")))
    call, rollback = calls(step)
    assert step.risk is Risk.OUTAGE
    assert (call.arguments["portgrp"]["vlanId"], rollback.arguments["portgrp"]["vlanId"]) == (110, 111)  # type: ignore[index]
    assert only(compared(safe(group("web", 111, on="h2")))).risk is Risk.NONE


def test_a_policy_that_a_port_group_inherits_is_mended_at_the_switch_which_keeps_its_uplinks() -> None:
    theirs: StandardSwitch = but(switch("vSwitch0", ("vmnic0",), on="h2"), security=OPEN)
    groups = [but(group(n, v, on="h2"), security=OPEN) for n, v in (("mgmt", 10), ("move", 20), ("web", 110))]
    call, _ = calls(only(compared(theirs, *groups)))
    spec: Any = call.arguments["spec"]
    assert spec["bridge"] == {"nicDevice": ["vmnic0"]}
    assert spec["policy"]["security"]["allowPromiscuous"] is False


def test_a_policy_of_a_port_groups_own_is_mended_there() -> None:
    call, _ = calls(only(compared(but(group("web", 110, on="h2"), security=OPEN))))
    assert call.method == "UpdatePortGroup"


def test_what_is_too_much_goes_when_nothing_uses_it() -> None:
    old = safe(group("old", 150, on="h2"))
    call, rollback = calls(only(compared(old)))
    assert (call.method, rollback.method) == ("RemovePortGroup", "AddPortGroup")
    used = compared(old, guest("g1", on="h2", plug="old"))
    assert (used.steps, used.by_hand) == ((), ("the port group old is more than the template has, and in use",))
    template = compared(old, guest("t1", on="h2", plug="old", template=True))
    assert template.steps == ()
    assert compared(old, lost(guest("g1", on="h2"), "nics")).steps == ()


def test_what_takes_cables_is_no_step() -> None:
    found = compared(safe(switch("vSwitch0", ("vmnic0", "vmnic1"), on="h1")))
    assert found.by_hand == ("the switch vSwitch0 has 1 uplinks where the template has 2: cables",)
    assert found.steps == ()


def test_services_move_to_the_interfaces_of_the_template() -> None:
    found = compared(machine("h2", vmkernel_services=services(management="vmk0", vmotion="vmk0")))
    assert [(s.property, s.before, s.after, s.risk) for s in found.steps] == [
        ("vmotion on vmk0", True, False, Risk.SHORT),
        ("vmotion on vmk1", False, True, Risk.SHORT),
    ]


def test_a_host_is_never_without_management_and_keeps_what_cannot_move() -> None:
    found = compared(machine("h2", vmkernel_services=services(management="vmk1", vmotion="vmk1")))
    assert [(s.property, s.after, s.risk) for s in found.steps] == [
        ("management on vmk0", True, Risk.SHORT),
        ("management on vmk1", False, Risk.OUTAGE),
    ]
    alone = host("h2", vmkernel=(vmk("vmk1", "move"),), vmkernel_services=services(management="vmk1", vmotion="vmk1"))
    found = compared(but(alone, ntp_servers=("a", "b"), dns_servers=("c",), switches=("vSwitch0",)))
    assert found.steps == ()
    assert found.by_hand == ("no interface for management on mgmt, as the template has one",)


def test_before_version_four_vmotion_is_compared() -> None:
    old = Unknown(reason=Reason.NOT_IN_VERSION, detail="known from API 4.0")
    first = machine("h1", vmkernel_services=old, vmotion_device="vmk1")
    found = compared(first, machine("h2", vmkernel_services=old, vmotion_device=None), template=first)
    call, rollback = calls(only(found))
    assert call == ApiCall(method="SelectVnic", of="HostVMotionSystem", arguments={"device": "vmk1"})
    assert rollback == ApiCall(method="DeselectVnic", of="HostVMotionSystem")


@pytest.mark.parametrize("fact", ["ntp_servers", "dns_servers", "port_groups", "switches", "vmkernel_services"])
def test_what_was_not_read_is_told_and_never_alike(fact: str) -> None:
    second = machine("h2", vmkernel_services=services(management="vmk0", vmotion="vmk1"))
    found = compared(but(second, **{fact: LOST}))
    assert not found.same
    assert any("the host does not answer" in why for why in found.unknown)


def test_the_planted_faults_of_belnet_are_what_differs() -> None:
    inventory = snapshots.load([DEMO / "belnet.snap"])
    template = next(h for h in inventory.hosts if h.name == "esxblade1.fw.belnet.be")
    found = {a.host.partition(".")[0]: a for a in alike(inventory, template)}
    assert {h: [s.property for s in a.steps] for h, a in found.items() if a.steps} == {
        "esxblade7": ["security policy of vSwitch1"],
        "esxblade2": ["NTP servers", "security policy of vSwitch1"],
        "esxblade4": ["security policy of vSwitch1"],
    }
    assert {h for h, a in found.items() if a.by_hand} == {"esxblade3", "esxblade4"}  # Sniffer and Backup, in use


# Guests that bridge zones


def test_the_guests_of_belnet_that_bridge_zones() -> None:
    inventory, policy = snapshots.load([DEMO / "belnet.snap"]), load(DEMO / "policy.yaml")
    found = {b.guest: b for b in bridges(inventory, policy, Zones(inventory, policy)).found}
    assert {name: set(b.zones) for name, b in found.items() if name != "netflow1"} == {
        "www-proxy1": {"dmz-web", "dmz-dns"},
        "www-proxy2": {"dmz-web", "dmz-dns"},
        "webmail1": {"dmz-web", "dmz-mail"},
        "backup1": {"management", "internal", "san", "databases"},  # on Backup with an address of databases
        "scarlet-mon1": {"scarlet", "test"},
        "lab-linux1": {"scarlet", "test"},
    }
    assert set(found["netflow1"].zones) == {"internal", "databases", "management"}  # what its trunk lets through
    assert {name for name, b in found.items() if b.apart} == {"backup1"}
    assert {frozenset(pair) for pair in found["backup1"].apart} == {
        frozenset({"san", other}) for other in ("management", "internal", "databases")
    }
