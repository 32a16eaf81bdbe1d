"""Which part of an estate a person asked for: by vCenter, folder, tag and owner."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase

from viguard.model.above import Above
from viguard.model.facts import Resource, Struct, Unknown
from viguard.model.inventory import Inventory
from viguard.model.server import Server
from viguard.model.text import visible


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
    above = Above(inventory)
    return frozenset(
        resource.id
        for resource in [*inventory.by_id.values(), *inventory.accounts]
        if _matches(resource, inventory.get(Server, resource.server), above, selection, owners)
    )


def why_nothing(inventory: Inventory, selection: Selection) -> str:
    """What to do when a selection names nothing."""
    hints = ["check the pattern (`viguard inventory --by cluster` shows names)"]
    if selection.tags:
        unread = [s.name for s in inventory.servers if isinstance(s.tags, Unknown)]
        hints += [f"tags of {', '.join(map(visible, unread[:3]))} were not read"] if unread else []
        hints += ["vSphere tags are read only with `--tags`, for a snapshot when it is collected"]
    if selection.owners:
        hints += ["--owner needs a policy with owners"]
    return "; ".join(hints)


def _matches(
    resource: Resource, server: Server | None, above: Above, selection: Selection, owners: Mapping[str, frozenset[str]]
) -> bool:
    tags = resource.tags if isinstance(resource.tags, tuple) else ()
    return (
        _any(selection.vcenters, (server.name,) if server else ())
        and (not selection.folders or _any(selection.folders, _places(resource, above)))
        and _any(selection.tags, (*tags, *(t.partition(":")[2] for t in tags)))
        and _any(selection.owners, tuple(owners.get(resource.id, ())))
    )


def _places(resource: Resource, above: Above) -> tuple[str, ...]:
    """Names and paths of what a resource is below, and its own path."""
    steps = resource.path.split("/")[2:-1]
    return (*steps, resource.path, *(text for place in above.of(resource) for text in (place.name, place.path)))


def _any(patterns: tuple[str, ...], values: tuple[str, ...]) -> bool:
    if not patterns:
        return True
    return any(fnmatchcase(v.casefold(), p.casefold()) for p in patterns for v in values)
