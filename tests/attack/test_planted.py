"""The planted paths of lab/belnet/expected.yaml: all found, no others of those kinds, and gone without their facts."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from msgspec.structs import replace

from tests.acceptance.expected import FILE
from tests.acceptance.expected import _names as names
from tests.attack.conftest import GONE, with_records
from viguard.attack.build import build
from viguard.attack.graph import Edge, Graph, NodeKind
from viguard.model.inventory import Inventory
from viguard.policy.policy import Policy

DOCUMENT: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
ESTATES = ("belnet", "today")


def _paths(estate: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = DOCUMENT["estates"][estate]["paths"]
    return found


def _resources(inventory: Inventory, name: str) -> list[str]:
    return [r.id for r in inventory.by_id.values() if r.path == name or r.path.endswith(f"/{name}")]


def _node(graph: Graph, inventory: Inventory, name: str) -> str:
    """The node of a name: the end of a path, an interface (``vc-main/management``), a network or account."""
    found = {id_ for id_ in _resources(inventory, name) if id_ in graph.index}
    if name.endswith("/management"):
        server = name.removesuffix("/management")
        found = {n.id for n in graph.of(NodeKind.INTERFACE) if n.name == f"management of {server}"}
    found = found or {n.id for n in graph.nodes if n.name == name}
    assert len(found) <= 1, f"{name}: {found}"
    return found.pop() if found else f"nothing is called {name}"


def _walks(graph: Graph, start: str, ends: set[str], kinds: list[str]) -> list[list[Edge]]:
    """Every way from a node to one of the ends by shown steps of these kinds in this order."""
    if not kinds:
        return [[]] if start in ends else []
    steps = [e for e in graph.edges if e.real and e.kind == kinds[0] and e.source == start]
    return [[step, *rest] for step in steps for rest in _walks(graph, step.target, ends, kinds[1:])]


def _found(graph: Graph, inventory: Inventory, path: dict[str, Any]) -> dict[str, list[list[Edge]]]:
    groups = DOCUMENT["groups"]
    ends = {_node(graph, inventory, n) for n in names(path["to"], groups)}
    starts = names(path["from"], groups)
    return {n: _walks(graph, _node(graph, inventory, n), ends, path["steps"]) for n in starts}


@pytest.mark.parametrize("estate", ESTATES)
def test_every_planted_path_is_found_and_no_other(estate: str, policy: Policy, request: pytest.FixtureRequest) -> None:
    inventory: Inventory = request.getfixturevalue(estate)
    graph = build(inventory, policy)
    on_paths: set[tuple[str, str, str]] = set()
    for path in _paths(estate):
        for start, walks in _found(graph, inventory, path).items():
            assert walks, f"{start} to {path['to']} by {path['steps']}"
            on_paths |= {(e.kind, e.source, e.target) for walk in walks for e in walk}
    complete = set(DOCUMENT["estates"][estate]["complete"])
    shown = {(e.kind, e.source, e.target) for e in graph.edges if e.real and e.kind in complete}
    surplus = {(k, graph.node(a).name, graph.node(b).name) for k, a, b in shown - on_paths}
    assert surplus == set()


@pytest.mark.parametrize("estate", ESTATES)
def test_every_end_of_a_planted_path_is_reached(estate: str, policy: Policy, request: pytest.FixtureRequest) -> None:
    inventory: Inventory = request.getfixturevalue(estate)
    graph = build(inventory, policy)
    for path in _paths(estate):
        ends = {walk[-1].target for walks in _found(graph, inventory, path).values() for walk in walks}
        assert ends == {_node(graph, inventory, n) for n in names(path["to"], DOCUMENT["groups"])}


@pytest.mark.parametrize("estate", ESTATES)
def test_without_a_fact_that_it_needs_a_path_is_gone(
    estate: str, policy: Policy, request: pytest.FixtureRequest
) -> None:
    inventory: Inventory = request.getfixturevalue(estate)
    for path in _paths(estate):
        for need in path["needs"]:
            name, _, field = need.partition(": ")
            found = [i for i in _resources(inventory, name) if hasattr(inventory.by_id[i], field)]
            assert len(found) == 1, f"{need}: {found}"
            without = with_records(inventory, replace(inventory.by_id[found[0]], **{field: GONE}))
            left = _found(build(without, policy), inventory, path)
            assert not any(left.values()), f"{path['from']} to {path['to']} stands without {need}"
