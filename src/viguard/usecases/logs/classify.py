"""Lines of files, each by itself: what kind of event it tells, or how many of each kind there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import IO, Any

from viguard.logs.classify import Classifier, Hit
from viguard.logs.clocks import ALL_UTC, Clocks
from viguard.logs.fields import event_of
from viguard.logs.files import Chunk
from viguard.model.event import NOISE, Event, Outcome
from viguard.model.text import lines_in
from viguard.usecases.logs import rows
from viguard.usecases.logs.reading import STDIN, Files

Say = Callable[[str], None]


def summary(
    names: Sequence[str],
    stream: IO[bytes],
    say: Say,
    *,
    every: bool = False,
    clocks: Clocks = ALL_UTC,  # noqa: ARG001  (the same arguments for all three; no time is told here)
) -> int:
    """Writes how many lines there are of each class, the most frequent first; ``every`` counts noise too.

    Returns 0, or 4 when a part could not be read. Raises: InputError when nothing could be.
    """
    files, look = Files(names), Classifier().block
    found: Counter[str] = Counter()
    for chunk, _ in files:
        hits = look(chunk.data)
        for hit in hits:
            found[hit.kind.id] += 1
        if every:
            found[NOISE] += every_line_in(chunk.data) - len(hits)
    code = files.code(say)
    for name, count in sorted(found.items(), key=lambda entry: (-entry[1], entry[0])):
        stream.write(f"{name}\t{count}\n".encode())
    return code


def objects(names: Sequence[str], stream: IO[bytes], say: Say, *, every: bool = False, clocks: Clocks = ALL_UTC) -> int:
    """Writes an object for each recognised line, ``every``: for each line, in their order. Returns as ``summary``."""
    files, look = Files(names), Classifier().block
    first = 1
    for chunk, at in files:
        first = first if chunk.offset else 1
        hits = look(chunk.data)
        numbers, after = numbered(chunk.data, hits, first)
        told = (
            _row(chunk.name, number, event_of(hit, chunk.data[hit.start : hit.end], at, clocks=clocks))
            for number, hit in zip(numbers, hits, strict=True)
        )
        stream.write(_with_noise(chunk, told, numbers, (first, after)) if every else rows.lines(told))
        first = after
        _pass_on(names, stream)
    return files.code(say)


def table(names: Sequence[str], stream: IO[bytes], say: Say, *, every: bool = False, clocks: Clocks = ALL_UTC) -> int:
    """Writes a line of a table for each recognised line, ``every``: for each line. Returns as ``summary``."""
    files, look = Files(names), Classifier().block
    first = 1
    stream.write(rows.table_head())
    for chunk, at in files:
        first = first if chunk.offset else 1
        hits = look(chunk.data)
        numbers, after = numbered(chunk.data, hits, first)
        found = dict(zip(numbers, hits, strict=True))
        for number in range(first, after) if every else numbers:
            stream.write(rows.table_line(_event(chunk, found.get(number), at, clocks), f"{chunk.name}:{number}"))
        first = after
        _pass_on(names, stream)
    return files.code(say)


def every_line_in(data: bytes) -> int:
    """How many lines there are; the last one may lack its newline."""
    return lines_in(data) + (bool(data) and not data.endswith(b"\n"))


def numbered(data: bytes, hits: Sequence[Hit], first: int) -> tuple[list[int], int]:
    """The numbers of the recognised lines when the block begins with line ``first``, and that of the line after it."""
    numbers: list[int] = []
    number, at = first, 0
    for hit in hits:
        if hit.start > at:
            number += every_line_in(data[at : hit.start])
        numbers.append(number)
        number += 1
        at = hit.end + 1
    return numbers, number + every_line_in(data[at:])


def _row(name: str, number: int, event: Event) -> dict[str, Any]:
    return {"file": name, "line": number, **rows.row(event)}


def _event(chunk: Chunk, hit: Hit | None, at: datetime, clocks: Clocks) -> Event:
    return Event(event=NOISE) if hit is None else event_of(hit, chunk.data[hit.start : hit.end], at, clocks=clocks)


def _with_noise(chunk: Chunk, told: Iterator[dict[str, Any]], numbers: Sequence[int], whole: tuple[int, int]) -> bytes:
    """An object for each line; those of noise differ in their number alone."""
    before, after = rows.lines([_row(chunk.name, 0, Event(event=NOISE, outcome=Outcome.UNKNOWN))]).split(b'"line":0', 1)
    before += b'"line":'
    out: list[bytes] = []
    start, end = whole
    for number, one in zip(numbers, told, strict=True):
        out += [b"%b%d%b" % (before, n, after) for n in range(start, number)]
        out.append(rows.lines([one]))
        start = number + 1
    out += [b"%b%d%b" % (before, n, after) for n in range(start, end)]
    return b"".join(out)


def _pass_on(names: Sequence[str], stream: IO[bytes]) -> None:
    """Who pipes in what is written just now wants to see it now."""
    if STDIN in names:
        stream.flush()
