"""The detections that viguard brings: each reads well, is explained, and keeps its own cases."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from viguard import content
from viguard.logs.classes import classes
from viguard.logs.detect import cases
from viguard.logs.detect.lint import lint
from viguard.logs.detect.reading import FOLDER, read, shipped
from viguard.logs.detect.rules import About, Correlation

RULES = shipped()
TOLD = [one.about for one in (*RULES.rules, *RULES.correlations) if one.alerts]


def test_lint_finds_nothing() -> None:
    assert [str(mistake) for mistake in lint(content.folder(FOLDER))] == []


def test_there_is_no_mistake_and_none_is_left_out() -> None:
    reading = read(content.folder(FOLDER))
    assert reading.mistakes == ()
    assert len(reading.sources) == len(RULES.rules) + len(RULES.correlations)


@pytest.mark.parametrize("about", TOLD, ids=lambda about: about.name)
def test_each_says_what_to_do_and_has_both_kinds_of_cases(about: About) -> None:
    assert about.steps
    assert about.attack
    wanted = [case["alerts"] for case in about.cases]
    assert any(wanted)
    assert 0 in wanted


@pytest.mark.parametrize("about", TOLD, ids=lambda about: about.name)
def test_each_case_comes_out(about: About) -> None:
    assert [result for result in cases.run(RULES, about.name) if not result.is_met] == []


def classes_in(case: dict[str, Any]) -> set[str]:
    """The classes of a case's events."""
    return {step["event"] for step in case["events"] if "event" in step}


def asked_for(name: str) -> tuple[set[str], bool]:
    """The patterns of the classes that a detection asks for, and whether it asks for more than the class."""
    document = DOCUMENTS[name]
    if "correlation" in document:
        return set().union(*(asked_for(rule)[0] for rule in document["correlation"]["rules"])), True
    parts = [part for part in document["detection"].values() if isinstance(part, dict)]
    return set(_events([document])), len(parts) > 1 or any(len(part) > 1 for part in parts)


DOCUMENTS = {one["name"]: one for _, text in content.folder(FOLDER) for one in yaml.safe_load_all(text)}


@pytest.mark.parametrize("about", TOLD, ids=lambda about: about.name)
def test_each_has_a_case_that_just_misses(about: About) -> None:
    """The same class with other values; of one that asks for nothing but the class, another class of its group."""
    patterns, asks_more = asked_for(about.name)
    lined = [kind.id for kind in classes().values() if kind.kind != "derived"]  # others are made here, not heard
    patterns = {pattern for pattern in patterns if any(fnmatch.fnmatchcase(kind, pattern) for kind in lined)}
    misses = [case for case in about.cases if case["alerts"] == 0]
    heard = {kind for case in misses for kind in classes_in(case)}
    if not patterns or not heard:  # it asks for no class, but for a skew, a sender or a silence
        assert any(classes_in(case) <= heard for case in about.cases if case["alerts"])
        return
    same = {kind for kind in heard if any(fnmatch.fnmatchcase(kind, pattern) for pattern in patterns)}
    groups = {kind.group for kind in classes().values() if any(fnmatch.fnmatchcase(kind.id, p) for p in patterns)}
    near = {kind for kind in heard if classes()[kind].group in groups}
    assert same if asks_more else near


@pytest.mark.parametrize("correlation", [c for c in RULES.correlations if c.alerts], ids=lambda one: one.about.name)
def test_each_correlation_has_cases_at_its_bounds(correlation: Correlation) -> None:
    """One below the number; the last event at the end of the window, and a second later."""
    below, reaches = False, set()
    for case in correlation.about.cases:
        times = [event.time.timestamp() for _, event in cases.events_of(case)]
        begins = times[-2] if correlation.kind == "temporal_ordered" else times[0]
        reaches.add((times[-1] - begins - correlation.span_s, case["alerts"]))
        below = below or (case["alerts"] == 0 and len(times) == correlation.count - 1)
    assert below or correlation.kind == "temporal_ordered"
    assert {(0.0, 1), (1.0, 0)} <= reaches


def test_each_derived_class_of_events_has_its_detection() -> None:
    derived = {one.id for one in classes().values() if one.kind == "derived"}
    assert derived <= {about.name for about in TOLD}


@pytest.mark.parametrize("channel", ["api", "dcui", "ssh", "techsupport"])
@pytest.mark.parametrize("outcome", ["right-password", "wrong-password", "nonexistent-user"])
def test_each_channel_and_outcome_of_the_report_has_its_detection(channel: str, outcome: str) -> None:
    assert f"login.{channel}.{outcome}" in {about.name for about in TOLD}


def test_names_and_ids_are_told_once() -> None:
    abouts = RULES.abouts()
    assert len({about.name for about in abouts}) == len({about.id for about in abouts}) == len(abouts)


def test_timings_name_every_rule() -> None:
    assert {one.rule for one in cases.timings(RULES)} == {rule.about.name for rule in RULES.rules}


def test_each_class_that_matters_has_a_detection_or_a_reason_for_none() -> None:
    """Source: requirement, Detect. The reasons stand in docs/detections.md."""
    text = (Path(__file__).parents[3] / "docs/detections.md").read_text(encoding="utf-8")
    reasons = text.partition("## Classes that raise no alert")[2]
    silent = set(re.findall(r"^\| `([^`]+)` \| [^|]+ \|$", reasons, re.MULTILINE))
    serious = {one.id for one in classes().values() if one.severity in {"medium", "high", "critical"}}
    patterns = set(_events(one for _, text in content.folder(FOLDER) for one in yaml.safe_load_all(text)))
    heard = {one for one in serious if any(fnmatch.fnmatchcase(one, pattern) for pattern in patterns)}
    derived = {one.id for one in classes().values() if one.kind == "derived"}
    assert serious - heard - derived == silent


def _events(documents: Iterable[Any]) -> Iterator[str]:
    """What rules ask of the class of an event."""
    for document in documents:
        for selection in (document or {}).get("detection", {}).values():
            for key in ("event", "event|startswith") if isinstance(selection, dict) else ():
                asked = selection.get(key, [])
                for one in asked if isinstance(asked, list) else [asked]:
                    yield one + ("*" if key.endswith("startswith") else "")
