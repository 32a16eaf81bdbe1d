"""CPU and memory that guests are sure of, and may take."""

from __future__ import annotations

from typing import Any

import pytest
from pyVmomi import vim

from tests.acceptance.plant.harness import Bench, proves

pytestmark = pytest.mark.real("lab")


def shares(level: str, number: int = 0) -> Any:
    return vim.SharesInfo(level=level, shares=number)


@proves("vm-cpu-reservation-floor")
def test_no_cpu_reserved(main: Bench) -> None:
    def reserve(mhz: int) -> None:
        main.reconfigure("www1", cpuAllocation=vim.ResourceAllocationInfo(reservation=mhz))

    healthy = main.guest("www1").config.cpuAllocation.reservation
    main.check({"vm-cpu-reservation-floor": ["www1"]}, plant=lambda: reserve(0), mend=lambda: reserve(healthy))


@proves("vm-cpu-reservation-floor")
def test_neither_shares_nor_reservation(today: Bench) -> None:
    healthy = today.guest("www1").config.cpuAllocation

    def give(allocation: Any) -> None:
        today.reconfigure("www1", cpuAllocation=allocation)

    low = vim.ResourceAllocationInfo(reservation=0, shares=shares("low", 500))
    today.check({"vm-cpu-reservation-floor": ["www1"]}, plant=lambda: give(low), mend=lambda: give(healthy))


@proves("vm-cpu-limit-ceiling")
def test_four_unlimited_processors(main: Bench) -> None:
    healthy = main.guest("log1").config.cpuAllocation.limit  # two processors, a quarter of the host
    main.check(
        {"vm-cpu-limit-ceiling": ["log1"]},
        plant=lambda: main.reconfigure("log1", cpuAllocation=vim.ResourceAllocationInfo(limit=-1)),
        mend=lambda: main.reconfigure("log1", cpuAllocation=vim.ResourceAllocationInfo(limit=healthy)),
    )


@proves("vm-mem-limit-shares")
def test_high_memory_shares(main: Bench) -> None:
    healthy = main.guest("www1").config.memoryAllocation
    main.check(
        {"vm-mem-limit-shares": ["www1"]},
        plant=lambda: main.reconfigure(
            "www1", memoryAllocation=vim.ResourceAllocationInfo(shares=shares("high", 20480))
        ),
        mend=lambda: main.reconfigure("www1", memoryAllocation=healthy),
    )


@proves("host-cpu-overcommit-dos")
def test_greedy_guest(four: Bench) -> None:
    healthy = four.guest("vs-linux1").config.cpuAllocation
    greedy = vim.ResourceAllocationInfo(limit=-1, shares=shares("high", 2000))  # one processor: below its ceiling
    four.check(
        {"host-cpu-overcommit-dos": ["esxblade11.fw.belnet.be"]},
        plant=lambda: four.reconfigure("vs-linux1", cpuAllocation=greedy),
        mend=lambda: four.reconfigure("vs-linux1", cpuAllocation=healthy),
    )


@proves("host-cpu-overcommit-dos")
def test_reserved_beyond_what_is_left_when_a_host_fails(four: Bench) -> None:
    def reserve(mhz: int) -> None:
        four.reconfigure("vs-linux1", cpuAllocation=vim.ResourceAllocationInfo(reservation=mhz))

    healthy = four.guest("vs-linux1").config.cpuAllocation.reservation
    four.check(
        {"host-cpu-overcommit-dos": ["esxblade11.fw.belnet.be", "esxblade12.fw.belnet.be"]},  # one cluster
        plant=lambda: reserve(20000),
        mend=lambda: reserve(healthy),
    )
