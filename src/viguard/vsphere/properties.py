"""Which properties to ask for: the paths that the model's fields name, and where a field finds its value."""

from __future__ import annotations

from functools import cache
from typing import Annotated, get_args, get_origin, get_type_hints

from viguard.model.facts import Api, Reason, Resource, Struct, Unknown
from viguard.model.guest import Guest
from viguard.model.host import Host
from viguard.model.network import DistributedSwitch, DvPortGroup, StandardPortGroup, StandardSwitch
from viguard.model.server import Cluster, Datacenter, Folder, ResourcePool
from viguard.model.storage import Datastore
from viguard.vsphere.versions import knows

KINDS: dict[str, type[Resource]] = {
    "Folder": Folder,
    "StoragePod": Folder,
    "Datacenter": Datacenter,
    "ComputeResource": Cluster,
    "ClusterComputeResource": Cluster,
    "ResourcePool": ResourcePool,
    "VirtualApp": ResourcePool,
    "DistributedVirtualSwitch": DistributedSwitch,
    "VmwareDistributedVirtualSwitch": DistributedSwitch,
    "DistributedVirtualPortgroup": DvPortGroup,
    "Datastore": Datastore,
    "HostSystem": Host,
    "VirtualMachine": Guest,
}
"""The model class of each managed type that is read, structure first."""

PARTS: dict[type[Resource], tuple[type[Resource], ...]] = {Host: (StandardSwitch, StandardPortGroup)}
"""Classes whose facts come with another object."""

EXTRA: dict[type[Resource], tuple[Api, ...]] = {
    Resource: (Api("name"), Api("parent"), Api("customValue")),
    ResourcePool: (Api("owner"),),
    DistributedSwitch: (Api("config", since="4.0"),),
    DvPortGroup: (
        Api("config.defaultPortConfig", since="4.0"),
        Api("config.policy", since="4.0"),
        Api("tag", since="4.0"),
    ),
    # The second and third tell an empty list from a configuration that the server does not hold.
    Host: (Api("configManager"), Api("config.product.version"), Api("config.dateTimeInfo.timeZone.key", since="2.5")),
    Guest: (Api("parentVApp", since="4.1"),),
}
"""What is asked beside the facts: identity, place, and values of which a fact is only a part."""


class Asking(Struct, frozen=True, kw_only=True):
    """What to ask of one managed type: ``paths``, and what the server's version does not know, as ``unknown``."""

    paths: tuple[str, ...]
    unknown: dict[str, Unknown]


@cache
def sources(kind: type[Resource]) -> dict[str, Api]:
    """Where each fact of a class comes from, by field name."""
    found = {}
    for field, hint in get_type_hints(kind, include_extras=True).items():
        if get_origin(hint) is Annotated:
            for note in get_args(hint)[1:]:
                if isinstance(note, Api):
                    found[field] = note
    return found


@cache
def asking(managed_type: str, version: str) -> Asking:
    """What to ask of objects of a managed type from a server that speaks ``version``.

    A path below another asked path is not asked: its value comes with the other.
    """
    kind = KINDS[managed_type]
    wanted = {
        api.path: api
        for part in (kind, *PARTS.get(kind, ()))
        for api in sources(part).values()
        if _own(api, kind, part)
    }
    wanted |= {api.path: api for owner in (Resource, kind) for api in EXTRA.get(owner, ())}
    known = {path for path, api in wanted.items() if knows(version, api.since)}
    return Asking(
        paths=tuple(sorted(p for p in known if not any(p.startswith(f"{other}.") for other in known))),
        unknown={path: not_in_version(api) for path, api in wanted.items() if path not in known},
    )


def not_in_version(api: Api) -> Unknown:
    """The fact that an old server does not know."""
    return Unknown(reason=Reason.NOT_IN_VERSION, detail=f"known from API {api.since}")


def _own(api: Api, kind: type[Resource], part: type[Resource]) -> bool:
    return not api.path.endswith("()") and (not api.of or part is not kind)
