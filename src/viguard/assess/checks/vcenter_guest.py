"""The guest that a vCenter runs on. Source: report, "Virtual Center/vCenter security"."""

from __future__ import annotations

from fnmatch import fnmatchcase

from viguard.assess.context import Context
from viguard.assess.kind import expect
from viguard.assess.tally import Tally, about, listed
from viguard.assess.verdict import Verdict, not_applicable, unknown
from viguard.model.facts import Resource, Unknown
from viguard.model.guest import Guest
from viguard.model.server import Product, Server
from viguard.policy.policy import Purpose
from viguard.policy.rights import Rights, global_permissions, who
from viguard.policy.running_on import GuestNames
from viguard.policy.zones import Zones


def access_limited(subject: Resource, context: Context) -> Verdict:
    """Only approved people can do more than look at the guest that runs the vCenter, and it is in a management zone.

    The guest is found by the vCenter's address or name, whichever server of the estate lists it. The break-glass
    accounts are approved too. A vCenter on hardware, or one that no guest can be matched with, is unknown.
    """
    server = expect(Server, subject)
    if isinstance(server.product, Product) and not server.is_vcenter:
        return not_applicable("a host, not a vCenter", context.evidence(server, "product", server.product.line))
    guests = context.index(GuestNames).running(server)
    told = context.evidence(server, "url")
    if len(guests) != 1:
        why = f"several guests match it: {listed(g.name for g in guests)}" if guests else "no guest matches its address"
        return unknown(why, told)
    guest = guests[0]
    tally = Tally("approved.vcenter_principals")
    tally.see(told, about(context, guest, "host_name"))
    _judge_principals(guest, context, tally)
    _judge_zone(guest, context, tally)
    return tally.verdict(f"runs on {listed([guest.name])}")


def _judge_principals(guest: Guest, context: Context, tally: Tally) -> None:
    approved = context.policy.approved
    access = context.inventory.access.get(guest.server)
    if access is None or isinstance(access.permissions, Unknown):
        tally.miss("who may access its server was not read" if access is None else str(access.permissions))
        return
    held = context.index(Rights).on(guest)
    if isinstance(held, Unknown):
        tally.miss(held)
        return
    if untold := global_permissions(context.inventory.get(Server, guest.server)):
        tally.miss(untold)
    people: dict[str, None] = {}
    for permission in held:
        able = context.index(Rights).may_more_than_read(guest.server, permission.role_id)
        if isinstance(able, Unknown):
            tally.miss(able)
        elif able:
            people[permission.principal] = None
    tally.see(about(context, access, "permissions", list(people)[:20], part="[more than read-only]"))
    if approved.vcenter_principals is None:
        tally.miss("the policy does not say who may manage the vCenter's guest")
        return
    wanted = [who(p) for p in (*approved.vcenter_principals, *approved.break_glass)]
    extra = [p for p in people if not any(fnmatchcase(who(p), pattern) for pattern in wanted)]
    if extra:
        tally.fail(f"not approved, and can do more than look: {listed(extra)}")


def _judge_zone(guest: Guest, context: Context, tally: Tally) -> None:
    zones = context.index(Zones)
    if not zones.having(Purpose.MANAGEMENT):
        tally.miss("the policy names no zone for management")
        return
    if isinstance(guest.nics, Unknown):
        tally.miss(guest.nics, about(context, guest, "nics"))
        return
    for nic in guest.nics:
        found = zones.of_nic(guest, nic)
        wrong = [z for z in found.zones if zones.purpose(z) is not Purpose.MANAGEMENT]
        tally.see(about(context, guest, "nics", list(found.zones), part=f"[{nic.key}].zones"))
        if wrong:
            tally.fail(f"{listed([nic.label or str(nic.key)])} is in {listed(wrong)}, which is not for management")
        for why in found.unread:
            tally.miss(why)
        if not found.zones and found.certain:
            tally.fail(f"{listed([nic.label or str(nic.key)])} is in no zone for management")
    if not guest.nics:
        tally.miss("it has no NIC, so it may not be the guest that answers")
