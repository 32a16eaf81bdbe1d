"""A configuration of IOS or NX-OS in its sections: a line at the margin, and the lines that belong to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

_INNER = {"permit", "deny", "remark", "switchport", "description", "shutdown", "evaluate", "statistics"}
"""Words that no line at the margin starts with: a file may have lost its margins."""


class ConfigLine(NamedTuple):
    """A line in words, with its place and as it stands there."""

    words: list[str]
    where: str
    text: str

    def says(self, *words: str) -> bool:
        """Whether it starts with these words."""
        return self.words[: len(words)] == list(words)


class Section(NamedTuple):
    """A line at the margin with those below it."""

    head: ConfigLine
    lines: list[ConfigLine]


def sections(text: str, name: str) -> Iterator[Section]:
    """Every section in order; comments and empty lines are left out."""
    now: Section | None = None
    closing = ""
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if closing:  # within a banner, which may say anything
            closing = "" if closing in line else closing
            continue
        if not line or line.startswith("!"):
            if now and raw.startswith("!"):
                yield now
                now = None
            continue
        read = ConfigLine(line.split(), f"{name}:{number}", line)
        if now and (raw[0] in " \t" or read.words[0] in _INNER):
            now.lines.append(read)
            continue
        if now:
            yield now
        now = Section(read, [])
        closing = _closing(read)
    if now:
        yield now


def _closing(line: ConfigLine) -> str:
    """What ends the banner that a line begins; empty: it begins none, or ends it as well."""
    if line.words[0] != "banner" or len(line.words) < 3:
        return ""
    told = line.text.split(None, 2)[2]
    mark = told[:2] if told.startswith("^") else told[0]
    return "" if mark in told[len(mark) :] else mark


def device(found: list[Section], name: str) -> str:
    """What the device calls itself, else ``name``."""
    for section in found:
        if section.head.words[0] in {"hostname", "switchname"} and len(section.head.words) > 1:
            return section.head.words[1].strip('"')
    return name
