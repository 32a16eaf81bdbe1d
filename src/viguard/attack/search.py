"""Which nodes an attacker reaches, from where a node is reached, and the shortest path, in milliseconds."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from viguard.attack.graph import Edge, Graph, Hop, Node, NodeKind

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Search:
    """Asks one graph. ``possible``: also by steps whose facts were not read."""

    def __init__(self, graph: Graph, *, possible: bool = False) -> None:
        self.graph, self.possible = graph, possible

    @cached_property
    def edges(self) -> list[Edge]:
        """The steps that count here."""
        return [e for e in self.graph.edges if self.possible or e.real]

    def forward(self, sources: Iterable[str]) -> dict[str, str]:
        """Every node that the sources reach, with the node before it ("" at a source)."""
        return self._search(self._matrix, sources)

    def backward(self, targets: Iterable[str]) -> dict[str, str]:
        """Every node that reaches the targets, with the node after it ("" at a target)."""
        return self._search(self._transposed, targets)

    def reached(self, sources: Iterable[str]) -> NDArray[np.int32]:
        """Numbers of the nodes that the sources reach, the sources too: the fast answer, without paths."""
        return self._order(self._matrix, [self.graph.index[s] for s in sources])[0]

    def reaching(self, targets: Iterable[str]) -> NDArray[np.int32]:
        """Numbers of the nodes that reach the targets, the targets too."""
        return self._order(self._transposed, [self.graph.index[t] for t in targets])[0]

    def path(self, sources: Iterable[str], targets: Iterable[str]) -> list[Hop]:
        """A shortest path, or [] when there is none. Which of several is the same in every run."""
        wanted = set(targets)
        before = self.forward(sources)
        end = next((n for n in before if n in wanted and before[n]), "")
        return self.along(before, end) if end else []

    def along(self, before: dict[str, str], end: str) -> list[Hop]:
        """The path to a node that ``forward`` found."""
        hops: list[Hop] = []
        while before.get(end):
            hops.append(self._hop(before[end], end))
            end = before[end]
        return hops[::-1]

    def onward(self, after: dict[str, str], start: str) -> list[Hop]:
        """The path from a node that ``backward`` found."""
        hops: list[Hop] = []
        while after.get(start):
            hops.append(self._hop(start, after[start]))
            start = after[start]
        return hops

    def between(self, source: str, target: str) -> list[Edge]:
        """Every step from one node to another, shown ones before possible ones."""
        return self._by_ends.get((source, target), [])

    def _hop(self, source: str, target: str) -> Hop:
        node = self.graph.node
        return Hop(edge=self.between(source, target)[0], source=node(source), target=node(target))

    @cached_property
    def _by_ends(self) -> dict[tuple[str, str], list[Edge]]:
        found: dict[tuple[str, str], list[Edge]] = {}
        for edge in sorted(self.edges, key=lambda e: not e.real):
            found.setdefault((edge.source, edge.target), []).append(edge)
        return found

    @cached_property
    def ends(self) -> NDArray[np.int32]:
        """Numbers of the nodes that each step joins, a row for each."""
        import numpy as np

        index = self.graph.index
        return np.array([(index[e.source], index[e.target]) for e in self.edges], np.int32).reshape(-1, 2)

    @cached_property
    def _matrix(self) -> Any:
        import numpy as np
        from scipy.sparse import csr_matrix

        size, ends = len(self.graph.nodes), self.ends
        return csr_matrix((np.ones(len(ends), np.int8), (ends[:, 0], ends[:, 1])), shape=(size, size))

    @cached_property
    def _transposed(self) -> Any:
        return self._matrix.T.tocsr()

    def _search(self, matrix: Any, starts: Iterable[str]) -> dict[str, str]:
        nodes = self.graph.nodes
        order, before = self._order(matrix, [self.graph.index[s] for s in starts])
        size = len(nodes)
        return {nodes[n].id: "" if before[n] in {size, n} or before[n] < 0 else nodes[before[n]].id for n in order}

    def _order(self, matrix: Any, starts: list[int]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Nodes in the order found, and the node before each. Several starts hang on one more node."""
        import numpy as np
        from scipy.sparse import csr_matrix
        from scipy.sparse.csgraph import breadth_first_order

        if not starts:
            return np.zeros(0, np.int32), np.zeros(0, np.int32)
        if len(starts) == 1:
            return breadth_first_order(matrix, starts[0], directed=True)  # type: ignore[no-any-return]
        size = matrix.shape[0]
        starts = sorted(set(starts))
        pointers = np.append(matrix.indptr, matrix.indptr[-1] + len(starts)).astype(np.int32)
        columns = np.concatenate([matrix.indices, np.array(starts, np.int32)])
        wider = csr_matrix((np.ones(len(columns), np.int8), columns, pointers), shape=(size + 1, size + 1))
        order, before = breadth_first_order(wider, size, directed=True)
        return order[1:], before


def guests_among(graph: Graph, found: Iterable[str]) -> list[Node]:
    """The guests among nodes, by name."""
    nodes = (graph.node(id_) for id_ in found)
    return sorted((n for n in nodes if n.kind is NodeKind.GUEST), key=lambda n: (n.name, n.id))
