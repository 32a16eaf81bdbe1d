"""What an audit of the lab must say: lab/belnet/expected.yaml, written by hand, read into a comparable form.

Each estate lists its controls. A control names every result that is not a pass, by status and short name, and the
number of passes. ``@group`` stands for the names of a group of the file's head, ``-name`` takes a name out again. A
short name is the last step of the path, with the step above it for parts of hosts, datastores and accounts. One that
two resources of a control share starts with the server's name.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from viguard.model.result import Kind, Result, Status

FILE = Path(__file__).parents[2] / "lab" / "belnet" / "expected.yaml"
WAITING = ["no source yet: needs ", "needs a statement", "no log server was named"]
"""What a control says whose source does not exist yet, or was not named."""
PARTS = {Kind.SWITCH, Kind.PORT_GROUP, Kind.DATASTORE, Kind.ACCOUNT, Kind.ROLE}


@dataclass
class Outcome:
    """The results of one control: number of passes, and names by every other status."""

    passes: int = 0
    others: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))


@cache
def _document() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return document


def load(estate: str) -> tuple[list[str], dict[str, Outcome]]:
    """The endpoints of an estate, and what each control must say of it."""
    groups: dict[str, list[str]] = _document()["groups"]
    chosen = _document()["estates"][estate]
    return chosen["endpoints"], {c: _outcome(told, groups) for c, told in chosen["controls"].items()}


def _outcome(told: dict[str, Any], groups: dict[str, list[str]]) -> Outcome:
    found = Outcome(passes=told.get("pass", 0))
    named: list[str] = []
    for status, names in told.items():
        if status != "pass":
            found.others[Status(status)] = set(spelled := _names(names, groups))
            named += spelled
    twice = [name for name, times in Counter(named).items() if times > 1]
    assert not twice, f"stands twice: {twice}"
    return found


def _names(names: Iterable[str], groups: dict[str, list[str]]) -> list[str]:
    found: list[str] = []
    for name in names:
        if name.startswith("@"):
            found += _names(groups[name[1:]], groups)
        elif name.startswith("-"):
            found.remove(name[1:])
        else:
            found.append(name)
    return found


def outcomes(results: Sequence[Result]) -> dict[str, Outcome]:
    """The same form, from results."""
    found: dict[str, Outcome] = defaultdict(Outcome)
    shared = Counter((r.control, short(r)) for r in results)
    for result in results:
        name = short(result)
        if shared[result.control, name] > 1:
            name = f"{result.resource.path.split('/')[1]}/{name}"
        if result.status is Status.PASS:
            found[result.control].passes += 1
        else:
            names = found[result.control].others[result.status]
            assert name not in names, f"{result.control}: two resources are called {name}"
            names.add(name)
    return dict(found)


def unexplained(results: Sequence[Result]) -> list[str]:
    """Unknown results that do not say the reason that was expected."""
    because: dict[str, list[str]] = _document()["because"]
    return [
        f"{result.control}: {short(result)} is unknown: {result.reason}"
        for result in results
        if result.status is Status.UNKNOWN
        and not any(why in result.reason for why in because.get(result.control, WAITING))
    ]


def short(result: Result) -> str:
    """The short name of a result's resource."""
    if result.resource.kind is Kind.ESTATE:
        return "estate"
    steps = result.resource.path.split("/")
    return "/".join(steps[-2:]) if result.resource.kind in PARTS else steps[-1]


def differences(wanted: dict[str, Outcome], got: dict[str, Outcome]) -> list[str]:
    """Every difference as a line a person can act on."""
    lines = []
    for control in sorted({*wanted, *got}):
        want, have = wanted.get(control, Outcome()), got.get(control, Outcome())
        if want.passes != have.passes:
            lines.append(f"{control}: {have.passes} passes, {want.passes} expected")
        for status in sorted({*want.others, *have.others}):
            missing = want.others[status] - have.others[status]
            surplus = have.others[status] - want.others[status]
            lines += [f"{control}: {name} should be {status}" for name in sorted(missing)]
            lines += [f"{control}: {name} is {status}, not expected" for name in sorted(surplus)]
    return lines
