"""What an audit of the lab must say: lab/belnet/expected.yaml, written by hand, read into a comparable form.

Each estate lists its controls. A control names every result that is not a pass, by status and short name, and the
number of passes. ``@group`` stands for a group of names of the file's head. A short name is the last step of the path;
for parts of a host it is ``host/part``; for resources whose short name stands twice it starts with the server's name.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from viguard.model.result import Kind, Result

FILE = Path(__file__).parents[2] / "lab" / "belnet" / "expected.yaml"
PARTS = {Kind.SWITCH, Kind.PORT_GROUP, Kind.DATASTORE, Kind.ACCOUNT, Kind.ROLE}


@dataclass
class Outcome:
    """The results of one control: number of passes, and names by every other status."""

    passes: int = 0
    others: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))


def load(estate: str) -> tuple[list[str], dict[str, Outcome]]:
    """The endpoints of an estate, and what each control must say of it."""
    document = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    groups: dict[str, list[str]] = document["groups"]
    chosen = document["estates"][estate]
    return chosen["endpoints"], {c: _outcome(told, groups) for c, told in chosen["controls"].items()}


def _outcome(told: dict[str, Any], groups: dict[str, list[str]]) -> Outcome:
    found = Outcome(passes=told.get("pass", 0))
    for status, names in told.items():
        if status != "pass":
            found.others[status] = set(_names(names, groups))
            assert len(found.others[status]) == len(list(_names(names, groups))), f"a name stands twice: {names}"
    return found


def _names(names: list[str], groups: dict[str, list[str]]) -> list[str]:
    return [n for name in names for n in (_names(groups[name[1:]], groups) if name.startswith("@") else [name])]


def outcomes(results: list[Result]) -> dict[str, Outcome]:
    """The same form, from results."""
    found: dict[str, Outcome] = defaultdict(Outcome)
    for result in results:
        if result.status == "pass":
            found[result.control].passes += 1
        else:
            found[result.control].others[result.status].add(short(result))
    return dict(found)


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
