"""An archive as a whole: is it sound, its events as Parquet, and questions to those."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any

from viguard.errors import InputError
from viguard.logs.archive.parquet import Answer
from viguard.logs.archive.segments import Damage, archive_in
from viguard.model.event import Event
from viguard.model.facts import Struct
from viguard.model.text import plural, visible
from viguard.policy.policy import TimeZone
from viguard.usecases.logs import rows
from viguard.usecases.logs.damage import told
from viguard.usecases.logs.reading import INCOMPLETE

Say = Callable[[str], None]
DAMAGED = 3


def verify(directory: Path, stream: IO[bytes]) -> int:
    """Writes what was checked and everything that is damaged. Returns 3 when something is.

    Raises: InputError when there is no such archive.
    """
    from viguard.logs.archive.verify import verify as check  # noqa: PLC0415

    found = check(archive_in(directory))
    counts = ((found.segments, "segment"), (found.frames, "frame"), (found.lines, "line"), (found.raw_bytes, "byte"))
    said = [", ".join(plural(number, noun) for number, noun in counts)]
    if found.packed:
        said.append(f"{plural(found.packed, 'segment')} packed again, which saved {plural(found.gained_bytes, 'byte')}")
    if found.open_tail:
        said.append(f"{plural(found.open_tail, 'byte')} at the end are being written, or were when viguard stopped")
    said += [f"damaged: {told(one)}" for one in found.damage]
    said += [] if found.damage else ["every frame is as it was written"]
    stream.write("".join(f"{line}\n" for line in said).encode("utf-8", "backslashreplace"))
    return DAMAGED if found.damage else 0


def pack(directory: Path, stream: IO[bytes], say: Say) -> int:
    """Packs each closed segment again where that pays, and writes what came of it. Nobody else may write meanwhile.

    Returns 0, or 4 when a segment could not be packed.
    Raises: InputError when there is no such archive, or a log server runs with it; OSError.
    """
    from viguard.logs.archive.by_hand import pack_all  # noqa: PLC0415
    from viguard.logs.archive.packing import Left, Packed  # noqa: PLC0415

    packed, gained, is_complete = 0, 0, True
    for found in pack_all(directory):
        if isinstance(found, Packed):
            packed, gained = packed + 1, gained + found.size_before - found.size
            stream.write(f"{found}\n".encode())
        elif isinstance(found, Left):
            if found.is_trouble or found.may_change:
                is_complete = False
                say(f"error: {found}")
        else:
            say(f"note: {found}")
    stream.write(f"{plural(packed, 'segment')} packed again, {plural(gained, 'byte')} saved\n".encode())
    return 0 if is_complete else INCOMPLETE


class Wanted(Struct, frozen=True, kw_only=True):
    """Which lines of an archive: by times of receipt. ``time_zones`` date those without a zone."""

    archive: Path
    since: datetime | None = None
    until: datetime | None = None
    time_zones: tuple[TimeZone, ...] = ()


def to_parquet(wanted: Wanted, directory: Path, say: Say) -> int:
    """Writes the events of an archive, those of one fact merged, as Parquet files into a new or empty directory.

    Returns 0, or 4 when a part of the archive could not be read.
    Raises: InputError when there is no such archive, or the directory holds something already.
    """
    from viguard.logs.archive.parquet import events_to_parquet  # noqa: PLC0415

    if directory.exists() and any(directory.iterdir()):
        hint = "name a new directory: events that are there would be there twice"
        raise InputError("holds something already", where=str(directory), hint=hint)
    damage: list[Damage] = []
    count = events_to_parquet(_events(wanted, damage), directory)
    for one in damage:
        say(f"error: {told(one)}")
    say(f"written: {plural(count, 'event')} to {directory}")
    return INCOMPLETE if damage else 0


def ask(directory: Path, sql: str, format_: str, stream: IO[bytes], say: Say) -> int:
    """Writes the answer to one SELECT over ``events``, tsv or jsonl. Returns 0, or 4 when there were more rows.

    Raises: InputError when there are no Parquet files, or the question is none.
    """
    from viguard.logs.archive.parquet import ask as answer_to  # noqa: PLC0415

    if next(directory.glob("day=????-??-??/*.parquet"), None) is None:
        raise InputError(
            "no events as Parquet", where=str(directory), hint="make them: viguard logs parquet ARCHIVE DIRECTORY"
        )
    answer = answer_to(directory, sql)
    stream.write(_jsonl(answer) if format_ == "jsonl" else _tsv(answer))
    if answer.is_cut:
        say(f"there are more rows than these {len(answer.rows):,}; ask for fewer")
    return INCOMPLETE if answer.is_cut else 0


def _events(wanted: Wanted, damage: list[Damage]) -> Iterator[Event]:
    from viguard.logs.archive.reading import blocks  # noqa: PLC0415
    from viguard.logs.classify import Classifier  # noqa: PLC0415
    from viguard.logs.clocks import Clocks  # noqa: PLC0415
    from viguard.logs.merge import Merger  # noqa: PLC0415
    from viguard.logs.watch import events_of  # noqa: PLC0415

    merger, look, clocks = Merger(), Classifier().block, Clocks(wanted.time_zones)
    for block in blocks(archive_in(wanted.archive), tell=damage.append, since=wanted.since, until=wanted.until):
        yield from merger.feed(events_of(block, look(block.data), clocks))
    yield from merger.flush()


def _tsv(answer: Answer) -> bytes:
    table: list[Sequence[Any]] = [answer.columns, *answer.rows]
    return "".join("\t".join(_cell(value) for value in row) + "\n" for row in table).encode("utf-8", "backslashreplace")


def _jsonl(answer: Answer) -> bytes:
    return rows.lines(
        {name: _plain(value) for name, value in zip(answer.columns, row, strict=True)} for row in answer.rows
    )


def _plain(value: Any) -> Any:
    """A value of SQL as JSON has it; what it has not (a blob, an interval) as text."""
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, datetime):
        return f"{value.isoformat()}Z" if value.tzinfo is None else value
    if value is None or isinstance(value, str | int | float | bool | date):
        return value
    return str(value)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return visible(
        rows.lines([_plain(value)]).decode().rstrip() if isinstance(value, dict | list) else str(value), 10_000
    )
