from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viguard.assess import operators
from viguard.assess.operators import OPERATORS, number, patterns, shown, truth, version

HOLDS: list[tuple[str, Any, Any]] = [
    ("equals", True, "TRUE"),
    ("equals", True, 1),
    ("equals", False, "false"),
    ("equals", False, 0),
    ("equals", 0, "0"),
    ("equals", 0, False),
    ("equals", 15, " 15 "),
    ("equals", "off", "off"),
    ("not_equals", "ESX Admins", "hosts"),
    ("not_equals", 4095, 100),
    ("not_equals", 4095, "100"),
    ("one_of", ["a", "b"], "b"),
    ("one_of", [1, 2], "2"),
    ("min", 5, "5"),
    ("max", 102400, "100000"),
    ("between", [1, 900], 900),
    ("matches", "^a+$", "aaa"),
    ("not_matches", "^a+$", "b"),
    ("like", ["gpu*", "x"], "gpu01"),
    ("subset", ["a", "b"], ("b",)),
    ("subset", ["a", "b"], "a, b"),
    ("subset", [], ()),
    ("superset", ["tlsv1"], "sslv3,tlsv1"),
    ("superset", ["a"], ("a", "b")),
    ("absent", True, None),
    ("absent", True, ()),
    ("absent", True, ""),
    ("nonempty", True, ("a",)),
    ("not_ramdisk", True, "[datastore1] logs"),
    ("not_ramdisk", True, "/vmfs/volumes/4b41d954/logs"),
    ("not_ramdisk", True, "[] /vmfs/volumes/4b41d954/logs"),
    ("not_ramdisk", True, "[]/vmfs/volumes/datastore 1/logs"),
    ("version_min", "6.0", "6.0.0"),
    ("version_min", "6.0", "10.1"),
    ("version_min", "5.0", "8.0.3.0"),
    ("version_below", "5.0", "4.1.0"),
    ("version_below", "10.0", "9.9"),
]
FAILS: list[tuple[str, Any, Any]] = [
    ("equals", True, "FALSE"),
    ("equals", True, "maybe"),
    ("equals", True, ""),
    ("equals", 0, "zero"),
    ("equals", 0, "1"),
    ("equals", "off", "OFF"),
    ("equals", "off", False),
    ("not_equals", "ESX Admins", "esx admins"),
    ("not_equals", 4095, "4095"),
    ("not_equals", 4095, "all"),
    ("one_of", ["a"], "A"),
    ("min", 5, 4),
    ("max", 102400, "102401"),
    ("max", 102400, "100k"),
    ("max", 102400, "1_000"),
    ("max", 102400, "nan"),
    ("max", 102400, "9" * 5000),
    ("max", 102400, "١٢"),
    ("between", [1, 900], 0),
    ("between", [1, 900], 901),
    ("matches", "^a+$", "ab"),
    ("matches", "a", 5),
    ("not_matches", "a", 5),
    ("like", [], "anything"),
    ("like", ["gpu*"], "web"),
    ("subset", ["a"], ("a", "b")),
    ("subset", ["a"], (None,)),
    ("superset", ["tlsv1", "tlsv1.1"], "tlsv1"),
    ("superset", ["tlsv1"], "tlsv1.1"),
    ("absent", True, ("x",)),
    ("nonempty", True, ()),
    ("not_ramdisk", True, "/tmp/scratch"),  # noqa: S108  (a location on a host, not here)
    ("not_ramdisk", True, "[] /scratch/log"),
    ("not_ramdisk", True, "[] /tmp/scratch"),
    ("not_ramdisk", True, "[ ] /tmp/scratch"),
    ("not_ramdisk", True, "[] /vmfs/volumes/"),
    ("not_ramdisk", True, "[] /vmfs/volumes/../../tmp"),
    ("not_ramdisk", True, "[logs] ../../tmp"),
    ("not_ramdisk", True, ""),
    ("not_ramdisk", True, 7),
    ("version_min", "6.0", "5.5.0"),
    ("version_min", "6.0", "unknown"),
    ("version_below", "5.0", "5.0.0"),
    ("version_below", "5.0", ""),
]


@pytest.mark.parametrize(("name", "expected", "fact"), HOLDS)
def test_holds(name: str, expected: Any, fact: Any) -> None:
    assert OPERATORS[name](expected)(fact) == ""


@pytest.mark.parametrize(("name", "expected", "fact"), FAILS)
def test_fails_with_a_reason(name: str, expected: Any, fact: Any) -> None:
    assert OPERATORS[name](expected)(fact)


def test_every_operator_is_tried_both_ways() -> None:
    assert {name for name, _, _ in HOLDS} == set(OPERATORS) == {name for name, _, _ in FAILS}


def test_every_operator_is_documented() -> None:
    named = {word.strip(",") for line in (operators.__doc__ or "").splitlines() for word in line.split()[:2]}
    assert named >= set(OPERATORS)


def test_what_cannot_be_read_says_so() -> None:
    assert "cannot be read as a number" in OPERATORS["max"](5)("five")
    assert "cannot be read as true or false" in OPERATORS["equals"](True)("perhaps")


def test_one_number_alone_is_no_range() -> None:
    assert OPERATORS["between"]([1, 1])("5") == "is 5, must be 1"
    assert OPERATORS["between"]([0, 1])("5") == "is 5, must be between 0 and 1"


def test_versions_compare_as_numbers() -> None:
    assert version("3.5.0") == (3, 5, 0, 0, 0, 0)
    assert version("8.0.3.0") == version("8.0.3")
    assert version("") is version("ESX") is version(None) is None


@given(st.one_of(st.text(), st.integers(), st.none(), st.booleans(), st.binary(), st.floats()))
def test_reading_never_raises(value: object) -> None:
    number(value)
    truth(value)
    version(value)
    assert isinstance(shown(value), str)


@given(st.sampled_from(sorted(OPERATORS)), st.one_of(st.text(), st.integers(), st.booleans(), st.tuples(st.text())))
def test_no_fact_breaks_an_operator(name: str, fact: object) -> None:
    expected: Any = {
        "between": [1, 2],
        "one_of": ["a"],
        "like": ["a"],
        "subset": ["a"],
        "superset": ["a"],
        "min": 1,
        "max": 1,
        "version_min": "1.0",
        "version_below": "1.0",
    }.get(name, "x" if "match" in name else True)
    assert isinstance(OPERATORS[name](expected)(fact), str)


def test_hostile_facts_are_shown_harmless_and_short() -> None:
    text = shown("\x1b[2J" + "A" * 10_000)
    assert "\x1b" not in text
    assert len(text) < 200


def test_patterns_take_case_and_line_breaks_as_they_are() -> None:
    assert patterns(["web*"])("web\nserver")
    assert not patterns(["web*"])("WEB1")
    assert not patterns([])("")
