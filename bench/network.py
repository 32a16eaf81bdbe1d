"""The exact engine for rule sets, beside binary decision diagrams and aerleon on the same rules.

    python -m bench.network [--runs 5] [--rules 2000] [--large]

Equal results are checked first: the number of shadowed rules, and of pairs of zones that any service joins. Times are
those of a process that has compiled its parts before; medians. ``--large`` adds sets of 8,000 rules.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import TypeVar

import numpy as np

from bench.network_peers import ORDERS, diagrams, shades
from bench.rulesets import of_a_site, shaped, zones
from viguard.network.addresses import Family
from viguard.network.closed.roles import outside
from viguard.network.exact.anomalies import anomalies
from viguard.network.exact.difference import difference
from viguard.network.exact.matrix import between, passing
from viguard.network.exact.space import Space
from viguard.network.exact.sweep import Plain, Sweep, choose
from viguard.network.reach.ground import INTERNET, Ground, Network, Router
from viguard.network.reach.verifying import verify
from viguard.network.rules import Action, RuleSet

T = TypeVar("T")
CACHE = Path(__file__).resolve().parents[1] / ".cache" / "compiled"
PEERS = ("dd==0.6.0", "aerleon==1.18.0")
SHAPES = ("acl", "fw", "ipc")


def timed(runs: int, work: Callable[[], T]) -> tuple[float, T]:
    """The median of some runs in seconds, and what the last one found."""
    spent: list[float] = []
    for _ in range(runs):
        started = time.perf_counter()
        found = work()
        spent.append(time.perf_counter() - started)
    return median(spent), found


def all_pairs(one: RuleSet, sweep: Sweep) -> tuple[int, int]:
    """How many rules are shadowed, and how many pairs of zones any service joins."""
    space = Space([one], zones())
    hits = np.zeros(len(one.rules) + 1, np.int64)
    found = between(space, sweep, hits=hits)
    return int((hits[:-1] == 0).sum()), int(found.some.any(axis=2).sum())


def shadowed(one: RuleSet, sweep: Sweep) -> int:
    """How many rules never decide."""
    hits = np.zeros(len(one.rules) + 1, np.int64)
    between(Space([one]), sweep, hits=hits)
    return int((hits[:-1] == 0).sum())


def changed(one: RuleSet) -> RuleSet:
    """The same rules but for twenty that turn round, from one end to the other."""
    step = max(len(one.rules) // 20, 1)
    turned = {Action.PERMIT: Action.DENY, Action.DENY: Action.PERMIT}
    rules = tuple(
        type(rule)(
            action=turned[rule.action] if number % step == step // 2 else rule.action,
            sources=rule.sources,
            destinations=rule.destinations,
            services=rule.services,
        )
        for number, rule in enumerate(one.rules)
    )
    return RuleSet(name="changed", family=one.family, rules=rules)


class Table:
    """Lines as they are measured, and whether each keeps its bound."""

    def __init__(self) -> None:
        self.missed = 0

    def line(self, what: str, seconds: float, bound_s: float | None = None, note: str = "") -> None:
        """A time, in milliseconds, with its bound."""
        is_missed = bound_s is not None and seconds >= bound_s
        self.missed += is_missed
        bound = "" if bound_s is None else f"  bound {bound_s * 1e3:,.0f} ms{': MISSED' if is_missed else ''}"
        print(f"{what:52}{seconds * 1e3:10,.1f} ms{bound}{f'  {note}' if note else ''}")

    def ratio(self, what: str, ratio: float, least: float) -> None:
        """How many times as long a peer takes."""
        self.missed += ratio < least
        print(f"{what:52}{ratio:10.1f} x  at least {least:g} x{': MISSED' if ratio < least else ''}")


def main() -> int:
    """0 when every bound is reached."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--rules", type=int, default=2000)
    parser.add_argument("--large", action="store_true", help="also 8,000 rules of each shape")
    given = parser.parse_args()
    pip = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", *PEERS]
    subprocess.run(pip, check=True, stderr=subprocess.DEVNULL)
    sweep, why = choose(CACHE)
    print(f"engine: {why}\n")
    table = Table()
    site(table, sweep, given.rules, given.runs)
    for size, bound_s in ((1000, 0.1), (2000, 0.2), *(((8000, 10.0),) if given.large else ())):
        for kind in SHAPES:
            one = shaped(kind, size, seed=1)
            spent, found = timed(given.runs if size < 8000 else 1, lambda one=one: shadowed(one, sweep))  # type: ignore[misc]
            table.line(f"{kind}, {size:,} rules: which decide nothing", spent, bound_s, f"{found} shadowed")
    return int(table.missed > 0)


def site(table: Table, sweep: Sweep, rules: int, runs: int) -> None:
    """A site of sixty zones, and the peers."""
    one = of_a_site(rules)
    all_pairs(one, sweep)
    spent, found = timed(runs, lambda: all_pairs(one, sweep))
    table.line(f"{rules:,} rules, 60 zones: all pairs, shadowed rules", spent, 1.0, f"{found[0]} shadowed")
    plain_s, plain = timed(1, lambda: all_pairs(one, Plain()))
    assert plain == found
    table.line("the same with numpy alone", plain_s)
    raced = [
        min((diagrams(one, zones(), order) for _ in range(2)), key=lambda d: d.build_s + d.project_s)
        for order in ORDERS
    ]
    assert all((peer.shadowed, peer.open_pairs) == found for peer in raced), "the peer found something else"
    best = min(raced, key=lambda peer: peer.build_s + peer.project_s)
    table.line(f"dd.cudd, best order of {len(ORDERS)} ({best.order})", best.build_s + best.project_s)
    table.ratio("dd.cudd takes", (best.build_s + best.project_s) / spent, 5)
    shaded = shades(one)
    table.line("aerleon's check for shadowed terms, one by one", shaded.check_s)
    checked_s, none = timed(runs, lambda: shadowed(one, sweep))
    assert none == found[0]
    table.line("the same check, by unions too", checked_s)
    table.ratio("aerleon takes", shaded.check_s / checked_s, 20)
    every_s, _ = timed(runs, lambda: anomalies(one, sweep))
    table.line("anomalies of all kinds", every_s)
    other = changed(one)
    differs_s, differs = timed(runs, lambda: difference(one, other, sweep))
    for case in differs.cases:
        assert one.decides(case.packet)[0] is not other.decides(case.packet)[0]
    table.line("difference of two such sets, with packets", differs_s, 0.5, f"{len(differs.cases)} cases")
    space = Space([one], zones())
    space.compiled  # noqa: B018  (made when first asked for)
    guest = zones()[7][0].first + 77
    what_if_s, row = timed(runs * 20, lambda: passing(space, sweep, space.sources.of(guest)))
    assert np.any(row)
    table.line("what one guest reaches, every destination", what_if_s, 0.01)
    ground = estate(one)
    needed = {Family.V4: RuleSet(name="needed", family=Family.V4, rules=one.rules[: rules * 19 // 20])}
    verify_s, pairs = timed(1, lambda: list(verify(ground, ground, sweep, needed)))
    cases = sum(len(each.wide) + len(each.narrow) for each in pairs)
    table.line("an estate against its policy, with packets", verify_s, note=f"{len(pairs):,} pairs, {cases} cases")


def estate(one: RuleSet) -> Ground:
    """Sixty zones and the internet, with one router between them."""
    every = {f"zone {number}": addresses for number, addresses in enumerate(zones())}
    every[INTERNET] = outside(zones(), Family.V4)
    networks = {
        name: Network(name=name, zone=name, addresses={Family.V4: addresses}) for name, addresses in every.items()
    }
    router = Router(name="core", joins=tuple(networks), lists={}, forward={Family.V4: (one,)}, translations={})
    return Ground(networks=networks, routers=(router,), layers=())


if __name__ == "__main__":
    sys.exit(main())
