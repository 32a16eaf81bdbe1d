"""Which hosts the lines of a block claim to come from, as far as that is cheap to know."""

from __future__ import annotations

from viguard.logs.block import Block
from viguard.logs.fields import text
from viguard.logs.formats import Headers

EVERY = 64
"""Up to so many lines in a block, all are looked at; of more, the first of each run and some between."""
_LONGEST = 255
"""Characters of a name that are kept. Source: RFC 5424, 6 (HOSTNAME)."""
_HEAD = 1024


def claimed(block: Block, lines: int, headers: Headers) -> tuple[tuple[str, ...], bool]:
    """The hosts that lines of a block claim, sorted, and whether these are all of them."""
    data = block.data
    if lines <= EVERY:
        starts, at = [0], data.find(b"\n") + 1
        while at and at < len(data):
            starts.append(at)
            at = data.find(b"\n", at) + 1
    else:
        starts = _some(block)
    found = {_host(data, at, headers) for at in starts}
    return tuple(sorted(found - {"", "-"})), lines <= EVERY and all(len(host) < _LONGEST for host in found)


def _some(block: Block) -> list[int]:
    """Beginnings of lines: of the first runs, and at even distances."""
    data = block.data
    step = max(len(data) // EVERY, 1)
    between = (data.find(b"\n", at) + 1 for at in range(0, len(data), step))
    return [run.start for run in block.runs[:EVERY]] + [at for at in between if 0 < at < len(data)]


def _host(data: bytes, at: int, headers: Headers) -> str:
    end = data.find(b"\n", at)
    header = headers.read(data[at : min(end if end >= 0 else len(data), at + _HEAD)])
    told = header.found.groupdict().get("host") if header else None
    return text(told)[:_LONGEST] if told else ""
