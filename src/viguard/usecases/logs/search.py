"""Lines of an archive that fulfil conditions, old ones or those that come in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import IO, Any

from viguard.errors import InputError
from viguard.logs.archive.query import Match, Query
from viguard.logs.archive.search import follow, search
from viguard.logs.archive.segments import Damage, archive_in
from viguard.logs.classes import classes, field_names
from viguard.logs.fields import text
from viguard.model.event import Event
from viguard.model.text import visible
from viguard.usecases.logs import rows
from viguard.usecases.logs.damage import told
from viguard.usecases.logs.reading import INCOMPLETE

__all__ = ["Query", "run"]

Write = Callable[[Match], bytes]


def run(  # noqa: PLR0913  (where to write, and how)
    directory: Path, query: Query, format_: str, stream: IO[bytes], say: Callable[[str], None], *, following: bool
) -> int:
    """Writes the lines as they are found. Returns 0, or 4 when a part of the archive could not be read.

    Raises: InputError when there is no such archive, or the query cannot be.
    """
    _known(query)
    for name in sorted(query.fields.keys() - field_names() - set(Event.__struct_fields__)):
        say(f"note: no event is known to have a field {visible(name)!r}")
    damage: list[Damage] = []
    write = _form(format_, stream)

    def note(one: Damage) -> None:
        damage.append(one)
        say(f"error: {told(one)}")

    for match in _found(archive_in(directory), query, note, following=following):
        stream.write(write(match))
        if following:
            stream.flush()
    return INCOMPLETE if damage else 0


def _known(query: Query) -> None:
    """What cannot be found anywhere would read as if nothing had happened."""
    if query.since is not None and query.until is not None and query.since >= query.until:
        raise InputError("--until is not after --since: nothing is between them")
    wanted = query.fields.get("event")
    if wanted is not None and wanted not in classes():
        near = get_close_matches(wanted, classes(), 1)
        hint = f"did you mean {near[0]}?" if near else "see docs/events.md"
        raise InputError(f"there is no class of events {wanted!r}", hint=hint)


def _found(directory: Path, query: Query, tell: Callable[[Damage], None], *, following: bool) -> Iterator[Match]:
    if following:
        return follow(directory, query, tell=tell, ended=lambda: False)
    return search(directory, query, tell=tell)


def _form(format_: str, stream: IO[bytes]) -> Write:
    """Lines as they are go to programs only: whoever wrote them may want to steer a terminal."""
    if format_ != "raw":
        return _object if format_ == "jsonl" else _line
    if stream.isatty():
        raise InputError(
            "raw lines could steer this terminal", hint="send them into a file or a program, or use --format table"
        )
    return lambda match: match.line + b"\n"


def _line(match: Match) -> bytes:
    shown = f"{match.received_at:%Y-%m-%dT%H:%M:%SZ}  {match.sender or '-':15}  {visible(text(match.line), 100_000)}"
    return shown.encode("utf-8", "backslashreplace") + b"\n"


def _object(match: Match) -> bytes:
    said: dict[str, Any] = {
        "received_at": match.received_at,
        "sender": match.sender or None,
        "transport": match.transport,
        "segment": match.segment,
        "frame": match.frame,
        "start": match.start,
        "text": text(match.line),
    }
    if match.event is not None:
        said["event"] = rows.row(match.event)
    return rows.lines([said])
