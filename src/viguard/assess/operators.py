"""What a fact may be asked to be. Each operator takes an expected value and makes a test: fact -> what is wrong, or "".

The API gives one setting as text, number or boolean, depending on product and version. So the expected value's type
says how a fact is read: "102400" is a number where a number is expected, "TRUE" and 1 are true where a boolean is. A
fact that cannot be read that way fails with that reason.

============  ================================================================================
equals        the same value
not_equals    another value (text: compared without case)
one_of        one of a list
min, max      a number, that bound included
between       a number in [low, high], both included
matches       text in which a regular expression is found
not_matches   text in which it is not found
like          text that one of a list of shell patterns matches
subset        every entry is in a list (text is split at commas and spaces)
superset      every entry of a list is there
absent        true: nothing there (unset, empty text or empty list)
nonempty      true: something there
not_ramdisk   true: a path that survives a restart: on a datastore or volume ("[] /path" names a path, no datastore)
version_min   a product version that is that or later
version_below a product version before that
============  ================================================================================
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from fnmatch import translate
from typing import Any, TypeAlias

from viguard.model.text import visible

Test: TypeAlias = Callable[[Any], str]
"""Takes a fact that was read; gives what is wrong with it, or an empty text."""

_NUMBER = re.compile(r"\s*[+-]?[0-9]{1,18}(\.[0-9]{1,9})?\s*")
_TRUE, _FALSE = {"true", "1", "yes"}, {"false", "0", "no"}
_PERSISTENT = re.compile(r"(\[\s*\]\s*)?/vmfs/volumes/[^/\s]|\[\s*[^\]/\s][^\]/]*\]")
_UPWARDS = re.compile(r"(^|[/\]\s])\.\.(/|\s|$)")
_VERSION = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9}){0,5}")


def number(value: object) -> float | None:
    """A number as the API may write it, or None."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | float):
        return value
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return float(value)
    return None


def truth(value: object) -> bool | None:
    """A boolean as the API may write it, or None."""
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower() if isinstance(value, str | int) else ""
    return True if text in _TRUE else False if text in _FALSE else None


def version(value: object) -> tuple[int, ...] | None:
    """``7.0.3`` as numbers that compare, or None. Missing places count as zero."""
    found = _VERSION.match(value) if isinstance(value, str) else None
    parts = [int(p) for p in found[0].split(".")] if found else []
    return tuple((parts + [0] * 6)[:6]) if parts else None


def shown(value: object) -> str:
    """A fact in a sentence: hostile characters visible, cut short."""
    if isinstance(value, tuple | list):
        return ", ".join(shown(v) for v in value[:5]) + (", …" if len(value) > 5 else "") or "empty"
    if isinstance(value, bool):
        return str(value).lower()
    return visible(str(value), 80) if value not in ("", None) else "empty"


def patterns(expected: Iterable[str]) -> Callable[[str], bool]:
    """Whether a text matches one of some shell patterns, case counts. No pattern matches nothing."""
    compiled = [re.compile(translate(pattern)) for pattern in expected]
    return lambda text: any(p.match(text) for p in compiled)


def _equals(expected: Any) -> Test:
    if isinstance(expected, bool):
        return lambda v: _judge(truth(v), lambda found: found is expected, v, shown(expected), "true or false")
    if isinstance(expected, int | float):
        return lambda v: _judge(number(v), lambda found: found == expected, v, shown(expected), "a number")
    return lambda v: "" if v == expected else f"is {shown(v)}, must be {shown(expected)}"


def _not_equals(expected: Any) -> Test:
    if isinstance(expected, str):
        lower = expected.lower()
        return lambda v: f"is {shown(v)}" if str(v).lower() == lower else ""
    same = _equals(expected)
    return lambda v: f"is {shown(v)}" if not same(v) else _unreadable(v) if number(v) is None else ""


def _unreadable(value: object) -> str:
    return f"is {shown(value)}, which cannot be read as a number"


def _judge(found: Any, holds: Callable[[Any], bool], value: object, must: str, kind: str) -> str:
    if found is None:
        return f"is {shown(value)}, which cannot be read as {kind}"
    return "" if holds(found) else f"is {shown(value)}, must be {must}"


def _one_of(expected: Any) -> Test:
    tests = [_equals(e) for e in expected]
    must = ", ".join(shown(e) for e in expected)
    return lambda v: "" if any(not test(v) for test in tests) else f"is {shown(v)}, must be one of: {must}"


def _min(expected: Any) -> Test:
    return lambda v: _judge(number(v), lambda n: n >= expected, v, f"at least {shown(expected)}", "a number")


def _max(expected: Any) -> Test:
    return lambda v: _judge(number(v), lambda n: n <= expected, v, f"at most {shown(expected)}", "a number")


def _between(expected: Any) -> Test:
    low, high = expected
    must = shown(low) if low == high else f"between {shown(low)} and {shown(high)}"
    return lambda v: _judge(number(v), lambda n: low <= n <= high, v, must, "a number")


def _matches(expected: Any) -> Test:
    pattern = re.compile(expected)
    return lambda v: "" if isinstance(v, str) and pattern.search(v) else f"is {shown(v)}"


def _not_matches(expected: Any) -> Test:
    pattern = re.compile(expected)
    return lambda v: "" if isinstance(v, str) and not pattern.search(v) else f"is {shown(v)}"


def _like(expected: Any) -> Test:
    match = patterns(expected)
    return lambda v: "" if isinstance(v, str) and match(v) else f"{shown(v)} is not in the approved list"


def _entries(value: object) -> list[Any]:
    if isinstance(value, str):
        return [part for part in re.split(r"[,\s]+", value) if part]
    return list(value) if isinstance(value, tuple | list) else [value]


def _subset(expected: Any) -> Test:
    allowed = set(expected)

    def test(value: Any) -> str:
        over = [entry for entry in _entries(value) if entry not in allowed]
        return f"has {shown(over)}, which is not approved" if over else ""

    return test


def _superset(expected: Any) -> Test:
    def test(value: Any) -> str:
        entries = _entries(value)
        lacking = [entry for entry in expected if entry not in entries]
        return f"is {shown(value)}, lacks {shown(lacking)}" if lacking else ""

    return test


def _absent(expected: Any) -> Test:
    return lambda v: "" if (v in (None, "", ())) is expected else f"has {shown(v)}" if expected else "is empty"


def _nonempty(expected: Any) -> Test:
    return _absent(not expected)


def _not_ramdisk(expected: Any) -> Test:
    def test(value: Any) -> str:
        path = value.strip() if isinstance(value, str) else ""
        kept = bool(_PERSISTENT.match(path)) and not _UPWARDS.search(path)
        return "" if kept is expected else f"is {shown(value)}, which is on no datastore or volume"

    return test


def _version_min(expected: Any) -> Test:
    least = version(str(expected)) or ()
    return lambda v: _judge(version(v), lambda found: found >= least, v, f"{expected} or later", "a version")


def _version_below(expected: Any) -> Test:
    limit = version(str(expected)) or ()
    return lambda v: _judge(version(v), lambda found: found < limit, v, f"before {expected}", "a version")


OPERATORS: dict[str, Callable[[Any], Test]] = {
    "equals": _equals,
    "not_equals": _not_equals,
    "one_of": _one_of,
    "min": _min,
    "max": _max,
    "between": _between,
    "matches": _matches,
    "not_matches": _not_matches,
    "like": _like,
    "subset": _subset,
    "superset": _superset,
    "absent": _absent,
    "nonempty": _nonempty,
    "not_ramdisk": _not_ramdisk,
    "version_min": _version_min,
    "version_below": _version_below,
}
"""Every operator by its name in a content file."""

OF_NOTHING = frozenset({"absent", "nonempty"})
"""Operators that judge an unset property themselves."""
