"""The cheapest set of actions that separates sources from targets.

An action closes steps. Where it closes every step from some nodes to some nodes (a patch: from all guests of a host
to the host), it becomes one arc of its cost, and the minimal cut of the network is exact. An action that closes steps
which are no such product makes the question a hitting set, which is hard: then the answer is a set that separates, with
a bound from below, and it is proven minimal only where the two meet.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from viguard.attack.graph import Edge
from viguard.attack.search import Search
from viguard.model.facts import Struct

SCALE = 60_480
"""Costs times this at most, where steps share the cost of an action: a half or a seventh of it stays nearly exact."""
FOREVER = 2**30
"""More than every action of an estate costs. Capacities are 32 bits wide."""


class Action(Struct, frozen=True, kw_only=True):
    """Something to do: its id, what it is, on what, its cost, and how many steps it closes."""

    id: str
    mends: str
    on: str
    cost: int
    closes: int


class Cut(Struct, frozen=True, kw_only=True):
    """Actions that separate. ``bound``: nothing cheaper than this does. ``open``: a path that no action closes.

    ``proven`` is True when no cheaper set exists. ``apart`` is True when there was no path to begin with.
    """

    actions: tuple[Action, ...] = ()
    cost: int = 0
    bound: float = 0
    proven: bool = True
    apart: bool = False
    open: tuple[Edge, ...] = ()


def cut(search: Search, sources: Iterable[str], targets: Iterable[str]) -> Cut:
    """The cheapest actions after which no source reaches a target."""
    starts, ends = set(sources), set(targets)
    within = set(search.forward(starts)) & set(search.backward(ends))
    edges = [e for e in search.edges if e.source in within and e.target in within]
    if not edges or starts & ends:
        return Cut(apart=not starts & ends, proven=not starts & ends)
    fixed = [e for e in edges if not e.action]
    closable: dict[str, list[Edge]] = defaultdict(list)
    for edge in edges:
        if edge.action:
            closable[edge.action].append(edge)
    arcs = _Arcs(starts, ends, fixed)
    whole = {action: _whole(steps) for action, steps in closable.items()}
    bound, chosen = arcs.solve(whole, closable, scale=1)
    if bound >= FOREVER:
        return Cut(proven=True, open=_path(fixed, starts, ends))
    chosen = _spare(chosen, closable, fixed, starts, ends)
    if not all(whole.values()):
        total = sum(steps[0].about.cost for steps in closable.values())
        scale = max(2, min(SCALE, (FOREVER - 1) // max(total, 1)))
        flow, other = arcs.solve(whole, closable, scale=scale)
        bound, other = flow / scale, _spare(other, closable, fixed, starts, ends)
        chosen = min(chosen, other, key=lambda names: _cost(names, closable))
    cost = _cost(chosen, closable)
    actions = tuple(_action(closable[a]) for a in sorted(chosen))
    return Cut(actions=actions, cost=cost, bound=min(bound, cost), proven=cost <= bound + 0.01)


def _cost(names: Iterable[str], closable: dict[str, list[Edge]]) -> int:
    return sum(closable[name][0].about.cost for name in names)


def _action(edges: list[Edge]) -> Action:
    about = edges[0].about
    return Action(id=edges[0].action, mends=about.mends, on=edges[0].on, cost=about.cost, closes=len(edges))


def _whole(edges: list[Edge]) -> bool:
    """Whether the steps of an action are all those from some nodes to some nodes."""
    pairs = {(e.source, e.target) for e in edges}
    return len(pairs) == len({s for s, _ in pairs}) * len({t for _, t in pairs})


class _Arcs:
    """A network of capacities, made anew for each weighing of the actions."""

    def __init__(self, starts: set[str], ends: set[str], fixed: list[Edge]) -> None:
        self.starts, self.ends, self.fixed = starts, ends, fixed

    def solve(self, whole: dict[str, bool], closable: dict[str, list[Edge]], *, scale: int) -> tuple[float, set[str]]:
        """The flow, and the actions across the minimal cut. A ``scale`` above 1: costs times that, and an action that
        is no product costs its part at each step, rounded down: a bound from below.
        """
        number: dict[str, int] = {"": 0, "\n": 1}
        capacity: dict[tuple[int, int], int] = {}
        action: dict[tuple[int, int], set[str]] = defaultdict(set)

        def at(name: str) -> int:
            return number.setdefault(name, len(number))

        for node in self.starts:
            capacity[0, at(node)] = FOREVER
        for node in self.ends:
            capacity[at(node), 1] = FOREVER
        for edge in self.fixed:
            capacity[at(edge.source), at(edge.target)] = FOREVER
        for name, edges in closable.items():
            cost = edges[0].about.cost * scale
            if whole[name]:
                into, out = at(f"\t{name}"), at(f"\v{name}")
                capacity[into, out] = cost
                action[into, out].add(name)
                for edge in edges:
                    capacity[at(edge.source), into] = capacity[out, at(edge.target)] = FOREVER
            else:
                pairs = {(at(e.source), at(e.target)) for e in edges}
                for pair in pairs:
                    if capacity.get(pair, 0) < FOREVER:
                        capacity[pair] = capacity.get(pair, 0) + (cost // len(pairs) if scale > 1 else cost)
                        action[pair].add(name)
        flow, across = _minimal(number, capacity)
        return flow, {name for pair in across for name in action[pair]}


def _minimal(number: dict[str, int], capacity: dict[tuple[int, int], int]) -> tuple[int, list[tuple[int, int]]]:
    import numpy as np
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import breadth_first_order, maximum_flow

    pairs = np.array(list(capacity), np.int32)
    weights = np.fromiter(capacity.values(), np.int64, len(capacity))
    infinite = min(int(weights[weights < FOREVER].sum()) + 1, FOREVER)
    weights = np.minimum(weights, infinite).astype(np.int32)
    size = len(number)
    network: Any = csr_matrix((weights, (pairs[:, 0], pairs[:, 1])), shape=(size, size), dtype=np.int32)
    found = maximum_flow(network, 0, 1, method="dinic")
    left = network - found.flow
    left.data[left.data < 0] = 0
    left.eliminate_zeros()
    inside = np.zeros(size, bool)
    inside[breadth_first_order(left, 0, return_predecessors=False)] = True
    value = int(found.flow_value)
    across = pairs[inside[pairs[:, 0]] & ~inside[pairs[:, 1]]]
    return FOREVER if value >= infinite else value, [(int(a), int(b)) for a, b in across]


def _spare(
    chosen: set[str], closable: dict[str, list[Edge]], fixed: list[Edge], starts: set[str], ends: set[str]
) -> set[str]:
    """The chosen actions without those that are not needed, the dearest left out first."""
    kept = set(chosen)
    for name in sorted(chosen, key=lambda a: (-closable[a][0].about.cost, a)):
        left = [*fixed, *(e for a, es in closable.items() if a not in kept or a == name for e in es)]
        if not _path(left, starts, ends):
            kept.discard(name)
    return kept


def _path(edges: list[Edge], starts: set[str], ends: set[str]) -> tuple[Edge, ...]:
    """A shortest path over these steps, or () when there is none."""
    onward: dict[str, list[Edge]] = defaultdict(list)
    for edge in edges:
        onward[edge.source].append(edge)
    before: dict[str, Edge | None] = dict.fromkeys(sorted(starts))
    waiting = list(before)
    for node in waiting:
        if node in ends:
            hops: list[Edge] = []
            step = before[node]
            while step is not None:
                hops.append(step)
                step = before[step.source]
            return tuple(hops[::-1])
        for edge in onward[node]:
            if edge.target not in before:
                before[edge.target] = edge
                waiting.append(edge.target)
    return ()
