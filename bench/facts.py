"""What a client read, in one canonical form, so that clients of different makes can be compared.

A line is one fact: ``moid TAB fact TAB value TAB value …``; what is unset or empty is ``-``, numbers are decimal,
times are microseconds since 1970, lists are joined by commas, references are sorted. The order of lines says nothing:
the hash of a file is the sum of the hashes of its lines.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TextIO

from viguard.model.facts import Unknown

ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class FactWriter:
    """Writes the facts of one object after the other; ``of`` is the object's moid."""

    def __init__(self, stream: TextIO) -> None:
        self._stream, self.of = stream, ""

    def put(self, fact: str, *values: object) -> None:
        """One fact of the object."""
        cells = [self.of, fact, *map(text, values)]
        self._stream.write("\t".join(c.translate(ESCAPES) for c in cells) + "\n")


def text(value: object) -> str:
    """A value in the canonical form."""
    if value is None or isinstance(value, Unknown):
        return "-"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return str((value - EPOCH) // timedelta(microseconds=1))
    if isinstance(value, list | tuple):
        return ",".join(map(str, value)) or "-"
    return str(value) or "-"


def digest(path: Path) -> str:
    """The hash of a file of facts, whatever the order of its lines."""
    total = 0
    with path.open("rb") as stream:
        for line in stream:
            total += int.from_bytes(hashlib.sha256(line).digest(), "big")
    return f"{total % (1 << 256):064x}"


def difference(left: Path, right: Path, limit: int = 10) -> list[str]:
    """Some lines that stand in one file only, for the person who has to find out why."""
    ours, theirs = (set(p.read_text(encoding="utf-8").splitlines()) for p in (left, right))
    return [*_marked("<", ours - theirs, limit), *_marked(">", theirs - ours, limit)]


def _marked(mark: str, lines: Iterable[str], limit: int) -> list[str]:
    return [f"{mark} {line}" for line in sorted(lines)[:limit]]
