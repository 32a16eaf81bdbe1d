"""CPU shares: what a guest's own are worth, and what the resource pools above it leave of them."""

from __future__ import annotations

from viguard.assess.context import Context
from viguard.assess.tally import Tally, about, listed
from viguard.model.facts import Struct, Unknown
from viguard.model.guest import Guest
from viguard.model.resources import Allocation
from viguard.model.result import Evidence
from viguard.model.server import ResourcePool

NORMAL_SHARES = 1000
"""Shares per virtual CPU at level normal. Source: vim.SharesInfo."""


def fair(guest: Guest, allocation: Allocation, context: Context, tally: Tally) -> bool:
    """Whether the shares are worth normal ones or more. Where that was not read, the tally misses it: False."""
    evidence = context.evidence(guest, "cpu", allocation.level, part=".shares.level")
    tally.see(evidence)
    if allocation.level != "custom":
        return allocation.level in ("normal", "high")
    if isinstance(guest.cpus, Unknown):
        tally.miss(guest.cpus, context.evidence(guest, "cpus"))
        return False
    return allocation.shares >= NORMAL_SHARES * guest.cpus


class Pools(Struct, frozen=True, kw_only=True):
    """The pools above a guest: ``low`` one with low shares, ``doubts`` why the others may hold its part or not."""

    low: str = ""
    doubts: tuple[Unknown | str, ...] = ()
    evidence: tuple[Evidence, ...] = ()


def pools_above(guest: Guest, context: Context) -> Pools:
    """What the pools from the guest up to the root leave of its shares."""
    low, above = "", guest.pool
    doubts: list[Unknown | str] = []
    evidence: list[Evidence] = []
    seen: set[str] = set()
    while isinstance(above, str):
        pool = None if above in seen else context.inventory.get(ResourcePool, above)
        seen.add(above)
        if pool is None:
            doubts.append("a resource pool above it was not read")
            break
        if pool.cluster and pool.parent == pool.cluster:
            break  # the root: all of the cluster or host
        evidence.append(about(context, pool, "cpu"))
        low = low or (pool.name if isinstance(pool.cpu, Allocation) and pool.cpu.level == "low" else "")
        doubts += _doubts(pool)
        above = pool.parent
    if not isinstance(guest.pool, str):
        doubts.append(guest.pool or "it is in no resource pool")
        evidence.append(context.evidence(guest, "pool"))
    return Pools(low=low, doubts=tuple(doubts), evidence=tuple(evidence))


def _doubts(pool: ResourcePool) -> list[Unknown | str]:
    name = listed([pool.name])
    if isinstance(pool.cpu, Unknown):
        return [pool.cpu]
    limit = [] if pool.cpu.limit is None else [f"the resource pool {name} is limited to {pool.cpu.limit} MHz"]
    custom = [f"the resource pool {name} has custom shares"] if pool.cpu.level == "custom" else []
    return [*limit, *custom]
