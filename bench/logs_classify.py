"""Classification of log lines, beside syslog-ng, liblognorm and ripgrep on the same lines.

    python -m bench.logs_classify [--lines 5000000] [--flood 1000000] [--runs 5]

Everybody reads one file from the page cache and has to recognise as many lines as there are events in it. CPU is that
of the whole process with its children, start included: each uses one core. Peers run trials first; the best one races.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple, ParamSpec, TypeVar

from bench import logs_peers
from bench.contenders import viguard
from bench.loglines import Options, write
from bench.measure import Cost, measured, middle

UNPACKED = Path(__file__).resolve().parents[1] / ".cache" / "debian"
PACKAGES = ("syslog-ng-core", "liblognorm-utils", "ripgrep")
LIBRARIES = ("usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu", "usr/lib/syslog-ng")
RATE = 0.01
SEED = 3
FEW = {"syslog-ng": 15.0, "liblognorm": 7.0, "ripgrep, our rules": 3.0}
FLOOD = {"syslog-ng": 1.4}
"""How much more CPU the peers take at least."""

P, T = ParamSpec("P"), TypeVar("T")


class Contender(NamedTuple):
    """A way to recognise the lines of a file: its command, and what counts the lines that it has recognised."""

    name: str
    command: Callable[[Path], list[str]]
    count: Callable[[], int]


def contenders(folder: Path) -> dict[str, list[Contender]]:
    """The contenders by peer, each with its trials. ``folder`` takes their configurations and results."""
    logs_peers.write(folder)
    out = folder / "out"

    def shell(script: str) -> Callable[[Path], list[str]]:
        return lambda file: ["sh", "-c", script.format(file=file, out=out)]

    def lines() -> int:
        return out.read_bytes().count(b"\n")

    def number() -> int:
        return int(out.read_text().split()[0])

    def summed() -> int:
        return sum(int(line.rpartition("\t")[2]) for line in out.read_text().splitlines())

    normalizer = f"{program('liblognorm-utils', 'lognormalizer')} -r {folder}/rules.rb -p -T"
    rg = f"{program('ripgrep', 'rg')} -j1 -c -a --no-unicode"
    few, every = f"-f {folder}/patterns.txt", f"-f {folder}/all_patterns.txt"
    ours = f"{viguard()} logs classify {{file}} --format summary > {{out}}"
    return {
        "viguard": [Contender("viguard", shell(ours), summed)],
        "syslog-ng": [_syslog_ng(folder, out, fetch, lines) for fetch in (100, 1000, 10_000)],
        "liblognorm": [
            Contender(f"liblognorm, {form}", shell(f"{normalizer} -e {form} < {{file}} > {{out}} 2>/dev/null"), lines)
            for form in ("json", "csv")
        ],
        "ripgrep, 21 rules": [Contender("ripgrep, 21 rules", shell(f"{rg} {few} {{file}} > {{out}}"), number)],
        "ripgrep, our rules": [
            Contender(f"ripgrep, our rules{extra}", shell(f"{rg}{extra} {every} {{file}} > {{out}}"), number)
            for extra in ("", " --dfa-size-limit 1G --regex-size-limit 1G")
        ],
    }


def _syslog_ng(folder: Path, out: Path, fetch: int, count: Callable[[], int]) -> Contender:
    own = folder / f"syslog-ng-{fetch}"
    own.mkdir(exist_ok=True)
    (own / "conf").write_text(logs_peers.syslog_ng(folder / "patterndb.xml", out, fetch), encoding="utf-8")
    daemon = program("syslog-ng-core", "syslog-ng")
    places = f"-f {own}/conf -R {own}/persist -p {own}/pid -c {own}/ctl"
    script = f"rm -f {out}; cat {{file}} | {daemon} -F --no-caps --worker-threads=1 {places} 2>/dev/null"
    return Contender(f"syslog-ng, fetch {fetch}", lambda file: ["sh", "-c", script.format(file=file)], count)


def program(package: str, name: str) -> str:
    """An unpacked program with the libraries beside it, or the installed one."""
    root = UNPACKED / package
    found = next((p for p in (root / "usr/sbin" / name, root / "usr/bin" / name) if p.exists()), None)
    if found is None:
        return name
    module_path = f"--module-path={root}/usr/lib/syslog-ng/3.38" if name == "syslog-ng" else ""
    return f"env LD_LIBRARY_PATH={libraries(root)} {found} {module_path}".strip()


def libraries(root: Path) -> str:
    """Where an unpacked program finds its libraries."""
    return ":".join(str(path) for path in map(root.joinpath, LIBRARIES) if path.is_dir())


def race(file: Path, wanted: int, chosen: Sequence[Contender], runs: int) -> dict[str, Cost]:
    """The medians of contenders that run in turn; each has to recognise as many lines as are ``wanted``.

    Raises: RuntimeError when one recognises another number.
    """
    costs: dict[str, list[Cost]] = {one.name: [] for one in chosen}
    for number in range(1, runs + 1):
        for one in chosen:
            cost = measured(one.command(file), fine=(0, 1))
            if (found := one.count()) != wanted:
                raise RuntimeError(f"{one.name} recognises {found} lines instead of {wanted}")
            costs[one.name].append(cost)
            print(f"round {number}: {one.name}: {cost.cpu_s:.2f} s CPU", file=sys.stderr, flush=True)
    return {name: middle(some) for name, some in costs.items()}


def best_of(file: Path, wanted: int, trials: Sequence[Contender]) -> Contender:
    """The trial of a peer that costs it least."""
    if len(trials) == 1:
        return trials[0]
    costs = {one.name: race(file, wanted, [one], 1)[one.name].cpu_s for one in trials}
    print("trials: " + ", ".join(f"{name} {cost:.2f} s" for name, cost in costs.items()))
    return min(trials, key=lambda one: costs[one.name])


def show(title: str, lines: int, medians: dict[str, Cost], bounds: dict[str, float]) -> int:
    """Print the medians, what viguard is to each peer, and the bounds; how many are missed."""
    ours = medians["viguard"].cpu_s
    print(f"\n{title}\n{'':34}{'CPU s':>8}{'k lines/s':>11}{'of viguard':>12}")
    for name, cost in medians.items():
        print(f"{name:34}{cost.cpu_s:>8.2f}{lines / cost.cpu_s / 1e3:>11.0f}{cost.cpu_s / ours:>12.2f}")
    missed = 0
    for peer, bound in bounds.items():
        ratio = next(cost.cpu_s for name, cost in medians.items() if name.startswith(peer)) / ours
        missed += ratio < bound
        print(f"  {'reached' if ratio >= bound else 'MISSED ':8} {ratio:.2f} x {peer} (at least {bound:g} x)")
    return missed


def apart(work: Callable[P, T], *given: P.args, **named: P.kwargs) -> T:
    """What ``work`` returns in a process of its own, so that none of its memory is left in this one."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        made: T = process.submit(work, *given, **named).result()
        return made


def described() -> str:
    """What viguard looks for here, and how."""
    from viguard.logs.classify import Classifier  # noqa: PLC0415

    ours = Classifier()
    return f"viguard: {len(ours.rules.every)} rules, {len(ours.rules.stems)} stems; {ours.why}"


def main() -> int:
    """0 when every bound is reached."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--lines", type=int, default=5_000_000)
    parser.add_argument("--flood", type=int, default=1_000_000, help="lines of the file that is events alone")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="where the files go; a temporary one without")
    given = parser.parse_args()
    subprocess.run([UNPACKED.parents[1] / "packaging" / "unpack", *PACKAGES], check=True)
    print(apart(described))
    with tempfile.TemporaryDirectory(dir=given.folder) as name:
        folder = Path(name)
        trials = contenders(folder)
        missed = 0
        for title, options, bounds in (
            (f"{given.lines:,} lines, 1 % events", Options(given.lines, RATE, seed=SEED), FEW),
            (f"{given.flood:,} lines, all events", Options(given.flood, 1.0, seed=SEED), FLOOD),
        ):
            file = folder / "lines.log"
            wanted = apart(write, file, options)
            print(f"\n{title}: {file.stat().st_size / 1e6:.0f} MB, {wanted:,} events")
            chosen = [best_of(file, wanted, some) for some in trials.values()]
            missed += show(title, options.lines, race(file, wanted, chosen, given.runs), bounds)
            file.unlink()
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
