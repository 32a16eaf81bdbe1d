"""Forwarding: what each kind of SIEM gets, what happens when it is slow, dead or refuses."""

from __future__ import annotations

import asyncio
import json
import re
import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.alerts.forwarding import ALL, NOW, block, everything, forwarded, locate
from tests.alerts.samples import HOSTILE, alert, event
from tests.alerts.servers import Answer, Request, http, tls
from viguard.alerts.settings import Destination, ElasticTo, FileTo, Secret, SplunkTo
from viguard.alerts.siem.forward import Forwarder
from viguard.alerts.siem.records import Place, nowhere, records_of
from viguard.alerts.siem.rfc5424 import frame, message
from viguard.alerts.siem.sinks import FileSink, sink_of
from viguard.alerts.status import SiemStatus
from viguard.errors import InputError


def posted(
    answer: Answer, context: Any, made: Callable[[int], Destination], done: Callable[[SiemStatus], bool]
) -> SiemStatus:
    async def work() -> SiemStatus:
        server, port = await http(answer, context)
        async with server:
            return await forwarded(made(port), everything, done)

    return asyncio.run(work())


def splunk(folder: Path, monkeypatch: pytest.MonkeyPatch, ca: str = "ca.pem") -> Callable[[int], Destination]:
    monkeypatch.setenv("HEC_TOKEN", "canary-token")

    def made(port: int) -> Destination:
        url, token = f"https://127.0.0.1:{port}", Secret(variable="HEC_TOKEN")
        return Destination(
            name="splunk", what=ALL, splunk=SplunkTo(url=url, token=token, index="sec", ca_file=str(folder / ca))
        )

    return made


def test_hec_gets_raw_lines_events_and_alerts_enriched(certificates: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    got: list[Request] = []

    def answer(request: Request) -> tuple[int, bytes]:
        got.append(request)
        return 200, b'{"text":"Success","code":0}'

    status = posted(answer, tls(certificates), splunk(certificates, monkeypatch), lambda s: s.sent == 4)
    assert (status.waiting, status.dropped, status.refused, status.error) == (0, 0, 0, "")
    assert {r.path for r in got} == {"/services/collector/event"}
    assert {r.headers["authorization"] for r in got} == {"Splunk canary-token"}
    rows = [json.loads(row) for r in got for row in r.body.split(b"\n")]
    assert [r["sourcetype"] for r in rows] == ["viguard:raw", "viguard:raw", "viguard:events", "viguard:alerts"]
    assert [r["event"].get("message") for r in rows[:2]] == ["first line", "second line"]
    assert all(r["index"] == "sec" for r in rows)
    assert [(r["event"]["zone"], r["event"]["guest"], r["event"]["owner"]) for r in rows] == [
        ("management", "", "Ann"),
        ("management", "", "Ann"),
        ("management", "web1", "Ann"),
        ("management", "", "Ann"),
    ]
    assert rows[2]["time"] == NOW.timestamp()
    assert rows[2]["host"] == "esx5"
    assert rows[3]["event"]["rule"] == "bruteforce"


def test_what_hec_calls_malformed_is_counted_and_not_sent_for_ever(
    certificates: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(_: Request) -> tuple[int, bytes]:
        return 400, b'{"text":"Invalid data format","code":6}'

    status = posted(answer, tls(certificates), splunk(certificates, monkeypatch), lambda s: s.refused == 4)
    assert (status.waiting, status.sent) == (0, 0)


@pytest.mark.parametrize(
    "reply", [(503, b""), (403, b'{"code":4}'), (400, b'{"code":7}'), (302, b""), (200, b"<html>")]
)
def test_what_hec_does_not_take_now_waits(
    certificates: Path, monkeypatch: pytest.MonkeyPatch, reply: tuple[int, bytes]
) -> None:
    asked = 0

    def answer(_: Request) -> tuple[int, bytes]:
        nonlocal asked
        asked += 1
        return reply if asked == 1 else (200, b'{"code":0}')

    status = posted(answer, tls(certificates), splunk(certificates, monkeypatch), lambda s: s.sent == 4)
    assert (status.refused, status.dropped, status.failing_since) == (0, 0, None)


def test_a_server_of_another_authority_gets_nothing(certificates: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    got: list[Request] = []

    def answer(request: Request) -> tuple[int, bytes]:
        got.append(request)
        return 200, b'{"code":0}'

    made = splunk(certificates, monkeypatch, ca="other.pem")
    status = posted(answer, tls(certificates), made, lambda s: bool(s.error))
    assert got == []
    assert status.sent == 0
    assert status.failing_since is not None
    assert "canary" not in status.error


def elastic(port: int) -> Destination:
    return Destination(name="elastic", what=ALL, elastic=ElasticTo(url=f"http://127.0.0.1:{port}", index="viguard"))


def test_elastic_stores_each_record_once_although_it_comes_twice() -> None:
    stored: dict[str, dict[str, Any]] = {}
    busy = True

    def answer(request: Request) -> tuple[int, bytes]:
        nonlocal busy
        rows = [json.loads(row) for row in request.body.splitlines()]
        items = []
        for action, document in zip(rows[::2], rows[1::2], strict=True):
            create = action["create"]
            assert create["_index"] == "viguard"
            if busy and len(stored) == 1:
                items.append({"create": {"status": 429}})
                busy = False
            else:
                items.append({"create": {"status": 409 if create["_id"] in stored else 201}})
                stored.setdefault(create["_id"], document)
        return 200, json.dumps({"errors": True, "items": items}).encode()

    status = posted(answer, None, elastic, lambda s: s.sent == 4)
    assert (status.refused, status.dropped) == (0, 0)
    assert len(stored) == 4
    assert {d["kind"] for d in stored.values()} == {"raw", "events", "alerts"}
    assert all(d["zone"] == "management" and d["@timestamp"].startswith("2026-03-02T12:00:00") for d in stored.values())


def test_what_does_not_fit_the_mapping_is_counted() -> None:
    def answer(request: Request) -> tuple[int, bytes]:
        count = len(request.body.splitlines()) // 2
        items = [{"create": {"status": 400 if n == 0 else 201}} for n in range(count)]
        return 200, json.dumps({"errors": True, "items": items}).encode()

    status = posted(answer, None, elastic, lambda s: s.waiting == 0)
    assert (status.sent, status.refused) == (1, 3)  # three bulks: two lines, an event, an alert


@pytest.mark.parametrize("reply", [b"{}", b"nonsense", b'{"items":[{"create":{"status":201}}]}'])
def test_an_answer_for_other_records_is_no_success(reply: bytes) -> None:
    status = posted(lambda _: (200, reply), None, elastic, lambda s: bool(s.error))
    assert status.sent == 0
    assert status.waiting == 4


def test_json_lines_are_appended_and_a_link_is_not_followed(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_text('{"old": 1}\n')
    destination = Destination(name="file", what=ALL, json_lines=FileTo(path=str(path)))
    asyncio.run(forwarded(destination, everything, lambda s: s.sent == 4))
    rows = [json.loads(row) for row in path.read_text().splitlines()]
    assert [r.get("kind") for r in rows] == [None, "raw", "raw", "events", "alerts"]
    path.rename(tmp_path / "away")
    path.symlink_to(tmp_path / "away")
    before = (tmp_path / "away").read_bytes()
    status = asyncio.run(forwarded(destination, everything, lambda s: bool(s.error)))
    assert status.sent == 0
    assert (tmp_path / "away").read_bytes() == before


def test_a_file_that_can_grow_no_more_gets_no_half_line(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    sink = FileSink(FileTo(path=str(path)))
    (small,) = records_of((event(),), locate, NOW)
    asyncio.run(sink.send([small], "1"))
    before = path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, limits[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            asyncio.run(sink.send([small] * 5_000, "2"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_bytes() == before


def test_only_a_regular_file_is_written() -> None:
    with pytest.raises(OSError, match="no regular file"):
        asyncio.run(FileSink(FileTo(path="/dev/null")).send([], "1"))


def test_what_has_no_room_is_dropped_counted_and_never_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "none" / "out.jsonl"
    destination = Destination(name="file", what=ALL, buffer_mb=1, json_lines=FileTo(path=str(path)))
    forwarder = Forwarder(destination, sink_of(destination), locate)
    lines = [b"x" * 999] * 100
    for _ in range(15):
        forwarder.offer_block(block(*lines))
    status = forwarder.status()
    assert status.waiting == 900, "nine blocks of 100,000 bytes and a little fit into a megabyte"
    assert status.dropped == 600


def test_a_destination_gets_only_what_it_wants(tmp_path: Path) -> None:
    destination = Destination(name="file", json_lines=FileTo(path=str(tmp_path / "out.jsonl")))
    forwarder = Forwarder(destination, sink_of(destination), locate)
    everything(forwarder)
    assert forwarder.status().waiting == 2


def test_a_secret_that_is_missing_is_said_at_the_start() -> None:
    to = SplunkTo(url="https://127.0.0.1:1", token=Secret(variable="VIGUARD_TEST_NOT_SET"))
    with pytest.raises(InputError, match="VIGUARD_TEST_NOT_SET"):
        sink_of(Destination(name="s", splunk=to))


def test_several_zones_and_owners_read_well_and_can_be_asked_for() -> None:
    place = Place(zones=("dmz", "la\u202en"), guest="web1", owners=("Ann", "Bob"))
    for item in ((event(),), alert()):
        (record,) = records_of(item, lambda _host, _guest: place, NOW)
        told = {name: record.document[name] for name in ("zone", "zones", "guest", "owner")}
        assert told == {
            "zone": "dmz, la\\u202en",
            "zones": ["dmz", "la\\u202en"],
            "guest": "web1",
            "owner": "Ann, Bob",
        }
        assert b' zone="dmz, la' in message(record)
    (of_detection,) = records_of(alert(zones=("dmz", "lan")), nowhere, NOW)
    assert (of_detection.document["zone"], of_detection.document["zones"]) == ("dmz, lan", ["dmz", "lan"])


def test_a_message_of_rfc_5424() -> None:
    (record,) = records_of((event(vm='a"b]c\\d'),), locate, NOW)
    assert message(record).decode() == (
        '<109>1 2026-03-02T12:00:00.000000Z esx5 viguard - events [viguard@32473 zone="management" '
        'guest="a\\"b\\]c\\\\d" owner="Ann" event="login.failure.api" outcome="failure" user="root" '
        'source_ip="10.0.0.9" vm="a\\"b\\]c\\\\d"] '
        '\ufefflogin.failure.api outcome=failure user=root from=10.0.0.9 vm=a"b]c\\d'
    )


NAME, VALUE = r"[a-z_]+", r'(?:[^"\\\]]|\\["\\\]])*'
MESSAGE = re.compile(  # the grammar of RFC 5424: no space in the header, and one element of structured data
    rf'<\d+>1 [\d:TZ.-]+ [!-~]+ viguard - [a-z]+ (?:-|\[viguard@32473(?: {NAME}="{VALUE}")*\]) \ufeff.*'
)


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_ends_a_frame_or_adds_a_field(name: str) -> None:
    lines = block(name.replace("\n", "#012").encode())
    items = [(event(host=name, user=name, vm=name),), alert(title=name, key=name, events=(event(host=name),)), lines]
    for item in items:
        for record in records_of(item, locate, NOW):
            data = frame(record)
            size, _, rest = data.partition(b" ")
            assert int(size) == len(rest)
            text = rest.decode()
            assert text.replace("\ufeff", "", 1).isprintable()
            assert MESSAGE.fullmatch(text), text
            printable = json.dumps(record.document, ensure_ascii=False)
            assert printable.isprintable()
