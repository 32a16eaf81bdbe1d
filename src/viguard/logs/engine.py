"""Finds the lines that are worth a look, by the fastest engine that this machine has.

A block is searched for stems, which are few; the lines that have one are searched for texts, which are many. In a block
of which most lines have one, all are searched for texts at once.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

Ends: TypeAlias = list[int]
"""Where something that was looked for ends, in order; at least one in each line that has it."""
Called: TypeAlias = Iterator[tuple[int, list[int]]]
"""For each line that has any of the texts: its number, and the places of those that it has in the list of texts."""
Find: TypeAlias = Callable[[bytes, Sequence[bytes]], Called]
"""Finds texts in lines, which are given joined by newlines and one by one."""

_SAMPLE = (
    b"<166>Nov 23 10:00:00 esxblade5.fw.belnet.be Hostd: Task Completed : haTask-ha-folder-root-vim.Folder 1\n" * 8192
)
SLOW = 300.0
"""MB/s under which Hyperscan is no better than what falls in for it: a build for the wrong processor."""


class Hyperscan:
    """Everything at once, at memory speed. Not for several threads at a time: make one for each."""

    name = "hyperscan"

    def __init__(self, patterns: Sequence[bytes]) -> None:
        self._database, self._ends = _database(patterns), Ends()
        add = self._ends.append

        def heard(_pattern: int, _start: int, end: int, _flags: int, _context: object) -> None:
            add(end)

        self._heard = heard

    def scan(self, data: bytes) -> Ends:
        """Where patterns end in a block."""
        self._ends.clear()
        self._database.scan(data, match_event_handler=self._heard)
        return self._ends

    @staticmethod
    def texts(texts: Sequence[bytes]) -> Find:
        """What finds texts in lines."""
        database = _database([re.sub(rb"([^\w ])", rb"\\\1", text) for text in texts])
        hits: list[tuple[int, int]] = []
        add = hits.append

        def heard(text: int, _start: int, end: int, _flags: int, _context: object) -> None:
            add((end, text))

        def find(joined: bytes, lines: Sequence[bytes]) -> Called:
            hits.clear()
            database.scan(joined, match_event_handler=heard)
            return _by_line(lines, hits)

        return find


class Re2:
    """Google's RE2: one alternation, linear in time."""

    name = "re2"

    def __init__(self, patterns: Sequence[bytes]) -> None:
        import re2  # noqa: PLC0415  (an optional part)

        options = re2.Options()
        options.encoding = re2.Options.Encoding.LATIN1
        options.never_capture = True
        self._find = re2.compile(b"|".join(patterns), options).finditer

    def scan(self, data: bytes) -> Ends:
        """Where a pattern ends in each line that has one."""
        return [found.end() for found in self._find(data)]

    @staticmethod
    def texts(texts: Sequence[bytes]) -> Find:
        """What finds texts in lines."""
        return lambda _joined, lines: _one_by_one(lines, texts)


class Plain:
    """Python's own regular expressions: slow, and always there."""

    name = "re"

    def __init__(self, patterns: Sequence[bytes]) -> None:
        self._find = re.compile(b"|".join(patterns)).finditer

    def scan(self, data: bytes) -> Ends:
        """Where a pattern ends in each line that has one."""
        return [found.end() for found in self._find(data)]

    @staticmethod
    def texts(texts: Sequence[bytes]) -> Find:
        """What finds texts in lines."""
        return lambda _joined, lines: _one_by_one(lines, texts)


AnyEngine: TypeAlias = Hyperscan | Re2 | Plain
EngineKind: TypeAlias = type[Hyperscan] | type[Re2] | type[Plain]
ENGINES: tuple[EngineKind, ...] = (Hyperscan, Re2, Plain)


def choose(patterns: Sequence[bytes]) -> tuple[AnyEngine, str]:
    """The fastest engine that works here, and a sentence that says which and why."""
    passed_over = []
    for kind in ENGINES:
        try:
            engine = kind(patterns)
        except ImportError:
            passed_over.append(f"{kind.name} is not installed")
            continue
        speed = measured(engine)
        if speed >= SLOW or kind is not Hyperscan:
            why = f" ({'; '.join(passed_over)})" if passed_over else ""
            return engine, f"{kind.name}, {speed:.0f} MB/s{why}"
        passed_over.append(f"{kind.name} scans only {speed:.0f} MB/s here")
    raise AssertionError  # re is always there


def measured(engine: AnyEngine) -> float:
    """MB/s of an engine over log lines without a stem, the better of two short runs."""
    best = 0.0
    for _ in range(2):
        started = time.perf_counter()
        engine.scan(_SAMPLE)
        best = max(best, len(_SAMPLE) / 1e6 / max(time.perf_counter() - started, 1e-9))
    return best


def _database(patterns: Sequence[bytes]) -> Any:
    import hyperscan  # noqa: PLC0415  (an optional part)

    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(
        expressions=list(patterns), ids=list(range(len(patterns))), elements=len(patterns), flags=[0] * len(patterns)
    )
    return database


def _by_line(lines: Sequence[bytes], hits: Sequence[tuple[int, int]]) -> Called:
    """Hits in lines that were joined by newlines, line by line."""
    number, end = -1, -1
    called: list[int] = []
    for at, text in hits:
        if at <= end:
            called.append(text)
            continue
        if called:
            yield number, called
        while at > end:
            number += 1
            end += len(lines[number]) + 1
        called = [text]
    if called:
        yield number, called


def _one_by_one(lines: Sequence[bytes], texts: Sequence[bytes]) -> Called:
    for number, line in enumerate(lines):
        called = [place for place, text in enumerate(texts) if text in line]
        if called:
            yield number, called
