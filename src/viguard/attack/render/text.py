"""An answer as lines for a terminal, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from viguard.attack.answers import Answer, Path
from viguard.attack.graph import Graph, Hop, Node
from viguard.attack.kinds import load_kinds
from viguard.model.text import plural, visible

LISTED = 30


def lines(answer: Answer, graph: Graph) -> list[str]:
    """The answer for people: sentences, paths with the evidence of each step, then what is only possible."""
    found = [visible(answer.question), *answer.sentences]
    for path in answer.paths:
        found += ["", *_path(path)]
    if answer.cut is not None and answer.cut.actions:
        found += ["", "Actions:"]
        for action in answer.cut.actions:
            on = _named(graph, action.on)
            found.append(f"  {action.mends}: {on} (cost {action.cost}, closes {action.closes} steps)  [{action.id}]")
    found += _listed("Shown", answer.shown)
    if answer.possible or answer.possible_paths:
        found += ["", "Possible only, because facts were not read:", *_listed("Possible", answer.possible)]
        for path in answer.possible_paths:
            found += ["", *_path(path)]
    times = [
        s.read_at for p in (*answer.paths, *answer.possible_paths) for h in p for s in h.edge.evidence if s.read_at
    ]
    found += ["", f"Facts as read at {min(times).isoformat(timespec='seconds')}."] if times else []
    found += [f"note: {visible(note, 300)}" for note in answer.notes[:LISTED]]
    return found


def _path(path: Path) -> Iterator[str]:
    yield f"{_name(path[0].source)} to {_name(path[-1].target)} in {plural(len(path), 'step')}:"
    for number, hop in enumerate(path, 1):
        edge = hop.edge
        yield f"  {number}. {_name(hop.source)} -> {_name(hop.target)}: {edge.about.title}  [{edge.kind}]"
        for seen in edge.evidence:
            yield f"       {visible(seen.name, 80)}: {seen.property} = {seen.value}"
        for why in edge.missing:
            yield f"       not known: {visible(why, 200)}"
        if edge.about.needs:
            yield f"       needs: {edge.about.needs}"
        if edge.action:
            yield f"       closed by: {edge.about.mends} (cost {edge.about.cost})"


def _listed(title: str, nodes: tuple[Node, ...]) -> list[str]:
    if not nodes:
        return []
    names = ", ".join(_name(n) for n in nodes[:LISTED])
    more = f" and {len(nodes) - LISTED:,} more" if len(nodes) > LISTED else ""
    return ["", f"{title} ({len(nodes):,}): {names}{more}"]


def _name(node: Node) -> str:
    return visible(node.name, 80)


def _named(graph: Graph, on: str) -> str:
    """What an action acts on, with names where it has ids; parts after a slash stay."""
    if ">" in on:
        return " to ".join(_named(graph, part) for part in on.split(">"))
    for id_ in (on, *(on[:cut] for cut in range(len(on) - 1, 0, -1) if on[cut] == "/")):
        if id_ in graph.index:
            return _name(graph.node(id_)) + visible(on[len(id_) :], 80)
    return visible(on, 160)


def document(answer: Answer, graph: Graph) -> bytes:
    """The answer as JSON."""
    shown: dict[str, Any] = {
        "schema": "viguard-attack/1",
        "question": answer.question,
        "sentences": answer.sentences,
        "shown": [_node(n) for n in answer.shown],
        "possible": [_node(n) for n in answer.possible],
        "paths": [[_hop(h) for h in path] for path in answer.paths],
        "possible_paths": [[_hop(h) for h in path] for path in answer.possible_paths],
        "notes": answer.notes,
    }
    if answer.cut is not None:
        cut = answer.cut
        shown["cut"] = {
            "actions": [msgspec.to_builtins(a) | {"name": _named(graph, a.on)} for a in cut.actions],
            "cost": cut.cost,
            "bound": cut.bound,
            "proven_minimal": cut.proven,
            "apart": cut.apart,
            "cannot_be_closed": [e.kind for e in cut.open],
        }
    return msgspec.json.format(msgspec.json.encode(shown), indent=2) + b"\n"


def _node(node: Node) -> dict[str, str]:
    return {"id": node.id, "kind": node.kind.value, "name": node.name}


def _hop(hop: Hop) -> dict[str, Any]:
    edge, about = hop.edge, load_kinds()[hop.edge.kind]
    return {
        "kind": edge.kind,
        "title": about.title,
        "from": _node(hop.source),
        "to": _node(hop.target),
        "certainty": "real" if edge.real else "possible",
        "missing": edge.missing,
        "evidence": [s._asdict() for s in edge.evidence],
        "needs": about.needs,
        "action": edge.action,
        "mends": about.mends if edge.action else "",
        "cost": about.cost if edge.action else None,
    }
