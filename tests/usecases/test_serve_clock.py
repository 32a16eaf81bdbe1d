"""A log server and hosts that write local time: dated right where the policy says so, told once where it does not."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.usecases.serving import Site, line, until
from tests.usecases.test_serve_faults import send, serving
from tests.usecases.test_serve_faults import until as until_in_loop
from viguard.usecases.log_control import control
from viguard.usecases.log_memory import values_of
from viguard.usecases.logs.hunt import Hunt
from viguard.usecases.logs.hunt import run as hunt
from viguard.usecases.serve import LogServer

TOKYO = ZoneInfo("Asia/Tokyo")
"""A place without summer time."""
POLICY = "time_zones: [{hosts: [%s], zone: Asia/Tokyo}]\n"
RULE = "login.dcui.wrong-password"
LOGIN = "DCUI: authentication of user berry failed"


def local(text: str = LOGIN, host: str = "esx1") -> bytes:
    """A line as a host in Tokyo sends it, now."""
    return line(text, host, datetime.now(TOKYO))


def told(site: Site, rule: str) -> list[dict[str, Any]]:
    return [one for one in site.told() if one.get("rule") == rule]


def test_local_time_is_dated_right_as_the_policy_says(site: Site) -> None:
    (site.folder / "policy.yaml").write_text(POLICY % '"ESX*", 127.0.0.1')
    site.serve["policy"] = str(site.folder / "policy.yaml")
    site.alerts["siem"] = [
        {"name": "file", "what": ["alerts", "events"], "json_lines": {"path": str(site.alerts_file)}},
    ]
    began = datetime.now(UTC) - timedelta(seconds=1)
    with site.running() as server:
        server.tcp([local(), local().replace(b" esx1 DCUI", b" DCUI")])
        until(lambda: len(told(site, RULE)) == 2, "both are told")
        server.stop()
    assert told(site, "log.clock-skew") == []
    times = [datetime.fromisoformat(one["time"]) for one in site.told()]
    assert len(times) >= 4
    assert all(began <= time <= datetime.now(UTC) for time in times), times


def test_without_the_policy_it_is_told_once_with_what_mends_it(site: Site) -> None:
    with site.running() as server:
        server.udp([local(f"DCUI: authentication of user u{n} failed") for n in range(20)])
        server.tcp([local(f"DCUI: authentication of user v{n} failed") for n in range(20)])
        until(lambda: len(told(site, RULE)) == 40, "every login is told")
        server.stop()
    (alert,) = told(site, "log.clock-skew")
    assert (
        "its stamps look like UTC+9 (local time): tell its zone under time_zones in the policy, or make it send UTC / "
        "RFC 5424; e.g. time_zones: [{hosts: [esx1], zone: Etc/GMT-9}]"
    ) in alert["text"]
    assert len([one for one in site.commands() if "log.clock-skew" in one]) <= 1


def test_the_archive_is_hunted_as_the_lines_were_heard(site: Site) -> None:
    """The same alerts, by the same policy, live and from the archive."""
    policy = site.folder / "policy.yaml"
    policy.write_text(POLICY % "esx1")
    site.serve["policy"] = str(policy)
    with site.running() as server:
        server.tcp([local(), local(host="esx2")])
        until(lambda: len(told(site, RULE)) == 2, "both are told")
        server.stop()
    found: list[Any] = []
    hunted = Hunt(archive=site.directory / "archive", policy=policy)
    out = site.folder / "hunted.jsonl"
    with out.open("wb") as stream:
        assert hunt(hunted, "jsonl", stream, found.append) == 3
    again = {(one["rule"], one["key"], one["time"]) for one in map(json.loads, out.read_text().splitlines())}
    assert again == {(one["rule"], one["key"], one["time"]) for one in site.told()}
    assert [key for rule, key, _ in sorted(again) if rule == "log.clock-skew"] == ["host=esx2 sender=127.0.0.1"]


def test_a_zone_is_told_while_it_runs_and_what_is_open_outlives_a_restart(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("viguard.logs.detect.skew.CALM", timedelta())
    policy = site.folder / "policy.yaml"
    policy.write_text("")
    site.serve["policy"] = str(policy)

    def wrong(server: LogServer) -> list[str]:
        return [g.key for g in server.alerting.groups.open() if g.rule == "log.clock-skew"]

    async def main() -> None:
        async with serving(site) as server:
            await send(server, local())
            await until_in_loop(lambda: wrong(server) == ["host=esx1 sender=127.0.0.1"], "it is told")
        async with serving(site) as server:
            await send(server, local(), local("DCUI: authentication of user eve failed"))
            await until_in_loop(lambda: any("eve" in one["key"] for one in told(site, RULE)), "it is judged")
            assert wrong(server) == ["host=esx1 sender=127.0.0.1"]
            policy.write_text(POLICY % "esx1")
            await asyncio.to_thread(control, site.directory, {"do": "reload"})
            await send(server, local())
            await until_in_loop(lambda: not wrong(server), "it is over")

    asyncio.run(main())
    assert [one.get("resolved", False) for one in told(site, "log.clock-skew")][:1] == [False]
    assert len([one for one in told(site, "log.clock-skew") if not one.get("resolved")]) == 1


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("host=esx1 sender=192.0.2.1", {"host": "esx1", "sender": "192.0.2.1"}),
        ("sender=192.0.2.1", {"sender": "192.0.2.1"}),
        ('host="a b=\\"c" sender=fe80::1', {"host": 'a b="c', "sender": "fe80::1"}),
        ("(more keys than are followed one by one)", {}),
        ('host="', {}),
    ],
)
def test_what_an_open_alert_is_about_is_read_back(key: str, expected: dict[str, str]) -> None:
    assert values_of(key) == expected
