"""Regular expressions of rules: run by RE2 in linear time, or refused where they could run for ever."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

_MANY = re.compile(r"[*+]|\{\d+,\}|\{\d*,?\d{2,}\}")
"""A quantifier of many: without a bound, or with one of ten and more."""
_SEVERAL = re.compile(r"[*+]|\{\d*,\d*\}|\{\d{2,}\}")
"""A quantifier that leaves open how often."""


class RegexError(ValueError):
    """A regular expression that cannot be used; the message says why."""


@lru_cache(maxsize=1024)
def searcher(pattern: str, flags: str = "") -> Callable[[str], bool]:
    """Whether a pattern is found in a text. ``flags`` of "i", "m" and "s".

    Raises: RegexError.
    """
    inline = f"(?{flags}){pattern}" if flags else pattern
    try:
        import re2  # noqa: PLC0415  (an optional part)
    except ImportError:
        return _with_python(inline, pattern)
    options = re2.Options()
    options.log_errors = False
    try:
        found: Any = re2.compile(inline, options).search
    except re2.error as error:
        raise RegexError(_told(error)) from error

    def search(text: str) -> bool:
        try:
            return found(text) is not None
        except UnicodeEncodeError:  # half a pair of UTF-16 from JSON: RE2 reads UTF-8
            return found(text.encode("utf-8", "replace").decode()) is not None

    return search


def hazard(pattern: str) -> str:
    """Why a pattern may take exponential time in an engine that backtracks; empty when it does not.

    Refused are quantifiers of many over a group that has one itself, or over alternatives that begin alike.
    """
    groups: list[tuple[int, bool]] = []  # where each open group begins, and whether a quantifier of many is in it
    at, size = 0, len(pattern)
    while at < size:
        char = pattern[at]
        if char == "\\":
            at += 2
            continue
        if char == "[":
            at = _end_of_class(pattern, at)
            continue
        if char == "(":
            groups.append((at, False))
        elif char == ")" and groups:
            start, nested = groups.pop()
            repeated = _MANY.match(pattern, at + 1)
            if repeated and (nested or _begin_alike(pattern[start:at])):
                return f"{_short(pattern[start : repeated.end()])} repeats what repeats itself"
            if groups and (nested or repeated):
                groups[-1] = (groups[-1][0], True)
        elif groups and _SEVERAL.match(pattern, at):
            groups[-1] = (groups[-1][0], True)
        at += 1
    return ""


def _with_python(inline: str, pattern: str) -> Callable[[str], bool]:
    why = hazard(pattern)
    if why:
        raise RegexError(why)
    try:
        found = re.compile(inline).search
    except re.error as error:
        raise RegexError(_told(error)) from error
    return lambda text: found(text) is not None


def _end_of_class(pattern: str, at: int) -> int:
    end = at + 1
    end += pattern[end : end + 1] == "^"
    end += pattern[end : end + 1] == "]"
    while end < len(pattern) and pattern[end] != "]":
        end += 2 if pattern[end] == "\\" else 1
    return end + 1


def _begin_alike(group: str) -> bool:
    inner = group.removeprefix("(?:").removeprefix("(")
    if "|" not in inner:
        return False
    first = [part[:1] for part in inner.split("|")]
    return len(set(first)) < len(first) or any(char in {"", ".", "\\", "["} for char in first)


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:60]}…"


def _told(error: Exception) -> str:
    why = error.args[0] if error.args else ""
    return why.decode("utf-8", "replace") if isinstance(why, bytes) else str(why)
