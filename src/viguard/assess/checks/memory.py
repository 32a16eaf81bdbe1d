"""Memory that a guest may take from its host. Source: report, "VM security": denial of service, resource allocation."""

from __future__ import annotations

from viguard.assess.context import Context
from viguard.assess.kind import expect, host_of, not_read
from viguard.assess.tally import Tally, about
from viguard.assess.verdict import Verdict, not_applicable, unknown
from viguard.model.facts import Resource, Unknown
from viguard.model.guest import Guest
from viguard.model.host import Hardware, Host
from viguard.model.resources import Allocation

NORMAL_SHARES = 10
"""Shares per MiB of configured memory at level normal. Source: vim.SharesInfo."""


def limit_shares(subject: Resource, context: Context) -> Verdict:
    """A guest cannot exhaust its host's memory: no more than normal shares, and less memory than the host has.

    A guest never takes more than its configured memory, so an unlimited guest is bounded by that; what fails is one
    whose bound reaches the memory of its host, and one whose shares push the others out (high, or custom above normal).
    """
    guest = expect(Guest, subject)
    if isinstance(guest.template, Unknown):
        return unknown(guest.template, context.evidence(guest, "template"))
    if guest.template:
        return not_applicable("a template does not run", context.evidence(guest, "template"))
    tally = Tally()
    size, allocation = guest.memory_mib, guest.memory
    if isinstance(size, Unknown):
        tally.miss(size, context.evidence(guest, "memory_mib"))
    else:
        tally.see(context.evidence(guest, "memory_mib"))
    if isinstance(allocation, Unknown):
        tally.miss(allocation, context.evidence(guest, "memory"))
    else:
        _judge_shares(guest, allocation, context, tally)
    if isinstance(size, int) and isinstance(allocation, Allocation):
        bound = size if allocation.limit is None else min(size, allocation.limit)
        _judge_bound(guest, bound, context, tally)
    return tally.verdict()


def _judge_shares(guest: Guest, allocation: Allocation, context: Context, tally: Tally) -> None:
    evidence = context.evidence(guest, "memory", allocation.level, part=".shares.level")
    custom = allocation.level == "custom" and isinstance(guest.memory_mib, int)
    above = custom and isinstance(guest.memory_mib, int) and allocation.shares > NORMAL_SHARES * guest.memory_mib
    if allocation.level == "high" or above:
        tally.fail(f"memory shares are {allocation.level} and push other guests out", evidence)
    else:
        tally.see(evidence)


def _judge_bound(guest: Guest, bound_mib: int, context: Context, tally: Tally) -> None:
    host = host_of(guest, context)
    if isinstance(host, Unknown):
        tally.miss(host, context.evidence(guest, "host", host))
        return
    memory = _memory_mib(host)
    if isinstance(memory, Unknown):
        tally.miss(memory, about(context, host, "hardware", memory))
        return
    evidence = about(context, host, "hardware", memory, part=" (MiB)")
    if bound_mib >= memory:
        tally.fail(f"it may take {bound_mib} MiB, its host has {memory} MiB", evidence)
    else:
        tally.see(evidence)


def _memory_mib(host: Host) -> int | Unknown:
    hardware = host.hardware
    if isinstance(hardware, Hardware) and hardware.memory_bytes > 0:
        return hardware.memory_bytes // 2**20
    return hardware if isinstance(hardware, Unknown) else not_read("the memory of the host is not told")
