"""From a tree of nodes to the structs of a policy file, collecting every mistake on the way.

The structs are the grammar: field names are the keys, annotations the types, ``Meta`` the ranges. A key with a default
may be left out or empty. The fields ``file``, ``line`` and ``lines`` are no keys; they say where things stand.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from datetime import date
from typing import Any, Final, TypeVar

from msgspec import inspect

from viguard.model.facts import Struct
from viguard.policy.quoting import quote
from viguard.policy.source import List, Mistakes, Node, Table, Text, Tree

S = TypeVar("S", bound=Struct)

NOT_KEYS: Final = frozenset({"file", "line", "lines"})
_INT = re.compile(r"[+-]?(0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"[+-]?[0-9]{1,40}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,3})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class _Invalid:
    """What stands for a value that cannot be used; its mistake is kept."""


_INVALID: Final = _Invalid()


class Reader:
    """Converts a tree into a struct. ``marks`` maps each dotted key (``zones.0.name``) to its node."""

    def __init__(self, mistakes: Mistakes) -> None:
        self.mistakes = mistakes
        self.marks: dict[str, Node] = {}

    def read(self, tree: Tree | None, struct: type[S]) -> S | None:
        """The struct, or None when a part that it needs is not usable. An empty file is an empty table."""
        tree = Table(1, 1, 0, 0, (), flow=False) if tree is None else tree
        value = self._struct(tree, inspect.type_info(struct), "")
        return value if isinstance(value, struct) else None

    def _value(self, node: Tree, kind: inspect.Type, key: str) -> Any:
        self.marks[key] = node
        match kind:
            case inspect.UnionType():
                return self._value(node, _member(kind, node), key)
            case inspect.StructType():
                return self._struct(node, kind, key)
            case inspect.VarTupleType():
                return self._list(node, [kind.item_type] * _length(node), key)
            case inspect.TupleType():
                return self._fixed(node, kind, key)
            case inspect.DictType():
                return self._dict(node, kind, key)
            case _:
                return self._scalar(node, kind)

    def _struct(self, node: Tree, kind: Any, key: str) -> Any:
        if not isinstance(node, Table):
            return self._wrong(node, "a table of keys")
        fields = {f.encode_name: f for f in kind.fields if f.name not in NOT_KEYS}
        self._refuse_unknown(node, fields)
        values: dict[str, Any] = {}
        for name, field in fields.items():
            value = node.get(name)
            if value is None or (isinstance(value, Text) and value.empty):
                if field.required:
                    self._missing(node, value, name, field.type)
                    values[name] = _INVALID
                elif value is not None:
                    self.marks[_join(key, name)] = value
                continue
            values[name] = self._value(value, field.type, _join(key, name))
        if any(f.required and values[n] is _INVALID for n, f in fields.items()):
            return _INVALID
        given = {fields[name].name: value for name, value in values.items() if value is not _INVALID}
        if "line" in kind.cls.__struct_fields__:
            given["line"] = node.line
        return kind.cls(**given)

    def _refuse_unknown(self, node: Table, known: Iterable[str]) -> None:
        for name, _ in node.entries:
            if name.value not in known:
                self.mistakes.add(name, f"unknown key {quote(name.value)}", suggest(name.value, known))

    def _missing(self, node: Table, value: Tree | None, name: str, kind: inspect.Type) -> None:
        what = f"the key '{name}' is missing" if value is None else f"the key '{name}' has no value"
        self.mistakes.add(value or node, what, f"write '{name}:' with {expected(kind)}")

    def _list(self, node: Tree, kinds: list[inspect.Type], key: str) -> Any:
        if not isinstance(node, List):
            return self._wrong(node, "a list", _bracket(node))
        pairs = enumerate(zip(node.items, kinds, strict=True))
        values = [self._value(item, kind, _join(key, str(i))) for i, (item, kind) in pairs]
        return tuple(value for value in values if value is not _INVALID)

    def _fixed(self, node: Tree, kind: inspect.TupleType, key: str) -> Any:
        wanted = len(kind.item_types)
        if not isinstance(node, List) or len(node.items) != wanted:
            return self._wrong(node, expected(kind))
        values = self._list(node, list(kind.item_types), key)
        return values if len(values) == wanted else _INVALID

    def _dict(self, node: Tree, kind: inspect.DictType, key: str) -> Any:
        if not isinstance(node, Table):
            return self._wrong(node, "a table of names")
        values = {name.value: self._value(v, kind.value_type, _join(key, name.value)) for name, v in node.entries}
        return {name: value for name, value in values.items() if value is not _INVALID}

    def _scalar(self, node: Tree, kind: inspect.Type) -> Any:
        if not isinstance(node, Text) or node.empty:
            return self._wrong(node, expected(kind))
        match kind:
            case inspect.StrType():
                return node.value
            case inspect.EnumType():
                return self._choice(node, kind)
            case inspect.DateType():
                return self._date(node)
            case inspect.IntType() | inspect.FloatType():
                return self._number(node, kind)
            case _:
                raise NotImplementedError(kind)

    def _choice(self, node: Text, kind: inspect.EnumType) -> Any:
        values = [str(member.value) for member in kind.cls]
        if node.value in values:
            return kind.cls(node.value)
        self.mistakes.add(node, f"{quote(node.value)} is none of {', '.join(values)}", suggest(node.value, values))
        return _INVALID

    def _date(self, node: Text) -> Any:
        if not _DATE.fullmatch(node.value):
            return self._wrong(node, expected(inspect.DateType()))
        try:
            return date.fromisoformat(node.value)
        except ValueError:
            self.mistakes.add(node, f"{quote(node.value)} is no day of the calendar", "write a date as YYYY-MM-DD")
            return _INVALID

    def _number(self, node: Text, kind: inspect.IntType | inspect.FloatType) -> Any:
        whole = isinstance(kind, inspect.IntType)
        if not node.plain or not (_INT if whole else _FLOAT).fullmatch(node.value):
            return self._wrong(node, expected(kind))
        number = int(node.value) if whole else float(node.value)
        low, high = kind.ge, kind.le
        if (low is not None and number < low) or (high is not None and number > high):
            self.mistakes.add(node, f"{quote(node.value)} is out of range", f"write {expected(kind)}")
            return _INVALID
        return number

    def _wrong(self, node: Tree, wanted: str, mend: str = "") -> _Invalid:
        self.mistakes.add(node, f"expected {wanted}, found {_found(node)}", mend or f"write {wanted}")
        return _INVALID


def expected(kind: inspect.Type) -> str:
    """What a value of a type looks like, in words."""
    match kind:
        case inspect.UnionType():
            return expected(_without_none(kind))
        case inspect.IntType() | inspect.FloatType():
            noun = "a whole number" if isinstance(kind, inspect.IntType) else "a number"
            return noun if kind.ge is None else f"{noun} from {kind.ge} to {kind.le}"
        case inspect.EnumType():
            return "one of " + ", ".join(str(member.value) for member in kind.cls)
        case inspect.TupleType():
            return f"a list of {len(kind.item_types)}"
    return {
        inspect.StrType: "a text",
        inspect.DateType: "a date (YYYY-MM-DD)",
        inspect.VarTupleType: "a list",
    }.get(type(kind), "a table of keys")


def suggest(word: str, known: Iterable[str]) -> str:
    """How to mend an unknown word: the nearest known one, or all of them."""
    names = sorted(known)
    near = difflib.get_close_matches(word[:80], names, n=1)
    if near:
        return f"did you mean '{near[0]}'?"
    return "known here: " + ", ".join(names) if len(names) <= 20 else "it is not known; check its spelling"


def _without_none(kind: inspect.UnionType) -> inspect.Type:
    return next(t for t in kind.types if not isinstance(t, inspect.NoneType))


def _member(kind: inspect.UnionType, node: Tree) -> inspect.Type:
    """Of what may be a word or a table, the one that was written."""
    members = [t for t in kind.types if not isinstance(t, inspect.NoneType)]
    is_table = isinstance(node, Table)
    return next((t for t in members if isinstance(t, inspect.StructType) == is_table), members[0])


def _length(node: Tree) -> int:
    return len(node.items) if isinstance(node, List) else 0


def _join(key: str, name: str) -> str:
    return f"{key}.{name}" if key else name


def _bracket(node: Tree) -> str:
    return f"write [{node.value}]" if isinstance(node, Text) and node.plain and 0 < len(node.value) <= 40 else ""


def _found(node: Tree) -> str:
    match node:
        case Text():
            return "nothing" if node.empty else quote(node.value)
        case List():
            return f"a list of {len(node.items)}"
        case _:
            return "a table"
