"""/metrics: its text, its manners, and a real Prometheus that scrapes it."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.alerts.parts import Part, free_port, until
from tests.alerts.samples import HOSTILE
from viguard.alerts.endpoint import Endpoint
from viguard.alerts.metrics import metrics_of
from viguard.alerts.status import AuditStatus, ReceiverStatus, Status

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def status(**changes: object) -> Status:
    values: dict[str, object] = {
        "written_at": NOW,
        "started_at": NOW,
        "counters": {"logins": 7, "log_lines": 100},
        "consoles": {"web1": 3},
        "open": {"high": 1},
        "receivers": {"sms": ReceiverStatus(waiting=2, delivered=5, given_up=1, failing_since=NOW)},
    }
    return Status(**(values | changes))  # type: ignore[arg-type]


def test_the_text() -> None:
    rows = metrics_of(status()).splitlines()
    for row in (
        "# TYPE viguard_logins_total counter",
        "viguard_logins_total 7",
        "# TYPE viguard_consoles_open gauge",
        'viguard_consoles_open{guest="web1"} 3',
        'viguard_alerts_open{severity="high"} 1',
        'viguard_receiver_notices_waiting{receiver="sms"} 2',
        'viguard_receiver_failing{receiver="sms"} 1',
        'viguard_receiver_notices_lost_total{receiver="sms"} 1',
        f"viguard_status_written_seconds {int(NOW.timestamp())}",
    ):
        assert row in rows


def rows_of_audit(**changes: object) -> list[str]:
    rows = metrics_of(status(**changes)).splitlines()
    return [r for r in rows if r.startswith(("viguard_findings", "viguard_audit"))]


def test_findings_of_an_audit_with_zeros_and_its_time() -> None:
    audit = AuditStatus(at=NOW, complete=False, unknown=3, why="")
    assert rows_of_audit(findings={"critical": 0, "high": 2}, audit=audit) == [
        'viguard_findings_open{severity="critical"} 0',
        'viguard_findings_open{severity="high"} 2',
        f"viguard_audit_timestamp_seconds {int(NOW.timestamp())}",
        "viguard_audit_complete 0",
        "viguard_findings_unknown 3",
    ]


def test_findings_that_are_not_known_are_no_zero() -> None:
    assert rows_of_audit() == []
    old = AuditStatus(at=NOW, why="it is too old")
    assert rows_of_audit(audit=old) == [f"viguard_audit_timestamp_seconds {int(NOW.timestamp())}"]


async def ask(port: int, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    answer = await reader.read()
    writer.close()
    return answer


def asked(request: bytes) -> bytes:
    async def work() -> bytes:
        server = await Endpoint(status).start(port=0)
        async with server:
            return await ask(server.sockets[0].getsockname()[1], request)

    return asyncio.run(work())


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        (b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:9750\r\n\r\n", b"HTTP/1.1 200 OK"),
        (b"GET /metrics HTTP/1.1\r\nHost: [::1]:9750\r\n\r\n", b"HTTP/1.1 200 OK"),
        (b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", b"HTTP/1.1 200 OK"),
        (b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", b"HTTP/1.1 200 OK"),
        (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", b"HTTP/1.1 404"),
        (b"POST /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", b"HTTP/1.1 405"),
        (b"GET /metrics HTTP/1.1\r\nHost: rebound.example.org\r\n\r\n", b"HTTP/1.1 421"),
        (b"GET /metrics HTTP/1.1\r\n\r\n", b"HTTP/1.1 421"),
        (b"nonsense\r\n\r\n", b"HTTP/1.1 400"),
    ],
)
def test_its_manners(request_: bytes, answer: bytes) -> None:
    assert asked(request_).startswith(answer)


def test_a_head_answer_has_no_body() -> None:
    answer = asked(b"HEAD /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    assert answer.endswith(b"\r\n\r\n")
    assert b"viguard_" not in answer


def test_a_request_without_end_is_cut() -> None:
    assert asked(b"GET /" + b"x" * 20_000) == b""


@pytest.mark.real("prometheus")
def test_prometheus_scrapes_names_of_every_kind(tmp_path: Path) -> None:
    part = Part("prometheus", "usr/bin/prometheus")
    own, theirs, config = free_port(), free_port(), tmp_path / "prometheus.yml"
    config.write_text(
        "global: {scrape_interval: 1s}\n"
        f"scrape_configs: [{{job_name: viguard, static_configs: [{{targets: ['127.0.0.1:{own}']}}]}}]\n"
    )
    guests = {name: number for number, name in enumerate(HOSTILE)}
    log = tmp_path / "out.log"
    arguments = [
        f"--config.file={config}",
        f"--storage.tsdb.path={tmp_path / 'data'}",
        f"--web.listen-address=127.0.0.1:{theirs}",
    ]

    def query(text: str) -> list[dict[str, object]]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{theirs}/api/v1/query?query={text}", timeout=5) as answer:
                found: list[dict[str, object]] = json.load(answer)["data"]["result"]
                return found
        except OSError:
            return []

    async def work() -> None:
        server = await Endpoint(lambda: status(consoles=guests)).start(port=own)
        async with server:
            with part.running(*arguments, log=log):
                wanted = lambda: len(query("viguard_consoles_open")) == len(guests)  # noqa: E731
                await asyncio.to_thread(until, wanted, "every guest is scraped", 40, log)
                for found in await asyncio.to_thread(query, "viguard_consoles_open"):
                    labels = found["metric"]
                    assert isinstance(labels, dict)
                    assert labels["guest"].isprintable()
                (up,) = await asyncio.to_thread(query, "up")
                assert up["value"][1] == "1"  # type: ignore[index]

    asyncio.run(work())
