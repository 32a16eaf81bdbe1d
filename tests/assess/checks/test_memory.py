"""vm-mem-limit-shares. A host has 65,536 MiB."""

from __future__ import annotations

import pytest

from tests.assess.checks.estate import but, guest, host, lost, world
from viguard.assess.checks.memory import limit_shares
from viguard.model.host import Hardware
from viguard.model.resources import Allocation
from viguard.model.result import Status


@pytest.mark.parametrize(
    ("allocation", "size", "status"),
    [
        (Allocation(level="normal"), 1024, Status.PASS),
        (Allocation(level="low"), 1024, Status.PASS),
        (Allocation(level="high"), 1024, Status.FAIL),
        (Allocation(level="custom", shares=10_240), 1024, Status.PASS),
        (Allocation(level="custom", shares=10_241), 1024, Status.FAIL),
        (Allocation(level="normal"), 65_535, Status.PASS),
        (Allocation(level="normal"), 65_536, Status.FAIL),
        (Allocation(level="normal", limit=4096), 65_536, Status.PASS),
    ],
)
def test_shares_and_bound(allocation: Allocation, size: int, status: Status) -> None:
    assert limit_shares(guest(memory=allocation, memory_mib=size), world(host())).status is status


def test_a_template_is_not_judged() -> None:
    assert limit_shares(but(guest(), template=True), world(host())).status is Status.NOT_APPLICABLE


@pytest.mark.parametrize("fact", ["memory", "memory_mib", "host", "template"])
def test_unknown_without_a_fact(fact: str) -> None:
    assert limit_shares(lost(guest(), fact), world(host())).status is Status.UNKNOWN


def test_unknown_without_the_hosts_memory() -> None:
    assert limit_shares(guest(), world()).status is Status.UNKNOWN
    assert limit_shares(guest(), world(lost(host(), "hardware"))).status is Status.UNKNOWN
    assert limit_shares(guest(), world(host(hardware=Hardware()))).status is Status.UNKNOWN


def test_a_proven_failure_stays_one_beside_an_unknown() -> None:
    bad = lost(guest(memory=Allocation(level="high")), "memory_mib")
    assert limit_shares(bad, world(host())).status is Status.FAIL
