"""Which part of an estate a person asked for: by vCenter, folder, tag and owner."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase

from viguard.model.facts import Resource, Struct
from viguard.model.inventory import Inventory


class Selection(Struct, frozen=True, kw_only=True):
    """Patterns (shell style, any case). Values of one kind widen, kinds narrow; nothing given selects everything."""

    vcenters: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()

    @property
    def everything(self) -> bool:
        """Whether nothing is left out."""
        return not (self.vcenters or self.folders or self.tags or self.owners)

    def __str__(self) -> str:
        """The selection in words, e.g. ``folder Scarlet Cluster``."""
        kinds = (("vcenter", self.vcenters), ("folder", self.folders), ("tag", self.tags), ("owner", self.owners))
        return ", ".join(f"{kind} {' or '.join(values)}" for kind, values in kinds if values)


def selected(inventory: Inventory, selection: Selection, owners: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """Ids of the resources that the selection names. ``owners`` are the owners of a guest's zones by guest id."""
    return frozenset(
        resource.id
        for resource in [*inventory.by_id.values(), *inventory.accounts]
        if matches(resource, inventory, selection, owners)
    )


def matches(
    resource: Resource, inventory: Inventory, selection: Selection, owners: Mapping[str, frozenset[str]]
) -> bool:
    """Whether the selection names this resource."""
    server = inventory.by_id.get(resource.server)
    names = (server.name,) if server else ()
    steps = resource.path.split("/")[2:-1]
    tags = resource.tags if isinstance(resource.tags, tuple) else ()
    return (
        _any(selection.vcenters, names)
        and _any(selection.folders, (*steps, resource.path))
        and _any(selection.tags, (*tags, *(t.partition(":")[2] for t in tags)))
        and _any(selection.owners, tuple(owners.get(resource.id, ())))
    )


def _any(patterns: tuple[str, ...], values: tuple[str, ...]) -> bool:
    if not patterns:
        return True
    return any(fnmatchcase(v.casefold(), p.casefold()) for p in patterns for v in values)
