"""Finds the lines that are worth a look: those with a cue, by the fastest engine that this machine has."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias

Hits: TypeAlias = list[tuple[int, int]]
"""Where a cue ends, and which it is; in the order of the ends."""

_SAMPLE = (
    b"<166>Nov 23 10:00:00 esxblade5.fw.belnet.be Hostd: Task Completed : haTask-ha-folder-root-vim.Folder 1\n" * 8192
)
SLOW = 300.0
"""MB/s under which Hyperscan is no better than what falls in for it: a build for the wrong processor."""


class Engine(Protocol):
    """Finds cues in a block. Not for several threads at a time: make one for each."""

    name: str

    def scan(self, data: bytes) -> Hits:
        """At least one hit in each line that has a cue; all of them when ``is_exhaustive``."""

    is_exhaustive: bool


class Hyperscan:
    """Every cue at once, at memory speed."""

    name = "hyperscan"
    is_exhaustive = True

    def __init__(self, cues: Sequence[bytes]) -> None:
        import hyperscan  # noqa: PLC0415  (an optional part)

        self._database: Any = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        self._database.compile(
            expressions=[_escaped(cue) for cue in cues],
            ids=list(range(len(cues))),
            elements=len(cues),
            flags=[0] * len(cues),
        )
        self._hits: Hits = []
        self._heard = self._make_heard()

    def _make_heard(self) -> Any:
        add = self._hits.append

        def heard(cue: int, start: int, end: int, flags: int, context: object) -> None:  # noqa: ARG001
            add((end, cue))

        return heard

    def scan(self, data: bytes) -> Hits:
        """Every cue in the block."""
        self._hits.clear()
        self._database.scan(data, match_event_handler=self._heard)
        return self._hits


class Re2:
    """Google's RE2: one alternation, linear in time."""

    name = "re2"
    is_exhaustive = False

    def __init__(self, cues: Sequence[bytes]) -> None:
        import re2  # noqa: PLC0415  (an optional part)

        options = re2.Options()
        options.encoding = re2.Options.Encoding.LATIN1
        options.never_capture = True
        self._find = re2.compile(b"|".join(_escaped(cue) for cue in cues), options).finditer

    def scan(self, data: bytes) -> Hits:
        """A cue in each line that has one."""
        return [(found.end(), -1) for found in self._find(data)]


class Plain:
    """Python's own regular expressions: slow, and always there."""

    name = "re"
    is_exhaustive = False

    def __init__(self, cues: Sequence[bytes]) -> None:
        self._find = re.compile(b"|".join(_escaped(cue) for cue in cues)).finditer

    def scan(self, data: bytes) -> Hits:
        """A cue in each line that has one."""
        return [(found.end(), -1) for found in self._find(data)]


ENGINES: tuple[type[Hyperscan | Re2 | Plain], ...] = (Hyperscan, Re2, Plain)


def choose(cues: Sequence[bytes]) -> tuple[Engine, str]:
    """The fastest engine that works here, and a sentence that says which and why."""
    passed_over = []
    for kind in ENGINES:
        try:
            engine: Engine = kind(cues)
        except ImportError:
            passed_over.append(f"{kind.name} is not installed")
            continue
        speed = measured(engine)
        if speed >= SLOW or kind is not Hyperscan:
            why = f" ({'; '.join(passed_over)})" if passed_over else ""
            return engine, f"{engine.name}, {speed:.0f} MB/s{why}"
        passed_over.append(f"{kind.name} scans only {speed:.0f} MB/s here")
    raise AssertionError  # re is always there


def measured(engine: Engine) -> float:
    """MB/s of an engine over log lines without a cue, the better of two short runs."""
    best = 0.0
    for _ in range(2):
        started = time.perf_counter()
        engine.scan(_SAMPLE)
        best = max(best, len(_SAMPLE) / 1e6 / max(time.perf_counter() - started, 1e-9))
    return best


def _escaped(cue: bytes) -> bytes:
    return re.sub(rb"([^\w ])", rb"\\\1", cue)
