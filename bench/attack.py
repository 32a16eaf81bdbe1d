"""Attack paths of a generated estate of 10,000 guests, beside networkx on the same graph.

    python -m bench.attack [--hosts 500] [--runs 5]

Both sides have to find the same nodes and the same cost of a cut. Prints medians and what they come to. The time to
draw the graph from the inventory is told apart: it is paid once for any number of questions.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import networkx as nx

from bench.attack_estate import SERVER, estate
from viguard.attack.build import build
from viguard.attack.cut import Cutter
from viguard.attack.graph import Graph, NodeKind
from viguard.attack.search import Search

BOUNDS_MS = {"blast of one guest": 5, "exposure of every guest": 50, "cut": 100}


def _timed(runs: int, ask: Callable[[], Any]) -> tuple[float, Any]:
    took, answer = [], None
    for _ in range(runs):
        began = time.perf_counter()
        answer = ask()
        took.append((time.perf_counter() - began) * 1000)
    return median(took), answer


def _plain(graph: Graph) -> nx.DiGraph:
    drawn = nx.DiGraph()
    drawn.add_nodes_from(range(len(graph.nodes)))
    drawn.add_edges_from((graph.index[e.source], graph.index[e.target]) for e in graph.edges if e.real)
    return drawn


def _capacities(graph: Graph, sources: list[str]) -> nx.DiGraph:
    """The same network of capacities: an action in the middle of the steps that it closes; no capacity is unlimited."""
    drawn = nx.DiGraph()
    for edge in (e for e in graph.edges if e.real):
        if edge.action:
            drawn.add_edge(edge.source, f"in {edge.action}")
            drawn.add_edge(f"in {edge.action}", f"out {edge.action}", capacity=edge.about.cost)
            drawn.add_edge(f"out {edge.action}", edge.target)
        else:
            drawn.add_edge(edge.source, edge.target)
    drawn.add_edges_from(("start", s) for s in sources)
    return drawn


def main() -> int:
    """0 when both sides agree and every bound holds."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--hosts", type=int, default=500)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    began = time.perf_counter()
    generated = estate(options.hosts)
    made = time.perf_counter()
    graph = build(generated.inventory, reach=generated.reach, supplied=generated.supplied)
    print(f"estate generated in {made - began:.2f} s, graph drawn in {time.perf_counter() - made:.2f} s")
    shown = sum(e.real for e in graph.edges)
    print(f"{len(graph.nodes):,} nodes, {len(graph.edges):,} steps, {shown:,} of them shown, {len(graph.notes)} notes")
    search = Search(graph)
    zone = sorted({e.source for e in graph.edges if e.kind == "nic" and e.target == "zone:105"} - {"vc:vm0-0"})
    search.reached(zone[:1])  # the matrix is made once
    search.reaching([SERVER])
    cutter = Cutter(search)
    guest = graph.index["vc:vm7-3"]
    plain = _plain(graph)
    ok = True
    ours, found = _timed(options.runs, lambda: search.reached(["vc:vm7-3"]))
    theirs, other = _timed(options.runs, lambda: nx.descendants(plain, guest) | {guest})
    ok &= _told("blast of one guest", ours, theirs, len(found), set(map(int, found)) == other)
    ours, found = _timed(options.runs, lambda: search.reaching([SERVER]))
    target = graph.index[SERVER]
    theirs, other = _timed(options.runs, lambda: nx.ancestors(plain, target) | {target})
    same = set(map(int, found)) == other
    guests = sum(graph.nodes[n].kind is NodeKind.GUEST for n in found)
    ok &= _told("exposure of every guest", ours, theirs, guests, same)
    ours, found = _timed(options.runs, lambda: cutter.cut(zone, [SERVER]))
    theirs, other = _timed(1, lambda: nx.minimum_cut_value(_capacities(graph, zone), "start", SERVER))
    print(f"cut of {len(zone)} guests from the vCenter: {len(found.actions)} actions, proven: {found.proven}")
    ok &= _told("cut", ours, theirs, found.cost, not found.proven or found.cost == other)
    return 0 if ok else 1


def _told(name: str, ours: float, theirs: float, found: int, same: bool) -> bool:  # noqa: FBT001
    fits = ours <= BOUNDS_MS[name]
    agreement = "agree" if same else "DIFFER"
    bound = f"bound {BOUNDS_MS[name]} ms{'' if fits else ' MISSED'}"
    print(
        f"{name}: {ours:.2f} ms, networkx {theirs:.1f} ms, {theirs / ours:.0f} times; {bound}; {found:,}; {agreement}"
    )
    return fits and same


if __name__ == "__main__":
    sys.exit(main())
