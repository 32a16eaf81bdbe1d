"""What the last audits left open, for a process that only looks: audits write the store, and nothing holds them up."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from viguard.errors import StoreError
from viguard.model.facts import Struct
from viguard.model.result import Severity, Status
from viguard.store.database import default_path, reading, signature
from viguard.store.schema import audits, findings, readings

ACCEPTED = (Status.WAIVED.value, Status.ATTESTED.value)
"""What the last audit said of findings that are open and that a person answers for."""
_TRIES = 3

__all__ = ["Standing", "read_standing", "signature", "store_path"]


class Standing(Struct, frozen=True, kw_only=True):
    """What is open, of every server of a store, by the newest audit of each that was not filtered.

    ``findings`` are counted by severity, zeros too: neither mended nor accepted. One that was open and could not be
    judged again is open. ``server`` is the one whose facts are the oldest, read at ``read_at``. ``complete``: all of
    these audits were. ``unknown`` is how many of their results say that it could not be known.
    """

    findings: dict[str, int]
    server: str
    read_at: datetime
    complete: bool
    unknown: int


def store_path(named: str) -> Path:
    """The file that settings name, the usual one for ""."""
    return Path(named) if named else default_path()


def read_standing(path: Path) -> Standing | None:
    """What is open; None when no whole audit is recorded, or there is no store.

    Raises: StoreError when the store cannot be read, is damaged, or of another version.
    """
    for _ in range(_TRIES):
        before = signature(path)
        if not before[0]:
            return None
        try:
            found = _read(path)
        except StoreError:
            if signature(path) == before:
                raise
        else:
            if signature(path) == before:
                return found
    raise StoreError("another viguard is writing to the store", where=str(path), hint="it is read again soon")


def _read(path: Path) -> Standing | None:
    try:
        with reading(path) as connection:
            newest = _newest(connection)
            return _standing(connection, newest) if newest else None
    except (ValueError, TypeError, AttributeError) as error:  # what is in it is not what viguard writes
        raise StoreError("the store is damaged", where=str(path), hint="move the file away and audit anew") from error


class _Audited(NamedTuple):
    server: str
    read_at: datetime
    whole: bool
    audit: int
    complete: bool
    counts: dict[str, int]


def _newest(connection: Connection) -> list[_Audited]:
    """The newest audit of each server. One that is complete and did not read it wholly was filtered."""
    columns = (readings.c.server, readings.c.read_at, readings.c.complete)
    query = select(*columns, audits.c.id, audits.c.complete, audits.c.counts).join(audits).order_by(readings.c.n)
    told = (_Audited(*row) for row in connection.execute(query))
    return list({one.server: one for one in told if one.whole or not one.complete}.values())


def _standing(connection: Connection, newest: list[_Audited]) -> Standing:
    query = select(findings.c.severity, func.count()).where(
        findings.c.state == "open", findings.c.status.not_in(ACCEPTED)
    )
    counted = {Severity(row[0]): row[1] for row in connection.execute(query.group_by(findings.c.severity))}
    oldest = min(newest, key=lambda one: one.read_at)
    counts = {one.audit: one.counts for one in newest}
    return Standing(
        findings={severity.value: counted.get(severity, 0) for severity in Severity},
        server=oldest.server,
        read_at=oldest.read_at,
        complete=all(one.complete for one in newest),
        unknown=sum(int(of.get(Status.UNKNOWN.value, 0)) for of in counts.values()),
    )
