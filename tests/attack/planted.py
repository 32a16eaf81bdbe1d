"""The planted paths of lab/belnet/expected.yaml, looked for in a graph."""

from __future__ import annotations

from typing import Any

import yaml

from tests.acceptance.expected import FILE
from tests.acceptance.expected import _names as names
from viguard.attack.graph import Edge, Graph, NodeKind
from viguard.model.inventory import Inventory

DOCUMENT: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
Way = dict[str, Any]
"""A path of the file: from, to, steps, needs."""


def ways(estate: str) -> list[Way]:
    """The planted paths of an estate."""
    found: list[Way] = DOCUMENT["estates"][estate]["paths"]
    return found


def resources(inventory: Inventory, name: str) -> list[str]:
    """Ids of what has that path, or one that ends so."""
    return [r.id for r in inventory.by_id.values() if r.path == name or r.path.endswith(f"/{name}")]


def ends(graph: Graph, inventory: Inventory, way: Way) -> set[str]:
    """The nodes that a path leads to."""
    return {_node(graph, inventory, n) for n in names(way["to"], DOCUMENT["groups"])}


def walks(graph: Graph, inventory: Inventory, way: Way) -> dict[str, list[list[Edge]]]:
    """For each start of a planted path, every way to one of its ends by shown steps of its kinds in their order."""
    targets = ends(graph, inventory, way)
    starts = names(way["from"], DOCUMENT["groups"])
    return {n: _walks(graph, _node(graph, inventory, n), targets, way["steps"]) for n in starts}


def differences(graph: Graph, inventory: Inventory, estate: str) -> list[str]:
    """Planted paths that are not found, and shown steps of the complete kinds that are on none."""
    told: list[str] = []
    on_paths: set[tuple[str, str, str]] = set()
    for way in ways(estate):
        for start, found in walks(graph, inventory, way).items():
            if not found:
                told.append(f"not found: {start} to {way['to']} by {way['steps']}")
            on_paths |= {(e.kind, e.source, e.target) for walk in found for e in walk}
    complete = set(DOCUMENT["estates"][estate]["complete"])
    shown = {(e.kind, e.source, e.target) for e in graph.edges if e.real and e.kind in complete}
    told += [f"not planted: {k} from {graph.node(a).name} to {graph.node(b).name}" for k, a, b in shown - on_paths]
    return told


def _node(graph: Graph, inventory: Inventory, name: str) -> str:
    """The node of a name: the end of a path, an interface (``vc-main/management``), a network or account."""
    found = {id_ for id_ in resources(inventory, name) if id_ in graph.index}
    if name.endswith("/management"):
        server = name.removesuffix("/management")
        found = {n.id for n in graph.of(NodeKind.INTERFACE) if n.name == f"management of {server}"}
    found = found or {n.id for n in graph.nodes if n.name == name}
    assert len(found) <= 1, f"{name}: {found}"
    return found.pop() if found else f"nothing is called {name}"


def _walks(graph: Graph, start: str, targets: set[str], kinds: list[str]) -> list[list[Edge]]:
    if not kinds:
        return [[]] if start in targets else []
    steps = [e for e in graph.edges if e.real and e.kind == kinds[0] and e.source == start]
    return [[step, *rest] for step in steps for rest in _walks(graph, step.target, targets, kinds[1:])]
