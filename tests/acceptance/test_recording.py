"""The recording behind `viguard demo` says what the lab says, and the demo gives what an audit of the lab must give."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

import lab
from lab.demo import POLICY
from lab.record import DEMO, ESTATES, comparable, read, recording
from tests.acceptance.expected import differences, load, outcomes
from tests.acceptance.test_belnet import NOBODY
from viguard.model.guest import Guest
from viguard.model.result import Result
from viguard.store import snapshots
from viguard.usecases import audit, demo

NAMES = {"belnet": "belnet", "today": "belnet-today"}


@pytest.mark.real("lab")
@pytest.mark.parametrize("name", ESTATES)
def test_the_lab_says_what_was_recorded(name: str) -> None:
    if missing := lab.missing_parts():
        pytest.skip("the lab needs " + " and ".join(missing))
    fresh, recorded = comparable(read(ESTATES[name])), comparable(snapshots.read(recording(name)))
    changed = [id_ for id_ in {**fresh, **recorded} if fresh.get(id_) != recorded.get(id_)]
    assert not changed, "record again: python -m lab.record"


def test_a_recording_holds_the_same_servers_as_the_lab() -> None:
    assert {estate: list(ESTATES[name]) for estate, name in NAMES.items()} == {e: load(e)[0] for e in NAMES}


def test_the_demo_is_judged_by_the_policy_of_the_lab() -> None:
    assert (DEMO / "policy.yaml").read_bytes() == POLICY.read_bytes()


@pytest.mark.parametrize("estate", NAMES)
def test_the_demo_gives_exactly_what_is_expected(estate: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "viguard", "demo", "--format", "jsonl", "--output", str(tmp_path / "out.jsonl")]
    command += ["--today"] if estate == "today" else []
    store = tmp_path / "store.sqlite"
    subprocess.run(command, check=True, timeout=120, env=os.environ | {"VIGUARD_STORE": str(store)})
    results = [msgspec.json.decode(line, type=Result) for line in (tmp_path / "out.jsonl").read_bytes().splitlines()]
    assert differences(load(estate)[1], outcomes(results)) == []
    assert not store.exists()


def test_the_demo_does_not_age(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "_now", lambda: datetime(2040, 1, 1, tzinfo=UTC))
    results = demo.run(NOBODY, today=True).audit.results
    assert differences(load("today")[1], outcomes(results)) == []


def test_times_are_compared_by_their_distance_from_the_reading() -> None:
    recorded = snapshots.read(recording("belnet"))
    later = snapshots.read(recording("belnet"))
    later.read_at += timedelta(days=1)
    assert comparable(later) != comparable(recorded)
    template = next(g for g in recorded.all(Guest) if g.name == "tmpl-w2k3")
    assert comparable(recorded)[template.id]["modified"] == f"-{120 * 24} h"
