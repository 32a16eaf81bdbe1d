"""Estates as they were read, with a fact taken away from them: as if nobody had been allowed to read it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, get_type_hints

import msgspec

from viguard.assess import controls
from viguard.assess.control import Control
from viguard.assess.engine import assess
from viguard.model.access import Access, Role
from viguard.model.derived import Derived
from viguard.model.facts import Reason, Resource, Struct, Unknown
from viguard.model.guest import Guest
from viguard.model.host import Host
from viguard.model.inventory import Inventory
from viguard.model.network import DistributedSwitch, DvPortGroup, StandardPortGroup, StandardSwitch
from viguard.model.result import Status
from viguard.model.server import Cluster, Datacenter, Folder, ResourcePool, Server
from viguard.model.storage import Datastore
from viguard.policy.policy import Policy

TYPES: dict[str, type[Resource]] = {
    kind.__name__: kind
    for kind in (
        Access,
        Cluster,
        Datacenter,
        Datastore,
        DistributedSwitch,
        DvPortGroup,
        Folder,
        Guest,
        Host,
        ResourcePool,
        Role,
        Server,
        StandardPortGroup,
        StandardSwitch,
    )
}
COUNTED = frozenset({"cpu_mhz", "memory_bytes"})
"""Fields of structures that are 0 when a server does not tell them."""

GONE = Unknown(reason=Reason.NO_PERMISSION, detail="taken away by the test")


@dataclass(frozen=True)
class Estate:
    """What was read of some servers, and the policy and time that it is judged by."""

    inventory: Inventory
    policy: Policy
    now: datetime

    def judged(self, control: str, without: str = "") -> dict[str, Status]:
        """The status of each resource (by id), with a fact taken away (``Host.options``, ``Folder``)."""
        return self.judged_all({control: controls.load()[control]}, without)[control]

    def judged_all(self, chosen: dict[str, Control], without: str = "") -> dict[str, dict[str, Status]]:
        """The same for several controls."""
        inventory = taken_away(self.inventory, without) if without else self.inventory
        found: dict[str, dict[str, Status]] = {id_: {} for id_ in chosen}
        for result in assess(inventory, self.policy, Derived(), chosen, (), self.now).results:
            found[result.control][result.resource.id] = result.status
        return found


def passing(statuses: dict[str, Status]) -> set[str]:
    """The resources that pass."""
    return {name for name, status in statuses.items() if status is Status.PASS}


def all_facts() -> list[str]:
    """Every fact of every type, and every type as a whole."""
    return [*TYPES, *(f"{name}.{field}" for name, kind in TYPES.items() for field in facts(kind))]


def facts(kind: type[Resource]) -> list[str]:
    """The fields of a model type that can be unknown."""
    return [name for name, hint in get_type_hints(kind).items() if Unknown in getattr(hint, "__args__", ())]


def taken_away(inventory: Inventory, what: str, gone: Unknown = GONE) -> Inventory:
    """The estate without a fact of every record of a type, or without those records. ``+`` joins several."""
    lost: dict[type[Resource], set[str]] = {}
    for part in what.split("+"):
        kind, _, field = part.partition(".")
        assert not field or field in facts(TYPES[kind]), f"{part} cannot be unknown"
        lost.setdefault(TYPES[kind], set()).add(field)
    records = []
    for record in inventory.by_id.values():
        fields = lost.get(type(record), set())
        if "" not in fields:
            records.append(msgspec.structs.replace(record, **dict.fromkeys(fields, gone)) if fields else record)
    return Inventory(records, read_at=inventory.read_at, sources=inventory.sources, complete=False)


def untold(inventory: Inventory, kind: type[Struct], field: str) -> Inventory:
    """The estate in which no structure of a kind tells a field: None, or 0 where that is what untold looks like."""
    records = [_without(record, kind, field) for record in inventory.by_id.values()]
    return Inventory(records, read_at=inventory.read_at, sources=inventory.sources, complete=False)


def _without(value: Any, kind: type[Struct], field: str) -> Any:
    if isinstance(value, tuple):
        return tuple(_without(entry, kind, field) for entry in value)
    if not isinstance(value, Struct):
        return value
    changed = {name: _without(getattr(value, name), kind, field) for name in value.__struct_fields__}
    if isinstance(value, kind):
        changed[field] = 0 if field in COUNTED else None
    return msgspec.structs.replace(value, **changed)
