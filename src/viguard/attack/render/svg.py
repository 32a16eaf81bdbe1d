"""The paths of an answer as a drawing: columns by step, shown steps as lines, possible ones dashed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from xml.sax.saxutils import escape

from viguard.attack.answers import Answer
from viguard.attack.graph import Hop, Node, NodeKind
from viguard.model.text import visible

WIDTH, HEIGHT, GAP, COLUMN, MARGIN, HEAD = 190, 44, 26, 330, 20, 56
ARROW = """<defs><marker id="end" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto">
<path d="M0 0 8 4 0 8z" fill="#475569"/></marker></defs>"""
COLOURS = {
    NodeKind.GUEST: "#dbeafe",
    NodeKind.HOST: "#fee2e2",
    NodeKind.VCENTER: "#fecaca",
    NodeKind.ZONE: "#dcfce7",
    NodeKind.SERVICE: "#ecfccb",
    NodeKind.INTERFACE: "#fef9c3",
    NodeKind.PORT_GROUP: "#d1fae5",
    NodeKind.DATASTORE: "#ede9fe",
    NodeKind.TARGET: "#f3e8ff",
    NodeKind.CREDENTIAL: "#ffedd5",
    NodeKind.ROLE: "#fce7f3",
    NodeKind.TEMPLATE: "#e0f2fe",
}


def drawing(answer: Answer) -> str:
    """The paths of an answer as one SVG document. Where none is shown, its possible ones."""
    hops = list(dict.fromkeys(h for p in (answer.paths or answer.possible_paths) for h in p))
    columns = _columns(hops)
    places = {
        node.id: (MARGIN + number * COLUMN, HEAD + row * (HEIGHT + GAP))
        for number, column in enumerate(columns)
        for row, node in enumerate(column)
    }
    wide = max(MARGIN * 2 + max(len(columns) - 1, 0) * COLUMN + WIDTH, 640)
    high = HEAD + max((len(c) for c in columns), default=0) * (HEIGHT + GAP) + MARGIN
    title = _text(answer.question + " " + " ".join(answer.sentences), 160)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" width="{wide}" height="{high}">',
        f"<title>{title}</title>",
        f'<rect width="{wide}" height="{high}" fill="#ffffff"/><g font-family="sans-serif" font-size="12">',
        ARROW,
        f'<text x="{MARGIN}" y="26" font-size="14" fill="#0f172a">{title}</text>',
        *(_line(hop, places) for hop in hops),
        *(_box(node, *places[node.id]) for column in columns for node in column),
        "</g></svg>",
    ]
    return "\n".join(parts) + "\n"


def _columns(hops: Iterable[Hop]) -> list[list[Node]]:
    """Nodes by the number of steps from a start, each once; in a column by the row of what leads there."""
    hops = list(hops)
    nodes = {n.id: n for h in hops for n in (h.source, h.target)}
    starts = [n for n in nodes if not any(h.target.id == n for h in hops)] or list(nodes)[:1]
    depth = dict.fromkeys(starts, 0)
    waiting = list(starts)
    for id_ in waiting:
        for hop in hops:
            if hop.source.id == id_ and hop.target.id not in depth:
                depth[hop.target.id] = depth[id_] + 1
                waiting.append(hop.target.id)
    found: dict[int, list[Node]] = defaultdict(list)
    for id_, number in depth.items():
        found[number].append(nodes[id_])
    return [found[n] for n in sorted(found)]


def _box(node: Node, x: int, y: int) -> str:
    full = _text(f"{node.kind.value.replace('_', ' ')}: {node.name}", 200)
    return (
        f'<g><title>{full}</title><rect x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="6"'
        f' fill="{COLOURS[node.kind]}" stroke="#64748b"/>'
        f'<text x="{x + 8}" y="{y + 17}" fill="#475569" font-size="10">{node.kind.value.replace("_", " ")}</text>'
        f'<text x="{x + 8}" y="{y + 34}" fill="#0f172a">{_text(node.name, 26)}</text></g>'
    )


def _line(hop: Hop, places: dict[str, tuple[int, int]]) -> str:
    (x1, y1), (x2, y2) = places[hop.source.id], places[hop.target.id]
    back = x2 <= x1
    start, end = (x1 if back else x1 + WIDTH), (x2 + WIDTH if back else x2)
    middle = HEIGHT // 2
    dashed = "" if hop.edge.real else ' stroke-dasharray="5 4"'
    told = _text(
        f"{hop.edge.about.title}; {'; '.join(f'{s.name}: {s.property} = {s.value}' for s in hop.edge.evidence)}", 400
    )
    label = _text(hop.edge.kind.replace("_", " "), 24)
    at = (start + end) // 2, (y1 + y2) // 2 + middle - 5
    return (
        f'<g><title>{told}</title><path d="M{start} {y1 + middle} {end} {y2 + middle}" stroke="#475569" fill="none"'
        f'{dashed} marker-end="url(#end)"/><text x="{at[0]}" y="{at[1]}" text-anchor="middle" fill="#334155"'
        f' font-size="11" stroke="#ffffff" stroke-width="3" paint-order="stroke">{label}</text></g>'
    )


def _text(text: str, limit: int) -> str:
    return escape(visible(text, limit), {'"': "&quot;"})
