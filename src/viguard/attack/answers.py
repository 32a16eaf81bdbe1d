"""The questions that people ask of an attack graph, answered: shown paths first, possible ones apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from viguard.attack.cut import Cut, cut
from viguard.attack.graph import Graph, Hop, Node, NodeKind
from viguard.attack.search import Search
from viguard.model.facts import Struct
from viguard.model.text import plural, visible

PATHS = 3
"""Paths that an answer spells out."""
WORTH = (NodeKind.VCENTER, NodeKind.HOST, NodeKind.DATASTORE, NodeKind.GUEST, NodeKind.CREDENTIAL, NodeKind.ROLE)
"""What an attacker is after, worst first; the rest is on the way."""
NAMES = {
    NodeKind.VCENTER: "vCenter",
    NodeKind.HOST: "host",
    NodeKind.DATASTORE: "datastore",
    NodeKind.GUEST: "guest",
    NodeKind.CREDENTIAL: "credential",
    NodeKind.ROLE: "role",
}
Path = tuple[Hop, ...]


class Answer(Struct, frozen=True, kw_only=True):
    """An answer. ``shown`` and ``possible`` are nodes: reached (from, blast, between), or reaching (to).

    ``possible`` are only those that no shown path reaches; ``possible_paths`` lead to some of them.
    """

    question: str
    sentences: tuple[str, ...]
    shown: tuple[Node, ...] = ()
    possible: tuple[Node, ...] = ()
    paths: tuple[Path, ...] = ()
    possible_paths: tuple[Path, ...] = ()
    cut: Cut | None = None
    notes: tuple[str, ...] = ()

    @property
    def found(self) -> bool:
        """Whether a path was shown."""
        return bool(self.paths)


class Asked:
    """A graph that is asked: by what was read, and by what is possible besides."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.real, self.all = Search(graph), Search(graph, possible=True)

    def reach(self, question: str, sources: Sequence[str]) -> Answer:
        """What the sources reach: of a compromised guest, a leaked credential, the hosts of a cluster."""
        before, perhaps = self.real.forward(sources), self.all.forward(sources)
        shown = self._worth(n for n in before if n not in set(sources))
        possible = self._worth(n for n in perhaps if n not in before)
        return Answer(
            question=question,
            sentences=(f"By what was read: {_counted(shown)}.", f"Possible besides: {_counted(possible)}."),
            shown=tuple(shown),
            possible=tuple(possible),
            paths=tuple(tuple(self.real.along(before, n.id)) for n in _told(shown)),
            possible_paths=tuple(tuple(self.all.along(perhaps, n.id)) for n in _told(possible)[:1]),
            notes=self.graph.notes,
        )

    def exposure(self, question: str, targets: Sequence[str]) -> Answer:
        """Which guests reach one of the targets."""
        after, perhaps = self.real.backward(targets), self.all.backward(targets)
        shown = self._guests(n for n in after if n not in set(targets))
        possible = self._guests(n for n in perhaps if n not in after)
        total = len(self.graph.of(NodeKind.GUEST))
        ways = sorted((tuple(self.real.onward(after, n.id)) for n in shown), key=len)
        others = sorted((tuple(self.all.onward(perhaps, n.id)) for n in possible), key=len)
        return Answer(
            question=question,
            sentences=(
                f"By what was read: {len(shown):,} of {plural(total, 'guest')}.",
                f"Possible besides: {plural(len(possible), 'guest')}.",
                *self._talkers(targets),
            ),
            shown=tuple(shown),
            possible=tuple(possible),
            paths=tuple(ways[:PATHS]),
            possible_paths=tuple(others[:1]),
            notes=self.graph.notes,
        )

    def between(self, question: str, sources: Sequence[str], targets: Sequence[str]) -> Answer:
        """A shortest path."""
        path = tuple(self.real.path(sources, targets))
        perhaps = () if path else tuple(self.all.path(sources, targets))
        if path:
            sentence = f"There is a path of {plural(len(path), 'step')}."
        elif perhaps:
            sentence = f"No path by what was read; one of {plural(len(perhaps), 'step')} is possible."
        else:
            sentence = "There is no path, and none is possible."
        return Answer(
            question=question,
            sentences=(sentence,),
            paths=(path,) if path else (),
            possible_paths=(perhaps,) if perhaps else (),
            notes=self.graph.notes,
        )

    def separate(self, question: str, sources: Sequence[str], targets: Sequence[str], *, possible: bool) -> Answer:
        """The cheapest actions that separate the sources from the targets."""
        search = self.all if possible else self.real
        found = cut(search, sources, targets)
        path = tuple(search.path(sources, targets))
        return Answer(
            question=question,
            sentences=(_cut_told(found, possible=possible),),
            paths=(path,) if path and all(h.edge.real for h in path) else (),
            possible_paths=(path,) if path and not all(h.edge.real for h in path) else (),
            cut=found,
            notes=self.graph.notes,
        )

    def _talkers(self, targets: Sequence[str]) -> list[str]:
        """How many guests can talk to a management interface of the targets."""
        faces = [f for f in (f"interface:{t}" for t in targets) if f in self.graph.index]
        if not faces:
            return []
        shown = {n.id for n in self._guests(self.real.backward(faces))}
        perhaps = {n.id for n in self._guests(self.all.backward(faces))}
        told = f"{plural(len(shown), 'guest')} can talk to a management interface of it, one password away"
        return [f"{told}; {len(perhaps - shown):,} more possibly."]

    def _worth(self, ids: Iterable[str]) -> list[Node]:
        nodes = [n for n in map(self.graph.node, ids) if n.kind in WORTH]
        return sorted(nodes, key=lambda n: WORTH.index(n.kind))  # the nearest of each kind stays first

    def _guests(self, ids: Iterable[str]) -> list[Node]:
        nodes = (n for n in map(self.graph.node, ids) if n.kind is NodeKind.GUEST)
        return sorted(nodes, key=lambda n: (n.name, n.id))


def _told(nodes: list[Node]) -> list[Node]:
    """Nodes whose path is spelled out: the nearest of each kind first, then more of the worst."""
    first = list({n.kind: n for n in reversed(nodes)}.values())[::-1]
    return list(dict.fromkeys([*first, *nodes]))[:PATHS]


def _counted(nodes: Iterable[Node]) -> str:
    number = Counter(n.kind for n in nodes)
    parts = [plural(number[kind], NAMES[kind]) for kind in WORTH if number[kind]]
    return ", ".join(parts) or "nothing"


def _cut_told(found: Cut, *, possible: bool) -> str:
    known = "what was read and what is possible" if possible else "what was read"
    if found.apart:
        return f"They are apart already, by {known}."
    if found.open:
        steps = " -> ".join(visible(e.kind, 40) for e in found.open)
        return f"No actions separate them: these steps have none ({steps})."
    if not found.actions:
        return "A source is a target itself."
    proof = "proven minimal" if found.proven else f"not proven minimal: nothing cheaper than {found.bound:.1f} does it"
    return f"{plural(len(found.actions), 'action')} of cost {found.cost} in all separate them, by {known}; {proof}."
