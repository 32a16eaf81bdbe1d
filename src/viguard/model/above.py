"""What a resource stands below: its folders, datacenter and cluster; for a guest also its host and all above that."""

from __future__ import annotations

from collections.abc import Iterator

from viguard.model.facts import Resource
from viguard.model.guest import Guest
from viguard.model.host import Host
from viguard.model.inventory import Inventory
from viguard.model.server import Cluster, Datacenter, Folder, ResourcePool


class Above:
    """Asked for many resources of one inventory; what stands above a container is found once."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self._known: dict[str, tuple[Resource, ...]] = {}

    def of(self, resource: Resource) -> tuple[Resource, ...]:
        """Every folder, datacenter, cluster, pool and host that a resource is in, in no order, each once."""
        found: dict[str, Resource] = {}
        for parent in _parents(resource):
            for above in self._with(parent):
                found.setdefault(above.id, above)
        return tuple(found.values())

    def _with(self, id_: str) -> tuple[Resource, ...]:
        """The container of that id and everything above it. A circle, which only hostile data has, ends."""
        known = self._known.get(id_)
        if known is None:
            found: dict[str, Resource] = {}
            waiting = [id_]
            while waiting:
                container = self._inventory.by_id.get(waiting.pop())
                if container is not None and container.id not in found:
                    found[container.id] = container
                    waiting.extend(_parents(container))
            known = self._known[id_] = tuple(found.values())
        return known


def _parents(resource: Resource) -> Iterator[str]:
    if isinstance(resource, Guest):
        yield from (resource.folder, resource.datacenter)
    elif isinstance(resource, Host):
        yield from (resource.cluster, resource.datacenter)
    elif isinstance(resource, Folder | Cluster | Datacenter | ResourcePool):
        yield resource.parent
    host = getattr(resource, "host", "")
    if isinstance(host, str):  # of a guest, or of a switch or port group of one host
        yield host
