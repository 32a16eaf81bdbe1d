"""The detections that viguard brings: each reads well, is explained, and keeps its own cases."""

from __future__ import annotations

import pytest

from viguard import content
from viguard.logs.classes import classes
from viguard.logs.detect import cases
from viguard.logs.detect.lint import lint
from viguard.logs.detect.reading import FOLDER, read, shipped
from viguard.logs.detect.rules import About

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
