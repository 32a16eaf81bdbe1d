"""A mistake in a content file names its file, its line, and what is wrong."""

from __future__ import annotations

import pytest

from viguard.assess import controls
from viguard.errors import ContentError

GOOD = """\
- id: a-b
  title: t
  section: report
  kind: [guest]
  severity: high
  why: w.
  fix: f
  references: {report: "Hosts / Security"}
  expect:
    all:
      - {read: consoles, max: 1}
  cases:
    - {expect: pass, facts: {consoles: 1}}
    - {expect: fail, facts: {consoles: 2}}
    - {expect: unknown, unknown: [consoles]}
"""

MISTAKES = [
    ("severity: high", "severity: awful", 1, "severity cannot be 'awful'"),
    ("why: w.", "wy: w.", 1, "unknown key 'wy'"),
    ("  why: w.\n", "", 1, "'why' is missing"),
    ("why: w.", "why: [w]", 1, "why must be a text"),
    ("section: report", "section: x", 1, "section cannot be 'x'"),
    ("kind: [guest]", "kind: [gast]", 1, "kind cannot be 'gast'"),
    ("kind: [guest]", "kind: guest", 1, "kind must be a list"),
    ("kind: [guest]", "kind: [host]", 11, "a Host has no 'consoles'"),
    ("id: a-b", "id: A b", 1, "is no id"),
    ("max: 1}", "maximum: 1}", 11, "unknown key 'maximum'"),
    ("max: 1}", "unset: pass}", 11, "give read with an operator"),
    ("max: 1}", "between: 3}", 11, "between cannot expect 3"),
    ("max: 1}", 'matches: "("}', 11, "matches cannot expect"),
    ("max: 1}", "max: policy.limits.nothing}", 11, "the policy has no 'limits.nothing'"),
    ("max: 1}", "max: {policy: limits.nothing}}", 11, "the policy has no 'limits.nothing'"),
    ("max: 1}", "max: {policy: limits.log_count, or: 1}}", 11, "unknown key 'or'"),
    ("read: consoles", 'read: "consoles["', 11, "cannot be read"),
    ("max: 1}", "max: 1, unset: maybe}", 11, "unset cannot be 'maybe'"),
    ("    all:", "    tomorrow:", 10, "unknown key 'tomorrow'"),
    ("    all:", "    modern:", 10, "no expectation for report-2010"),
    ("    - {expect: unknown, unknown: [consoles]}\n", "", 1, "no case for unknown"),
    ("expect: fail,", "expect: broken,", 14, "a case: Invalid enum value 'broken'"),
    ("expect: fail, facts", "expect: fail, fact", 14, "unknown key 'fact'"),
    ("  cases:", "  attest: true\n  cases:", 1, "2 ways to decide it"),
    ("  cases:", "  needs: [vault]\n  cases:", 1, "2 ways to decide it"),
    ("  cases:", "  needs: [tea]\n  cases:", 1, "needs cannot be 'tea'"),
    ("  cases:", "  tested_by: x.py\n  cases:", 1, "tested_by goes with python"),
    ("  fix: f", "  fix: f\n  fix: g", 8, "duplicate key 'fix'"),
    ("  fix: f", "  fix: f\n  on: g", 8, "the key True is no text"),
    ("  fix: f", "  fix: 'f", 7, "found unexpected"),
]


def test_the_example_is_good() -> None:
    assert list(controls.read([("x.yaml", GOOD)])) == ["a-b"]


@pytest.mark.parametrize(("old", "new", "line", "message"), MISTAKES, ids=[m[3] for m in MISTAKES])
def test_mistake(old: str, new: str, line: int, message: str) -> None:
    assert old in GOOD
    with pytest.raises(ContentError) as caught:
        controls.read([("x.yaml", GOOD.replace(old, new, 1))])
    assert message in str(caught.value)
    assert caught.value.where.startswith("x.yaml:")
    if "found unexpected" not in message:
        assert caught.value.where == f"x.yaml:{line}"


def test_one_id_in_two_files_is_a_mistake() -> None:
    with pytest.raises(ContentError, match="twice") as caught:
        controls.read([("x.yaml", GOOD), ("y.yaml", "\n" + GOOD)])
    assert (caught.value.where, caught.value.hint) == ("y.yaml:2", "x.yaml:1")


def test_text_that_is_no_list_of_controls_is_a_mistake() -> None:
    with pytest.raises(ContentError, match="expected keys and values"):
        controls.read([("x.yaml", "- a\n- b\n")])


def test_an_alias_to_itself_ends() -> None:
    with pytest.raises(ContentError):
        controls.read([("x.yaml", "- &a\n  id: *a\n")])


def test_an_empty_file_holds_no_control() -> None:
    assert controls.read([("x.yaml", "")]) == {}


def test_a_function_needs_the_file_with_its_cases() -> None:
    start, _, cases = GOOD.partition("  expect:\n")
    text = start + "  python: cpu.floor\n"
    assert cases
    with pytest.raises(ContentError, match="tested_by goes with python"):
        controls.read([("x.yaml", text)])
    assert controls.read([("x.yaml", text + "  tested_by: tests/x.py\n")])["a-b"].python == "cpu.floor"
