from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

import msgspec
import pytest

from viguard.errors import InputError, PolicyError
from viguard.model.access import Access, Event
from viguard.model.facts import Settings
from viguard.model.guest import Guest
from viguard.model.host import Host
from viguard.model.inventory import Inventory
from viguard.model.result import Change, Kind, Status
from viguard.model.server import Product, Server
from viguard.model.snapshot import Gap, Source
from viguard.policy.selection import Selection
from viguard.store import snapshots
from viguard.usecases import audit
from viguard.usecases.person import Person
from viguard.usecases.sources import Sources

AT = datetime(2026, 3, 1, tzinfo=UTC)
ESXI = Product(name="VMware ESXi", version="8.0.3", build="1", line="embeddedEsx", api_version="8.0.3.0")
VPX = Product(name="VMware vCenter Server", version="8.0.3", build="1", line="vpx", api_version="8.0.3.0")


def nobody(question: str) -> str:
    raise AssertionError(f"nobody should be asked: {question}")


def untold(*_: object) -> None:
    """Nobody watches."""


PERSON = Person(ask=nobody, progress=untold)


def estate(log_size: str, *, complete: bool = True, read_at: datetime = AT) -> Inventory:
    guest = Guest(
        id="vc:vm-1",
        name="web",
        path="/vc/DC/web",
        server="vc",
        host="vc:host-1",
        template=False,
        uuid="uuid-1",
        extra_config=Settings(values={"log.rotateSize": log_size}),
    )
    return Inventory(
        [
            Server(id="vc", name="vc", path="/vc", server="vc", product=VPX),
            Host(id="vc:host-1", name="esx1", path="/vc/DC/esx1", server="vc", product=ESXI),
            guest,
        ],
        read_at=read_at,
        sources=[Source(server="vc", name="vc", url="https://vc.example.org/sdk")],
        complete=complete,
        gaps=() if complete else (Gap(path="/vc/DC/esx2", what="everything", reason="it does not answer"),),
    )


def snapshot(folder: Path, inventory: Inventory) -> str:
    target = folder / "estate.snap"
    snapshots.save(inventory, target)
    return str(target)


def run(source: str, **values: object) -> audit.Found:
    return audit.run(audit.Request(sources=Sources(names=(source,)), **values), PERSON)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "store.sqlite"
    monkeypatch.setenv("VIGUARD_STORE", str(path))
    return path


def one(found: audit.Found, control: str, name: str = "web") -> tuple[Status, Change | None]:
    [result] = [r for r in found.audit.results if r.control == control and r.resource.name == name]
    return result.status, result.change


def test_a_finding_is_new_then_open_then_fixed_then_reopened(tmp_path: Path) -> None:
    day = [datetime(2026, 3, n, tzinfo=UTC) for n in (1, 2, 3, 4)]
    told = [
        one(run(snapshot(tmp_path, estate(size, read_at=at))), "vm-log-rotate-size")
        for size, at in zip(("9000000", "9000000", "100000", "9000000"), day, strict=True)
    ]
    assert told == [
        (Status.FAIL, Change.NEW),
        (Status.FAIL, Change.OPEN),
        (Status.PASS, Change.FIXED),
        (Status.FAIL, Change.REOPENED),
    ]


def test_a_store_that_cannot_be_written_costs_the_history_not_the_audit(tmp_path: Path, own_store: Path) -> None:
    own_store.write_bytes(b"this is no database" * 100)
    found = run(snapshot(tmp_path, estate("9000000")))
    assert one(found, "vm-log-rotate-size") == (Status.FAIL, None)
    assert any("not remembered" in note for note in found.warnings)


def test_not_remembering_touches_no_store(tmp_path: Path, own_store: Path) -> None:
    run(snapshot(tmp_path, estate("100000")), remember=False)
    assert not own_store.exists()


def test_exit_codes(tmp_path: Path) -> None:
    found = run(snapshot(tmp_path, estate("9000000")))
    assert audit.exit_code(found.audit, "low") == 3
    assert audit.exit_code(found.audit, "medium") == 3
    assert audit.exit_code(found.audit, "high") == 0  # an unbounded log is a medium failure, and the only one
    assert audit.exit_code(found.audit, "none") == 0
    gone = run(snapshot(tmp_path, estate("9000000", complete=False)))
    assert audit.exit_code(gone.audit, "none") == 4


def test_the_audit_before_this_one_is_handed_to_the_assessment(tmp_path: Path) -> None:
    source = snapshot(tmp_path, estate("100000"))
    assert one(run(source), "audit-monthly", "estate")[0] is Status.FAIL
    assert one(run(source), "audit-monthly", "estate")[0] is Status.PASS


def pair(day: int, *, second: bool = True) -> Inventory:
    """Two servers with a guest each; or the second one did not let us in."""
    at = datetime(2026, 3, day, tzinfo=UTC)
    one = estate("9000000", read_at=at)
    test = Server(id="vt", name="test", path="/test", server="vt", product=VPX)
    guest = msgspec.structs.replace(one.all(Guest)[0], id="vt:vm-1", name="try", path="/test/DC/try", server="vt")
    known = Source(server="vt", name="test", url="https://test.example.org/sdk")
    refused = Source(server="", name="test", url="https://test.example.org/sdk", tls="none")
    return Inventory(
        [*one.by_id.values(), *((test, guest) if second else ())],
        read_at=at,
        sources=[*one.sources, known if second else refused],
        complete=second,
        gaps=() if second else (Gap(path="/test", what="everything", reason="wrong password"),),
    )


def test_a_server_that_does_not_let_us_in_makes_nothing_new(tmp_path: Path) -> None:
    for day in (1, 2):
        run(snapshot(tmp_path, pair(day)))
    found = run(snapshot(tmp_path, pair(3, second=False)))
    assert not found.audit.complete
    assert {r.change for r in found.audit.results if r.status is Status.FAIL} == {Change.OPEN}
    assert found.audit.fixed == ()
    assert one(found, "audit-monthly", "estate")[0] is Status.PASS
    again = run(snapshot(tmp_path, pair(4)))
    assert one(again, "vm-log-rotate-size") == (Status.FAIL, Change.OPEN)
    assert one(again, "vm-log-rotate-size", "try") == (Status.FAIL, Change.OPEN)


def test_what_is_not_there_is_gone_only_from_a_server_that_was_wholly_read(tmp_path: Path) -> None:
    run(snapshot(tmp_path, pair(1)))
    last = pair(2, second=False)
    without = Inventory(
        [r for r in last.by_id.values() if not isinstance(r, Guest)],
        read_at=last.read_at,
        sources=last.sources,
        gaps=last.gaps,
        complete=False,
    )
    found = run(snapshot(tmp_path, without))
    gone = [(f.path, f.how) for f in found.audit.fixed if f.control == "vm-log-rotate-size"]
    assert gone == [("/vc/DC/web", "gone")]


def test_a_filter_makes_nothing_new_or_fixed() -> None:
    """The estate of the report, whose findings are of every kind; accounts are no objects of their own."""
    source = str(files("viguard.content") / "demo" / "belnet.snap")
    whole = run(source)
    failed = {r.id for r in whole.audit.results if r.status is Status.FAIL}
    assert Kind.ACCOUNT in {r.resource.kind for r in whole.audit.results if r.id in failed}
    part = run(source, selection=Selection(folders=("Scarlet Cluster",)))
    assert {r.change for r in part.audit.results if r.id in failed} == {Change.OPEN}
    assert part.audit.fixed == ()
    again = run(source)
    assert {r.change for r in again.audit.results if r.status is Status.FAIL} == {Change.OPEN}


def with_events(inventory: Inventory, since: datetime, *events: Event) -> Inventory:
    """The same at a server whose events were read from that time on."""
    access = Access(id="vc:access", name="vc", path="/vc", server="vc", events=events, events_since=since)
    return Inventory([*inventory.by_id.values(), access], read_at=inventory.read_at, sources=inventory.sources)


def test_a_finding_stays_open_when_its_event_is_too_old_to_be_read(tmp_path: Path) -> None:
    made = Event(key=1, type="VmCreatedEvent", at=AT - timedelta(days=2), guest="vc:vm-1")
    before = run(snapshot(tmp_path, with_events(estate("100000"), AT - timedelta(days=31), made)))
    assert one(before, "template-used-for-deploy") == (Status.FAIL, Change.NEW)
    later = AT + timedelta(days=40)
    after = run(snapshot(tmp_path, with_events(estate("100000", read_at=later), later - timedelta(days=31))))
    assert one(after, "template-used-for-deploy") == (Status.UNKNOWN, Change.OPEN)
    assert [f for f in after.audit.fixed if f.control == "template-used-for-deploy"] == []


def test_a_selection_leaves_the_rest_out(tmp_path: Path) -> None:
    found = run(snapshot(tmp_path, estate("9000000")), selection=Selection(folders=("DC",)))
    assert {r.resource.name for r in found.audit.results} == {"esx1", "web"}
    assert found.audit.selection == "folder DC"


def test_mistakes_of_a_policy_stop_before_anything_is_read(tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text("schema: viguard-policy/1\nzoness: []\n", encoding="utf-8")
    with pytest.raises(PolicyError, match=r"policy\.yaml:2:1: .*zoness"):
        run("https://nowhere.example.org", policy=policy)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such file"):
        run(str(tmp_path / "estate.snap"))


def test_the_agreed_keys_on_the_command_line(tmp_path: Path) -> None:
    source = snapshot(tmp_path, estate("9000000"))
    out = tmp_path / "results.jsonl"
    done = subprocess.run(
        [sys.executable, "-m", "viguard", "audit", source, "--format", "jsonl", "-o", str(out), "--fail-on", "medium"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "VIGUARD_STORE": str(tmp_path / "s.sqlite")},
        timeout=120,
    )
    assert done.returncode == 3, done.stderr
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert {"schema", "id", "control", "status", "severity", "profile", "resource", "evidence"} <= set(lines[0])
    assert all({"kind", "name", "path"} <= set(line["resource"]) for line in lines)
    assert {line["status"] for line in lines} <= {s.value for s in Status}
    [log] = [li for li in lines if li["control"] == "vm-log-rotate-size"]
    assert log["evidence"][0]["property"] == "config.extraConfig[log.rotateSize]"
    assert log["evidence"][0]["value"] == "9000000"


@pytest.mark.parametrize("selection", [Selection(folders=("Extrenal",)), Selection(owners=("nobody",))])
def test_a_selection_that_names_nothing_is_no_clean_audit(tmp_path: Path, selection: Selection) -> None:
    source = snapshot(tmp_path, estate("100000"))
    with pytest.raises(InputError, match="nothing in the estate is in this selection"):
        run(source, selection=selection)
