"""The cheapest set of actions that separates sources from targets.

An action closes steps. Where it closes every step from some nodes to some nodes (a patch: from all guests of a host
to the host), it becomes one arc of its cost, and the minimal cut of the network is exact. An action that closes steps
which are no such product makes the question a hitting set, which is hard: then the answer is a set that separates, with
a bound from below, and it is proven minimal only where the two meet.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from viguard.attack.graph import Edge
from viguard.attack.search import Search
from viguard.model.facts import Struct

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SCALE = 60_480
"""Costs times this at most, where steps share the cost of an action: a half or a seventh of it stays nearly exact."""
LARGEST = 2**31 - 2
"""Capacities are 32 bits wide."""


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


class Cutter:
    """Cuts one graph, many times: which action closes which step is looked up once."""

    def __init__(self, search: Search) -> None:
        import numpy as np

        self._search = search
        names: dict[str, int] = {}
        self._of_edge = np.array(
            [names.setdefault(action, len(names)) if (action := e.action) else -1 for e in search.edges], np.int64
        )
        self._first: list[int] = [-1] * len(names)
        for number, action in enumerate(self._of_edge.tolist()):
            if action >= 0 and self._first[action] < 0:
                self._first[action] = number
        self._costs = np.array([search.edges[n].about.cost for n in self._first], np.int64)

    def cut(self, sources: Iterable[str], targets: Iterable[str]) -> Cut:
        """The cheapest actions after which no source reaches a target."""
        import numpy as np

        index, size = self._search.graph.index, len(self._search.graph.nodes)
        starts, ends = set(sources), set(targets)
        if starts & ends:
            return Cut(proven=False)
        reached, reaching = np.zeros(size, bool), np.zeros(size, bool)
        reached[self._search.reached(starts)] = True
        reaching[self._search.reaching(ends)] = True
        within = reached & reaching
        pairs = self._search.ends
        kept = np.flatnonzero(within[pairs[:, 0]] & within[pairs[:, 1]])
        if not len(kept):
            return Cut(apart=True)
        steps = _Steps(
            ends=pairs[kept].astype(np.int64),
            actions=self._of_edge[kept],
            costs=self._costs,
            starts=np.array([index[s] for s in starts if within[index[s]]], np.int64),
            targets=np.array([index[t] for t in ends if within[index[t]]], np.int64),
            size=size,
        )
        return self._cheapest(steps, kept, starts, ends)

    def _cheapest(self, steps: _Steps, kept: NDArray[np.int64], starts: set[str], ends: set[str]) -> Cut:
        solved = steps.solve(1)
        if solved is None:
            fixed = [self._search.edges[n] for n in kept.tolist() if self._of_edge[n] < 0]
            return Cut(open=_path(fixed, starts, ends))
        bound, chosen = float(solved[0]), solved[1]
        if not steps.exact:
            chosen = steps.spare(chosen)
            scale = max(2, min(SCALE, LARGEST // (2 * int(self._costs.sum()) + 1)))
            shared = steps.solve(scale)
            if shared is not None:
                bound = shared[0] / scale
                chosen = min(chosen, steps.spare(shared[1]), key=self._cost)
        cost = self._cost(chosen)
        actions = tuple(sorted((self._action(a, steps) for a in chosen), key=lambda a: a.id))
        return Cut(actions=actions, cost=cost, bound=min(bound, cost), proven=cost <= bound + 0.01)

    def _cost(self, actions: Iterable[int]) -> int:
        return sum(int(self._costs[a]) for a in actions)

    def _action(self, number: int, steps: _Steps) -> Action:
        edge = self._search.edges[self._first[number]]
        closes = int((steps.actions == number).sum())
        return Action(id=edge.action, mends=edge.about.mends, on=edge.on, cost=edge.about.cost, closes=closes)


def cut(search: Search, sources: Iterable[str], targets: Iterable[str]) -> Cut:
    """The cheapest actions after which no source reaches a target."""
    return Cutter(search).cut(sources, targets)


@dataclass(kw_only=True)
class _Steps:
    """The steps between sources and targets as arrays, and networks of capacities made of them."""

    ends: NDArray[np.int64]
    actions: NDArray[np.int64]
    costs: NDArray[np.int64]
    starts: NDArray[np.int64]
    targets: NDArray[np.int64]
    size: int

    @cached_property
    def closable(self) -> NDArray[np.int64]:
        """Rows of action, source and target: what each action closes, each once."""
        import numpy as np

        closed = self.actions >= 0
        key = (self.actions[closed] * self.size + self.ends[closed, 0]) * self.size + self.ends[closed, 1]
        key = np.unique(key)
        return np.stack([key // self.size**2, key // self.size % self.size, key % self.size], axis=1)

    @cached_property
    def number(self) -> NDArray[np.int64]:
        """How many pairs of nodes each action separates."""
        import numpy as np

        return np.bincount(self.closable[:, 0], minlength=len(self.costs))

    @cached_property
    def whole(self) -> NDArray[np.bool_]:
        """Whether the steps of an action are all those from some nodes to some nodes."""
        import numpy as np

        action, source, target = self.closable.T
        sources = np.bincount(np.unique(action * self.size + source) // self.size, minlength=len(self.costs))
        targets = np.bincount(np.unique(action * self.size + target) // self.size, minlength=len(self.costs))
        whole: NDArray[np.bool_] = self.number == sources * targets
        return whole

    @property
    def exact(self) -> bool:
        """Whether every action that matters is one arc, so that a minimal cut is the answer."""
        return bool(self.whole[self.closable[:, 0]].all())

    def solve(self, scale: int) -> tuple[int, set[int]] | None:
        """The flow and the actions across a minimal cut, or None when no actions separate.

        Costs count ``scale`` times. Above 1, an action that is no single arc costs its part at each step, rounded down:
        the flow is then a bound from below.
        """
        import numpy as np

        action, source, target = self.closable.T
        whole = self.whole[action]
        into, out = self.size + 2 * action, self.size + 2 * action + 1
        first, last = self.size + 2 * len(self.costs), self.size + 2 * len(self.costs) + 1
        fixed = self.actions < 0
        free = np.concatenate(
            [
                np.stack([np.full_like(self.starts, first), self.starts], 1),
                np.stack([self.targets, np.full_like(self.targets, last)], 1),
                self.ends[fixed],
                np.stack([source[whole], into[whole]], 1),
                np.stack([out[whole], target[whole]], 1),
            ]
        )
        once = np.unique(action[whole])
        split = ~whole
        price = self.costs * scale
        share = price // np.maximum(self.number, 1) if scale > 1 else price
        paid = np.concatenate(
            [
                np.stack([self.size + 2 * once, self.size + 2 * once + 1, price[once], once], 1),
                np.stack([source[split], target[split], share[action[split]], action[split]], 1),
            ]
        )
        return _minimal(free, paid, last + 1)

    def spare(self, chosen: set[int]) -> set[int]:
        """The chosen actions without those that are not needed; the dearest are tried first."""
        kept = set(chosen)
        for action in sorted(chosen, key=lambda a: (-self.costs[a], a)):
            if not self._joined(kept - {action}):
                kept.discard(action)
        return kept

    def _joined(self, closed: set[int]) -> bool:
        import numpy as np
        from scipy.sparse import csr_matrix
        from scipy.sparse.csgraph import breadth_first_order

        left = self.ends[~np.isin(self.actions, list(closed))]
        begin = np.stack([np.full_like(self.starts, self.size), self.starts], 1)
        rows, columns = np.concatenate([left, begin]).T
        shape = (self.size + 1, self.size + 1)
        matrix = csr_matrix((np.ones(len(rows), np.int8), (rows, columns)), shape=shape)
        found = breadth_first_order(matrix, self.size, return_predecessors=False)
        return bool(np.isin(found, self.targets).any())


def _minimal(free: NDArray[np.int64], paid: NDArray[np.int64], size: int) -> tuple[int, set[int]] | None:
    """A minimal cut between the last two nodes. ``free`` arcs cannot be cut; ``paid``: ends, price, action."""
    import numpy as np
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import breadth_first_order, maximum_flow

    never = np.unique(free[:, 0] * size + free[:, 1])
    key = paid[:, 0] * size + paid[:, 1]
    counts = ~np.isin(key, never)
    arcs, at = np.unique(key[counts], return_inverse=True)
    prices = np.bincount(at, weights=paid[counts, 2], minlength=len(arcs)).astype(np.int64)
    infinite = min(int(prices.sum()) + 1, LARGEST)
    keys = np.concatenate([never, arcs])
    weights = np.concatenate([np.full(len(never), infinite), np.minimum(prices, infinite)]).astype(np.int32)
    network: Any = csr_matrix((weights, (keys // size, keys % size)), shape=(size, size), dtype=np.int32)
    found = maximum_flow(network, size - 2, size - 1, method="dinic")
    if int(found.flow_value) >= infinite:
        return None
    left = network - found.flow
    left.data[left.data < 0] = 0
    left.eliminate_zeros()
    inside = np.zeros(size, bool)
    inside[breadth_first_order(left, size - 2, return_predecessors=False)] = True
    across = inside[paid[:, 0]] & ~inside[paid[:, 1]] & counts
    return int(found.flow_value), set(paid[across, 3].tolist())


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
