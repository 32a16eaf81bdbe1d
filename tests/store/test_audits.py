"""The store of audits on a real SQLite file."""

import multiprocessing
import os
import sqlite3
import stat
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from viguard.errors import StoreError
from viguard.model.result import Change, Kind, Result, Severity, Status, Target
from viguard.store.audits import Audit, Recorded, Store
from viguard.store.database import default_path
from viguard.store.scopes import Reading

DAY = [datetime(2026, 1, n, 12, tzinfo=UTC) for n in range(1, 10)]


def audit(day: int, scope: str = "all", *, complete: bool = True) -> Audit:
    return Audit(
        scope=scope,
        started_at=DAY[day],
        ended_at=DAY[day] + timedelta(minutes=5),
        read_at=DAY[day],
        profile="modern",
        complete=complete,
        score=0.805,
        coverage=0.9,
        counts={"pass": 4, "fail": 1},
        policy_digest="abc",
    )


def result(status: Status, resource: str = "vc:vm-1", control: str = "c1", name: str = "web") -> Result:
    target = Target(kind=Kind.GUEST, name=name, path=f"/vc/dc/{name}", id=resource)
    return Result(
        id=f"{control}~{resource}",
        control=control,
        status=status,
        severity=Severity.HIGH,
        profile="modern",
        resource=target,
    )


def record(
    store: Store, audit: Audit, results: Iterable[Result], servers: Sequence[str] = ("vc",), **more: Any
) -> Recorded:
    """Keep an audit that read these servers, all wholly when it is complete."""
    read = [Reading(server=s, read_at=audit.read_at, complete=audit.complete) for s in servers]
    return store.record(audit, results, read=read, **more)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "audits.sqlite3")


def only(recorded: Recorded) -> Result:
    (one,) = recorded.results
    return one


def changes_of(recorded: Recorded) -> list[Change | None]:
    return [r.change for r in recorded.results]


def test_new_open_fixed_reopened(store: Store) -> None:
    assert only(record(store, audit(0), [result(Status.FAIL)])).change is Change.NEW
    assert only(record(store, audit(1), [result(Status.FAIL)])).change is Change.OPEN
    fixed = record(store, audit(2), [result(Status.PASS)])
    assert only(fixed).change is Change.FIXED
    assert [(f.id, f.fixed_how, f.first_seen, f.last_seen) for f in fixed.fixed] == [
        ("c1~vc:vm-1", "pass", DAY[0], DAY[1])
    ]
    assert only(record(store, audit(3), [result(Status.PASS)])).change is None
    assert only(record(store, audit(4), [result(Status.FAIL)])).change is Change.REOPENED
    assert [(s.at, s.change, s.status, s.audit) for s in store.history("c1~vc:vm-1")] == [
        (DAY[0], Change.NEW, "fail", 1),
        (DAY[2], Change.FIXED, "pass", 3),
        (DAY[4], Change.REOPENED, "fail", 5),
    ]
    (known,) = store.finding("c1~vc:vm-1")
    assert (known.first_seen, known.last_seen, known.reopened_at, known.fixed_at) == (DAY[0], DAY[4], DAY[4], None)


def test_servers_are_compared_with_themselves(store: Store) -> None:
    record(store, audit(0), [result(Status.FAIL, "a:vm-1")], ["a"])
    other = record(store, audit(1), [result(Status.PASS, "b:vm-1")], ["b"])
    assert other.fixed == ()
    assert only(record(store, audit(2), [result(Status.FAIL, "b:vm-1")], ["b"])).change is Change.NEW
    assert only(record(store, audit(3), [result(Status.FAIL, "a:vm-1")], ["a"])).change is Change.OPEN


def test_a_server_that_was_not_read_makes_nothing_new_or_fixed(store: Store) -> None:
    both = [result(Status.FAIL, "a:vm-1"), result(Status.FAIL, "b:vm-1")]
    assert changes_of(record(store, audit(0), both, ["a", "b"])) == [Change.NEW, Change.NEW]
    alone = record(store, audit(1, complete=False), both[:1], ["a"])
    assert (changes_of(alone), alone.fixed, alone.unseen) == ([Change.OPEN], (), ())
    assert changes_of(record(store, audit(2), both, ["a", "b"])) == [Change.OPEN, Change.OPEN]


def test_what_a_filter_left_out_is_neither_fixed_nor_new(store: Store) -> None:
    both = [result(Status.FAIL), result(Status.FAIL, "vc:vm-2")]
    there = {"vc:vm-1", "vc:vm-2"}
    record(store, audit(0), both, present=there)
    some = record(store, audit(1, "vc folder DMZ"), both[:1], present=there, filtered=True)
    assert (changes_of(some), some.fixed, some.unseen) == ([Change.OPEN], (), ())
    assert changes_of(record(store, audit(2), both, present=there)) == [Change.OPEN, Change.OPEN]
    assert [s.change for s in store.history("c1~vc:vm-2")] == [Change.NEW]  # nothing was said of it in between


def test_gone_is_said_of_each_server_by_its_own_reading(store: Store) -> None:
    store.record(
        audit(0),
        [result(Status.FAIL, "a:vm-1"), result(Status.FAIL, "b:vm-1")],
        read=[Reading(server="a", read_at=DAY[0]), Reading(server="b", read_at=DAY[0])],
    )
    found = store.record(
        audit(1, complete=False),
        [],
        read=[Reading(server="a", read_at=DAY[1]), Reading(server="b", read_at=DAY[1], complete=False)],
    )
    assert [(f.id, f.fixed_how) for f in found.fixed] == [("c1~a:vm-1", "gone")]
    assert [(f.id, f.status) for f in found.unseen] == [("c1~b:vm-1", "not_read")]


def test_the_estate_is_the_same_while_it_shares_a_server(store: Store) -> None:
    estate = result(Status.FAIL, "estate")
    assert changes_of(record(store, audit(0), [estate], ["a", "b"])) == [Change.NEW]
    assert changes_of(record(store, audit(1), [estate], ["a"])) == [Change.OPEN]
    assert changes_of(record(store, audit(2), [estate], ["b"])) == [Change.OPEN]
    assert changes_of(record(store, audit(3), [estate], ["c"])) == [Change.NEW]


def test_a_part_of_an_estate_mends_nothing_in_the_whole(store: Store) -> None:
    record(store, audit(0), [result(Status.FAIL, "estate")], ["a", "b"])
    part = record(store, audit(1), [result(Status.PASS, "estate")], ["a"])
    assert (changes_of(part), part.fixed) == ([None], ())
    whole = record(store, audit(2), [result(Status.PASS, "estate")], ["a", "b"])
    assert changes_of(whole) == [Change.FIXED]


def test_estates_that_turn_out_to_be_one_are_one_from_then_on(store: Store) -> None:
    estate = result(Status.FAIL, "estate")
    record(store, audit(0), [estate], ["a"])
    record(store, audit(1), [estate], ["b"])
    assert changes_of(record(store, audit(2), [estate], ["a", "b"])) == [Change.OPEN]
    (known,) = store.finding("c1~estate")
    assert known.first_seen == DAY[0]


def test_a_copy_in_another_estate_takes_no_finding_over(store: Store) -> None:
    record(store, audit(0), [result(Status.FAIL, "a:vm-1")], ["a"], identities={"a:vm-1": "u1"})
    copy = record(store, audit(1), [result(Status.FAIL, "b:vm-1")], ["b"], identities={"b:vm-1": "u1"})
    assert changes_of(copy) == [Change.NEW]
    again = record(store, audit(2), [result(Status.FAIL, "a:vm-1")], ["a"], identities={"a:vm-1": "u1"})
    assert changes_of(again) == [Change.OPEN]


def test_old_facts_of_one_server_leave_the_other_one_compared(store: Store) -> None:
    both = [result(Status.FAIL, "a:vm-1"), result(Status.FAIL, "b:vm-1")]
    record(store, audit(4), both, ["a", "b"])
    read = [Reading(server="a", read_at=DAY[2]), Reading(server="b", read_at=DAY[5])]
    mixed = store.record(audit(5), [result(Status.PASS, "a:vm-1"), both[1]], read=read)
    assert (changes_of(mixed), mixed.past) == ([None, Change.OPEN], ("a",))
    assert changes_of(record(store, audit(6), both, ["a", "b"])) == [Change.OPEN, Change.OPEN]


def test_an_incomplete_reading_fixes_nothing_by_absence(store: Store) -> None:
    record(store, audit(0), [result(Status.FAIL)])
    partial = record(store, audit(1, complete=False), [result(Status.PASS, "vc:vm-2")])
    assert partial.fixed == ()
    assert [(f.id, f.status) for f in partial.unseen] == [("c1~vc:vm-1", "not_read")]
    whole = record(store, audit(2), [result(Status.PASS, "vc:vm-2")])
    assert [(f.id, f.fixed_how) for f in whole.fixed] == [("c1~vc:vm-1", "gone")]


def test_a_resource_without_results_is_present_when_it_was_read(store: Store) -> None:
    record(store, audit(0), [result(Status.FAIL)])
    found = record(store, audit(1), [], present={"vc:vm-1"})
    assert found.fixed == ()
    assert [f.status for f in found.unseen] == ["not_judged"]


def test_a_guest_that_moved_keeps_its_finding(store: Store) -> None:
    record(store, audit(0), [result(Status.FAIL)], ["vc", "vc2"], identities={"vc:vm-1": "u1"})
    moved = record(store, audit(1), [result(Status.FAIL, "vc2:vm-77")], ["vc", "vc2"], identities={"vc2:vm-77": "u1"})
    assert (only(moved).id, only(moved).change) == ("c1~vc:vm-1", Change.OPEN)
    assert moved.fixed == ()
    again = record(store, audit(2), [result(Status.FAIL, "vc2:vm-77")], ["vc", "vc2"], identities={"vc2:vm-77": "u1"})
    assert (only(again).id, only(again).change) == ("c1~vc:vm-1", Change.OPEN)
    back = record(store, audit(3), [result(Status.FAIL)], ["vc", "vc2"], identities={"vc:vm-1": "u1"})
    assert (only(back).id, only(back).change) == ("c1~vc:vm-1", Change.OPEN)
    assert [s.change for s in store.history("c1~vc:vm-1")] == [Change.NEW]


def test_a_copy_of_a_guest_is_not_taken_for_it(store: Store) -> None:
    record(store, audit(0), [result(Status.FAIL)], identities={"vc:vm-1": "u1"})
    both = record(
        store,
        audit(1),
        [result(Status.FAIL), result(Status.FAIL, "vc:vm-2")],
        identities={"vc:vm-1": "u1", "vc:vm-2": "u1"},
    )
    assert [(r.id, r.change) for r in both.results] == [
        ("c1~vc:vm-1", Change.OPEN),
        ("c1~vc:vm-2", Change.NEW),
    ]


def test_two_new_guests_with_the_uuid_of_one_that_left_inherit_nothing(store: Store) -> None:
    record(store, audit(0), [result(Status.FAIL)], identities={"vc:vm-1": "u1"})
    found = record(
        store,
        audit(1),
        [result(Status.FAIL, "vc:vm-2"), result(Status.FAIL, "vc:vm-3")],
        identities={"vc:vm-2": "u1", "vc:vm-3": "u1"},
    )
    assert [r.change for r in found.results] == [Change.NEW, Change.NEW]
    assert [f.fixed_how for f in found.fixed] == ["gone"]


def test_the_same_moid_in_two_vcenters_is_two_guests(store: Store) -> None:
    record(store, audit(0), [result(Status.FAIL, "vc-a:vm-1")], ["vc-a"], identities={"vc-a:vm-1": "u1"})
    found = record(
        store,
        audit(1),
        [result(Status.FAIL, "vc-a:vm-1"), result(Status.FAIL, "vc-b:vm-1")],
        ["vc-a", "vc-b"],
        identities={"vc-a:vm-1": "u1", "vc-b:vm-1": "u2"},
    )
    assert [r.change for r in found.results] == [Change.OPEN, Change.NEW]


def test_facts_older_than_the_last_audit_change_nothing(store: Store) -> None:
    record(store, audit(0), [result(Status.FAIL)])
    record(store, audit(4), [result(Status.PASS)])
    past = record(store, audit(2), [result(Status.FAIL)])
    assert past == Recorded(audit=None, results=(result(Status.FAIL),))
    assert [s.change for s in store.history("c1~vc:vm-1")] == [Change.NEW, Change.FIXED]


def test_the_last_audit_is_the_last_complete_one_of_its_servers(store: Store) -> None:
    assert store.last_audit_at(["vc"]) is None
    record(store, audit(0), [])
    record(store, audit(1, complete=False), [])
    record(store, audit(2), [], ["other"])
    record(store, audit(3), [], filtered=True)
    assert store.last_audit_at(["vc"]) == datetime(2026, 1, 1, 12, 5, tzinfo=UTC)
    assert store.last_audit_at(["vc", "other"]) == datetime(2026, 1, 1, 12, 5, tzinfo=UTC)
    assert store.last_audit_at(["vc", "never"]) is None


def test_audits_come_back_as_they_were(store: Store) -> None:
    record(store, audit(0), [])
    record(store, audit(1, complete=False), [])
    assert store.last_audits("all") == (audit(1, complete=False), audit(0))


def test_times_of_another_zone_come_back_in_utc(store: Store) -> None:
    brussels = timezone(timedelta(hours=1))
    at = datetime(2026, 1, 1, 13, tzinfo=brussels)
    record(store, Audit(scope="s", started_at=at, ended_at=at, read_at=at, complete=True), [])
    last = store.last_audit_at(["vc"])
    assert last is not None
    assert last.isoformat() == "2026-01-01T12:00:00+00:00"


def test_a_hostile_name_comes_back_unchanged(store: Store) -> None:
    name = "\x1b[2J'; DROP TABLE findings; --<script>\u202e" + "x" * 10_000
    record(store, audit(0), [result(Status.FAIL, name=name)])
    assert store.finding("c1~vc:vm-1")[0].name == name


def test_an_unknown_finding_has_no_history(store: Store) -> None:
    assert store.history("none") == ()


def test_a_hundred_thousand_findings(store: Store) -> None:
    many = [result(Status.FAIL, f"vc:vm-{n}") for n in range(100_000)]
    first = record(store, audit(0), many, identities={f"vc:vm-{n}": f"u{n}" for n in range(100_000)})
    second = record(store, audit(1), many)
    assert {r.change for r in first.results} == {Change.NEW}
    assert {r.change for r in second.results} == {Change.OPEN}


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes")
def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "new" / "audits.sqlite3"
    old = os.umask(0)
    try:
        record(Store(path), audit(0), [result(Status.FAIL)])
    finally:
        os.umask(old)
    assert {stat.S_IMODE(f.stat().st_mode) for f in path.parent.iterdir()} == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_where_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("VIGUARD_STORE", str(tmp_path / "x.db"))
    assert default_path() == tmp_path / "x.db"
    monkeypatch.delenv("VIGUARD_STORE")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    if sys.platform.startswith("linux"):
        assert default_path() == tmp_path / "state" / "viguard" / "audits.sqlite3"
    assert default_path().name == "audits.sqlite3"


def test_a_name_with_url_characters(tmp_path: Path) -> None:
    path = tmp_path / "a?b#c%20.db"
    Store(path)
    assert path.stat().st_size > 0


def test_a_newer_store_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "audits.sqlite3"
    Store(path)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE schema_version SET version = 3")
    connection.close()
    with pytest.raises(StoreError) as caught:
        Store(path)
    assert str(caught.value) == (
        f"{path}: the store is of version 3, this viguard knows up to version 2\n"
        "  run the viguard that wrote it, or a newer one; or name another file in VIGUARD_STORE"
    )


def test_a_store_of_version_1_is_taken_over(tmp_path: Path) -> None:
    """It kept a finding once for each set of sources and filter."""
    path = tmp_path / "audits.sqlite3"
    store = Store(path)
    first = [result(Status.FAIL, "a:vm-1"), result(Status.FAIL, "b:vm-1"), result(Status.FAIL, "estate")]
    record(store, audit(0, "a b"), first, ["a", "b"])
    record(store, audit(2, "a folder DMZ"), first[:1], ["a"], filtered=True)
    with sqlite3.connect(path) as connection:  # the other tables are as they were
        connection.execute("DROP TABLE readings")
        connection.execute("UPDATE schema_version SET version = 1")
        connection.execute("UPDATE findings SET scope = 'a b'")
        connection.execute(
            "INSERT INTO findings (scope, first_seen, last_seen, id, control, resource, kind, name, path, severity, "
            "state, status, document) SELECT 'a folder DMZ', '2026-01-03 12:00:00', '2026-01-03 12:00:00', id, "
            "control, resource, kind, name, path, severity, state, status, document "
            "FROM findings WHERE resource = 'a:vm-1'"
        )
    connection.close()
    store = Store(path)
    (known,) = store.finding("c1~a:vm-1")
    assert (known.scope, known.first_seen, known.last_seen) == ("a", DAY[0], DAY[2])
    assert store.last_audit_at(["a", "b"]) == DAY[0] + timedelta(minutes=5)
    assert changes_of(record(store, audit(3), first, ["a", "b"])) == [Change.OPEN] * 3
    assert len(Store(path).last_audits("a b")) == 1


def test_another_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE mine (x)")
    connection.close()
    with pytest.raises(StoreError, match="no store of viguard"):
        Store(path)
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("mine",)]
    connection.close()


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "audits.sqlite3"
    path.write_bytes(b"not a database at all" * 1000)
    with pytest.raises(StoreError) as caught:
        Store(path)
    assert caught.value.message == "the store is damaged"
    assert caught.value.hint.startswith("move the file away")


def test_a_damaged_page(tmp_path: Path) -> None:
    path = tmp_path / "audits.sqlite3"
    store = Store(path)
    record(store, audit(0), [result(Status.FAIL, f"vc:vm-{n}") for n in range(2000)])
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    data = bytearray(path.read_bytes())
    data[4096 * 3 :] = b"\xff" * (len(data) - 4096 * 3)
    path.write_bytes(data)
    with pytest.raises(StoreError, match="the store is damaged"):
        record(store, audit(1), [result(Status.FAIL)])


def test_a_store_that_another_process_holds(tmp_path: Path) -> None:
    path = tmp_path / "audits.sqlite3"
    store = Store(path, busy_s=0.1)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError) as caught:
        record(store, audit(0), [result(Status.FAIL)])
    assert caught.value.message == "another viguard is writing to the store"
    assert store.last_audit_at(["vc"]) is None  # reading goes on
    other.execute("ROLLBACK")
    other.close()
    assert only(record(store, audit(0), [result(Status.FAIL)])).change is Change.NEW


def test_a_directory_in_place_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="the store cannot be written"):
        Store(tmp_path)


def test_a_file_in_place_of_the_directory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError) as caught:
        Store(tmp_path / "file" / "audits.sqlite3")
    assert caught.value.hint.endswith("or name another file in VIGUARD_STORE")


def test_nothing_is_kept_of_an_audit_that_fails_in_the_middle(store: Store) -> None:
    record(store, audit(0), [result(Status.FAIL)])
    with sqlite3.connect(store.path) as connection:
        connection.execute("CREATE TRIGGER no BEFORE INSERT ON changes BEGIN SELECT RAISE(ABORT, 'no'); END")
    connection.close()
    with pytest.raises(StoreError, match="the store does not work: no"):
        record(store, audit(1), [result(Status.PASS)])
    assert store.last_audits("all") == (audit(0),)
    assert store.finding("c1~vc:vm-1")[0].state == "open"


def record_as(path: Path, server: str) -> None:
    for day in range(5):
        guests = [result(Status.FAIL, f"{server}:vm-{n}") for n in range(50)]
        record(Store(path), audit(day, server), guests, [server])


def test_processes_at_once(tmp_path: Path) -> None:
    path = tmp_path / "audits.sqlite3"
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=record_as, args=(path, f"s{n % 2}")) for n in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [p.exitcode for p in processes] == [0, 0, 0]
    store = Store(path)
    assert len(store.last_audits("s1")) == 5
    assert [len(store.finding(f"c1~{server}:vm-0")) for server in ("s0", "s1")] == [1, 1]
    guests = [result(Status.FAIL, f"s0:vm-{n}") for n in range(50)]
    assert record(store, audit(5, "s0"), guests, ["s0"]).unseen == ()
