"""Cuts against every set of actions of a small graph, and paths against a search written out by hand."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from viguard.attack.cut import cut
from viguard.attack.graph import Edge, Graph, Node, NodeKind
from viguard.attack.search import Search

KINDS = ("escape", "nic", "vcenter_login", "host_guests", "same_vlan")
"""Costs 2, 2, 4, 3, and one that no action closes."""

STEPS = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 6), st.sampled_from(KINDS), st.integers(0, 3)), min_size=1, max_size=14
)


def _graph(steps: list[tuple[int, int, str, int]]) -> Graph:
    nodes = {str(n): Node(str(n), NodeKind.GUEST, f"g{n}") for n in range(7)}
    edges = [Edge(kind, str(a), str(b), on=str(on)) for a, b, kind, on in steps if a != b]
    return Graph(nodes, list(dict.fromkeys(edges)))


def _joined(edges: list[Edge], source: str, target: str) -> bool:
    found = {source}
    while new := {e.target for e in edges if e.source in found} - found:
        found |= new
    return target in found


def _cheapest(edges: list[Edge]) -> int | None:
    cost = {e.action: e.about.cost for e in edges if e.action}
    sets = [s for size in range(len(cost) + 1) for s in combinations(cost, size)]
    cut_off = [sum(cost[a] for a in s) for s in sets if not _joined([e for e in edges if e.action not in s], "0", "6")]
    return min(cut_off, default=None)


@settings(max_examples=300, deadline=None)
@given(STEPS)
def test_a_cut_separates_and_is_proven_only_when_nothing_is_cheaper(steps: list[tuple[int, int, str, int]]) -> None:
    graph = _graph(steps)
    found = cut(Search(graph), ["0"], ["6"])
    best = _cheapest(graph.edges)
    assert found.apart == (not _joined(graph.edges, "0", "6"))
    assert (best is None) == bool(found.open)
    if best is None:
        return
    closed = {a.id for a in found.actions}
    assert not _joined([e for e in graph.edges if e.action not in closed], "0", "6")
    assert found.cost == sum(a.cost for a in found.actions) >= best
    assert found.bound <= best + 0.01
    if found.proven:
        assert found.cost == best


def test_a_patch_that_closes_two_steps_is_paid_once() -> None:
    graph = _graph(
        [
            (0, 2, "same_vlan", 0),
            (0, 3, "same_vlan", 0),
            (2, 4, "escape", 1),
            (3, 4, "escape", 1),
            (4, 6, "vcenter_login", 1),
        ]
    )
    found = cut(Search(graph), ["0"], ["6"])
    assert [a.id for a in found.actions] == ["patch-host:1"]
    assert (found.cost, found.bound, found.proven) == (2, 2, True)


def test_an_action_on_unrelated_steps_is_not_called_minimal_unless_it_is() -> None:
    """One action closes two ways that share nothing: half its cost at each step is the bound that proves it."""
    graph = _graph([(0, 6, "escape", 1), (0, 2, "same_vlan", 0), (2, 3, "escape", 1), (3, 6, "same_vlan", 0)])
    found = cut(Search(graph), ["0"], ["6"])
    assert [a.id for a in found.actions] == ["patch-host:1"]
    assert found.proven
    twice = _graph([
        (0, 6, "escape", 1), (0, 2, "escape", 2), (2, 6, "nic", 1), (0, 3, "escape", 2), (3, 6, "nic", 2),
        (4, 5, "escape", 2), (0, 4, "nic", 3), (5, 6, "nic", 3),
    ])  # fmt: skip
    found = cut(Search(twice), ["0"], ["6"])
    assert found.cost == 4
    assert found.bound <= 4


def test_a_path_that_no_action_closes_is_told() -> None:
    graph = _graph([(0, 1, "same_vlan", 0), (1, 6, "same_vlan", 0), (0, 6, "nic", 0)])
    found = cut(Search(graph), ["0"], ["6"])
    assert [(e.source, e.target) for e in found.open] == [("0", "1"), ("1", "6")]
    assert not found.actions


@settings(max_examples=200, deadline=None)
@given(STEPS, st.sets(st.integers(0, 6), min_size=1, max_size=3))
def test_forward_and_backward_find_what_is_joined(steps: list[tuple[int, int, str, int]], starts: set[int]) -> None:
    graph = _graph(steps)
    search = Search(graph)
    sources = [str(s) for s in starts]
    before = search.forward(sources)
    for node in map(str, range(7)):
        joined = any(_joined(graph.edges, s, node) for s in sources)
        assert (node in before) == joined
        if joined:
            path = search.along(before, node)
            assert [h.source.id for h in path[1:]] == [h.target.id for h in path[:-1]]
            assert not path or (path[0].source.id in sources and path[-1].target.id == node)
    after = search.backward(sources)
    assert set(after) == {n for n in map(str, range(7)) if any(_joined(graph.edges, n, s) for s in sources)}


def test_possible_steps_are_asked_for() -> None:
    nodes = {n: Node(n, NodeKind.GUEST, n) for n in "ab"}
    graph = Graph(nodes, [Edge("nic", "a", "b", missing=("whether",))])
    assert list(Search(graph).forward(["a"])) == ["a"]
    assert list(Search(graph, possible=True).forward(["a"])) == ["a", "b"]
