"""Opening the database file: where it is, who may read it, and what its errors mean."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
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
_READ_BUSY_S = 1.0

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
        "the store cannot be {done}",
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
def reading(path: Path) -> Iterator[Connection]:
    """A store that is there, as it is at this moment: nothing is created, brought to another version or held up.

    While nobody has it open it is read as a plain file. Then what was read holds only if ``signature`` is the same
    after it as before.

    Raises: StoreError when it cannot be read, is damaged, of another version, or no store of viguard.
    """
    _check_file(path)
    engine = create_engine("sqlite+pysqlite://", creator=partial(_connected, path), poolclass=NullPool)
    event.listen(engine, "begin", _begin)
    with explained(path, "read"), engine.connect() as connection:
        version = _check_version(connection, path)
        if version < SCHEMA_VERSION:
            message = f"the store is of version {version}, and version {SCHEMA_VERSION} is read here"
            raise StoreError(message, where=str(path), hint="the next `viguard audit` brings it to this version")
        yield connection


def signature(path: Path) -> tuple[tuple[int, ...], ...]:
    """What differs once the store was written: of the file, and of what was written and is not in it yet."""
    found = list[tuple[int, ...]]()
    for name in (path, _not_yet_in(path)):
        try:
            told = name.stat()
        except OSError:
            found.append(())
        else:
            found.append((told.st_dev, told.st_ino, told.st_size, told.st_mtime_ns))
    return tuple(found)


@contextmanager
def explained(path: Path, done: str = "written") -> Iterator[None]:
    """Database errors inside become StoreError with what to do about them; ``done`` is what was to be done."""
    try:
        yield
    except DBAPIError as err:
        text = str(err.orig)
        for words, message, hint in _MEANINGS:
            if any(word in text for word in words):
                raise StoreError(message.format(done=done), where=str(path), hint=hint) from err
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


def _check_file(path: Path) -> None:
    """Before SQLite opens it: it would wait for a pipe, and it calls what it may not read something else."""
    try:
        is_plain = stat.S_ISREG(path.stat().st_mode)
    except OSError as err:
        raise StoreError(f"the store cannot be read: {err.strerror}", where=str(path), hint=_MEANINGS[2][2]) from err
    if not is_plain or not os.access(path, os.R_OK):
        what = "Permission denied" if is_plain else "this is no file"
        raise StoreError(f"the store cannot be read: {what}", where=str(path), hint=_MEANINGS[2][2])


def _connected(path: Path) -> sqlite3.Connection:
    """With ``immutable`` SQLite neither locks nor makes files; what others have written beside it needs more."""
    waiting = _not_yet_in(path)
    is_whole = not waiting.exists() or not waiting.stat().st_size
    address = f"{path.absolute().as_uri()}?mode=ro{'&immutable=1' if is_whole else ''}"
    return sqlite3.connect(address, uri=True, timeout=_READ_BUSY_S, isolation_level=None)


def _not_yet_in(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


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
