"""Collections of the lab: whole, spoiled, interrupted."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest

import lab
from tests.collect.reading import collector, endpoints, entry, open_sessions
from viguard.collect.run import Collector
from viguard.collect.subject import Options
from viguard.errors import LoginError, ReplyError, SourceError, UnreachableError
from viguard.model.access import Access
from viguard.model.facts import Reason, Unknown
from viguard.model.guest import Guest
from viguard.model.host import Certificate, Host
from viguard.model.inventory import Inventory
from viguard.store.snapshots import load
from viguard.vsphere.credentials import Credentials, Entry
from viguard.vsphere.endpoint import parse_endpoint
from viguard.vsphere.http import Limits
from viguard.vsphere.pages import Found
from viguard.vsphere.reader import Batch

pytestmark = pytest.mark.real("lab")

SCOPED = {
    "vc-today": "the account lacks System.Read on the root folder, so it sees a part of the server only",
    "vc-main": "the account lacks System.Read on the root folder, so it sees a part of the server only",
}
"""Why the permissions of a server are unknown to an account of one datacenter."""


def read(server: lab.Endpoint, account: str = "auditor", **more: object) -> Inventory:
    return collector(server, account=account, **more).to_memory(endpoints(server))


def host(inventory: Inventory, name: str) -> Host:
    return next(h for h in inventory.hosts if h.name.startswith(name))


def reason(fact: object) -> Reason:
    assert isinstance(fact, Unknown), fact
    return fact.reason


def test_all_servers_into_one_snapshot(estate: lab.Estate, tmp_path: Path) -> None:
    servers = [estate[n] for n in ("vc-main", "vc-test", "esxi-test", "vc-today")]
    out = tmp_path / "estate.snap"
    trailer = collector(*servers, account="administrator").to_file(endpoints(*servers), out)
    assert trailer.gaps == ()
    assert trailer.complete
    inventory = load([out])
    assert [s.name for s in inventory.servers] == ["vc-main", "vc-test", "esxi-test", "vc-today"]
    assert [s.tls for s in inventory.sources] == ["verified"] * 4
    hosts = {s.name: sum(h.server == s.id for h in inventory.hosts) for s in inventory.servers}
    assert hosts == {"vc-main": 10, "vc-test": 2, "esxi-test": 1, "vc-today": 12}
    assert [open_sessions(s) for s in servers] == [0, 0, 0, 0]
    assert sum(trailer.counts.values()) == len(inventory.by_id)


def test_what_an_old_virtualcenter_tells(estate: lab.Estate) -> None:
    inventory = read(estate["vc-main"])
    blade = host(inventory, "esxblade5")
    assert blade.path == "/vc-main/Main Datacenter/External Cluster/esxblade5.fw.belnet.be"
    assert blade.is_classic
    assert isinstance(blade.firewall, msgspec.Struct)
    assert reason(blade.lockdown_mode) is Reason.NOT_IN_VERSION
    assert str(blade.lockdown_mode) == "known from API 6.0"
    assert inventory.complete, "what a version does not know is no gap"
    www = next(g for g in inventory.guests if g.name == "www1")
    assert www.path == "/vc-main/Main Datacenter/DMZ/www1"
    group = inventory.port_group_of(www, www.nics[0])  # type: ignore[index]
    assert group is not None
    assert not isinstance(group, Unknown)


def test_a_modern_vcenter_tells_more(estate: lab.Estate) -> None:
    inventory = read(estate["vc-today"], "administrator")
    blade = host(inventory, "esxblade5")
    assert isinstance(blade.lockdown_mode, str)
    assert isinstance(blade.lockdown_exceptions, tuple)
    assert isinstance(blade.acceptance_level, str)
    assert isinstance(blade.modules, tuple)
    assert not isinstance(blade.certificate, Unknown)
    assert reason(blade.accounts) is Reason.NO_SOURCE
    access = inventory.all(Access)[0]
    assert access.permissions
    assert access.sessions
    assert isinstance(access.events, tuple)
    assert inventory.roles[inventory.servers[0].id, -1].name.lower().startswith("admin")


def test_local_accounts_come_from_the_host_itself(estate: lab.Estate) -> None:
    inventory = read(estate["esxi-test"], "administrator")
    assert isinstance(inventory.hosts[0].accounts, tuple)
    assert inventory.hosts[0].path == f"/esxi-test/{inventory.hosts[0].name}"
    assert not inventory.servers[0].is_vcenter


def test_a_second_collection_takes_over_what_did_not_change(today: lab.Endpoint, tmp_path: Path) -> None:
    out = tmp_path / "s.snap"
    collecting = collector(today)
    first = collecting.to_file(endpoints(today), out)
    before = {r.id: r for r in load([out]).by_id.values()}
    today.control("set", type="VirtualMachine", name="www1", path="config.annotation", value="changed")
    second = collecting.to_file(endpoints(today), out)
    after = {r.id: r for r in load([out]).by_id.values()}
    assert second.counts == first.counts
    assert second.gaps == first.gaps
    changed = {r.name for i, r in after.items() if before[i] != r and isinstance(r, Guest)}
    assert changed == {"www1"}
    assert next(r for r in after.values() if r.name == "www1").annotation == "changed"  # type: ignore[attr-defined]


def test_unchanged_objects_are_not_decoded_again(
    today: lab.Endpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "s.snap"
    collecting = collector(today, options=Options(calls=False))
    collecting.to_file(endpoints(today), out)

    def never(*_: object) -> None:
        raise AssertionError("decoded again")

    monkeypatch.setattr("viguard.collect.vsphere.decode_guest", never)
    monkeypatch.setattr("viguard.collect.vsphere.decode_host", never)
    collecting.to_file(endpoints(today), out)


def test_a_reply_that_came_before_is_not_even_unpacked(
    today: lab.Endpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "s.snap"
    collecting = collector(today, options=Options(calls=False, page=20))
    first = collecting.to_file(endpoints(today), out)
    before = {r.id: r for r in load([out]).by_id.values()}
    unpacked: list[list[str]] = []

    def counted(batch: Batch) -> list[Found]:
        if batch.refs[0].type == "VirtualMachine":
            unpacked.append([ref.moid for ref in batch.refs])
        return look(batch)

    look = Batch.objects
    monkeypatch.setattr(Batch, "objects", counted)
    assert collecting.to_file(endpoints(today), out).counts == first.counts
    assert unpacked == []
    today.control("set", type="VirtualMachine", name="www1", path="config.annotation", value="changed")
    assert collecting.to_file(endpoints(today), out).counts == first.counts
    changed = next(g for g in load([out]).guests if g.name == "www1")
    assert changed.annotation == "changed"
    assert [changed.id.rpartition(":")[2] in batch for batch in unpacked] == [True]
    unpacked.clear()
    assert collecting.to_file(endpoints(today), out).counts == first.counts
    assert unpacked == []
    after = {r.id: r for r in load([out]).by_id.values()}
    assert {i for i, r in after.items() if isinstance(r, Guest) and before[i] != r} == {changed.id}


def test_a_reply_with_lost_facts_tells_its_gaps_each_time(today: lab.Endpoint, tmp_path: Path) -> None:
    today.control("set", type="VirtualMachine", name="www1", path="runtime.connectionState", value="disconnected")
    out = tmp_path / "s.snap"
    collecting = collector(today)
    first = collecting.to_file(endpoints(today), out)
    second = collecting.to_file(endpoints(today), out)
    assert any(gap.path.endswith("/www1") for gap in first.gaps)
    assert second.gaps == first.gaps


def test_without_calls_what_they_tell_is_unknown(today: lab.Endpoint) -> None:
    blade = host(read(today, options=Options(calls=False)), "esxblade1.")
    assert {reason(f) for f in (blade.certificate, blade.modules, blade.acceptance_level)} == {Reason.NOT_READ}


def test_certificates_of_hosts_are_read_together(today: lab.Endpoint) -> None:
    today.control("dead-host", name="esxblade2.fw.belnet.be")
    before = today.control("stats")["calls"].get("RetrieveProperties", 0)
    inventory = read(today)
    assert today.control("stats")["calls"].get("RetrieveProperties", 0) == before
    assert reason(host(inventory, "esxblade2.").certificate) is Reason.UNREACHABLE
    assert all(isinstance(h.certificate, Certificate) for h in inventory.hosts if h.connection == "connected")


def test_a_renamed_folder_renews_the_paths_below_it(today: lab.Endpoint, tmp_path: Path) -> None:
    out = tmp_path / "s.snap"
    collecting = collector(today)
    collecting.to_file(endpoints(today), out)
    today.control("rename", type="Folder", name="DMZ", to="Outside")
    collecting.to_file(endpoints(today), out)
    www = next(g for g in load([out]).guests if g.name == "www1")
    assert www.path == "/vc-today/Main Datacenter/Outside/www1"


def test_an_altered_old_snapshot_is_not_used(today: lab.Endpoint, tmp_path: Path) -> None:
    out = tmp_path / "s.snap"
    out.write_bytes(b"this is no snapshot")
    assert collector(today).to_file(endpoints(today), out).counts["host"] == 12
    assert load([out]).hosts


def test_a_wrong_password_ends_the_collection_of_one_server(estate: lab.Estate, tmp_path: Path) -> None:
    server = estate["vc-today"]
    wrong = Collector(Credentials(entries=(entry(server, password="wrong"),), environment={}))
    with pytest.raises(LoginError, match="refuses the user or the password"):
        wrong.to_file(endpoints(server), tmp_path / "s.snap")
    assert list(tmp_path.iterdir()) == []


def test_an_account_without_any_right_is_told_so(estate: lab.Estate) -> None:
    with pytest.raises(SourceError, match="NoPermission"):
        read(estate["vc-today"], "nobody")


def test_one_bad_server_does_not_end_the_others(estate: lab.Estate, tmp_path: Path) -> None:
    good, refused = estate["esxi-test"], estate["vc-today"]
    entries = (entry(good), entry(refused, password="wrong"), Entry(url="127.0.0.1:9", user="u", password="p"))
    addresses = [parse_endpoint("127.0.0.1:9"), *endpoints(refused, good)]
    out = tmp_path / "s.snap"
    trailer = Collector(Credentials(entries=entries, environment={})).to_file(addresses, out)
    assert not trailer.complete
    assert [(g.path, g.what) for g in trailer.gaps][:2] == [("/127.0.0.1", "everything"), ("/vc-today", "everything")]
    inventory = load([out])
    assert [s.name for s in inventory.servers] == ["esxi-test"]
    reasons = {s.url: s.channels[0].reason for s in inventory.sources if not s.channels[0].read}
    assert "no connection" in reasons["https://127.0.0.1:9/sdk"]
    assert "password" in reasons[refused.url]


def test_all_servers_unreachable_is_an_error(tmp_path: Path) -> None:
    entries = (Entry(url="127.0.0.1:9", user="u", password="p"),)
    with pytest.raises(UnreachableError):
        Collector(Credentials(entries=entries, environment={})).to_file([parse_endpoint("127.0.0.1:9")], tmp_path / "s")


def test_a_host_that_does_not_answer_is_unknown_and_a_gap(today: lab.Endpoint) -> None:
    today.control("dead-host", name="esxblade5.fw.belnet.be")
    inventory = read(today)
    dead, alive = host(inventory, "esxblade5"), host(inventory, "esxblade6")
    assert dead.connection == "notResponding"
    for field in ("services", "firewall", "options", "lockdown_mode", "product", "packages", "port_groups"):
        assert reason(getattr(dead, field)) is Reason.UNREACHABLE, field
    assert not isinstance(alive.services, Unknown)
    assert not inventory.complete
    assert any("esxblade5" in g.path and "services" in g.what for g in inventory.gaps)


def test_lacking_privileges_are_unknown_and_the_rest_is_read(estate: lab.Estate) -> None:
    inventory = read(estate["vc-today"], "readonly")
    blade = host(inventory, "esxblade5")
    assert reason(blade.packages) is Reason.NO_PERMISSION
    assert "Host.Config.Image" in str(blade.packages)
    assert reason(inventory.all(Access)[0].sessions) is Reason.NO_PERMISSION
    assert not isinstance(blade.services, Unknown)
    assert not inventory.complete


def test_lacking_privileges_on_an_old_server_lose_only_what_they_guard(estate: lab.Estate) -> None:
    inventory = read(estate["vc-main"], "readonly")
    assert len(inventory.hosts) == 10
    assert reason(inventory.all(Access)[0].sessions) is Reason.NO_PERMISSION
    assert all(not isinstance(g.devices, Unknown) for g in inventory.guests)


@pytest.mark.parametrize("name", ["vc-main", "vc-today"])
def test_an_account_that_sees_a_part_reads_that_part_and_says_so(estate: lab.Estate, name: str) -> None:
    inventory = read(estate[name], "scoped")
    assert {h.name.partition(".")[0] for h in inventory.hosts} == {"esxblade8", "esxblade10"}
    assert not inventory.complete
    told = [g.reason for g in inventory.gaps if g.what == "objects that the account may not see"]
    assert told == [SCOPED[name]]


@pytest.mark.parametrize("name", ["vc-main", "vc-today"])
def test_permissions_that_are_told_in_part_are_unknown(estate: lab.Estate, name: str) -> None:
    """A server leaves out permissions on what the account may not see: nobody's reach is known from the rest."""
    [access] = read(estate[name], "scoped").all(Access)
    assert isinstance(access.permissions, Unknown)
    assert str(access.permissions) == SCOPED[name]


@pytest.mark.parametrize("name", ["old", "today"])
def test_a_guest_deleted_between_two_pages_is_left_out_and_counted(
    name: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    server: lab.Endpoint = request.getfixturevalue(name)
    before = len(read(server).all(Guest))

    def delete(_: str, kind: str, done: int, __: int) -> None:
        if kind == "HostSystem" and done >= 10:  # the list is made, no guest is read
            server.control("delete", type="VirtualMachine", name="www2")

    out = tmp_path / "s.snap"
    collecting = collector(server, progress=delete, options=Options(page=10))
    trailer = collecting.to_file(endpoints(server), out)
    assert trailer.gone == 1
    assert trailer.counts["guest"] == before - 1
    assert "www2" not in {g.name for g in load([out]).all(Guest)}


@pytest.mark.parametrize("name", ["old", "today"])
def test_a_session_lost_once_is_taken_up_and_told(name: str, request: pytest.FixtureRequest) -> None:
    server: lab.Endpoint = request.getfixturevalue(name)
    whole = read(server, "administrator")
    ended: list[int] = []

    def end_once(_: str, kind: str, __: int, ___: int) -> None:
        if kind == "HostSystem" and not ended:
            ended.append(1)
            server.control("terminate-sessions")

    again = read(server, "administrator", progress=end_once)
    assert ended
    assert set(again.by_id) == set(whole.by_id)
    assert [g.what for g in again.gaps] == ["session"]
    assert open_sessions(server) == 0


def test_a_session_lost_again_and_again_keeps_what_was_read(today: lab.Endpoint, tmp_path: Path) -> None:
    def end(_: str, kind: str, __: int, ___: int) -> None:
        if kind in {"HostSystem", "VirtualMachine"}:
            today.control("terminate-sessions")

    out = tmp_path / "s.snap"
    trailer = collector(today, progress=end, options=Options(page=5)).to_file(endpoints(today), out)
    assert not trailer.complete
    assert trailer.gaps[-1].what == "everything after the last object read"
    assert "twice" in trailer.gaps[-1].reason
    assert len(load([out]).hosts) == 12
    assert 0 < len(load([out]).guests) < 80


def test_ctrl_c_logs_out_and_leaves_no_file(today: lab.Endpoint, tmp_path: Path) -> None:
    def interrupt(*_: object) -> None:
        assert open_sessions(today) == 1
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        collector(today, progress=interrupt).to_file(endpoints(today), tmp_path / "s.snap")
    assert open_sessions(today) == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        ({"inflate_to": 24 << 20}, "larger than"),
        ({"entity_bomb": True}, "document type"),
        ({"truncate": True}, "no XML"),
        ({"status": 503}, "HTTP 503"),
        ({"slow_ms": 3000}, "no answer within"),
    ],
)
def test_a_server_that_misbehaves_is_one_clear_error(
    today: lab.Endpoint, tmp_path: Path, spoil: dict[str, int], message: str
) -> None:
    today.control("misbehave", **spoil)
    limits = Limits(reply_bytes=16 << 20, idle_s=1)
    with pytest.raises(ReplyError, match=message):
        collector(today, limits=limits).to_file(endpoints(today), tmp_path / "s.snap")
    today.control("behave")
    assert open_sessions(today) == 0


HOSTILE = [
    "\ufffd[31mred\ufffd[0m",
    "<script>alert(1)</script>",
    "a/b\\c%d",
    "../../etc/passwd",
    "x" * 10_000,
    "]]></name><name>",
    "&lt;&#27;&amp;",
    "naïve \u202e gnp.exe",
    "",
]


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_name_arrives_as_it_is(today: lab.Endpoint, tmp_path: Path, name: str) -> None:
    guest = next(g for g in read(today).guests if g.name == "www1")
    escaped = name.replace("%", "%25").replace("/", "%2f").replace("\\", "%5c")  # as a server hands names out
    today.control("rename", type="VirtualMachine", name="www1", to=escaped)
    out = tmp_path / "s.snap"
    collector(today).to_file(endpoints(today), out)
    found = load([out]).by_id[guest.id]
    assert found.name == name
    assert found.path == "/vc-today/Main Datacenter/DMZ/" + name.replace("%", "%25").replace("/", "%2f")


def test_bytes_that_are_no_utf_8_lose_nothing_else(today: lab.Endpoint) -> None:
    guest = next(g for g in read(today).guests if g.name == "www1")
    today.control("misbehave", bad_bytes=True)
    today.control("rename", type="VirtualMachine", name="www1", to="bad\uf8ffname")
    inventory = read(today)
    assert inventory.by_id[guest.id].name == "bad\ufffd\ufffdname"
    assert len(inventory.guests) > 50


def test_a_server_named_twice_is_read_once_and_said_so(estate: lab.Estate) -> None:
    server = estate["esxi-test"]
    other = msgspec.structs.replace(parse_endpoint(server.url), name="again")
    inventory = collector(server).to_memory([*endpoints(server), other])
    assert len(inventory.servers) == 1
    assert "same identity" in inventory.gaps[0].reason


def test_two_vcenters_with_the_same_names_and_moids_stay_apart() -> None:
    with lab.clean("vc-test") as one, lab.clean("vc-test", overrides=COPY) as two:
        servers = [one["vc-test"], two["vc-test"]]
        alone = read(servers[0])
        both = collector(*servers).to_memory(endpoints(*servers))
    assert len(both.servers) == 2
    assert len(both.by_id) == 2 * len(alone.by_id)
    below = [g.path.removeprefix("/vc-test/") for g in alone.guests]
    roots = [f"vc-test@127.0.0.1:{urlsplit(s.url).port}" for s in servers]
    assert sorted(g.path for g in both.guests) == sorted(f"/{root}/{path}" for root in roots for path in below)
    assert sorted(s.name for s in both.sources) == sorted(roots)


def test_what_is_taken_over_from_a_snapshot_of_one_gets_its_new_name_beside_the_other(tmp_path: Path) -> None:
    out = tmp_path / "s.snap"
    with lab.clean("vc-test") as one, lab.clean("vc-test", overrides=COPY) as two:
        servers = [one["vc-test"], two["vc-test"]]
        collector(servers[0]).to_file(endpoints(servers[0]), out)
        collector(*servers).to_file(endpoints(*servers), out)
    inventory = load([out])
    assert {r.path.split("/")[1] for r in inventory.by_id.values()} == {s.name for s in inventory.servers}
    assert len({s.name for s in inventory.servers}) == 2


COPY = {"about": {"instanceUuid": "99999999-aaaa-bbbb-cccc-dddddddddddd"}}
