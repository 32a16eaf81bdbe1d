"""host-vlan-only-needed: it fails on a VLAN that nothing needs, and is otherwise open until switches are read."""

from __future__ import annotations

from typing import Any

import pytest

from tests.assess.checks.estate import LOST, but, group, guest, host, lost, vmk, world
from viguard.assess.checks.vlans import only_needed
from viguard.model.facts import Resource
from viguard.model.guest import Guest
from viguard.model.network import StandardPortGroup, Vlan
from viguard.model.result import Status

OPEN = "no source yet: the trunk of the physical switch"


def wired(*more: StandardPortGroup, **facts: Any) -> list[Resource]:
    """A guest on VLAN 10, an interface on VLAN 30."""
    groups = [group("web", 10), group("mgmt", 30), *more]
    held: dict[str, Any] = {
        "guests": ("g1",),
        "vmkernel": (vmk("vmk0", "mgmt"),),
        "port_groups": tuple(g.name for g in groups),
        **facts,
    }
    return [host(**held), *groups, guest(plug="web")]


def judged(records: list[Resource]) -> tuple[Status, str]:
    found = only_needed(records[0], world(*records))
    return found.status, found.reason


def test_only_needed_vlans_stay_open_until_the_switch_is_read() -> None:
    assert judged(wired()) == (Status.UNKNOWN, OPEN)
    assert judged(wired(group("same", 10), group("plain", 0))) == (Status.UNKNOWN, OPEN)


@pytest.mark.parametrize(
    ("vlan", "told"), [(Vlan(id=99), "99"), (Vlan(id=4095), "trunk"), (Vlan(trunk=((10, 11),)), "trunk")]
)
def test_a_vlan_that_nothing_needs_fails(vlan: Vlan, told: str) -> None:
    assert judged(wired(group("idle", vlan))) == (Status.FAIL, f"VLANs that nothing on the host needs: {told} (idle)")


def test_it_never_passes_on_what_the_host_alone_shows() -> None:
    for records in (wired(), wired(group("plain", 0)), wired(port_groups=(), guests=(), vmkernel=())):
        assert judged(records)[0] is not Status.PASS


def test_a_vlan_that_only_an_interface_or_a_guest_needs_is_needed() -> None:
    assert judged(wired(vmkernel=())) == (Status.FAIL, "VLANs that nothing on the host needs: 30 (mgmt)")
    only_web = [r for r in wired(vmkernel=(), port_groups=("web",)) if r.name != "mgmt"]
    assert judged(only_web) == (Status.UNKNOWN, OPEN)


def test_templates_need_their_vlans_too() -> None:
    records = [but(r, template=True) if isinstance(r, Guest) else r for r in wired()]
    assert judged(records) == (Status.UNKNOWN, OPEN)


@pytest.mark.parametrize("fact", ["guests", "vmkernel", "port_groups"])
def test_a_missing_fact_never_proves_that_nothing_needs_it(fact: str) -> None:
    records = wired(group("idle", 99))
    assert judged([lost(records[0], fact), *records[1:]]) == (Status.UNKNOWN, f"{LOST}; {OPEN}")


def test_a_missing_fact_of_a_guest_or_group() -> None:
    records = wired(group("idle", 99))
    assert judged([lost(r, "nics") if isinstance(r, Guest) else r for r in records])[0] is Status.UNKNOWN
    unread = [lost(r, "vlan") if isinstance(r, StandardPortGroup) and r.name == "web" else r for r in records]
    assert judged(unread)[0] is Status.UNKNOWN
    blind = [lost(r, "vlan") if isinstance(r, StandardPortGroup) and r.name == "idle" else r for r in records]
    assert judged(blind) == (Status.UNKNOWN, f"{LOST}; {OPEN}")
    assert judged([r for r in records if r.name != "g1"])[0] is Status.UNKNOWN
