"""What a daemon looks for: programs, and texts that the lines of some classes of events have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from viguard.errors import ContentError
from viguard.logs.classes import Carrier, EventClass, carriers, classes
from viguard.logs.formats import written


class Condition(NamedTuple):
    """A line of one of these programs (none: of any) with one of these texts. Programs in lower case."""

    programs: tuple[str, ...]
    texts: tuple[str, ...]


def conditions(ids: frozenset[str]) -> tuple[Condition, ...]:
    """What the lines of some classes have. Lines that only look like them pass too: viguard tells them apart.

    Raises: ContentError for a text that a daemon's configuration cannot hold.
    """
    found: dict[tuple[str, ...], set[str]] = {}
    for kind in (kind for kind in classes().values() if kind.id in ids):
        for programs, text in _texts(kind):
            if not text.isprintable() or "`" in text:
                raise ContentError(f"no text for a daemon's configuration: {text!r}", where=kind.id)
            found.setdefault(tuple(sorted(_with_parts(programs))), set()).add(text)
    return tuple(Condition(programs, _shortest(texts)) for programs, texts in sorted(found.items()))


def _with_parts(programs: tuple[str, ...]) -> set[str]:
    """Programs, and what the parts of those are called that are several."""
    return {*programs, *(part for part, whole in written().aliases.items() if whole in programs)}


def _texts(kind: EventClass) -> Iterator[tuple[tuple[str, ...], str]]:
    for line in (*kind.lines, *(told.line() for told in kind.says)):
        for cue in (line.cue,) if isinstance(line.cue, str) else line.cue:
            yield line.programs, cue
    for form in carriers():
        for name in _names(form, kind):
            yield form.programs, (form.cue or "{name}").replace("{name}", name).partition("*")[0]


def _names(form: Carrier, kind: EventClass) -> Iterator[str]:
    for entry in (entry for table in form.tables for entry in getattr(kind, table)):
        name = entry.split()[0]
        yield name
        for other, ours in form.aliases.items():
            if name.startswith(ours):
                yield other + name.removeprefix(ours)


def _shortest(texts: set[str]) -> tuple[str, ...]:
    """Without those that hold another one."""
    return tuple(sorted(text for text in texts if not any(other in text and other != text for other in texts)))
