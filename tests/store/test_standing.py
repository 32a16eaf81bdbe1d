"""What the last audits left open, read beside whoever writes the store."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from tests.store.test_audits import DAY, audit, record, result
from viguard.errors import StoreError
from viguard.model.result import Result, Severity, Status
from viguard.store.audits import Store
from viguard.store.scopes import Reading
from viguard.store.standing import Standing, read_standing

NONE = {"critical": 0, "high": 0, "medium": 0, "low": 0}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "in #1?" / "audits.sqlite3"


def of(severity: Severity, resource: str, status: Status = Status.FAIL) -> Result:
    return msgspec.structs.replace(result(status, resource), severity=severity)


def keep(
    path: Path,
    day: int,
    results: Iterable[Result],
    servers: Sequence[str] = ("vc",),
    *,
    complete: bool = True,
    filtered: bool = False,
    unknown: int = 0,
) -> None:
    made = msgspec.structs.replace(audit(day, complete=complete), counts={"pass": 4, "unknown": unknown})
    record(Store(path), made, results, servers, filtered=filtered, present=["vc:vm-1", "vc:vm-2"])


def standing(path: Path) -> Standing:
    found = read_standing(path)
    assert found is not None
    return found


def files(path: Path) -> dict[str, bytes]:
    return {one.name: one.read_bytes() for one in path.parent.iterdir()}


def test_without_a_store_nothing_is_known_and_nothing_is_made(path: Path) -> None:
    assert read_standing(path) is None
    assert not path.parent.exists()


def test_a_store_without_an_audit(path: Path) -> None:
    Store(path)
    assert read_standing(path) is None


def test_every_severity_is_counted(path: Path) -> None:
    keep(path, 1, [of(Severity.HIGH, "vc:vm-1"), of(Severity.HIGH, "vc:vm-2"), of(Severity.LOW, "vc:vm-3")])
    assert standing(path) == Standing(
        findings=NONE | {"high": 2, "low": 1}, server="vc", read_at=DAY[1], complete=True, unknown=0
    )


def test_an_audit_that_finds_nothing_is_a_known_zero(path: Path) -> None:
    keep(path, 1, [of(Severity.HIGH, "vc:vm-1", Status.PASS)])
    assert standing(path).findings == NONE


@pytest.mark.parametrize(
    ("status", "open_"),
    [
        (Status.FAIL, 1),
        (Status.PASS, 0),
        (Status.NOT_APPLICABLE, 0),
        (Status.WAIVED, 0),
        (Status.ATTESTED, 0),
        (Status.UNKNOWN, 1),  # nobody has seen that it was mended
    ],
)
def test_what_the_last_audit_says_counts(path: Path, status: Status, open_: int) -> None:
    keep(path, 1, [of(Severity.HIGH, "vc:vm-1")])
    keep(path, 2, [of(Severity.HIGH, "vc:vm-1", status)], unknown=3)
    found = standing(path)
    assert (found.findings["high"], found.read_at, found.unknown) == (open_, DAY[2], 3)


def test_what_was_waived_and_fails_again_is_open(path: Path) -> None:
    for day, status in enumerate((Status.FAIL, Status.WAIVED, Status.FAIL), 1):
        keep(path, day, [of(Severity.HIGH, "vc:vm-1", status)])
    assert standing(path).findings["high"] == 1


def test_what_an_incomplete_audit_did_not_read_stays_open(path: Path) -> None:
    keep(path, 1, [of(Severity.HIGH, "vc:vm-1"), of(Severity.HIGH, "vc:vm-2")])
    keep(path, 2, [of(Severity.HIGH, "vc:vm-1")], complete=False, unknown=7)
    found = standing(path)
    assert (found.findings["high"], found.complete, found.unknown) == (2, False, 7)


def test_servers_add_up_and_the_oldest_of_them_dates_it(path: Path) -> None:
    keep(path, 1, [of(Severity.LOW, "a:vm-1")], ["a"], unknown=1)
    keep(path, 2, [of(Severity.LOW, "b:vm-1"), of(Severity.CRITICAL, "estate")], ["b"], unknown=2)
    keep(path, 3, [of(Severity.LOW, "b:vm-1"), of(Severity.CRITICAL, "estate")], ["b"], unknown=4)
    found = standing(path)
    assert found.findings == NONE | {"low": 2, "critical": 1}
    assert (found.server, found.read_at, found.unknown) == ("a", DAY[1], 5)


def test_an_audit_of_several_is_counted_once(path: Path) -> None:
    keep(path, 1, [of(Severity.LOW, "a:vm-1"), of(Severity.LOW, "b:vm-1")], ["a", "b"], unknown=3)
    assert (standing(path).findings["low"], standing(path).unknown) == (2, 3)


def test_an_audit_of_a_part_dates_nothing(path: Path) -> None:
    keep(path, 1, [of(Severity.LOW, "vc:vm-1", Status.PASS)], filtered=True)
    assert read_standing(path) is None
    keep(path, 2, [of(Severity.LOW, "vc:vm-1"), of(Severity.LOW, "vc:vm-2")], unknown=5)
    keep(path, 3, [of(Severity.LOW, "vc:vm-1", Status.PASS)], filtered=True)
    found = standing(path)
    assert (found.findings["low"], found.read_at, found.unknown) == (1, DAY[2], 5)


def test_the_files_stay_as_they_are(path: Path) -> None:
    keep(path, 1, [of(Severity.LOW, "vc:vm-1")])
    before, seen = files(path), path.stat()
    path.parent.chmod(0o500)
    try:
        standing(path)
    finally:
        path.parent.chmod(0o700)
    assert files(path) == before
    assert (path.stat().st_mtime_ns, path.stat().st_mode) == (seen.st_mtime_ns, seen.st_mode)


def test_it_is_read_while_another_writes_and_holds_nobody_up(path: Path) -> None:
    keep(path, 1, [of(Severity.LOW, "vc:vm-1"), of(Severity.LOW, "vc:vm-2")])
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as other:
        other.execute("UPDATE findings SET state = 'fixed' WHERE resource = 'vc:vm-1'")  # stays in the -wal
        other.execute("BEGIN IMMEDIATE")
        other.execute("UPDATE findings SET state = 'fixed'")
        assert standing(path).findings["low"] == 1
        other.execute("COMMIT")
        assert standing(path).findings["low"] == 0
        other.execute("BEGIN IMMEDIATE")
        other.execute("ROLLBACK")


@pytest.mark.parametrize("version", [1, 3])
def test_a_store_of_another_version_is_left_alone(path: Path, version: int) -> None:
    keep(path, 1, [of(Severity.LOW, "vc:vm-1")])
    with closing(sqlite3.connect(path, isolation_level=None)) as own:
        own.execute("UPDATE schema_version SET version = ?", (version,))
    before = files(path)
    with pytest.raises(StoreError, match=f"the store is of version {version}"):
        read_standing(path)
    assert files(path) == before


def _garbage(path: Path) -> None:
    path.write_bytes(b"this is no database" * 1000)


def _torn(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


def _strange(statement: str, path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as own:
        own.execute("PRAGMA foreign_keys=OFF")
        own.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audits SET counts = '{'",
        "UPDATE audits SET counts = '[1]'",
        "UPDATE readings SET read_at = 'yesterday'",
        "UPDATE findings SET severity = 'dreadful'",
        "DELETE FROM schema_version",
        "DROP TABLE findings",
    ],
)
def test_what_viguard_does_not_write_is_an_error(path: Path, statement: str) -> None:
    keep(path, 1, [of(Severity.LOW, "vc:vm-1")])
    _strange(statement, path)
    with pytest.raises(StoreError):
        read_standing(path)


@pytest.mark.parametrize("damage", [_garbage, _torn])
def test_a_damaged_store_is_an_error(path: Path, damage: Callable[[Path], None]) -> None:
    keep(path, 1, [of(Severity.LOW, "vc:vm-1")])
    damage(path)
    with pytest.raises(StoreError, match="damaged"):
        read_standing(path)


def test_a_pipe_a_folder_and_another_database_are_no_stores(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", "."):
        with pytest.raises(StoreError, match="this is no file"):
            read_standing(tmp_path / name)
    with closing(sqlite3.connect(tmp_path / "other", isolation_level=None)) as own:
        own.execute("CREATE TABLE things (name)")
    with pytest.raises(StoreError, match="no store of viguard"):
        read_standing(tmp_path / "other")


def test_a_reading_of_the_future_is_told_as_it_is(path: Path) -> None:
    """Whose clock is wrong is not for the store to say."""
    made = msgspec.structs.replace(audit(1), read_at=DAY[1] + timedelta(days=9999))
    Store(path).record(made, [], read=[Reading(server="vc", read_at=made.read_at)])
    assert standing(path).read_at == made.read_at
