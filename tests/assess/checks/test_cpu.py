"""vm-cpu-reservation-floor, vm-cpu-limit-ceiling, host-cpu-overcommit-dos. A host has 10,000 MHz."""

from __future__ import annotations

from typing import Any

import pytest

from tests.assess.checks.estate import LOST, but, guest, host, lost, named, tree, world
from viguard.assess.checks.cpu import ceiling, floor, overcommit
from viguard.model.facts import Resource
from viguard.model.guest import Guest
from viguard.model.host import Hardware, Host
from viguard.model.resources import Allocation
from viguard.model.result import Status
from viguard.model.server import Cluster, ResourcePool
from viguard.policy.policy import CpuException, CpuLimits, Limits, Policy, Profile

REPORT = Profile.REPORT_2010


def cpu(**facts: object) -> Guest:
    return guest(cpu=Allocation(**facts))  # type: ignore[arg-type]


# vm-cpu-reservation-floor


@pytest.mark.parametrize(("reservation", "status"), [(1000, Status.PASS), (999, Status.FAIL), (0, Status.FAIL)])
def test_floor_of_the_report_is_a_reservation(reservation: int, status: Status) -> None:
    found = floor(cpu(reservation=reservation, level="high"), world(host(), profile=REPORT))
    assert found.status is status
    assert found.policy == "limits.cpu.floor_percent"
    assert any(e.property == "config.cpuAllocation.reservation" and e.value == reservation for e in found.evidence)


@pytest.mark.parametrize(
    ("level", "shares", "status"),
    [
        ("normal", 1000, Status.PASS),
        ("high", 2000, Status.PASS),
        ("low", 500, Status.FAIL),
        ("custom", 1000, Status.PASS),
        ("custom", 999, Status.FAIL),
    ],
)
def test_floor_of_modern_accepts_shares(level: str, shares: int, status: Status) -> None:
    assert floor(cpu(level=level, shares=shares), world(host(), *tree())).status is status


def pool(name: str, parent: str, **facts: Any) -> ResourcePool:
    cpu = facts.pop("cpu", Allocation(level="normal", shares=4000))
    return named(ResourcePool, name, parent=f"vc:{parent}", cluster="vc:c1", cpu=cpu, **facts)  # type: ignore[no-any-return]


ROOT = pool("p1", "c1", cpu=Allocation(limit=20000, reservation=20000))
"""The root pool, whose limit is all that the cluster has."""


@pytest.mark.parametrize(
    ("outer", "inner", "status"),
    [
        (Allocation(level="normal"), Allocation(level="high"), Status.PASS),
        (Allocation(level="normal"), Allocation(level="low"), Status.FAIL),
        (Allocation(level="low"), Allocation(level="high"), Status.FAIL),
        (Allocation(level="normal"), Allocation(limit=100), Status.UNKNOWN),
        (Allocation(limit=100), Allocation(level="normal"), Status.UNKNOWN),
        (Allocation(level="custom", shares=4000), Allocation(level="normal"), Status.UNKNOWN),
        (Allocation(limit=100), Allocation(level="low"), Status.FAIL),
        (LOST, Allocation(level="normal"), Status.UNKNOWN),
        (Allocation(level="normal"), LOST, Status.UNKNOWN),
    ],
)
def test_shares_count_as_far_as_every_pool_above_lets_them(outer: Any, inner: Any, status: Status) -> None:
    pools = [ROOT, pool("outer", "p1", cpu=outer), pool("inner", "outer", cpu=inner)]
    inside = but(cpu(level="normal"), pool="vc:inner")
    assert floor(inside, world(host(), *pools)).status is status
    assert floor(but(cpu(level="normal"), pool="vc:p1"), world(host(), *pools)).status is Status.PASS
    reserved = but(cpu(level="normal", reservation=1000), pool="vc:inner")
    assert floor(reserved, world(host(), *pools)).status is Status.PASS  # its part is its own, whatever the pools give


def test_the_pool_that_takes_its_part_away_is_named() -> None:
    low = pool("batch", "p1", cpu=Allocation(level="low"))
    found = floor(but(cpu(), pool="vc:batch"), world(host(), ROOT, low))
    assert found.reason == "its resource pool batch has low shares, and 0 MHz reserved, 1000 MHz is 10 % of its host"
    narrow = pool("batch", "p1", cpu=Allocation(limit=500))
    found = floor(but(cpu(), pool="vc:batch"), world(host(), ROOT, narrow))
    assert found.reason.startswith("the resource pool batch is limited to 500 MHz: ")


def test_shares_prove_nothing_when_a_pool_above_was_not_read() -> None:
    inner = pool("inner", "outer")
    assert floor(but(cpu(), pool="vc:inner"), world(host(), ROOT, inner)).status is Status.UNKNOWN
    assert floor(cpu(), world(host())).status is Status.UNKNOWN
    assert floor(lost(cpu(), "pool"), world(host(), ROOT)).status is Status.UNKNOWN
    circle = [pool("a", "b"), pool("b", "a")]
    assert floor(but(cpu(), pool="vc:a"), world(host(), *circle)).status is Status.UNKNOWN


def test_floor_holds_for_guests_that_are_off_and_not_for_templates() -> None:
    off = but(cpu(), power="poweredOff")
    assert floor(off, world(host(), profile=REPORT)).status is Status.FAIL
    assert floor(but(off, template=True), world(host(), profile=REPORT)).status is Status.NOT_APPLICABLE


def test_floor_has_exceptions_by_guest() -> None:
    limits = CpuLimits(exceptions=(CpuException(guest="db-*", reason="quiet", floor_percent=5),))
    context = world(host(), profile=REPORT, policy=Policy(limits=Limits(cpu=limits)))
    found = floor(but(cpu(reservation=500), name="db-1"), context)
    assert (found.status, found.policy) == (Status.PASS, "limits.cpu.exceptions")
    assert floor(but(cpu(reservation=500), name="web-1"), context).status is Status.FAIL


@pytest.mark.parametrize("fact", ["cpu", "host", "template"])
def test_floor_is_unknown_without_a_fact(fact: str) -> None:
    found = floor(lost(guest(), fact), world(host(), profile=REPORT))
    assert (found.status, found.reason) == (Status.UNKNOWN, str(LOST))
    assert any(e.unknown == str(LOST) for e in found.evidence)


def test_floor_is_unknown_without_the_hosts_size() -> None:
    assert floor(guest(), world(profile=REPORT)).status is Status.UNKNOWN
    assert floor(guest(), world(lost(host(), "hardware"), profile=REPORT)).status is Status.UNKNOWN
    assert floor(guest(), world(host(hardware=Hardware()), profile=REPORT)).status is Status.UNKNOWN
    assert floor(lost(cpu(level="custom", shares=1), "cpus"), world(host())).status is Status.UNKNOWN


# vm-cpu-limit-ceiling


@pytest.mark.parametrize(
    ("limit", "cpus", "status"),
    [
        (2000, 8, Status.PASS),
        (2001, 8, Status.FAIL),
        (None, 2, Status.PASS),
        (None, 3, Status.FAIL),
        (5000, 2, Status.PASS),
        (5000, 3, Status.FAIL),
    ],
)
def test_ceiling_by_limit_or_by_cpus(limit: int | None, cpus: int, status: Status) -> None:
    assert ceiling(but(cpu(limit=limit), cpus=cpus), world(host())).status is status


def test_ceiling_has_exceptions_and_does_not_judge_templates() -> None:
    limits = CpuLimits(exceptions=(CpuException(guest="db-*", reason="busy", ceiling_percent=50),))
    context = world(host(), policy=Policy(limits=Limits(cpu=limits)))
    assert ceiling(but(cpu(limit=5000), name="db-1", cpus=8), context).status is Status.PASS
    assert ceiling(but(cpu(limit=5001), name="db-1", cpus=8), context).status is Status.FAIL
    assert ceiling(but(cpu(), template=True), context).status is Status.NOT_APPLICABLE


@pytest.mark.parametrize("fact", ["cpu", "host", "template", "cpus"])
def test_ceiling_is_unknown_without_a_fact(fact: str) -> None:
    assert ceiling(lost(cpu(), fact), world(host())).status is Status.UNKNOWN


def test_ceiling_is_unknown_without_the_hosts_size() -> None:
    assert ceiling(guest(), world()).status is Status.UNKNOWN
    assert ceiling(guest(), world(lost(host(), "hardware"))).status is Status.UNKNOWN


# host-cpu-overcommit-dos


def full(*reserved: int, ha: bool = False) -> tuple[Host, list[Resource]]:
    """A host with one running guest for each reservation, and its equal neighbour in a cluster."""
    guests = [guest(f"g{i}", cpu=Allocation(reservation=r, limit=2000)) for i, r in enumerate(reserved)]
    one = host("h1", guests=tuple(g.name for g in guests))
    cluster = named(Cluster, "c1", ha=ha, hosts=("vc:h1", "vc:h2"))
    return one, [one, host("h2"), cluster, *guests]


@pytest.mark.parametrize(
    ("reserved", "ha", "status"),
    [
        ((5000, 5000), False, Status.PASS),
        ((5000, 5001), False, Status.FAIL),
        ((5000, 5000), True, Status.PASS),
        ((5000, 5001), True, Status.FAIL),
    ],
)
def test_reservations_fit_on_the_host(reserved: tuple[int, ...], ha: bool, status: Status) -> None:
    one, records = full(*reserved, ha=ha)
    assert overcommit(one, world(*records)).status is status


@pytest.mark.parametrize(
    ("cores", "there", "status"),
    [(10, 5000, Status.PASS), (10, 5001, Status.FAIL), (30, 5000, Status.PASS), (30, 5001, Status.FAIL)],
)
def test_ha_leaves_room_for_the_largest_host(cores: int, there: int, status: Status) -> None:
    """5,000 MHz are reserved on h1; without the largest host 10,000 MHz are left either way."""
    one, records = full(5000, ha=True)
    other = host("h2", guests=("far",), hardware=Hardware(cpu_mhz=1000, cores=cores))
    far = guest("far", on="h2", cpu=Allocation(reservation=there, limit=there))
    records = [other if r.name == "h2" else r for r in records]
    assert overcommit(one, world(*records, far)).status is status
    without = [but(r, ha=False) if isinstance(r, Cluster) else r for r in records]
    assert overcommit(one, world(*without, far)).status is Status.PASS


def test_a_host_in_maintenance_takes_nobody() -> None:
    """5,000 MHz are reserved on h1, and h2, which is as large, takes them if h1 fails: not while it is maintained."""
    one, records = full(5000, ha=True)
    assert overcommit(one, world(*records)).status is Status.PASS
    away = [but(r, maintenance=True) if r.name == "h2" else r for r in records]
    assert overcommit(one, world(*away)).status is Status.FAIL
    untold = [lost(r, "maintenance") if r.name == "h2" else r for r in records]
    assert overcommit(one, world(*untold)).status is Status.UNKNOWN


def test_a_cluster_of_one_host_has_nowhere_to_go() -> None:
    one, records = full(9000, ha=True)
    alone = [but(r, hosts=("vc:h1",)) if isinstance(r, Cluster) else r for r in records]
    assert overcommit(one, world(*alone)).status is Status.PASS


def test_guests_that_are_off_reserve_nothing() -> None:
    one, records = full(5000, 6000)
    off = [but(r, power="poweredOff") if isinstance(r, Guest) else r for r in records]
    assert overcommit(one, world(*off)).status is Status.PASS


@pytest.mark.parametrize(
    ("allocation", "status"),
    [
        (Allocation(limit=None, level="normal"), Status.PASS),
        (Allocation(limit=None, level="high"), Status.FAIL),
        (Allocation(limit=2000, level="high"), Status.PASS),
        (Allocation(limit=None, level="custom", shares=1001), Status.FAIL),
        (Allocation(limit=None, level="custom", shares=1000), Status.PASS),
    ],
)
def test_no_guest_can_starve_the_others(allocation: Allocation, status: Status) -> None:
    one, records = full(0)
    records = [but(r, cpu=allocation, power="poweredOff") if isinstance(r, Guest) else r for r in records]
    assert overcommit(one, world(*records)).status is status


@pytest.mark.parametrize("fact", ["guests", "hardware"])
def test_overcommit_is_unknown_without_a_fact_of_the_host(fact: str) -> None:
    one, records = full(100)
    assert overcommit(lost(one, fact), world(*records)).status is Status.UNKNOWN


@pytest.mark.parametrize("fact", ["cpu", "power"])
def test_overcommit_is_unknown_without_a_fact_of_a_guest(fact: str) -> None:
    one, records = full(100)
    records = [lost(r, fact) if isinstance(r, Guest) else r for r in records]
    assert overcommit(one, world(*records)).status is Status.UNKNOWN


def test_overcommit_is_unknown_when_a_guest_or_the_cluster_was_not_read() -> None:
    one, records = full(100, ha=True)
    assert overcommit(one, world(*records)).status is Status.PASS
    for missing in ("g0", "c1", "h2"):
        assert overcommit(one, world(*(r for r in records if r.name != missing))).status is Status.UNKNOWN
    without_ha = [lost(r, "ha") if isinstance(r, Cluster) else r for r in records]
    assert overcommit(one, world(*without_ha)).status is Status.UNKNOWN


def test_custom_shares_need_the_number_of_cpus() -> None:
    one, records = full(0)
    custom = Allocation(limit=None, level="custom", shares=500)
    records = [lost(but(r, cpu=custom), "cpus") if isinstance(r, Guest) else r for r in records]
    assert overcommit(one, world(*records)).status is Status.UNKNOWN


def test_a_proven_failure_stays_one_beside_an_unknown() -> None:
    one, records = full(1, 1)
    greedy = but(records[3], cpu=Allocation(level="high"))
    records = [greedy, *(lost(r, "cpu") if r.name == "g1" else r for r in records if r.name != "g0")]
    assert overcommit(one, world(*records)).status is Status.FAIL


def test_many_guests_are_named_five_and_counted() -> None:
    greedy = Allocation(level="high")
    guests = [guest(f"g{i:02}", cpu=greedy) for i in range(12)]
    one = host(guests=tuple(g.name for g in guests), cluster="")
    found = overcommit(one, world(one, *guests))
    assert found.reason.endswith("g00, g01, g02, g03, g04 and 7 more")
    assert len(found.evidence) < 40
