"""What lint and the cases of rules say, each with its place."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viguard.logs.detect import cases
from viguard.logs.detect.lint import lint
from viguard.logs.detect.reading import load
from viguard.logs.detect.regexes import RegexError, hazard, searcher

RULE = """\
title: A rule
name: mine
logsource: {product: vmware}
detection:
  one:
    event: account.locked
    user: root
  condition: one
level: low
tests:
- {name: locked, alerts: 1, events: [{event: account.locked, user: root}]}
- {name: another, alerts: 0, events: [{event: account.locked, user: berry}]}
"""


def said(text: str) -> list[str]:
    return [str(mistake) for mistake in lint([("mine.yml", text)])]


def test_nothing_is_said_of_a_good_rule() -> None:
    assert said(RULE) == []


@pytest.mark.parametrize(
    ("old", "new", "at", "wanted"),
    [
        (
            "account.locked\n",
            "acount.locked\n",
            "6:5",
            "no class of events 'acount.locked'; did you mean account.locked?",
        ),
        ("    user: root", "    usr: root", "7:5", "no event has a field 'usr': this never matches"),
        ("    user: root", "    user|re: '(a+)+$'", "7:5", "can take for ever: (a+)+ repeats what repeats itself"),
        ("    user: root", "    user|what: root", "7:5", "Unknown modifier 'what'"),
        ("alerts: 1", "alerts: yes", "11:3", "a case says how many alerts it wants"),
        ("events: [{event: account.locked, user: root}]", "events: what", "11:29", "events is a list of tables"),
        ("[{event: account.locked, user: root}]", "[{user: root}]", "11:29", "a step is an event, heard or tick"),
        ("[{event: account.locked, user: root}]", "[{event: x, repeat: 1000000}]", "11:29", "more than 20000 events"),
        ("alerts: 0", "alerts: 1", "10:1", "a rule needs a case that it tells and one that it does not"),
    ],
)
def test_what_is_wrong_is_said_where_it_stands(old: str, new: str, at: str, wanted: str) -> None:
    found = said(RULE.replace(old, new, 1))
    assert any(line.startswith(f"mine.yml:{at}: ") and line.endswith(wanted) for line in found), found


class TestCases:
    def test_met_and_not_met(self) -> None:
        good = cases.run(load([("mine.yml", RULE)]))
        assert [result.is_met for result in good] == [True, True]
        bad = cases.run(load([("mine.yml", RULE.replace("user: root}]", "user: eve}]"))]))
        assert [(r.case, r.wanted, r.found, r.is_met) for r in bad] == [
            ("locked", 1, 0, False),
            ("another", 0, 0, True),
        ]
        assert bad[0].where == "mine.yml:1:1"

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("alerts: 1", "alerts: many"),
            ("alerts: 1,", "alerts: 1, intent: {console_sessions: many},"),
            ("alerts: 1,", "alerts: 1, intent: {networks: [nonsense]},"),
            ("alerts: 1,", "alerts: 1, intent: {time_zone: No/Where},"),
            ("user: root}]", "at: soon}]"),
        ],
    )
    def test_a_case_that_cannot_run_is_not_met(self, old: str, new: str) -> None:
        result = cases.run(load([("mine.yml", RULE.replace(old, new, 1))]))[0]
        assert not result.is_met
        assert result.problem

    def test_hostile_values_are_tried_on_each_rule(self) -> None:
        rules = load([("mine.yml", RULE)])
        (one,) = cases.timings(rules)
        assert one.rule == "mine"
        assert one.worst_ms >= 0
        assert {e.event for e in cases.hostile(rules)} == {"account.locked"}
        assert max(len(e.lines[0]) for e in cases.hostile(rules)) >= 16_000


class TestExpressions:
    @pytest.mark.parametrize(
        "pattern",
        [
            "(a+)+",
            "(a*)*$",
            "(a+b*)+",
            "((a+)b)*",
            "(?:a+)+x",
            "(a|a)*",
            "(a|ab)+",
            "(.|x)*",
            "(a{1,3})+",
            "([a-z]+)*",
            "(a+){10}",
            "(x(a+)y)+",
        ],
    )
    def test_what_can_take_for_ever_is_refused(self, pattern: str) -> None:
        assert hazard(pattern)

    @pytest.mark.parametrize(
        "pattern",
        [
            r"a+b+",
            "(ab)+",
            "(a+)b",
            r"\(a+\)+",
            "[(a+)]+",
            "(foo|bar)+",
            r"(\d{1,3}\.){3}",
            "(a+)?",
            r"(a\+)+",
            "[]()]+x",
            "",
        ],
    )
    def test_what_cannot_is_not(self, pattern: str) -> None:
        assert hazard(pattern) == ""

    def test_search_with_flags(self) -> None:
        assert searcher("^b$", "im")("a\nB")
        assert not searcher("^b$")("a\nb")
        assert searcher("a.b", "s")("a\nb")

    def test_half_characters_are_read(self) -> None:
        assert searcher("b$")("a\ud800b")

    @pytest.mark.parametrize("pattern", ["(", "a{2,1}", "(?=x)", r"(a)\1", "a{1001}", "*"])
    def test_what_re2_cannot_run_is_refused(self, pattern: str) -> None:
        with pytest.raises(RegexError):
            searcher(pattern)

    def test_without_re2_python_runs_what_is_safe(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(__import__("sys").modules, "re2", None)
        searcher.cache_clear()
        try:
            assert searcher("a+b", "i")("xAAB")
            with pytest.raises(RegexError, match="repeats what repeats itself"):
                searcher("(a+)+b")
            with pytest.raises(RegexError):
                searcher("(")
        finally:
            searcher.cache_clear()

    @given(st.text(alphabet="ab()[]*+?{}|1,\\^", max_size=30))
    def test_nothing_is_thrown_but_what_is_said(self, pattern: str) -> None:
        hazard(pattern)
        with suppress(RegexError):
            searcher(pattern)("ab" * 50)
