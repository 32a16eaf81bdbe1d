"""Opening the database file: where it is, who may read it, and what its errors mean."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import platformdirs
from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, select
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry, NullPool

from viguard.errors import StoreError
from viguard.store.migrations import migrate
from viguard.store.schema import SCHEMA_VERSION, metadata, schema_version

BUSY_S = 15.0
"""How long one process waits for another that is writing."""

# What SQLite says, what that means, and what to do about it.
_MEANINGS = (
    (
        ("locked", "busy"),
        "another viguard is writing to the store",
        "wait until it is done and run again; two at once wait for each other, but not for long",
    ),
    (
        ("not a database", "malformed", "encrypted"),
        "the store is damaged",
        "move the file away (with its -wal and -shm); a new store begins, and every finding will be new",
    ),
    (
        ("readonly", "read-only", "unable to open", "denied"),
        "the store cannot be written",
        "check who owns the file and its directory, or name another file in VIGUARD_STORE",
    ),
    (("full",), "the disk of the store is full", "make room, or name another file in VIGUARD_STORE"),
)


def default_path() -> Path:
    """Where the store is: VIGUARD_STORE, else the user's directory for state (XDG_STATE_HOME on Linux)."""
    named = os.environ.get("VIGUARD_STORE")
    return Path(named) if named else platformdirs.user_state_path("viguard", appauthor=False) / "audits.sqlite3"


def open_engine(path: Path, *, busy_s: float = BUSY_S) -> Engine:
    """A database of the current schema, created when the file is new: readable for its owner alone.
    A store of an earlier version is brought to the current one.

    Raises: StoreError when it cannot be opened, is damaged, of a newer version, or no store of viguard.
    """
    _create_file(path)
    engine = create_engine(
        URL.create("sqlite+pysqlite", database=str(path)),
        poolclass=NullPool,
        connect_args={"timeout": busy_s, "isolation_level": None},
    )
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    with explained(path):
        with engine.connect() as connection:
            fresh = not inspect(connection).get_table_names()
        if fresh:
            with writing(engine) as connection:
                _create_tables(connection)
        with engine.connect() as connection:
            version = _check_version(connection, path)
        if version < SCHEMA_VERSION:
            with writing(engine) as connection:
                migrate(connection)
    return engine


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that holds the write lock from its first statement, so that what it read stays true."""
    with engine.connect().execution_options(viguard_writes=True) as connection, connection.begin():
        yield connection


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Database errors inside become StoreError with what to do about them."""
    try:
        yield
    except DBAPIError as err:
        text = str(err.orig)
        for words, message, hint in _MEANINGS:
            if any(word in text for word in words):
                raise StoreError(message, where=str(path), hint=hint) from err
        raise StoreError(f"the store does not work: {text}", where=str(path), hint=_MEANINGS[2][2]) from err


def _create_file(path: Path) -> None:
    """Creates the file with its mode before SQLite opens it; -wal and -shm take the mode over."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        return
    except OSError as err:
        message = f"the store cannot be created: {err.strerror}"
        raise StoreError(message, where=str(path), hint=_MEANINGS[2][2]) from err


def _prepare(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    try:
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.execute("PRAGMA foreign_keys=ON")
    finally:
        cursor.close()


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("viguard_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _create_tables(connection: Connection) -> None:
    if not inspect(connection).get_table_names():  # another process may have been first
        metadata.create_all(connection)
        connection.execute(schema_version.insert().values(version=SCHEMA_VERSION))


def _check_version(connection: Connection, path: Path) -> int:
    if not inspect(connection).has_table("schema_version"):
        raise StoreError(
            "this database is no store of viguard", where=str(path), hint="name another file in VIGUARD_STORE"
        )
    version: int | None = connection.execute(select(schema_version.c.version)).scalar()
    if version is None or version > SCHEMA_VERSION:
        raise StoreError(
            f"the store is of version {version}, this viguard knows up to version {SCHEMA_VERSION}",
            where=str(path),
            hint="run the viguard that wrote it, or a newer one; or name another file in VIGUARD_STORE",
        )
    return version
