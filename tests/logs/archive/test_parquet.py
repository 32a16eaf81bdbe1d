"""Events as Parquet: what comes back, and what a question cannot do."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from viguard.errors import InputError
from viguard.logs.archive.parquet import ask, events_to_parquet
from viguard.model.event import Channel, Event, EventSeverity, Outcome

DAY = datetime(2026, 11, 23, 10, 0, 0, 250_000, tzinfo=UTC)
FAILED = Event(
    event="login.failure.ssh",
    time=datetime(2010, 1, 27, 14, 21, 38, tzinfo=UTC),
    outcome=Outcome.FAILURE,
    severity=EventSeverity.LOW,
    channel=Channel.SSH,
    user="ro'ot\"; DROP TABLE events; --",
    source_ip="192.0.2.7",
    host="../../etc",
    program="dropbear",
    pid=5319566,
    fields={"source_port": 61598, "method": "pam-password"},
    lines=("one", "two\x1b[31m"),
    sender="192.0.2.1",
    received_at=DAY,
)
LATER = Event(event="console.count", received_at=datetime(2026, 11, 24, tzinfo=UTC))
NEVER = Event(event="log.silence")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    assert events_to_parquet([FAILED, LATER, NEVER], tmp_path / "events") == 3
    return tmp_path / "events"


def test_every_field_comes_back(folder: Path) -> None:
    answer = ask(folder, "SELECT * FROM events WHERE pid = ?", [5319566])
    (row,) = answer.rows
    found = dict(zip(answer.columns, row, strict=True))
    assert found == {
        "event": "login.failure.ssh",
        "time": datetime(2010, 1, 27, 14, 21, 38),  # noqa: DTZ001  (UTC, as the columns say)
        "outcome": "failure",
        "severity": "low",
        "channel": "ssh",
        "user": FAILED.user,
        "source_ip": "192.0.2.7",
        "host": "../../etc",
        "program": "dropbear",
        "pid": 5319566,
        "vm": None,
        "session": None,
        "fields": {"source_port": "61598", "method": "pam-password"},
        "lines": ["one", "two\x1b[31m"],
        "sender": "192.0.2.1",
        "received_at": datetime(2026, 11, 23, 10, 0, 0, 250_000),  # noqa: DTZ001
        "day": date(2026, 11, 23),
    }


def test_each_day_of_receipt_has_its_folder_whatever_the_line_claims(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == ["day=1970-01-01", "day=2026-11-23", "day=2026-11-24"]
    assert {path.suffix for path in folder.glob("*/*")} == {".parquet"}
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.glob("*/*"))


def test_events_are_added_to_those_there(folder: Path) -> None:
    assert events_to_parquet([FAILED], folder) == 1
    assert ask(folder, "SELECT count(*) FROM events WHERE day = '2026-11-23'").rows == ((2,),)


def test_a_hostile_line_does_not_keep_others_out(tmp_path: Path) -> None:
    hostile = [
        Event(
            event="noise",
            time=datetime(1, 1, 1, tzinfo=UTC),
            user="nul\0nul",
            lines=("a\0b", "\ufffe\U0010ffff"),
            pid=1,
        ),
        Event(
            event="noise",
            time=datetime(9999, 12, 31, tzinfo=UTC),
            fields={"'": "]", '"': 10**30},
            lines=("x" * 99_999,),
        ),
        Event(event="noise", user="\\u0000 \\ud800 \n{", host='"', pid=10**18 - 1),
    ]
    assert events_to_parquet([FAILED, *hostile], tmp_path / "events") == 4
    users = ask(tmp_path / "events", 'SELECT "user" FROM events WHERE pid IS NOT NULL ORDER BY pid').rows
    assert users == (("nul\0nul",), (FAILED.user,), ("\\u0000 \\ud800 \n{",))


def test_no_events_are_an_empty_table(tmp_path: Path) -> None:
    assert events_to_parquet([], tmp_path / "events") == 0
    assert ask(tmp_path / "events", "SELECT event, day FROM events").rows == ()


def test_an_answer_is_bounded(folder: Path) -> None:
    answer = ask(folder, "SELECT event FROM events ORDER BY event", rows=2)
    assert answer.rows == (("console.count",), ("log.silence",))
    assert answer.is_cut


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_text('{secret}')",
        "SELECT * FROM '{secret}'",
        "SELECT * FROM read_csv('{secret}')",
        "SELECT * FROM read_blob('{secret}')",
        "SELECT * FROM glob('/etc/*')",
        "SELECT * FROM read_parquet('/etc/../{secret}')",
        "SELECT * FROM query('COPY events TO ''{out}''')",
        "SELECT * FROM read_text('http://127.0.0.1:9/')",
        "SELECT * FROM sniff_csv('{secret}')",
        "SELECT * FROM parquet_metadata('{secret}')",
        "COPY events TO '{out}'",
        "COPY (SELECT 1) TO '{parquet}'",
        "EXPORT DATABASE '{out}'",
        "ATTACH '{out}' AS other",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "RESET lock_configuration",
        "PRAGMA enable_profiling",
        "CREATE TABLE t AS SELECT * FROM events",
        "CREATE MACRO f(x) AS x",
        "DROP VIEW events",
        "SELECT 1; COPY events TO '{out}'",
        "WITH x AS (SELECT 1) INSERT INTO events SELECT 1",
        "EXPLAIN ANALYZE COPY events TO '{out}'",
        "",
        "not sql",
    ],
)
def test_a_question_reads_nothing_else_and_writes_nothing(folder: Path, tmp_path: Path, sql: str) -> None:
    secret, out = tmp_path / "secret.csv", tmp_path / "out"
    secret.write_text("a\nsecret\n")
    (parquet,) = folder.glob("day=2026-11-23/*.parquet")
    before = parquet.read_bytes()
    with pytest.raises(InputError):
        ask(folder, sql.format(secret=secret, out=out, parquet=parquet))
    assert not out.exists()
    assert parquet.read_bytes() == before


def test_a_question_without_end_is_ended(folder: Path) -> None:
    with pytest.raises(InputError, match="took more than"):
        ask(
            folder,
            "SELECT count(*) FROM range(1000000000) a, range(1000000000) b WHERE a.range + b.range < 0",
            timeout_s=0.2,
        )
