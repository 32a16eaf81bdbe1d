"""What a person names, as nodes of an attack graph."""

from __future__ import annotations

import difflib

from viguard.attack.graph import Graph, NodeKind
from viguard.errors import InputError
from viguard.model.host import Host
from viguard.model.inventory import Inventory
from viguard.model.server import Cluster, Datacenter
from viguard.model.text import visible
from viguard.policy.rights import who

EVERY = {
    "vcenter": NodeKind.VCENTER,
    "hosts": NodeKind.HOST,
    "guests": NodeKind.GUEST,
    "datastores": NodeKind.DATASTORE,
}
"""Words for every node of a kind; ``guests`` without those that vCenters run on, which nothing separates from them."""


def named(graph: Graph, inventory: Inventory, text: str) -> list[str]:
    """The nodes that a name, path or id means: one thing of the graph, every one of a kind, the hosts of a place, or
    the VLANs of a zone.

    Raises:
        InputError: nothing is called that, or several things are.
    """
    if text.casefold() in EVERY:
        own = {e.source for e in graph.edges if e.kind == "vcenter_guest"} if text.casefold() == "guests" else ()
        found = [n.id for n in graph.of(EVERY[text.casefold()]) if n.id not in own]
        if not found:
            raise InputError(f"there is no {text} in what was read")
        return found
    places = [
        r
        for r in (*inventory.all(Cluster), *inventory.all(Datacenter))
        if text in {r.id, r.path} or _same(r.name, text)
    ]
    nodes = {n.id for n in graph.by_name.get(text.casefold(), ())}
    nodes |= {r.id for r in inventory.by_id.values() if r.path == text and r.id in graph.index}
    nodes |= {n.id for n in graph.of(NodeKind.CREDENTIAL) if _account(n.name, text)}
    zone = [n.id for n in graph.of(NodeKind.ZONE) if n.name.casefold().startswith(f"{text.casefold()} (vlan ")]
    if zone and not nodes and not places:
        return zone
    if not nodes and len(places) == 1:
        inside = [h.id for h in inventory.all(Host) if places[0].id in {h.cluster, h.datacenter}]
        if not inside:
            raise InputError(f"no host of {visible(text, 60)} was read")
        return inside
    meant = sorted(nodes | {p.id for p in places})
    if len(meant) == 1:
        return meant
    if meant:
        raise InputError(f"several are called {visible(text, 60)}", hint="name one by id: " + ", ".join(meant[:5]))
    near = difflib.get_close_matches(text.casefold(), list(graph.by_name), 3)
    hint = f"near: {', '.join(visible(n, 60) for n in near)}" if near else "a name, a path, an id, or `vcenter`"
    raise InputError(f"nothing is called {visible(text, 60)}", hint=hint)


def _same(name: str, text: str) -> bool:
    return name.casefold() == text.casefold()


def _account(name: str, text: str) -> bool:
    """``BELNET\\\\name`` and ``name@belnet`` alike, and a local account without its server."""
    spelled = who(text)
    return name == spelled or name.partition(" at ")[0] == spelled
