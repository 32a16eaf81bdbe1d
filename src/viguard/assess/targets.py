"""What a kind of control judges, and how a result names it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from viguard.model.access import Account, Role
from viguard.model.facts import Resource
from viguard.model.guest import Guest
from viguard.model.host import Host
from viguard.model.inventory import Inventory
from viguard.model.network import DistributedSwitch, DvPortGroup, StandardPortGroup, StandardSwitch
from viguard.model.result import Kind, Target
from viguard.model.server import Cluster, Datacenter, Server
from viguard.model.storage import Datastore

ESTATE = Resource(id="estate", name="estate", path="/", server="")
"""The subject of a control that judges the estate as a whole."""

STANDARD, DISTRIBUTED = "standard", "distributed"


def subjects(kind: Kind, switches: str, inventory: Inventory) -> Sequence[Resource]:
    """Every resource of a kind. ``switches`` narrows switches and port groups to one make, empty takes both."""
    if kind is Kind.SWITCH:
        return _both(inventory.all(StandardSwitch), inventory.all(DistributedSwitch), switches)
    if kind is Kind.PORT_GROUP:
        return _both(inventory.all(StandardPortGroup), _guest_port_groups(inventory), switches)
    return _KINDS[kind](inventory)


def classes(kind: Kind, switches: str) -> tuple[type[Resource], ...]:
    """The model types behind a kind."""
    if kind is Kind.SWITCH:
        return _pick((StandardSwitch,), (DistributedSwitch,), switches)
    if kind is Kind.PORT_GROUP:
        return _pick((StandardPortGroup,), (DvPortGroup,), switches)
    return (_CLASSES[kind],)


def target(kind: Kind, subject: Resource) -> Target:
    """How results name a resource."""
    return Target(kind=kind, name=subject.name, path=subject.path, id=subject.id)


def _both(standard: Sequence[Resource], distributed: Sequence[Resource], switches: str) -> list[Resource]:
    return [*(standard if switches != DISTRIBUTED else ()), *(distributed if switches != STANDARD else ())]


def _pick(
    standard: tuple[type[Resource], ...], distributed: tuple[type[Resource], ...], switches: str
) -> tuple[type[Resource], ...]:
    return (standard if switches != DISTRIBUTED else ()) + (distributed if switches != STANDARD else ())


def _guest_port_groups(inventory: Inventory) -> list[DvPortGroup]:
    """Distributed port groups without the ones that carry uplinks. One that does not tell is judged."""
    return [g for g in inventory.all(DvPortGroup) if g.uplink is not True]


_KINDS: dict[Kind, Callable[[Inventory], Sequence[Resource]]] = {
    Kind.VCENTER: lambda i: [s for s in i.servers if s.is_vcenter],
    Kind.DATACENTER: lambda i: i.all(Datacenter),
    Kind.CLUSTER: lambda i: [c for c in i.all(Cluster) if not c.lone],
    Kind.HOST: lambda i: i.hosts,
    Kind.GUEST: lambda i: i.guests,
    Kind.TEMPLATE: lambda i: i.templates,
    Kind.DATASTORE: lambda i: i.all(Datastore),
    Kind.ACCOUNT: lambda i: i.accounts,
    Kind.ROLE: lambda i: [r for r in i.all(Role) if not r.system],
    Kind.ESTATE: lambda _: [ESTATE],
}

_CLASSES: dict[Kind, type[Resource]] = {
    Kind.VCENTER: Server,
    Kind.DATACENTER: Datacenter,
    Kind.CLUSTER: Cluster,
    Kind.HOST: Host,
    Kind.GUEST: Guest,
    Kind.TEMPLATE: Guest,
    Kind.DATASTORE: Datastore,
    Kind.ACCOUNT: Account,
    Kind.ROLE: Role,
    Kind.ESTATE: Resource,
}
