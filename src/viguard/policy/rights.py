"""Who may do what where: permissions of a server brought down to one object."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from viguard.model.access import ADMIN_ROLE, Permission
from viguard.model.facts import Fact, Reason, Resource, Unknown
from viguard.model.guest import Guest
from viguard.model.host import Host
from viguard.model.inventory import Inventory
from viguard.model.server import Cluster, Datacenter, Folder, Product, ResourcePool, Server
from viguard.policy.policy import Policy

READ_ONLY = frozenset({"System.Anonymous", "System.View", "System.Read"})
"""What the role read-only holds, as far as every version goes."""

POWERLESS_ROLES = frozenset({-5, -4, -3, -2})
"""No access, anonymous, view, read-only. Source: vim.AuthorizationManager, system roles."""

LOCAL_DOMAINS = frozenset({"vsphere.local", "system-domain", "localos"})
"""Domains that exist once per server: the same name at two servers is not the same credential."""

DEEPEST = 64
"""No inventory nests deeper; ends a circle in hostile data."""

GLOBAL_SINCE = 6
"""vCenters from this version on have global permissions beside those on objects."""

NO_ROLE = Unknown(reason=Reason.NOT_READ, detail="a role in use was not read")
NO_PARENT = Unknown(reason=Reason.NOT_READ, detail="a folder or cluster above it was not read")

Held = Mapping[str, Permission]
"""The permission that counts, by principal as ``who`` writes it."""


def who(principal: str) -> str:
    r"""One spelling of a principal: ``DOMAIN\user`` and ``user@domain`` alike, small letters."""
    domain, slash, name = principal.partition("\\")
    return (f"{name}@{domain}" if slash else principal).casefold()


def credential(principal: str, server: str) -> str:
    """What a principal logs in with: the same for a domain account at any server, else of this server only."""
    spelled = who(principal)
    domain = spelled.rpartition("@")[2] if "@" in spelled else ""
    return spelled if domain and domain not in LOCAL_DOMAINS else f"{spelled} at {server}"


def global_permissions(server: Server | None) -> str:
    """Why nobody knows who has global permissions at a server, or "" where there are none.

    They are kept by the single sign-on of vCenter 6.0 and later, not by the vSphere API: AuthorizationManager tells the
    permissions on objects only. So a failure that those prove stands, and a pass cannot be shown.
    """
    if server is None or not isinstance(server.product, Product):
        return "whether its server has global permissions is not known"
    if not server.is_vcenter:
        return ""
    told = (server.product.api_version or server.product.version).partition(".")[0]
    if told.isdecimal() and int(told) < GLOBAL_SINCE:
        return ""
    return "global permissions are not in the vSphere API; look at Administration, Global Permissions"


class Rights:
    """Permissions of every server, inherited. Made once per estate."""

    def __init__(self, inventory: Inventory, _policy: Policy) -> None:
        self._inventory = inventory
        self._own: dict[str, dict[str, Permission]] = defaultdict(dict)
        for access in inventory.access.values():
            for permission in access.permissions if isinstance(access.permissions, tuple) else ():
                self._own[permission.entity][_key(permission)] = permission
        self._roots = {f.server: f.id for f in reversed(inventory.all(Folder)) if not f.parent}
        self._below: dict[str, Fact[Held]] = {}

    def is_root(self, entity: str) -> bool:
        """Whether an entity is the root folder of its server."""
        return entity in self._roots.values()

    def on(self, resource: Resource) -> Fact[list[Permission]]:
        """The permissions that count on a guest or host: the nearest of each principal, through every parent."""
        if isinstance(resource, Guest) and isinstance(resource.pool, Unknown):
            return resource.pool
        found: dict[tuple[str, Permission], None] = {}
        for parent in self._parents(resource):
            above = self._inherited(parent, 0)
            if isinstance(above, Unknown):
                return above
            for name, permission in {**above, **self._own.get(resource.id, {})}.items():
                found[name, permission] = None
        return [permission for _, permission in found]

    def privileges(self, server: str, role_id: int) -> Fact[frozenset[str]]:
        """The privileges of a role. The administrator's are whatever its server lists for it."""
        role = self._inventory.roles.get((server, role_id))
        if role is None:
            return NO_ROLE
        return role.privileges if isinstance(role.privileges, Unknown) else frozenset(role.privileges)

    def may_more_than_read(self, server: str, role_id: int) -> Fact[bool]:
        """Whether a role lets its holder do more than look."""
        if role_id in POWERLESS_ROLES or role_id == ADMIN_ROLE:
            return role_id == ADMIN_ROLE
        held = self.privileges(server, role_id)
        return held if isinstance(held, Unknown) else bool(held - READ_ONLY)

    def may_configure_hosts(self, server: str, role_id: int) -> Fact[bool]:
        """Whether a role administers hosts: Administrator, or any privilege Host.Config.*."""
        if role_id in POWERLESS_ROLES or role_id == ADMIN_ROLE:
            return role_id == ADMIN_ROLE
        held = self.privileges(server, role_id)
        return held if isinstance(held, Unknown) else any(p.startswith("Host.Config.") for p in held)

    def is_administrator(self, server: str, role_id: int) -> Fact[bool]:
        """Whether a role is Administrator, or holds all its privileges under another name."""
        if role_id in POWERLESS_ROLES or role_id == ADMIN_ROLE:
            return role_id == ADMIN_ROLE
        held, every = self.privileges(server, role_id), self.privileges(server, ADMIN_ROLE)
        if isinstance(held, Unknown):
            return held
        return every if isinstance(every, Unknown) else bool(every) and held >= every

    def _inherited(self, entity: str, depth: int) -> Fact[Held]:
        if entity not in self._below:
            self._below[entity] = self._gathered(entity, depth)
        return self._below[entity]

    def _gathered(self, entity: str, depth: int) -> Fact[Held]:
        found = self._inventory.by_id.get(entity)
        if found is None or depth > DEEPEST:
            return NO_PARENT
        held: dict[str, Permission] = {}
        for parent in self._parents(found):
            above = self._inherited(parent, depth + 1)
            if isinstance(above, Unknown):
                return above
            held.update(above)
        held.update((name, p) for name, p in self._own.get(entity, {}).items() if p.propagate)
        return held

    def _parents(self, resource: Resource) -> Iterable[str]:
        root = self._roots.get(resource.server, "")
        found = [p for p in _above(resource) if p] or [root]
        return [p for p in found if p and p != resource.id] or ([] if resource.id == root else [""])


def _above(resource: Resource) -> tuple[str, ...]:
    if isinstance(resource, Guest):
        return (resource.folder, resource.pool if isinstance(resource.pool, str) else "")
    if isinstance(resource, Host):
        return (resource.cluster or resource.datacenter,)
    if isinstance(resource, Folder | Datacenter | Cluster | ResourcePool):
        return (resource.parent,)
    return ()


def _key(permission: Permission) -> str:
    return f"{'group' if permission.group else 'user'}:{who(permission.principal)}"


class HostsByCredential:
    """The hosts that each credential can administer, over every server of the estate."""

    def __init__(self, inventory: Inventory, policy: Policy) -> None:
        rights = Rights(inventory, policy)
        self._hosts: dict[str, dict[str, Host]] = defaultdict(dict)
        self._unsure: dict[str, dict[str, None]] = defaultdict(dict)
        self._unread: dict[str, dict[str, None]] = defaultdict(dict)
        for server in inventory.servers:
            access = inventory.access.get(server.id)
            if access is None or isinstance(access.permissions, Unknown):
                self._unread[server.id]["the permissions of a server were not read"] = None
            if untold := global_permissions(server):
                self._unread[server.id][untold] = None
        for cluster in inventory.all(Cluster):
            self._count(cluster, inventory)
        for host in inventory.hosts:
            held = rights.on(host)
            if isinstance(held, Unknown):
                self._unread[host.server][str(held)] = None
                continue
            for permission in held:
                name = credential(permission.principal, host.server)
                able = rights.may_configure_hosts(host.server, permission.role_id)
                if isinstance(able, Unknown):
                    self._unsure[name][str(able)] = None
                elif able:
                    self._hosts[name][host.id] = host

    def _count(self, cluster: Cluster, inventory: Inventory) -> None:
        if isinstance(cluster.hosts, Unknown):
            self._unread[cluster.server][str(cluster.hosts)] = None
        elif any(inventory.get(Host, id_) is None for id_ in cluster.hosts):
            self._unread[cluster.server]["a host of a cluster was not read"] = None

    def of(self, principal: str, server: str) -> list[Host]:
        """Hosts that the credential is known to administer."""
        return list(self._hosts.get(credential(principal, server), {}).values())

    def unsure(self, principal: str, server: str) -> list[str]:
        """Why there may be more. A domain account may have more at any server, a local one at its own."""
        name = credential(principal, server)
        servers = [server] if name.endswith(f" at {server}") else list(self._unread)
        return [*self._unsure.get(name, {}), *dict.fromkeys(why for s in servers for why in self._unread.get(s, {}))]
