"""The guest that a vCenter runs on. Source: report, "Virtual Center/vCenter security"."""

from __future__ import annotations

from collections import defaultdict
from fnmatch import fnmatchcase
from ipaddress import ip_address
from urllib.parse import urlsplit

from viguard.assess.context import Context
from viguard.assess.kind import expect
from viguard.assess.rights import Rights, global_permissions, who
from viguard.assess.tally import Tally, about, listed
from viguard.assess.verdict import Verdict, not_applicable, unknown
from viguard.model.facts import Resource, Settings, Unknown
from viguard.model.guest import Guest
from viguard.model.inventory import Inventory
from viguard.model.server import Product, Server
from viguard.policy.policy import Policy, Purpose
from viguard.policy.zones import Zones

NAMES = (
    "VirtualCenter.FQDN",
    "VirtualCenter.ManagedIP",
    "VirtualCenter.InstanceName",
    "VirtualCenter.VimApiUrl",
    "config.vpxd.hostnameUrl",
)
"""Settings of a vCenter that tell its own name or address."""


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


class GuestNames:
    """Guests by what a server may be known by: address, host name, own name; the surest first."""

    def __init__(self, inventory: Inventory, _policy: Policy) -> None:
        self._by: tuple[dict[str, list[Guest]], ...] = tuple(defaultdict(list) for _ in range(4))
        addresses, full, names, short = self._by
        for guest in inventory.guests:
            for nic in guest.addresses if isinstance(guest.addresses, tuple) else ():
                for address in nic.addresses:
                    addresses[address.partition("/")[0]].append(guest)
            if isinstance(guest.host_name, str) and guest.host_name:
                full[guest.host_name.casefold()].append(guest)
            names[guest.name.casefold()].append(guest)
            short[guest.name.casefold().partition(".")[0]].append(guest)

    def running(self, server: Server) -> list[Guest]:
        """The guests that a server may run on, by the surest kind of name that finds any."""
        known = _known_as(server)
        for kind, table in enumerate(self._by):
            keys = (k.partition(".")[0] for k in known if not _is_address(k)) if kind == len(self._by) - 1 else known
            found = {g.id: g for key in keys for g in table.get(key, ())}
            if found:
                return list(found.values())
        return []


def _known_as(server: Server) -> list[str]:
    texts = [server.url, server.name]
    if isinstance(server.settings, Settings):
        texts += [str(server.settings.values[key]) for key in NAMES if server.settings.values.get(key)]
    names = [_host_part(text) for text in texts]
    return list(dict.fromkeys(n for n in names if n and n != "localhost" and not _loopback(n)))


def _host_part(text: str) -> str:
    try:
        return (urlsplit(text if "//" in text else f"//{text}").hostname or "").casefold()
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    try:
        return bool(ip_address(name))
    except ValueError:
        return False


def _loopback(name: str) -> bool:
    return _is_address(name) and ip_address(name).is_loopback


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
