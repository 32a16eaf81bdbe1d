"""YAML with the position of everything: text becomes a tree of nodes, every mistake is kept with line and column.

A small part of YAML is accepted: one document of tables, lists and texts. Anchors, aliases, tags, duplicate keys and
deep nesting are mistakes, so a file means what it shows. Types come later, from the structs (see ``typed``).
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import yaml

from viguard.errors import PolicyError
from viguard.policy.quoting import quote

MAX_BYTES = 2_000_000
MAX_DEPTH = 20

_LOADER: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Node:
    """A piece of a file: ``line`` and ``column`` count from 1, ``start`` and ``end`` are offsets into the text."""

    line: int
    column: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Text(Node):
    """A scalar as written; ``plain`` when without quotes."""

    value: str
    plain: bool

    @property
    def empty(self) -> bool:
        """Whether this is YAML's null: nothing, ~ or null without quotes."""
        return self.plain and self.value in {"", "~", "null", "Null", "NULL"}


@dataclass(frozen=True, slots=True)
class List(Node):
    """A sequence; ``flow`` when written in brackets."""

    items: tuple[Tree, ...]
    flow: bool


@dataclass(frozen=True, slots=True)
class Table(Node):
    """A mapping, in file order; ``flow`` when written in braces. Duplicate keys are already out."""

    entries: tuple[tuple[Text, Tree], ...]
    flow: bool

    def get(self, key: str) -> Tree | None:
        """The value of a key, or None."""
        return next((value for name, value in self.entries if name.value == key), None)


Tree: TypeAlias = Text | List | Table


class Mistakes:
    """The mistakes of one file, each as ``file:line:column: what; how to mend``.

    ``partial``: a value stands in the file that could not be read, so what seems to be missing may be in it.
    """

    def __init__(self, file: str) -> None:
        self.file, self.partial = file, False
        self._found: list[tuple[int, int, str]] = []
        self._lost: set[tuple[int, int]] = set()

    def add(self, at: Node | tuple[int, int], what: str, mend: str) -> None:
        """Keeps one mistake at a node or at (line, column), unless the value there is lost."""
        line, column = at if isinstance(at, tuple) else (at.line, at.column)
        if (line, column) not in self._lost:
            self._found.append((line, column, f"{self.file}:{line}:{column}: {what}; {mend}"))

    def lose(self, at: Node | tuple[int, int], what: str, mend: str) -> None:
        """As ``add``, of a value that this mistake hides: nothing more is said of it."""
        self.add(at, what, mend)
        self._lost.add(at if isinstance(at, tuple) else (at.line, at.column))
        self.partial = True

    @property
    def lines(self) -> list[str]:
        """Every mistake in the order of the file."""
        return [text for _, _, text in sorted(self._found, key=lambda m: m[:2])]

    def check(self) -> None:
        """Raises: PolicyError when there is any mistake."""
        if self._found:
            raise PolicyError(self.lines, where=self.file)


def read_text(path: Path) -> str:
    """The text of a policy file.

    Raises: PolicyError when it cannot be read, is too large or not UTF-8.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as err:
        raise PolicyError([f"{path}: cannot be read: {err.strerror}; check the path and its permissions"]) from err
    return decode(data, str(path))


def decode(data: bytes, file: str) -> str:
    """Bytes of a policy file as text, without a byte order mark.

    Raises: PolicyError when they are too many, or not UTF-8.
    """
    mistakes = Mistakes(file)
    if len(data) > MAX_BYTES:
        mistakes.add((1, 1), f"the file is larger than {MAX_BYTES // 1_000_000} MB", "a policy is a small text file")
        mistakes.check()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as err:
        before = data[: err.start].decode("utf-8", "replace")
        what = f"byte 0x{data[err.start]:02x} is not UTF-8"
        mistakes.add(_position(before, len(before)), what, "save the file as UTF-8")
    mistakes.check()
    raise AssertionError


def read_tree(text: str, mistakes: Mistakes) -> Tree | None:
    """The tree of one YAML document, None when it is empty. It may have mistakes: the caller adds its own, then checks.

    Raises: PolicyError when the document cannot be read, so that nothing more can be said of it.
    """
    tree = parse(text, mistakes)
    if tree is None:
        mistakes.check()
    return tree


def parse(text: str, mistakes: Mistakes) -> Tree | None:
    """The tree of one YAML document, or None when it is empty or not YAML (then ``mistakes`` says why)."""
    bad = _FORBIDDEN.search(text)
    if bad:
        at = _position(text, bad.start())
        mistakes.add(at, f"the character U+{ord(bad[0]):04X} is not allowed", 'remove it, or write it as "\\x…"')
        return None
    try:
        return _Builder(text, mistakes).build()
    except yaml.MarkedYAMLError as err:
        if "nesting depth" in (err.problem or ""):  # libyaml's own limit, met while it reads ahead
            _too_deep(_first_too_deep(text), mistakes)
        else:
            _syntax(err, text, mistakes)
    except _GaveUpError:
        pass
    return None


class _GaveUpError(Exception):
    """The file cannot be read further; the mistake is kept."""


class _Builder:
    """Builds the tree from parser events, without recursion, so no nesting can exhaust the stack."""

    def __init__(self, text: str, mistakes: Mistakes) -> None:
        self.mistakes = mistakes
        self.events = yaml.parse(text, Loader=_LOADER)
        self.documents = 0
        self.root: Tree | None = None
        self.open: list[tuple[yaml.Event, list[Tree]]] = []

    def build(self) -> Tree | None:
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                self._document(event)
            elif isinstance(event, yaml.AliasEvent):
                self._refuse_alias(event)
            elif isinstance(event, yaml.CollectionStartEvent):
                self._start(event)
            elif isinstance(event, yaml.ScalarEvent):
                self._inspect(event)
                self._place(Text(*_span(event, event), event.value, not event.style and not event.tag))
            elif isinstance(event, yaml.CollectionEndEvent):
                self._end(event)
        return self.root

    def _document(self, event: yaml.Event) -> None:
        self.documents += 1
        if self.documents > 1:
            self.mistakes.add(_at(event), "a second document starts here", "keep one document: remove '---'")
            raise _GaveUpError

    def _refuse_alias(self, event: yaml.AliasEvent) -> None:
        self.mistakes.lose(
            _at(event), f"the alias {quote('*' + (event.anchor or ''))} is not allowed", "write the value out"
        )
        self._place(Text(*_span(event, event), "", plain=False))

    def _start(self, event: yaml.CollectionStartEvent) -> None:
        self._inspect(event)
        if len(self.open) >= MAX_DEPTH:
            _too_deep(_at(event), self.mistakes)
            raise _GaveUpError
        self.open.append((event, []))

    def _inspect(self, event: yaml.NodeEvent) -> None:
        if event.anchor:
            what = f"the anchor {quote('&' + event.anchor)} is not allowed"
            self.mistakes.add(_at(event), what, "remove it and write the value out")
        tag = getattr(event, "tag", None)
        if tag and tag != "!":
            self.mistakes.lose(_at(event), f"the tag {quote(tag)} is not allowed", "remove it, the key says the type")

    def _end(self, event: yaml.Event) -> None:
        start, children = self.open.pop()
        span, flow = _span(start, event), bool(getattr(start, "flow_style", False))
        if isinstance(start, yaml.SequenceStartEvent):
            self._place(List(*span, tuple(children), flow))
        else:
            self._place(Table(*span, self._entries(children), flow))

    def _entries(self, children: list[Tree]) -> tuple[tuple[Text, Tree], ...]:
        entries: dict[str, tuple[Text, Tree]] = {}
        for key, value in zip(children[::2], children[1::2], strict=True):
            if not isinstance(key, Text):
                self.mistakes.lose(key, "a key must be a text", "write 'key: value'")
            elif key.value in entries:
                first = entries[key.value][0].line
                what = f"the key {quote(key.value)} stands here a second time (first in line {first})"
                self.mistakes.lose(key, what, "remove one of them")
            else:
                entries[key.value] = (key, value)
        return tuple(entries.values())

    def _place(self, node: Tree) -> None:
        if self.open:
            self.open[-1][1].append(node)
        else:
            self.root = node


def _too_deep(at: tuple[int, int], mistakes: Mistakes) -> None:
    mistakes.add(at, f"nested deeper than {MAX_DEPTH} levels", "a policy has few levels")


def _first_too_deep(text: str) -> tuple[int, int]:
    """Where the level after the last allowed one starts, found by the slower parser that knows no limit."""
    depth = 0
    with suppress(yaml.YAMLError):
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH:
                return _at(event)
    return 1, 1


def _at(event: yaml.Event) -> tuple[int, int]:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def _span(start: yaml.Event, end: yaml.Event) -> tuple[int, int, int, int]:
    first, last = start.start_mark, end.end_mark
    return (*_at(start), first.index if first else 0, last.index if last else 0)


def _position(text: str, offset: int) -> tuple[int, int]:
    before = text[:offset]
    return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1


def _syntax(err: yaml.MarkedYAMLError, text: str, mistakes: Mistakes) -> None:
    """Says what the parser met, in words that help: most often a tab."""
    mark = err.problem_mark or err.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    rows = text.splitlines()
    row = rows[line] if line < len(rows) else ""
    indent = row[: len(row) - len(row.lstrip())]
    if "\t" in indent:
        mistakes.add((line + 1, indent.index("\t") + 1), "a tab indents this line", "indent with spaces")
        return
    what = " ".join(part for part in (err.context, err.problem) if part)
    mend = "check colons, quotes, brackets and the indentation here and in the line above"
    mistakes.add((line + 1, column + 1), f"not YAML: {what}", mend)
