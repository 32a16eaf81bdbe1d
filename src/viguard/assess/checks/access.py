"""Who manages the estate, and with what. Source: report, Hosts, "Security"; "Virtual Datacenter and Clusters"."""

from __future__ import annotations

from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from ipaddress import ip_address

from viguard.assess.context import Context
from viguard.assess.kind import expect
from viguard.assess.tally import Tally, about, listed
from viguard.assess.verdict import Verdict, not_applicable, unknown
from viguard.model.access import Access, Account, Event, Permission
from viguard.model.facts import Resource, Unknown
from viguard.model.host import Host
from viguard.model.result import Evidence
from viguard.model.server import Cluster, Server
from viguard.model.text import plural
from viguard.policy.rights import HostsByCredential, Rights, global_permissions, who

WINDOW = timedelta(hours=24)
LOGIN = "UserLoginSessionEvent"
SUPERUSERS = frozenset({"root", "administrator"})
PRODUCT_ACCOUNTS = frozenset({"vpxuser", "dcui"})
"""Accounts that a host makes for itself: vCenter's agent and the console. They cannot work with less."""


def custom_roles(subject: Resource, context: Context) -> Verdict:
    """Nobody but the break-glass accounts is Administrator of everything, and some purpose-made role is in use.

    Administrator of everything: that role, or one with all its privileges, on the root folder and below it. A host's
    own accounts (vpxuser, dcui) do not count.
    """
    access = _access(subject, context)
    if isinstance(access, Verdict):
        return access
    if isinstance(access.permissions, Unknown):
        return unknown(access.permissions, about(context, access, "permissions"))
    tally = Tally("approved.break_glass")
    held = [f"{p.principal}: role {p.role_id}" for p in access.permissions]
    tally.see(about(context, access, "permissions", held[:20]))
    _judge_administrators(access.permissions, access, context, tally)
    _judge_use(access.permissions, access, context, tally)
    if untold := global_permissions(context.inventory.get(Server, access.server)):
        tally.miss(untold)
    return tally.verdict()


def root_use(subject: Resource, context: Context) -> Verdict:
    """Nobody logged in as root or Administrator in the 24 hours before the estate was read, nor uses a session.

    Logins from the host itself are also how its services work, so they leave the answer open. Servers drop events, and
    some record none: the events must reach back 24 hours, and the login of the collection itself must be among them.
    """
    access = _access(subject, context)
    if isinstance(access, Verdict):
        return access
    if isinstance(access.events, Unknown):
        return unknown(access.events, about(context, access, "events"))
    start = context.inventory.read_at - WINDOW
    tally = Tally()
    if access.events_since is None or access.events_since > start:
        tally.miss("the events that were read do not cover 24 hours")
    else:
        tally.see(about(context, access, "events", access.events_since.isoformat(), part=".since"))
    if not access.own_login:
        tally.miss("viguard's own login is not among the events: the server may not record logins")
    _judge_sessions(access, context, start, tally)
    logins = [e for e in access.events if e.type == LOGIN and e.at >= start and _local_part(e.user) in SUPERUSERS]
    people = [e for e in logins if not _loopback(e.address)]
    if people:
        names = listed(dict.fromkeys(f"{e.user} from {e.address or 'an address not told'}" for e in people))
        tally.fail(f"{plural(len(people), 'login')}: {names}", *(_login(e, access, context) for e in people))
    elif logins:
        why = f"{plural(len(logins), 'login')} of {listed({e.user for e in logins})} from the host itself"
        tally.miss(f"{why}: a service or a person", *(_login(e, access, context) for e in logins))
    return tally.verdict("no login of root or Administrator in 24 hours")


def blast_radius(subject: Resource, context: Context) -> Verdict:
    """One credential does not administer more hosts than ``limits.hosts_per_credential``.

    Undecided: not beyond one cluster. A cluster cannot be run in parts, so that is the least that one credential must
    reach; the report warns of datacenters and clusters because one password opens more than that. A domain account
    counts with its hosts at every server; the same local name at two servers is two credentials.
    """
    if isinstance(subject, Server):
        return _for_server(subject, context)
    account = expect(Account, subject)
    index = context.index(HostsByCredential)
    hosts = index.of(account.name, account.server)
    tally = Tally("limits.hosts_per_credential")
    access = context.inventory.access.get(account.server)
    if access is None:
        return unknown("who may access its server was not read")
    tally.see(about(context, access, "permissions", [h.name for h in hosts[:20]], part="[hosts administered]"))
    allowed = context.policy.limits.hosts_per_credential
    if allowed is not None and len(hosts) > allowed:
        tally.fail(f"it administers {len(hosts)} hosts, {allowed} may be: {listed(h.name for h in hosts)}")
    units = dict.fromkeys(_unit(h, context) for h in hosts)
    if allowed is None and len(units) > 1:
        tally.fail(f"it administers {len(hosts)} hosts in {len(units)} clusters: {listed(units)}")
    for why in index.unsure(account.name, account.server):
        tally.miss(why)
    return tally.verdict(f"it administers {plural(len(hosts), 'host')}")


def _access(subject: Resource, context: Context) -> Access | Verdict:
    """What the server that the subject is says of access to it; a host under a vCenter is judged there."""
    server = subject if isinstance(subject, Server) else context.inventory.get(Server, expect(Host, subject).server)
    if server is None or isinstance(server.product, Unknown):
        return unknown("which kind of server it was read from is not known")
    if isinstance(subject, Host) and server.is_vcenter:
        return not_applicable("managed through its vCenter, which is judged", about(context, server, "product"))
    return context.inventory.access.get(server.id) or unknown("who may access this server was not read")


def _judge_administrators(held: tuple[Permission, ...], access: Access, context: Context, tally: Tally) -> None:
    rights = context.index(Rights)
    mighty: list[str] = []
    for permission in held:
        if not permission.propagate or _exempt(permission, context):
            continue
        able = rights.is_administrator(access.server, permission.role_id)
        if able is False:
            continue
        if permission.entity not in context.inventory.by_id:
            tally.miss("the object of a permission was not read")
        elif rights.is_root(permission.entity) and isinstance(able, Unknown):
            tally.miss(able)
        elif rights.is_root(permission.entity):
            mighty.append(permission.principal)
    if mighty:
        evidence = about(context, access, "permissions", mighty[:20], part="[Administrator at the root]")
        tally.fail(f"Administrator of everything: {listed(mighty)}", evidence)


def _judge_use(held: tuple[Permission, ...], access: Access, context: Context, tally: Tally) -> None:
    roles = [context.inventory.roles.get((access.server, p.role_id)) for p in held if p.role_id >= 0]
    if any(r is not None and not r.system for r in roles):
        return
    if any(r is None for r in roles):
        tally.miss("a role in use was not read")
    else:
        tally.fail("no purpose-made role is in use")


def _exempt(permission: Permission, context: Context) -> bool:
    name = who(permission.principal)
    approved = any(fnmatchcase(name, who(pattern)) for pattern in context.policy.approved.break_glass)
    return approved or name in PRODUCT_ACCOUNTS


def _judge_sessions(access: Access, context: Context, start: datetime, tally: Tally) -> None:
    """Sessions of a superuser that did something in the window; one that tells no time may have.

    Servers tell the address of a session from API 5.0 on; without it the session may be the host's own.
    """
    if isinstance(access.sessions, Unknown):
        tally.miss(access.sessions, about(context, access, "sessions"))
        return
    used = [s for s in access.sessions if _local_part(s.user) in SUPERUSERS]
    used = [s for s in used if s.active_at is None or s.active_at >= start]
    people = [s for s in used if s.address and not _loopback(s.address)]
    tally.see(about(context, access, "sessions", len(access.sessions), part=".count"))
    if people:
        names = listed(dict.fromkeys(f"{s.user} from {s.address}" for s in people))
        tally.fail(f"{plural(len(people), 'session')} in use: {names}", about(context, access, "sessions", names))
    elif used:
        why = "a session from the host itself, or from where is not told, is in use: a service or a person"
        tally.miss(why, about(context, access, "sessions", len(used), part=".count"))


def _login(event: Event, access: Access, context: Context) -> Evidence:
    return about(context, access, "events", f"{event.user} {event.address} {event.at.isoformat()}")


def _local_part(user: str) -> str:
    return who(user).partition("@")[0]


def _loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def _unit(host: Host, context: Context) -> str:
    cluster = context.inventory.get(Cluster, host.cluster)
    return cluster.path if cluster and not cluster.lone else host.path


def _for_server(server: Server, context: Context) -> Verdict:
    access = context.inventory.access.get(server.id)
    if access is None:
        return unknown("who may access this server was not read")
    if isinstance(access.permissions, Unknown):
        return unknown(access.permissions, about(context, access, "permissions"))
    return not_applicable("judged for each account that it knows", about(context, access, "permissions", "read"))
