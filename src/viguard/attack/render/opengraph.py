"""A graph as BloodHound OpenGraph JSON: nodes and edges of kinds of their own, to upload beside a domain's.

Source: BloodHound documentation, OpenGraph: ``graph.nodes`` with ``id``, ``kinds`` and ``properties`` of plain
values or lists of one type; ``graph.edges`` with ``kind``, ``start`` and ``end`` matched by id. Kinds are letters,
digits and underscores.
"""

from __future__ import annotations

from typing import Any

import msgspec

from viguard.attack.graph import Edge, Graph, Node
from viguard.model.text import visible

SOURCE = "ViguardEstate"


def document(graph: Graph) -> bytes:
    """The whole graph. An edge says in ``certainty`` whether it was shown or is possible only."""
    found = {
        "metadata": {"source_kind": SOURCE},
        "graph": {"nodes": [_node(n) for n in graph.nodes], "edges": [_edge(e) for e in graph.edges]},
    }
    return msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n"


def _node(node: Node) -> dict[str, Any]:
    name = visible(node.name)
    return {
        "id": node.id,
        "kinds": [f"Viguard{_camel(node.kind.value)}"],
        "properties": {"name": name, "objectid": node.id},
    }


def _edge(edge: Edge) -> dict[str, Any]:
    properties: dict[str, str | int | list[str]] = {
        "title": edge.about.title,
        "certainty": "real" if edge.real else "possible",
        "needs": edge.about.needs,
        "evidence": [f"{visible(s.name, 80)}: {s.property} = {s.value}" for s in edge.evidence],
    }
    if edge.missing:
        properties["missing"] = list(edge.missing)
    if edge.action:
        properties |= {"action": edge.action, "mends": edge.about.mends, "cost": edge.about.cost}
    return {
        "kind": f"Viguard{_camel(edge.kind)}",
        "start": {"value": edge.source, "match_by": "id"},
        "end": {"value": edge.target, "match_by": "id"},
        "properties": {key: value for key, value in properties.items() if value},
    }


def _camel(text: str) -> str:
    return "".join(word.capitalize() for word in text.split("_"))
