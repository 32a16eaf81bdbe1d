"""Events as Parquet, a folder for each day of receipt, and questions to them in SQL that can only read them."""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from viguard.errors import InputError
from viguard.model.event import Event
from viguard.model.facts import Struct

COLUMNS = {
    "event": "VARCHAR",
    "time": "TIMESTAMP",
    "outcome": "VARCHAR",
    "severity": "VARCHAR",
    "channel": "VARCHAR",
    "user": "VARCHAR",
    "source_ip": "VARCHAR",
    "host": "VARCHAR",
    "program": "VARCHAR",
    "pid": "BIGINT",
    "vm": "VARCHAR",
    "session": "VARCHAR",
    "fields": "MAP(VARCHAR, VARCHAR)",
    "lines": "VARCHAR[]",
    "sender": "VARCHAR",
    "received_at": "TIMESTAMP",
}
"""Of the table ``events``; times are UTC."""
_NO_DAY = "1970-01-01"
_BATCH = 100_000
_ROWS = 10_000
_TIMEOUT_S = 30.0
_MEMORY = "1GB"


class Answer(Struct, frozen=True):
    """Names of columns and rows. ``is_cut``: there were more rows."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    is_cut: bool


def events_to_parquet(events: Iterable[Event], directory: Path) -> int:
    """Adds events to a directory of Parquet files, ``day=YYYY-MM-DD/*.parquet``; returns how many.

    The day is that of receipt, our own clock's (1970-01-01: not known): what a line claims names no folder.
    Each file is there whole or not at all.
    Raises: OSError.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    count = 0
    for day, some in _by_day(events):
        _write(some, directory / f"day={day}")
        count += len(some)
    return count


def _by_day(events: Iterable[Event]) -> Iterator[tuple[str, list[Event]]]:
    waiting: dict[str, list[Event]] = {}
    for event in events:
        day = f"{event.received_at.astimezone(UTC):%Y-%m-%d}" if event.received_at else _NO_DAY
        some = waiting.setdefault(day, [])
        some.append(event)
        if len(some) >= _BATCH:
            yield day, waiting.pop(day)
    yield from waiting.items()


def _write(events: Sequence[Event], folder: Path) -> None:
    import duckdb  # noqa: PLC0415  (an optional part)

    folder.mkdir(mode=0o700, exist_ok=True)
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(6)}"
    rows, new, final = folder / f"{name}.jsonl", folder / f"{name}.new", folder / f"{name}.parquet"
    try:
        with rows.open("wb") as out:
            out.writelines(msgspec.json.encode(_row(event)) + b"\n" for event in events)
        columns = ", ".join(f"{_quoted(name)}: '{kind}'" for name, kind in COLUMNS.items())
        with duckdb.connect(":memory:") as database:
            database.execute("SET TimeZone = 'UTC'")
            database.execute(
                f"COPY (SELECT * FROM read_json({_quoted(str(rows))}, format = 'newline_delimited', "  # noqa: S608
                f"maximum_object_size = 67108864, columns = {{{columns}}})) "
                f"TO {_quoted(str(new))} (FORMAT parquet, COMPRESSION zstd)"
            )
        os.chmod(new, 0o600)  # noqa: PTH101
        new.replace(final)
    finally:
        for left in (rows, new):
            left.unlink(missing_ok=True)


def _row(event: Event) -> dict[str, Any]:
    row = {name: getattr(event, name) for name in COLUMNS}
    row["fields"] = {name: str(value) for name, value in event.fields.items()}
    for name, value in (("time", event.time), ("received_at", event.received_at)):
        row[name] = value.astimezone(UTC).replace(tzinfo=None).isoformat(" ") if value else None
    return row


def ask(
    directory: Path, sql: str, parameters: Sequence[Any] = (), *, rows: int = _ROWS, timeout_s: float = _TIMEOUT_S
) -> Answer:
    """The answer to one SELECT over the table ``events`` (COLUMNS and ``day``).

    It can read no file but the Parquet files of the directory, write none, load no extension and change no setting.
    Raises: InputError when the question is none, or takes too long.
    """
    import duckdb  # noqa: PLC0415  (an optional part)

    files = sorted(str(path) for path in directory.glob("day=????-??-??/*.parquet"))
    with duckdb.connect(":memory:") as database:
        _table(database, files)
        for setting in _locked(files):
            database.execute(setting)
        alarm = threading.Timer(timeout_s, database.interrupt)
        try:
            statements = database.extract_statements(sql)
            if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
                raise InputError("a question is one SELECT", where=sql[:200])
            alarm.start()
            answer = database.execute(statements[0], list(parameters))
            names = tuple(str(column[0]) for column in answer.description or ())
            found = answer.fetchmany(rows + 1)
        except duckdb.InterruptException as error:
            raise InputError(f"the question took more than {timeout_s:.0f} s", where=sql[:200]) from error
        except duckdb.Error as error:
            raise InputError(f"no answer: {error}", where=sql[:200]) from error
        finally:
            alarm.cancel()
    return Answer(names, tuple(found[:rows]), len(found) > rows)


def _table(database: Any, files: Sequence[str]) -> None:
    if files:
        some = ", ".join(_quoted(file) for file in files)
        database.execute(
            f"CREATE VIEW events AS SELECT * FROM read_parquet([{some}], hive_partitioning = true, "  # noqa: S608
            "hive_types = {'day': DATE})"
        )
    else:
        columns = ", ".join(f'"{name}" {kind}' for name, kind in COLUMNS.items())
        database.execute(f"CREATE TABLE events ({columns}, day DATE)")


def _locked(files: Sequence[str]) -> Iterator[str]:
    yield "SET TimeZone = 'UTC'"
    yield f"SET memory_limit = '{_MEMORY}'"
    yield "SET temp_directory = ''"
    yield "SET autoinstall_known_extensions = false"
    yield "SET autoload_known_extensions = false"
    yield "SET allow_community_extensions = false"
    if files:
        yield f"SET allowed_paths = [{', '.join(_quoted(file) for file in files)}]"
    yield "SET enable_external_access = false"
    yield "SET lock_configuration = true"


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
