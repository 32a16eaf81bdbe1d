"""What attack paths say to the report's third and fourth question."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from msgspec.structs import replace

from viguard.attack.graph import Graph, Node, NodeKind
from viguard.attack.search import Search
from viguard.model.audit import Answer
from viguard.model.facts import Struct
from viguard.model.text import plural, visible

CREDENTIALS, ESCAPES = 3, 4
"""Numbers of the questions."""
NAMED = 3
OPEN = "A compromised guest finds open steps towards hosts or vCenter"


class Exposed(Struct, frozen=True, kw_only=True):
    """Guests that reach a host or vCenter, and that possibly do; the guest that a vCenter runs on is not counted."""

    shown: tuple[Node, ...]
    possible: tuple[Node, ...]


def answered(answers: Sequence[Answer], graph: Graph) -> tuple[Answer, ...]:
    """The answers, those to the two questions with the paths. A shown path from a guest to a host or vCenter opens."""
    return tuple(_with_paths(a, graph) if a.number in {CREDENTIALS, ESCAPES} else a for a in answers)


def _with_paths(answer: Answer, graph: Graph) -> Answer:
    if answer.number == CREDENTIALS:
        return replace(answer, facts=(*answer.facts, *_credentials(graph)))
    found = exposed(graph)
    total = len(graph.of(NodeKind.GUEST))
    told = (
        f"attack paths: {len(found.shown):,} of {plural(total, 'guest')} reach a host or vCenter by what was read, "
        f"{len(found.possible):,} more possibly (viguard attack to vcenter)"
    )
    answer = replace(answer, facts=(*answer.facts, told))
    if not found.shown or answer.verdict == "open":
        return answer
    return replace(answer, verdict="open", sentence=f"{OPEN}: {_some(found.shown)}.")


def exposed(graph: Graph) -> Exposed:
    """Which guests reach a host or vCenter."""
    targets = [n.id for kind in (NodeKind.HOST, NodeKind.VCENTER) for n in graph.of(kind)]
    own = {e.source for e in graph.edges if e.kind == "vcenter_guest"}
    shown = {n.id for n in _guests(graph, Search(graph).backward(targets))} - own
    perhaps = {n.id for n in _guests(graph, Search(graph, possible=True).backward(targets))} - own - shown
    return Exposed(shown=tuple(map(graph.node, sorted(shown))), possible=tuple(map(graph.node, sorted(perhaps))))


def _credentials(graph: Graph) -> list[str]:
    """The accounts that open most hosts, each with how many."""
    search = Search(graph)
    holders = {e.source for e in graph.edges if e.kind == "holds"}
    counted = []
    for node in (n for n in graph.of(NodeKind.CREDENTIAL) if n.id in holders):
        hosts = sum(graph.nodes[n].kind is NodeKind.HOST for n in search.reached([node.id]))
        counted.append((hosts, node.name))
    worst = islice(sorted(counted, key=lambda x: (-x[0], x[1])), NAMED)
    return [
        f"attack paths: {visible(name, 60)} opens {plural(hosts, 'host')} (viguard attack blast '{visible(name, 60)}')"
        for hosts, name in worst
        if hosts
    ]


def _guests(graph: Graph, found: dict[str, str]) -> list[Node]:
    return [n for n in map(graph.node, found) if n.kind is NodeKind.GUEST]


def _some(nodes: Sequence[Node]) -> str:
    names = ", ".join(visible(n.name, 60) for n in nodes[:NAMED])
    more = f" and {len(nodes) - NAMED:,} more" if len(nodes) > NAMED else ""
    return f"{plural(len(nodes), 'guest')} by attack paths ({names}{more})"
