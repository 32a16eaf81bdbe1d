"""Lines of files as events, those of one fact merged, each with all its lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import IO, Any

import msgspec

from viguard.logs.classify import Classifier, Hit
from viguard.logs.clocks import ALL_UTC, Clocks
from viguard.logs.fields import event_of
from viguard.logs.files import Chunk
from viguard.logs.merge import Merger
from viguard.logs.ocsf import shape
from viguard.model.event import Event
from viguard.usecases.logs import rows
from viguard.usecases.logs.reading import Files

_GATHERED = 1000


def write(
    names: Sequence[str], format_: str, stream: IO[bytes], say: Callable[[str], None], clocks: Clocks = ALL_UTC
) -> int:
    """Writes the events of files, jsonl, ocsf or table, as soon as each is complete.

    Returns 0, or 4 when a part could not be read. Raises: InputError when nothing could be.
    """
    files = Files(names)
    found = events(files, clocks)
    if format_ == "table":
        stream.write(rows.table_head())
        stream.writelines(rows.table_line(event, _count(event)) for event in found)
    else:
        form = shape if format_ == "ocsf" else _object
        while some := [form(event) for event in islice(found, _GATHERED)]:
            stream.write(rows.lines(some))
    return files.code(say)


def _object(event: Event) -> dict[str, Any]:
    return {**rows.row(event), "lines": event.lines}


def events(files: Files, clocks: Clocks = ALL_UTC) -> Iterator[Event]:
    """The events of files, in the order in which they are complete: a few lines after their last one."""
    merger, look = Merger(), Classifier().block
    for chunk, at in files:
        yield from map(_timed, merger.feed(_of_line(chunk, hit, at, clocks) for hit in look(chunk.data)))
    yield from map(_timed, merger.flush())


def _of_line(chunk: Chunk, hit: Hit, at: datetime, clocks: Clocks) -> Event:
    return _timed(event_of(hit, chunk.data[hit.start : hit.end], at, clocks=clocks))


def _timed(event: Event) -> Event:
    """A file was written long after its first line: only what says no time counts as heard then."""
    if event.time is None or event.received_at is None:
        return event
    return msgspec.structs.replace(event, received_at=None)


def _count(event: Event) -> str:
    return "1 line" if len(event.lines) == 1 else f"{len(event.lines)} lines"
