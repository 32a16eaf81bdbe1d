"""Where a text stands in a block: by Hyperscan where it is fast, else by ``find``."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from viguard.logs import engine as engines

Spans: TypeAlias = Iterator[tuple[int, int]]
Find: TypeAlias = Callable[[bytes], Spans]


class _Literal:
    """One text, every place where it ends. Not for several threads at a time. Raises: ImportError."""

    name = "literal"
    is_exhaustive = True

    def __init__(self, wanted: bytes) -> None:
        import hyperscan  # noqa: PLC0415  (an optional part)

        self._database: Any = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        expression = "".join(f"\\x{byte:02x}" for byte in wanted).encode()
        self._database.compile(expressions=[expression], ids=[0], elements=1, flags=[0])
        self._ends: engines.Hits = []
        self._heard = self._make_heard()

    def _make_heard(self) -> Any:
        add = self._ends.append

        def heard(number: int, start: int, end: int, flags: int, context: object) -> None:  # noqa: ARG001
            add((end, number))

        return heard

    def scan(self, data: bytes) -> engines.Hits:
        """Every place where the text ends."""
        self._ends.clear()
        self._database.scan(data, match_event_handler=self._heard)
        return self._ends


def lines_with(wanted: bytes) -> Find:
    """Start and end of each line that holds a text, once. What is returned may be called by several threads."""
    return _by_hyperscan(wanted) if _is_fast(wanted) else _by_find(wanted)


def line_at(data: bytes, at: int) -> tuple[int, int]:
    """Start and end of the line that a byte is in, without its newline."""
    end = data.find(b"\n", at)
    return data.rfind(b"\n", 0, at) + 1, end if end >= 0 else len(data)


def _is_fast(wanted: bytes) -> bool:
    try:
        return engines.measured(_Literal(wanted)) >= engines.SLOW
    except ImportError:
        return False


def _by_hyperscan(wanted: bytes) -> Find:
    """Two thirds of the time of ``find`` on two threads: neither waits for the other."""
    own = threading.local()

    def find(data: bytes) -> Spans:
        if not hasattr(own, "engine"):
            own.engine = _Literal(wanted)
        end = -1
        for after, _ in own.engine.scan(data):
            if after > end:
                start, end = line_at(data, after - 1)
                yield start, end

    return find


def _by_find(wanted: bytes) -> Find:
    def find(data: bytes) -> Spans:
        at = data.find(wanted)
        while at >= 0:
            start, end = line_at(data, at)
            yield start, end
            at = data.find(wanted, end)

    return find
