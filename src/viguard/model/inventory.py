"""An estate in memory: the objects of one or more snapshots, indexed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable
from datetime import datetime
from functools import cached_property
from typing import TypeVar

from viguard.model.access import Access, Account, Role
from viguard.model.facts import Fact, Reason, Resource, Unknown, escape
from viguard.model.guest import Guest, VirtualNic
from viguard.model.host import Host
from viguard.model.network import DvPortGroup, StandardPortGroup, StandardSwitch, Vlan
from viguard.model.server import Server
from viguard.model.snapshot import Gap, Source

R = TypeVar("R", bound=Resource)

NO_PORT_GROUP = Unknown(reason=Reason.NOT_READ, detail="its port group was not read")
NO_HOST = Unknown(reason=Reason.NOT_READ, detail="its host was not read")


class Inventory:
    """Every object of an estate by id and by type. Built once, then only read.

    ``read_at`` is when reading began; ``complete`` is False when anything is missing (see ``gaps``).
    """

    def __init__(
        self,
        records: Iterable[Resource],
        *,
        read_at: datetime,
        sources: Iterable[Source] = (),
        gaps: Iterable[Gap] = (),
        complete: bool = True,
    ) -> None:
        self.by_id: dict[str, Resource] = {}
        self._by_type: dict[type[Resource], list[Resource]] = defaultdict(list)
        for record in records:
            self.by_id[record.id] = record
            self._by_type[type(record)].append(record)
        self.read_at, self.complete = read_at, complete
        self.sources, self.gaps = tuple(sources), tuple(gaps)

    def all(self, kind: type[R]) -> list[R]:
        """Every object of exactly this type, in the order read."""
        return self._by_type[kind]  # type: ignore[return-value]

    def get(self, kind: type[R], id_: str | None) -> R | None:
        """The object of that id, or None when it was not read or is of another type."""
        found = self.by_id.get(id_) if id_ else None
        return found if isinstance(found, kind) else None

    @cached_property
    def servers(self) -> list[Server]:
        """vCenters and hosts that were read directly."""
        return self.all(Server)

    def source_name(self, server: str) -> str:
        """How people call the server of that id; "declared" for what no server told."""
        found = self.get(Server, server)
        return found.name if found else server or "declared"

    @cached_property
    def hosts(self) -> list[Host]:
        """Every host."""
        return self.all(Host)

    @cached_property
    def guests(self) -> list[Guest]:
        """Every guest that is not known to be a template."""
        return [g for g in self.all(Guest) if g.template is not True]

    @cached_property
    def templates(self) -> list[Guest]:
        """Every template."""
        return [g for g in self.all(Guest) if g.template is True]

    @cached_property
    def accounts(self) -> list[Account]:
        """Every principal that holds a permission, once per server."""
        found: dict[str, Account] = {}
        for access in self.all(Access):
            server = self.by_id.get(access.server)
            for permission in access.permissions if isinstance(access.permissions, tuple) else ():
                kind = "group" if permission.group else "user"
                id_ = f"{access.server}:{kind}:{permission.principal}"
                path = f"{server.path if server else ''}/{escape(permission.principal)}"
                found.setdefault(
                    id_,
                    Account(
                        id=id_,
                        name=permission.principal,
                        path=path,
                        server=access.server,
                        group=permission.group,
                    ),
                )
        return list(found.values())

    @cached_property
    def access(self) -> dict[str, Access]:
        """What each server (by id) says of access to it."""
        return {a.server: a for a in self.all(Access)}

    @cached_property
    def roles(self) -> dict[tuple[str, int], Role]:
        """Roles by server id and role id."""
        return {(r.server, r.role_id): r for r in self.all(Role)}

    @cached_property
    def guests_by_host(self) -> dict[str, list[Guest]]:
        """Guests (no templates) by the id of the host that they are registered on."""
        found: dict[str, list[Guest]] = defaultdict(list)
        for guest in self.guests:
            if isinstance(guest.host, str):
                found[guest.host].append(guest)
        return found

    @cached_property
    def port_groups_by_host(self) -> dict[str, dict[str, StandardPortGroup]]:
        """Standard port groups by host id and name."""
        found: dict[str, dict[str, StandardPortGroup]] = defaultdict(dict)
        for group in self.all(StandardPortGroup):
            found[group.host][group.name] = group
        return found

    @cached_property
    def switches_by_host(self) -> dict[str, dict[str, StandardSwitch]]:
        """Standard switches by host id and name."""
        found: dict[str, dict[str, StandardSwitch]] = defaultdict(dict)
        for switch in self.all(StandardSwitch):
            found[switch.host][switch.name] = switch
        return found

    @cached_property
    def dv_port_groups_by_key(self) -> dict[tuple[str, str], DvPortGroup]:
        """Distributed port groups by server id and key."""
        return {(g.server, g.key): g for g in self.all(DvPortGroup) if isinstance(g.key, str)}

    def port_group_of(self, guest: Guest, nic: VirtualNic) -> Fact[StandardPortGroup | DvPortGroup | None]:
        """The port group a NIC is plugged into; None when it is plugged into nothing; Unknown when not read."""
        if nic.dv_port_group:
            return self.dv_port_groups_by_key.get((guest.server, nic.dv_port_group), NO_PORT_GROUP)
        if not nic.port_group:
            return None
        if not isinstance(guest.host, str):
            return guest.host if isinstance(guest.host, Unknown) else NO_HOST
        return self.port_groups_by_host.get(guest.host, {}).get(nic.port_group, NO_PORT_GROUP)

    def vlan_of(self, guest: Guest, nic: VirtualNic) -> Fact[Vlan | None]:
        """The VLAN a NIC is on; None when it is plugged into nothing."""
        group = self.port_group_of(guest, nic)
        return group if group is None or isinstance(group, Unknown) else group.vlan

    def host_of(self, guest: Guest) -> Host | None:
        """The host of a guest, or None when it was not read."""
        return self.get(Host, guest.host) if isinstance(guest.host, str) else None

    def counted(self, within: Container[str] | None = None) -> dict[str, int]:
        """Number of objects by kind, as a person counts them; ``within``: only those of these ids."""
        kinds: dict[str, Iterable[Resource]] = {
            "vCenter": [s for s in self.servers if s.is_vcenter],
            "host": self.hosts,
            "guest": self.guests,
            "template": self.templates,
        }
        return {kind: sum(within is None or r.id in within for r in found) for kind, found in kinds.items()}

    def uuids(self) -> dict[str, str]:
        """The UUID of each guest by resource id: what a guest keeps when it moves to another server."""
        return {
            g.id: uuid
            for g in self.all(Guest)
            for uuid in [g.instance_uuid if isinstance(g.instance_uuid, str) else g.uuid]
            if isinstance(uuid, str) and uuid
        }
