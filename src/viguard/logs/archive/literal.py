"""Where a text stands in a block: by Hyperscan where it is fast, else by ``find``."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import TypeAlias

from viguard.logs import engine as engines

Spans: TypeAlias = Iterator[tuple[int, int]]
Find: TypeAlias = Callable[[bytes], Spans]


def lines_with(wanted: bytes) -> Find:
    """Start and end of each line that holds a text, once. What is returned may be called by several threads."""
    return _by_hyperscan(wanted) if _is_fast(wanted) else _by_find(wanted)


def line_at(data: bytes, at: int) -> tuple[int, int]:
    """Start and end of the line that a byte is in, without its newline."""
    end = data.find(b"\n", at)
    return data.rfind(b"\n", 0, at) + 1, end if end >= 0 else len(data)


def _engine(wanted: bytes) -> engines.Hyperscan:
    return engines.Hyperscan(["".join(f"\\x{byte:02x}" for byte in wanted).encode()])


def _is_fast(wanted: bytes) -> bool:
    try:
        return engines.measured(_engine(wanted)) >= engines.SLOW
    except ImportError:
        return False


def _by_hyperscan(wanted: bytes) -> Find:
    """Two thirds of the time of ``find`` on two threads: neither waits for the other."""
    own = threading.local()

    def find(data: bytes) -> Spans:
        if not hasattr(own, "engine"):
            own.engine = _engine(wanted)
        end = -1
        for after in own.engine.scan(data):
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
