"""Collection against a Go client and pyVmomi, side by side on the lab's bench estate: ``python -m bench.collect``."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import lab
from bench import bounds
from bench.agreement import agree
from bench.contenders import Contender, Field, version
from bench.measure import Cost, middle
from lab.demo import write_credentials
from viguard.vsphere.properties import asking

ENDPOINT = "vc-today"
GO_PAGES = (50, 100, 250, 500, 0)
PYVMOMI_PAGES = (250, 500)


def main() -> int:
    """0 when everybody read the same and every bound is reached."""
    chosen = _options()
    with opened(chosen.hosts, chosen.guests, chosen.seed) as field:
        peers = [best_go(field), best_pyvmomi(field)]
        viguards = [field.cold(), field.unchanged()]
        if not agree(field, peers, viguards, chosen.guests):
            return 1
        contenders = [*peers, *viguards, field.findings(), field.saved(), version()]
        costs = race(contenders, chosen.runs)
    medians = {name: middle(runs) for name, runs in costs.items()}
    show(medians)
    whole = (chosen.hosts, chosen.guests) == bounds.SIZE
    return bounds.show(medians, size=f"{chosen.hosts} hosts / {chosen.guests:,} guests", binding=whole)


def race(contenders: Sequence[Contender], rounds: int) -> dict[str, list[Cost]]:
    """The costs of every contender, run in turn, so that a busy moment of the machine meets all alike."""
    costs: dict[str, list[Cost]] = {c.name: [] for c in contenders}
    for number in range(1, rounds + 1):
        for contender in contenders:
            cost = contender.run()
            costs[contender.name].append(cost)
            print(f"round {number}: {contender.name}: {cost.cpu_s:.2f} s CPU", file=sys.stderr, flush=True)
    return costs


def best_go(field: Field) -> Contender:
    """The Go client at the page size and kind of reply that cost it least CPU."""
    tried = {(page, plain): field.go(page, plain=plain) for page in GO_PAGES for plain in (False, True)}
    costs = {key: contender.run().cpu_s for key, contender in tried.items()}
    told = ", ".join(f"{page or 'all'}{' plain' if plain else ''} {cost:.2f}" for (page, plain), cost in costs.items())
    best = min(costs, key=lambda key: costs[key])
    print(f"Go client, CPU s by page size: {told}; raced: {best[0] or 'all'}{' plain' if best[1] else ''}")
    return tried[best]


def best_pyvmomi(field: Field) -> Contender:
    """PyVmomi at the page size that costs it least CPU."""
    costs = {page: field.pyvmomi(page).run().cpu_s for page in PYVMOMI_PAGES}
    best = min(costs, key=lambda page: costs[page])
    told = ", ".join(f"{page} {cost:.2f}" for page, cost in costs.items())
    print(f"pyVmomi, CPU s by page size: {told}; raced: {best}")
    return field.pyvmomi(best)


def show(medians: dict[str, Cost]) -> None:
    """A table of every contender, with ratios to the peers."""
    go, pyvmomi = medians["Go govmomi"].cpu_s, medians["pyVmomi paged"].cpu_s
    print(f"\n{'':22}{'CPU s':>9}{'of Go':>8}{'of pyVmomi':>12}{'memory MB':>11}{'wall s':>9}")
    for name, cost in medians.items():
        ratios = f"{cost.cpu_s / go:>8.3f}{cost.cpu_s / pyvmomi:>12.3f}"
        print(f"{name:22}{cost.cpu_s:>9.3f}{ratios}{cost.memory_mb:>11.0f}{cost.wall_s:>9.2f}")


@contextmanager
def opened(hosts: int, guests: int, seed: int) -> Iterator[Field]:
    """The lab with a bench estate of that size, and everybody's files."""
    flags = {ENDPOINT: ["-bench", f"{hosts},{guests},{seed}"]}
    with lab.up([ENDPOINT], flags=flags) as estate, tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder, endpoint = Path(name), estate[ENDPOINT]
        properties = folder / "properties.json"
        wanted = {kind: asking(kind, endpoint.api).paths for kind in ("HostSystem", "VirtualMachine")}
        properties.write_text(json.dumps(wanted), encoding="utf-8")
        told = ", ".join(f"{len(paths)} properties of {kind}" for kind, paths in wanted.items())
        print(f"{endpoint.objects:,} objects in the lab; everybody asks for {told}")
        yield Field(endpoint, folder, properties, write_credentials(estate, folder / "credentials.yaml"))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.collect", description=__doc__)
    parser.add_argument("--hosts", type=int, default=bounds.SIZE[0])
    parser.add_argument("--guests", type=int, default=bounds.SIZE[1])
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--runs", type=int, default=5, help="runs of each; the median counts")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (lab.LabUnavailable, RuntimeError, subprocess.SubprocessError) as error:
        sys.exit(f"bench: {error}")
