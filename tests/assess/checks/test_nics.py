"""vm-one-vlan-per-vnic, vm-vnic-count-limit."""

from __future__ import annotations

from typing import Any

import pytest

from tests.assess.checks.estate import ESX35, ESXI8, LOST, but, group, guest, host, lost, named, world
from viguard.assess.checks.nics import count, one_vlan
from viguard.model.guest import VirtualNic
from viguard.model.network import DvPortGroup, Vlan
from viguard.model.result import Status
from viguard.model.server import Product

# vm-one-vlan-per-vnic


@pytest.mark.parametrize(
    ("vlan", "status"),
    [
        (Vlan(id=12), Status.PASS),
        (Vlan(id=0), Status.FAIL),
        (Vlan(id=4095), Status.FAIL),
        (Vlan(trunk=((10, 20),)), Status.FAIL),
    ],
)
def test_standard_and_distributed_port_groups(vlan: Vlan, status: Status) -> None:
    assert one_vlan(guest(plug="web"), world(host(), group("web", vlan))).status is status
    distributed = named(DvPortGroup, "dv", key="dvportgroup-1", vlan=vlan, vlan_override=False)
    plugged = guest(nics=(VirtualNic(key=4000, type="VirtualVmxnet3", dv_port_group="dvportgroup-1"),))
    assert one_vlan(plugged, world(host(), distributed)).status is status


@pytest.mark.parametrize(
    ("vlan", "override", "status"),
    [
        (Vlan(id=12), False, Status.PASS),
        (Vlan(id=12), True, Status.UNKNOWN),
        (Vlan(id=12), LOST, Status.UNKNOWN),
        (Vlan(id=0), True, Status.FAIL),
        (Vlan(trunk=((10, 20),)), True, Status.FAIL),
        (Vlan(trunk=((10, 20),)), LOST, Status.FAIL),
    ],
)
def test_a_port_that_may_have_another_vlan_than_its_group(vlan: Vlan, override: Any, status: Status) -> None:
    distributed = named(DvPortGroup, "dv", key="dvportgroup-1", vlan=vlan, vlan_override=override)
    plugged = guest(nics=(VirtualNic(key=4000, type="VirtualVmxnet3", label="NIC 1", dv_port_group="dvportgroup-1"),))
    found = one_vlan(plugged, world(host(), distributed))
    assert found.status is status
    if override is True and status is Status.UNKNOWN:
        assert found.reason == "NIC 1: no source yet: its port may override the VLAN of its port group"


def test_one_bad_nic_is_named_beside_good_ones() -> None:
    nics = tuple(
        VirtualNic(key=k, type="VirtualE1000", label=f"NIC {k}", port_group=p) for k, p in ((1, "a"), (2, "b"))
    )
    found = one_vlan(guest(nics=nics), world(host(), group("a", 5), group("b", 4095)))
    assert (found.status, found.reason) == (Status.FAIL, "several VLANs reach NIC 2")


def test_without_a_nic_there_is_nothing_to_judge() -> None:
    assert one_vlan(guest(), world(host())).status is Status.NOT_APPLICABLE


def test_one_vlan_is_unknown_without_a_fact() -> None:
    plugged = guest(plug="web")
    assert one_vlan(lost(plugged, "nics"), world(host(), group("web", 12))).status is Status.UNKNOWN
    assert one_vlan(lost(plugged, "host"), world(host(), group("web", 12))).status is Status.UNKNOWN
    assert one_vlan(plugged, world(host(), group("other", 12))).status is Status.UNKNOWN
    assert one_vlan(plugged, world(host(), group("web", LOST))).status is Status.UNKNOWN


# vm-vnic-count-limit


def nics(number: int) -> tuple[VirtualNic, ...]:
    return tuple(VirtualNic(key=4000 + i, type="VirtualE1000") for i in range(number))


@pytest.mark.parametrize(
    ("number", "version", "product", "status"),
    [
        (4, "vmx-04", ESX35, Status.PASS),
        (5, "vmx-04", ESX35, Status.FAIL),
        (5, "vmx-04", ESXI8, Status.FAIL),
        (5, "vmx-07", ESX35, Status.FAIL),
        (10, "vmx-07", but(ESX35, version="4.0.0"), Status.PASS),
        (11, "vmx-07", but(ESX35, version="4.0.0"), Status.FAIL),
        (10, "vmx-21", ESXI8, Status.PASS),
        (11, "vmx-21", ESXI8, Status.FAIL),
    ],
)
def test_count_by_host_and_hardware(number: int, version: str, product: Product, status: Status) -> None:
    assert count(guest(nics=nics(number), version=version), world(host(product=product))).status is status


@pytest.mark.parametrize("fact", ["nics", "version", "host"])
def test_count_is_unknown_without_a_fact(fact: str) -> None:
    assert count(lost(guest(nics=nics(2)), fact), world(host())).status is Status.UNKNOWN


def test_count_is_unknown_without_the_hosts_version() -> None:
    assert count(guest(nics=nics(2)), world()).status is Status.UNKNOWN
    assert count(guest(nics=nics(2)), world(lost(host(), "product"))).status is Status.UNKNOWN
    assert count(guest(nics=nics(2), version="hostile"), world(host())).status is Status.UNKNOWN


def test_count_beyond_every_platform_fails_whatever_is_unknown() -> None:
    assert count(lost(guest(nics=nics(11)), "version"), world()).status is Status.FAIL
