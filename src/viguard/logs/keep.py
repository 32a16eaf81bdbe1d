"""The keep-filter: everything is received, what passes is stored, and what was dropped is counted.

Source: report, Monitoring the security ("limit the logfiles to specific notifications").
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import groupby

from viguard.errors import InputError
from viguard.logs.block import Block, Run
from viguard.logs.classes import EventClass, classes
from viguard.logs.classify import Hit
from viguard.logs.fields import text
from viguard.logs.formats import written
from viguard.model.event import EventSeverity
from viguard.model.facts import Struct

ALL, REPORT = "all", "report"
_ORDER = tuple(EventSeverity)
_NO_HOST = {b"", b"-"}
_OF_REPORT = ("Monitoring the security", "Appendix A")
"""What a class says of the report when its events are on the report's list."""


class Filter(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is stored. ``name`` is all (the default: every line) or report (the events of the report's list only).

    With ``events`` (ids of classes) or ``severity`` (that and worse) only events that one of the two names are stored,
    and those of the report when the name says so.
    """

    name: str = ALL
    events: tuple[str, ...] = ()
    severity: EventSeverity | None = None


class Count(Struct, frozen=True):
    """Lines and bytes of a host, as received and as kept."""

    lines: int = 0
    bytes: int = 0
    kept_lines: int = 0
    kept_bytes: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(
            self.lines + other.lines,
            self.bytes + other.bytes,
            self.kept_lines + other.kept_lines,
            self.kept_bytes + other.kept_bytes,
        )


class Kept(Struct, frozen=True):
    """What of a block is to be stored, None when it is nothing, and the block that it is of."""

    block: Block | None
    received: Block

    def counts(self) -> dict[str, Count]:
        """Lines and bytes by host: the host that a line claims, else its sender. Costs as much as classification."""
        before, after = _by_host(self.received), _by_host(self.block) if self.block else {}
        none = (0, 0)
        return {host: Count(*told, *after.get(host, none)) for host, told in before.items()}


def kinds(wanted: Filter) -> frozenset[str] | None:
    """The classes whose events a filter keeps, None: it keeps every line.

    Raises: InputError for a name, or a class, that there is not.
    """
    if wanted.name not in {ALL, REPORT}:
        raise InputError(f"no filter {wanted.name!r}: there are {ALL} and {REPORT}, and lists of events")
    known = classes()
    missing = sorted(set(wanted.events) - set(known))
    if missing:
        raise InputError(f"no such class of events: {', '.join(missing)}")
    if wanted.name == ALL and not wanted.events and wanted.severity is None:
        return None
    of_report = (k.id for k in known.values() if wanted.name == REPORT and is_of_report(k))
    severe = (
        k.id
        for k in known.values()
        if wanted.severity is not None and _ORDER.index(k.severity) >= _ORDER.index(wanted.severity)
    )
    return frozenset({*wanted.events, *of_report, *severe})


def is_of_report(kind: EventClass) -> bool:
    """Whether the report lists the events of a class among those to be monitored, or prints their lines."""
    return any(place in kind.report for place in _OF_REPORT)


def keep(block: Block, hits: Sequence[Hit], wanted: frozenset[str] | None) -> Kept:
    """The part of a block that a filter keeps; ``hits`` are its lines that were recognised, in order."""
    if wanted is None:
        return Kept(block, block)
    spans = [(hit.start, hit.end + 1) for hit in hits if hit.kind.id in wanted]
    if not spans:
        return Kept(None, block)
    data = b"".join([block.data[start:end] for start, end in spans])
    return Kept(Block(data, block.received_at, tuple(_runs(block.runs, spans))), block)


def _runs(runs: Sequence[Run], spans: Sequence[tuple[int, int]]) -> Iterator[Run]:
    """The runs of the kept lines: neighbours of one source become one."""

    def sources() -> Iterator[tuple[tuple[str, str], int]]:
        number = 0
        for start, end in spans:
            while runs[number].end <= start:
                number += 1
            yield (runs[number].sender, runs[number].transport), end - start

    at = 0
    for (sender, transport), some in groupby(sources(), key=lambda told: told[0]):
        size = sum(length for _, length in some)
        yield Run(sender, transport, at, at + size)
        at += size


def _by_host(block: Block) -> dict[str, tuple[int, int]]:
    lines: Counter[str] = Counter()
    size: Counter[str] = Counter()
    for run in block.runs:
        for host, (count, weight) in _of_run(block.data[run.start : run.end]).items():
            name = text(host) if host not in _NO_HOST else run.sender
            lines[name] += count
            size[name] += weight
    return {host: (count, size[host]) for host, count in lines.items()}


def _of_run(data: bytes) -> Mapping[bytes, tuple[int, int]]:
    """Lines and bytes by claimed host; one expression walks over all lines."""
    told = list(map(b"".join, _host_of_line().findall(data)))
    lines = Counter(told)
    if len(lines) == 1:
        return {told[0]: (len(told), len(data))}
    size: Counter[bytes] = Counter()
    for host, line in zip(told, data.split(b"\n"), strict=False):
        size[host] += len(line) + 1
    return {host: (count, size[host]) for host, count in lines.items()}


@cache
def _host_of_line() -> re.Pattern[bytes]:
    """Every line with the host that its header claims: a group for each header that has one, in their order."""
    headers = [w.pattern for w in written().headers if "(?P<host>" in w.pattern]
    plain = [re.sub(r"\(\?P<(?!host>)\w+>", "(?:", pattern).replace("(?P<host>", "(") for pattern in headers]
    return re.compile(f"(?:{'|'.join(plain)}|)()[^\n]*\n".encode("latin-1"))


def added(counts: Mapping[str, Count], more: Mapping[str, Count]) -> dict[str, Count]:
    """Both counts together."""
    return {host: counts.get(host, Count()) + more.get(host, Count()) for host in {**counts, **more}}
