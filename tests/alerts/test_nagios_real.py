"""A real Nagios shows passive and active results and sends its notifications."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.alerts.nagios_site import Site, check_command, nagios
from tests.alerts.parts import until
from tests.alerts.samples import HOSTILE, alert, notice, settings
from viguard.alerts.channels import DeliveryError
from viguard.alerts.channels.command_file import CommandFile
from viguard.alerts.channels.results import Objects, Open
from viguard.alerts.nagios import render_nagios
from viguard.alerts.notice import Kind
from viguard.alerts.service import Alerting
from viguard.alerts.settings import NagiosTo
from viguard.alerts.status import Status, write_status
from viguard.errors import InputError
from viguard.model.event import EventSeverity

TO = NagiosTo(command_file="", hosts=("esx5",))
HIGH = Open("esx5", EventSeverity.HIGH)


def channel(site: Site, *open_now: Open) -> CommandFile:
    return CommandFile(site.command_file, Objects(TO.host, TO.service, frozenset({TO.host, "esx5"}), lambda: open_now))


@pytest.mark.real("nagios")
def test_it_shows_and_tells_a_passive_result_and_its_end(tmp_path: Path) -> None:
    with nagios(tmp_path, render_nagios(TO)) as site:
        asyncio.run(channel(site, HIGH).send(notice()))
        until(site.notifications, "a notification", log=site.log)
        ((kind, host, service, state, output),) = site.notifications()
        assert (kind, host, service, state) == ("PROBLEM", "esx5", "viguard alerts", "CRITICAL")
        assert output == "(viguard HIGH) Many failed logins: root@esx5 - open here: 1, worst high"
        asyncio.run(channel(site).send(notice(kind=Kind.RESOLVED)))
        until(lambda: len(site.notifications()) == 2, "a recovery", log=site.log)
        assert site.notifications()[1][:4] == ["RECOVERY", "esx5", "viguard alerts", "OK"]


@pytest.mark.real("nagios")
def test_a_service_is_green_only_when_the_last_trouble_of_its_host_is_over(tmp_path: Path) -> None:
    with nagios(tmp_path, render_nagios(TO)) as site:
        to = f"{{command_file: '{site.command_file}', hosts: [esx5]}}"
        text = f"fallback: nagios\ngrouping: {{wait_s: 0}}\nreceivers: [{{name: nagios, nagios: {to}}}]"

        async def work() -> None:
            alerting = Alerting(settings(text), tmp_path / "state.json", tmp_path / "status.json")
            task = asyncio.create_task(alerting.run())
            steps = [
                (alert(1), "viguard alerts;CRITICAL;HARD;1;(viguard HIGH) Many failed logins"),
                (
                    alert(2, rule="b", title="Second", severity=EventSeverity.LOW),
                    "CRITICAL;HARD;1;(viguard LOW) Second",
                ),
                (alert(3, resolved=True), "viguard alerts;WARNING;HARD;1;(viguard RESOLVED) Many failed logins"),
                (alert(4, rule="b", resolved=True), "viguard alerts;OK;HARD;1;(viguard RESOLVED) Second"),
            ]
            for one, expected in steps:
                alerting.take(one)
                await asyncio.to_thread(until, lambda text=expected: site.has(text), expected, 20, site.log)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        asyncio.run(work())


@pytest.mark.real("nagios")
def test_what_names_hold_is_text_to_nagios_and_to_the_shell_that_it_calls(tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    with nagios(tmp_path, render_nagios(TO)) as site:
        for number, name in enumerate(HOSTILE):
            text = name.replace("{flag}", str(flag))
            hostile = notice(f"n{number}", key=text, title=text, host=text)
            asyncio.run(channel(site, Open(text, EventSeverity.HIGH)).send(hostile))
        until(lambda: len(site.notifications()) >= len(HOSTILE), "all notifications", log=site.log)
        told = site.notifications()
        assert len(told) == len(HOSTILE)
        for parts in told:
            assert parts[:4] == ["PROBLEM", "viguard", "viguard alerts", "CRITICAL"]
            assert len(parts) == 5, "one line of output"
            assert parts[4].isprintable()
            assert not set(parts[4]) & set("`$\"'\\<>&|;")
        assert not flag.exists()
        assert not site.has("EXTERNAL COMMAND: SHUTDOWN")


@pytest.mark.real("nagios")
def test_the_active_check_shows_its_state(tmp_path: Path) -> None:
    status = tmp_path / "status.json"
    now = datetime.now(UTC)
    write_status(status, Status(written_at=now, started_at=now, open={"critical": 1}))
    with nagios(tmp_path, render_nagios(TO, check=check_command(status))) as site:
        until(lambda: site.has("viguard;viguard;CRITICAL;HARD"), "an active result", log=site.log)
        assert site.has("open_critical is 1")
        now = datetime.now(UTC)
        write_status(status, Status(written_at=now, started_at=now))
        until(lambda: site.has("viguard;viguard;OK;HARD"), "a recovery", log=site.log)


@pytest.mark.real("nagios")
def test_a_heartbeat_that_stops_turns_its_service_unknown(tmp_path: Path) -> None:
    objects = render_nagios(TO, every_minutes=1)
    assert "freshness_threshold 180" in objects
    with nagios(tmp_path, objects.replace("freshness_threshold 180", "freshness_threshold 3")) as site:
        beat = notice("h", kind=Kind.HEARTBEAT, group="", title="viguard is alive")
        asyncio.run(channel(site).send(beat))
        until(lambda: site.has("PASSIVE SERVICE CHECK: viguard;viguard heartbeat;0"), "a heartbeat")
        until(lambda: site.has("viguard;viguard heartbeat;UNKNOWN;HARD"), "its absence is seen", log=site.log)
        until(site.notifications, "a notification of the silence", log=site.log)
        assert site.notifications()[0][2:] == [
            "viguard heartbeat",
            "UNKNOWN",
            "UNKNOWN - viguard has not been heard",
        ]


@pytest.mark.parametrize("value", ["/x; exit 0", "/x\n}"])
def test_a_value_that_nagios_would_cut_is_refused(value: str) -> None:
    with pytest.raises(InputError):
        render_nagios(TO, check=value)
    with pytest.raises(InputError):
        render_nagios(TO, contacts=value)


def test_a_command_file_is_never_made_and_a_regular_one_never_written(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.command_file.parent.mkdir()
    with pytest.raises(DeliveryError, match="does not read"):
        asyncio.run(channel(site, HIGH).send(notice()))
    assert not site.command_file.exists()
    site.command_file.write_text("")
    with pytest.raises(DeliveryError, match="no FIFO"):
        asyncio.run(channel(site, HIGH).send(notice()))
    assert site.command_file.read_text() == ""
