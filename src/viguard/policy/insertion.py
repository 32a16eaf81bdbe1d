"""Putting text into a YAML file at the places of its nodes, so that every other byte stays."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from viguard.policy.source import List, Table, Text, Tree


@dataclass(frozen=True)
class Edit:
    """Text to put in at an offset; ``end`` beyond ``start`` only to replace a written null."""

    start: int
    end: int
    text: str


def apply(text: str, edits: Iterable[Edit]) -> str:
    """The text with every edit, in its own kind of line ends."""
    newline = "\r\n" if "\r\n" in text else "\n"
    for _, edit in sorted(enumerate(edits), key=lambda row: (row[1].start, row[0]), reverse=True):
        text = text[: edit.start] + edit.text.replace("\n", newline) + text[edit.end :]
    return text


def put(table: Table, key: str, values: list[str], text: str) -> list[Edit]:
    """Values at the end of a list of a table, whatever way it is written."""
    node = table.get(key)
    together = ", ".join(values)
    if not isinstance(node, List):
        return set_key(table, key, f"[{together}]", text)
    if not node.flow:
        at = line_end(text, end_of(node, text))
        return [Edit(at, at, "".join(f"\n{' ' * (node.column - 1)}- {value}" for value in values))]
    if not node.items:
        return [Edit(node.start + 1, node.start + 1, together)]
    at = end_of(node.items[-1], text)
    return [Edit(at, at, f", {together}")]


def set_key(table: Table, key: str, value: str, text: str) -> list[Edit]:
    """A key with its value, where the key is missing or empty."""
    node = table.get(key)
    if isinstance(node, Text) and node.empty:
        return [Edit(node.start, node.end, value if text[node.start - 1 : node.start] == " " else f" {value}")]
    if node is not None:
        return [Edit(node.start, node.end, value)]  # an empty text in quotes
    if not table.entries:
        return [Edit(table.start + 1, table.start + 1, f"{key}: {value}")]
    first = table.entries[0][0]
    after = ", " if table.flow else "\n" + " " * (first.column - 1)
    return [Edit(first.start, first.start, f"{key}: {value}{after}")]


def end_of(node: Tree, text: str) -> int:
    """Where the last character of a node stands; a block ends with its last part, not where the parser noticed."""
    while not isinstance(node, Text) and not node.flow:
        if isinstance(node, List) and node.items:
            node = node.items[-1]
        elif isinstance(node, Table) and node.entries:
            node = node.entries[-1][1]
        else:
            break
    return max(node.start, len(text[: node.end].rstrip()))


def line_end(text: str, offset: int) -> int:
    """Where the line of an offset ends, before its line break."""
    end = re.compile(r"\r?\n|\Z").search(text, offset)
    return end.start() if end else len(text)


def after_comments(text: str, offset: int, column: int) -> int:
    """The end of comment lines that are indented deeper than a list's dashes, so belong to its last item."""
    own = re.compile(rf"(?:\r?\n {{{column},}}#[^\r\n]*)+")
    comments = own.match(text, offset)
    return comments.end() if comments else offset
