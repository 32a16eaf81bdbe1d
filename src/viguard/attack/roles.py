"""Accounts, their roles, and what each role lets its holder do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from viguard.attack import console
from viguard.attack.estate import Estate
from viguard.attack.graph import Edge, NodeKind, Seen
from viguard.model.access import ADMIN_ROLE, Permission
from viguard.model.facts import Unknown
from viguard.model.guest import Guest
from viguard.model.host import Host
from viguard.policy.rights import POWERLESS_ROLES, credential, global_permissions

GRANTS = "Authorization.ModifyPermissions"
ATTACHES = "VirtualMachine.Config.AddExistingDisk"
RUNS = "VirtualMachine.GuestOperations.Execute"


def edges(estate: Estate) -> Iterator[Edge]:
    """From an account to its roles, and from a role to vCenters, hosts and guests."""
    roots: dict[str, list[Permission]] = defaultdict(list)
    for server, access in estate.inventory.access.items():
        if isinstance(access.permissions, Unknown):
            estate.notes[f"who may do what on {access.name}: {access.permissions}"] = None
            continue
        for permission in access.permissions:
            if permission.role_id in POWERLESS_ROLES:
                continue
            account = estate.credential(credential(permission.principal, server))
            told = _told(estate, server, permission)
            on = f"{server}/{permission.entity}/{permission.principal}"
            yield Edge("holds", account, _role(estate, server, permission), (told,), on=on)
            if estate.rights.is_root(permission.entity):
                roots[server].append(permission)
    for vcenter in estate.vcenters:
        if untold := global_permissions(vcenter):
            estate.notes[f"{vcenter.name}: {untold}"] = None
        for permission in roots[vcenter.id]:
            yield from _root(estate, vcenter.id, permission)
    for host in estate.inventory.hosts:
        yield from _host(estate, host)
    for guest in estate.machines:
        yield from _guest(estate, guest)


def _role(estate: Estate, server: str, permission: Permission) -> str:
    role = estate.inventory.roles.get((server, permission.role_id))
    entity = estate.inventory.by_id.get(permission.entity)
    name = f"{role.name if role else permission.role_id} on {entity.name if entity else permission.entity}"
    return estate.node(NodeKind.ROLE, f"role:{server}:{permission.role_id}:{permission.entity}", name)


def _told(estate: Estate, server: str, permission: Permission) -> Seen:
    entity = estate.inventory.by_id.get(permission.entity)
    text = f"{permission.principal}: role {permission.role_id} on {entity.name if entity else permission.entity}"
    return estate.seen(estate.inventory.access[server], "permissions", text)


def _privileges(estate: Estate, server: str, role_id: int) -> tuple[frozenset[str] | None, tuple[Seen, ...]]:
    """The privileges of a role and where that stands; None: all of them, Administrator's."""
    if role_id == ADMIN_ROLE:
        return None, ()
    role = estate.inventory.roles.get((server, role_id))
    if role is None or isinstance(role.privileges, Unknown):
        estate.notes["a role in use was not read"] = None
        return frozenset(), ()
    return frozenset(role.privileges), (estate.seen(role, "privileges", f"{role.name}: {len(role.privileges)}"),)


def _root(estate: Estate, server: str, permission: Permission) -> Iterator[Edge]:
    held, facts = _privileges(estate, server, permission.role_id)
    facts = (_told(estate, server, permission), *facts)
    ends = (_role(estate, server, permission), server)
    on = f"{server}/{permission.role_id}"
    if held is None:  # Administrator itself cannot be changed: take it away
        yield Edge("administers", *ends, facts)
    elif GRANTS in held:
        yield Edge("escalates", *ends, facts, on=on)


def _host(estate: Estate, host: Host) -> Iterator[Edge]:
    permissions = estate.rights.on(host)
    if isinstance(permissions, Unknown):
        estate.notes[f"who may do what on {host.name}: {permissions}"] = None
        return
    for permission in permissions:
        if permission.role_id in POWERLESS_ROLES:
            continue
        held, facts = _privileges(estate, host.server, permission.role_id)
        if held is None or any(p.startswith("Host.Config.") for p in held):
            facts = (_told(estate, host.server, permission), *facts)
            on = "" if held is None else f"{host.server}/{permission.role_id}"
            yield Edge("configures", _role(estate, host.server, permission), estate.at(host), facts, on=on)


def _guest(estate: Estate, guest: Guest) -> Iterator[Edge]:
    permissions = estate.rights.on(guest)
    if isinstance(permissions, Unknown):
        estate.notes[f"who may do what on {guest.name}: {permissions}"] = None
        return
    pool = (estate.seen(guest, "pool", guest.pool),)
    for permission in permissions:
        if permission.role_id in POWERLESS_ROLES:
            continue
        held, facts = _privileges(estate, guest.server, permission.role_id)
        facts = (_told(estate, guest.server, permission), *facts, *pool)
        node = _role(estate, guest.server, permission)
        on = "" if held is None else f"{guest.server}/{permission.role_id}"
        if held is None or ATTACHES in held:
            yield Edge("reconfigures", node, estate.at(guest), facts, on=on)
        if guest.template is True:
            continue
        if held is None or RUNS in held:
            missing = ("whether an attacker has a password of the guest",)
            yield Edge("guest_operations", node, estate.at(guest), facts, missing, on=on)
        yield from console.edges(estate, guest, console.Holder(node, held, facts, on))
