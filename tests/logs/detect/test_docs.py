"""docs/detections.md is true: its example runs, and its table is ours."""

from __future__ import annotations

import re
from pathlib import Path

from viguard.logs.detect import cases
from viguard.logs.detect.lint import lint
from viguard.logs.detect.reading import load, shipped
from viguard.logs.detect.seen import FIELDS

TEXT = (Path(__file__).parents[3] / "docs/detections.md").read_text(encoding="utf-8")


def test_the_example_is_sound_and_its_cases_come_out() -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    assert lint([("example.yml", example)]) == ()
    results = cases.run(load([("example.yml", example)]))
    assert len(results) == 2
    assert all(result.is_met for result in results)


def test_the_table_names_every_detection_with_its_severity() -> None:
    rules = shipped()
    told = [one.about for one in (*rules.rules, *rules.correlations) if one.alerts]
    rows = re.findall(r"^\| `([^`]+)` \| (\w+) \| (.*) \|$", TEXT, re.MULTILINE)
    assert sorted(rows) == sorted((about.name, about.severity.value, about.title) for about in told)


def test_every_field_is_named() -> None:
    synonyms = {"src_ip", "User", "SourceIp", "hostname", "Computer", "ProcessName"}
    assert [name for name in FIELDS if f"`{name}`" not in TEXT and name not in synonyms] == []
