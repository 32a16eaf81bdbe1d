"""Leaves of the API's XML as Python values, and facts from property values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from viguard.model.facts import Reason, Scalar, Settings, Unknown
from viguard.vsphere.plain import Lifted, Texts
from viguard.vsphere.replies import TYPE, Element

T = TypeVar("T")
D = TypeVar("D")

UNREADABLE = Unknown(reason=Reason.FAILED, detail="the server's value cannot be read")
HOLDS_NONE = Unknown(reason=Reason.FAILED, detail="the server holds no value")
_NUMBERS = {"int", "long", "short", "byte"}


class Values:
    """Property values of one object by path, and why others are missing.

    ``unset`` in the methods is what the fact is when the server holds no value there.
    """

    def __init__(
        self, values: Mapping[str, Element], missing: Mapping[str, Unknown], lifted: Lifted | None = None
    ) -> None:
        self._values, self._missing, self.lifted = values, missing, lifted or Lifted()

    def element(self, path: str) -> Element | Unknown | None:
        """The value as XML, not for options; None when the server holds none."""
        found = self._values.get(path)
        return found if found is not None else self._why(path)

    def has(self, path: str) -> bool:
        """Whether the server gave a value."""
        return path in self._values or path in self.lifted.texts

    def fact(self, path: str, decode: Callable[[Any], T], unset: D) -> T | D | Unknown:
        """The decoded value, why it is missing, or ``unset``."""
        if path in self.lifted.texts:
            return decode(self.lifted.texts[path])
        found = self._values.get(path)
        if found is None:
            why = self._why(path)
            return unset if why is None else why
        try:
            return decode(found)
        except (ValueError, TypeError, IndexError):
            return UNREADABLE

    def missing(self, path: str) -> Unknown | None:
        """Why a path was not answered, None when it was."""
        return self._why(path)

    def text(self, path: str) -> str:
        """The text of a value, "" when there is none."""
        found = self._values.get(path)
        return (found.text or "") if found is not None else ""

    def _why(self, path: str) -> Unknown | None:
        if not self._missing:
            return None
        parts = path.split(".")
        for stop in range(len(parts), 0, -1):
            if why := self._missing.get(".".join(parts[:stop])):
                return why
        return None


def text(element: Element) -> str:
    """The text of an element, "" when it has none."""
    return element.text or ""


def integer(element: Element) -> int:
    """An integer. Raises ValueError."""
    return int(element.text or "")


def boolean(element: Element) -> bool:
    """A truth value. Raises ValueError."""
    return truth(element.text)


def truth(value: str | None) -> bool:
    """The truth value that a text spells. Raises ValueError."""
    if value in {"true", "1"}:
        return True
    if value in {"false", "0"}:
        return False
    raise ValueError(value)


def maybe_truth(value: str | None) -> bool | None:
    """As truth, None for an element that is not there."""
    return None if value is None else truth(value)


def time(element: Element) -> datetime:
    """A time in UTC. Raises ValueError."""
    return moment(element.text or "")


def moment(value: str) -> datetime:
    """The time that a text spells, in UTC; a time without zone is taken as UTC. Raises ValueError."""
    found = datetime.fromisoformat(value)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)


def maybe_moment(value: str | None) -> datetime | None:
    """As moment, None for no text."""
    return moment(value) if value else None


def number(value: str | None, default: int = 0) -> int:
    """The integer that a text spells, ``default`` for none. Raises ValueError."""
    return int(value) if value else default


def texts(elements: Iterable[Element]) -> tuple[str, ...]:
    """The texts of elements."""
    return tuple(e.text or "" for e in elements)


def find(element: Element, path: str) -> str:
    """The text at a path below an element, "" when there is none."""
    if "/" in path:
        return element.findtext(path) or ""
    for child in element:  # 40 % of the CPU of findtext
        if child.tag == path:
            return child.text or ""
    return ""


def scalar(element: Element) -> Scalar:
    """A value as the API types it: number, truth value or text."""
    kind = element.get(TYPE) or ""
    value = element.text or ""
    if kind.endswith("string"):
        return value
    name = kind.rpartition(":")[2]
    try:
        if name in _NUMBERS:
            return int(value)
        if name == "boolean":
            return truth(value)
        if name in {"float", "double"}:
            return float(value)
    except ValueError:
        return value
    return value


def settings(found: Element | Texts) -> Settings:
    """Options by key. Source: vim.option.OptionValue[]."""
    values: dict[str, Scalar] = {**found} if isinstance(found, dict) else _settings(found)
    values.pop("", None)
    return Settings(values=values)


def _settings(element: Element) -> dict[str, Scalar]:
    found: dict[str, Scalar] = {}
    key = ""
    for part in element.iter("key", "value"):  # 70 % of the CPU of nested loops; values are simple here
        if part.tag == "key":
            key = part.text or ""
            found[key] = None
        else:
            found[key] = scalar(part)
    return found
