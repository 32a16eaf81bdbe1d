"""What Sigma's values and conditions ask, as tests. Source: Sigma rules specification 2.1, modifiers appendix."""

from __future__ import annotations

import ipaddress
import operator
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sigma import conditions, types

from viguard.logs.detect.intent import address_of
from viguard.logs.detect.matching import Asks, Condition, Every, Field, Keyword, Not, SameField, Some
from viguard.logs.detect.regexes import searcher
from viguard.logs.detect.seen import Value

_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "LT": operator.lt,
    "LTE": operator.le,
    "GT": operator.gt,
    "GTE": operator.ge,
    "NEQ": operator.ne,
}
_FLAGS = {"IGNORECASE": "i", "MULTILINE": "m", "DOTALL": "s"}
_PARTS: dict[str, Callable[[datetime], int]] = {
    "MINUTE": lambda time: time.minute,
    "HOUR": lambda time: time.hour,
    "DAY": lambda time: time.day,
    "WEEK": lambda time: time.isocalendar().week,
    "MONTH": lambda time: time.month,
    "YEAR": lambda time: time.year,
}


class UnsupportedError(ValueError):
    """A rule asks for what cannot be judged here; the message says what."""


def condition_of(condition: Any) -> Condition:
    """A condition of pySigma's as the engine asks it.

    Raises: UnsupportedError, RegexError.
    """
    match condition:
        case conditions.ConditionAND():
            return Every(tuple(condition_of(part) for part in condition.args if part is not None))
        case conditions.ConditionOR():
            return Some(tuple(condition_of(part) for part in condition.args if part is not None))
        case conditions.ConditionNOT():
            return Not(condition_of(condition.args[0]))
        case conditions.ConditionFieldEqualsValueExpression():
            return _field(condition.field, condition.value)
        case conditions.ConditionValueExpression():
            return Keyword(_keyword(condition.value))
    raise UnsupportedError(f"the condition has a {type(condition).__name__}, which is not known")


def _field(name: str, value: Any) -> Condition:
    if isinstance(value, types.SigmaFieldReference):
        return SameField(name, value.field, bool(value.starts_with), bool(value.ends_with))
    if isinstance(value, types.SigmaExpansion):
        return Some(tuple(_field(name, one) for one in value.values))
    return Field(name, asks(value))


def asks(value: Any) -> Asks:  # noqa: PLR0911  (a table of types)
    """What a value of a rule asks of a field.

    Raises: UnsupportedError, RegexError.
    """
    match value:
        case types.SigmaString():
            return _text(value)
        case types.SigmaTimestampPart():  # before the number that it is
            return _time(_PARTS[value.timestamp_part.name], value.number)
        case types.SigmaNumber():
            return _number(operator.eq, value.number)
        case types.SigmaBool():
            wanted = str(value.boolean).lower()
            return lambda found: found is not None and str(found).lower() == wanted
        case types.SigmaNull():
            return lambda found: found is None or found == ""
        case types.SigmaExists():
            return (lambda found: found is not None) if value.exists else (lambda found: found is None)
        case types.SigmaRegularExpression():
            search = searcher(str(value.regexp), "".join(sorted(_FLAGS[flag.name] for flag in value.flags)))
            return lambda found: found is not None and search(str(found))
        case types.SigmaCIDRExpression():
            return _network(value.network)
        case types.SigmaCompareExpression():
            return _number(_COMPARE[value.op.name], value.number.number)
    raise UnsupportedError(f"{type(value).__name__} cannot be asked of an event of logs")


def _text(value: Any) -> Asks:  # noqa: PLR0911  (a table of shapes)
    """Text with wildcards, in any case unless the rule says otherwise. The common shapes need no regular expression."""
    cased = isinstance(value, types.SigmaCasedString)
    parts = [part if not isinstance(part, str) or cased else part.lower() for part in value.s]
    if any(isinstance(part, types.Placeholder) for part in parts):
        raise UnsupportedError("placeholders (expand) are not filled in here: write the values out")
    read: Callable[[Any], str] = str if cased else lambda found: str(found).lower()
    many = types.SpecialChars.WILDCARD_MULTI
    match parts:
        case []:
            return lambda found: found == ""
        case [str(plain)]:
            return lambda found: found is not None and read(found) == plain
        case [special] if special is many:
            return lambda found: found is not None
        case [str(start), end] if end is many:
            return lambda found: found is not None and read(found).startswith(start)
        case [begin, str(end)] if begin is many:
            return lambda found: found is not None and read(found).endswith(end)
        case [begin, str(middle), end] if begin is many and end is many:
            return lambda found: found is not None and middle in read(found)
    pattern = "".join(re.escape(p) if isinstance(p, str) else ".*" if p is many else "." for p in parts)
    search = searcher(rf"\A{pattern}\z" if _is_re2() else rf"\A{pattern}\Z", "s")
    return lambda found: found is not None and search(read(found))


def _is_re2() -> bool:
    try:
        import re2  # noqa: F401, PLC0415  (an optional part)
    except ImportError:
        return False
    return True


def _keyword(value: Any) -> Asks:
    """A keyword stands anywhere in a line, so it needs no wildcards."""
    many = types.SpecialChars.WILDCARD_MULTI
    match value:
        case types.SigmaString():
            open_ended = type(value)("")
            open_ended.s = [many, *value.s, many]
            open_ended.s = [
                p for n, p in enumerate(open_ended.s) if not n or p is not many or open_ended.s[n - 1] is not many
            ]
            return _text(open_ended)
        case types.SigmaExpansion():
            some = [_keyword(one) for one in value.values]
            return lambda found: any(one(found) for one in some)
        case types.SigmaNumber():
            wanted = str(value.number)
            return lambda found: wanted in str(found)
        case types.SigmaRegularExpression():
            return asks(value)
    raise UnsupportedError(f"a {type(value).__name__} needs the name of a field")


def _number(compare: Callable[[float, float], bool], wanted: float) -> Asks:
    def ask(found: Value) -> bool:
        if found is None:
            return False
        try:
            return compare(float(found), wanted)
        except ValueError:
            return False

    return ask


def _network(network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> Asks:
    def ask(found: Value) -> bool:
        address = address_of(str(found)) if found is not None else None
        return address is not None and address in network

    return ask


def _time(part: Callable[[datetime], int], wanted: float) -> Asks:
    def ask(found: Value) -> bool:
        try:
            return found is not None and part(datetime.fromisoformat(str(found))) == wanted
        except ValueError:
            return False

    return ask
