"""The log server as a process: what is sent arrives, what matters is told, and nothing acknowledged is lost."""

from __future__ import annotations

import signal
import stat
import subprocess
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.logs.detect.test_appendix_a import CONSOLES, ORDERS, SCENARIOS
from tests.usecases.serving import BOUND_S, Site, line, noise, until
from viguard.logs.archive.reading import blocks

FAILED = "DCUI: authentication of user berry failed"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("certificate")
    made, key = folder / "server.pem", folder / "server.key"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-days", "30", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run([*command, "-keyout", str(key), "-out", str(made)], check=True, capture_output=True)
    return made, key


def test_lines_of_every_transport_arrive(site: Site, certificate: tuple[Path, Path]) -> None:
    made, key = certificate
    tls = {"transport": "tls", "address": "127.0.0.1", "port": 0, "certificate": str(made), "key": str(key)}
    site.serve["listen"] = [*site.serve["listen"], tls]
    ways = ("tcp", "udp", "tls", "relp")
    sent = {way: [noise(number, f"by-{way}") for number in range(50)] for way in ways}
    with site.running() as server:
        server.tcp(sent["tcp"])
        server.udp(sent["udp"])
        server.tls(sent["tls"], made)
        with server.relp() as relp:
            for one in sent["relp"]:
                relp.send(one)
        until(lambda: site.lines_kept() == 200, "200 lines are kept")
        server.stop()
    assert sorted(site.kept()) == sorted(one for lines in sent.values() for one in lines)
    runs = {
        (run.transport, run.sender)
        for block in blocks(site.directory / "archive", tell=lambda _: None)
        for run in block.runs
    }
    assert runs == {(way, "127.0.0.1") for way in ways}
    assert {host.name for host in site.coverage().hosts} == {f"by-{way}" for way in ways}


@pytest.mark.parametrize("name", SCENARIOS)
def test_each_scenario_of_appendix_a_is_told_once(site: Site, name: str) -> None:
    rule, severity, lines = SCENARIOS[name]
    ordered = [lines[number] for number in ORDERS.get(name, range(len(lines)))]
    with site.running() as server:
        server.tcp([line(text) for text in ordered])
        until(site.commands, "Nagios hears of it")
        server.stop()
    (alert,) = site.told()
    assert (alert["rule"], alert["severity"]) == (rule, severity)
    (command,) = site.commands()
    assert "PROCESS_SERVICE_CHECK_RESULT;viguard;viguard alerts;" in command


def test_the_second_and_third_console_are_told_and_the_first_is_not(site: Site) -> None:
    with site.running() as server:
        server.tcp([line(text) for text in CONSOLES])
        until(lambda: len(site.told()) >= 2, "two alerts")
        server.stop()
    told = [(alert["rule"], alert["events"][0]["fields"]["count"]) for alert in site.told()]
    assert told == [("console.multiple", 2), ("console.multiple", 3)]


def test_a_stop_keeps_every_line_that_was_received(site: Site) -> None:
    lines = [noise(number) for number in range(100_000)]
    with site.running() as server:
        server.tcp([*lines, line(FAILED)])
        server.stop()
    assert site.lines_kept() == 100_001
    assert site.is_whole()
    assert [alert["rule"] for alert in site.told()] == ["login.dcui.wrong-password"]
    assert len(site.commands()) == 1


def test_a_killed_server_loses_no_acknowledged_line(site: Site) -> None:
    with site.running() as server, server.relp() as relp:

        def send() -> None:
            try:
                for number in range(1_000_000):
                    relp.send(noise(number))
            except OSError:
                return

        sender = threading.Thread(target=send)
        sender.start()
        for _ in range(2_000):
            assert relp.read()
        server.process.send_signal(signal.SIGKILL)
        while relp.read():
            pass
        server.process.wait(BOUND_S)
        sender.join(BOUND_S)
    with site.running() as server:  # recovery
        server.stop()
    assert site.is_whole()
    assert set(relp.acknowledged) <= set(site.kept())
    assert len(relp.acknowledged) >= 2_000


def test_a_restart_goes_on_where_the_last_run_ended(site: Site) -> None:
    now = datetime.now(UTC) - timedelta(seconds=20)
    guess = "Hostd: Rejected password for user root from 192.0.2.66"
    guesses = [line(guess, at=now + timedelta(seconds=n)) for n in range(10)]
    with site.running() as server:
        server.tcp(guesses[:3])
        until(site.told, "the first is told")
        server.stop()
    before = site.told()
    assert {alert["rule"] for alert in before} == {"login.api.wrong-password"}
    with site.running() as server:
        until((site.directory / "status.json").exists, "a status")
        assert site.told() == before, "nothing is told twice"
        server.tcp(guesses[3:])
        until(lambda: "bruteforce" in {alert["rule"] for alert in site.told()}, "guesses of both runs are one attack")
        server.stop()
    ids = [alert["id"] for alert in site.told()]
    assert len(ids) == len(set(ids))
    (host,) = site.coverage().hosts
    assert host.name == "esx1"
    assert len(site.kept()) == 10


def test_what_a_killed_run_did_not_tell_is_told_by_the_next(site: Site) -> None:
    with site.running() as server, server.relp() as relp:
        relp.send(line(FAILED))
        assert relp.read()
        server.process.kill()
        server.process.wait(BOUND_S)
    assert site.told() == []
    with site.running() as server:
        until(site.told, "it is told")
        until(site.commands, "Nagios hears of it")
        server.stop()
    assert [alert["rule"] for alert in site.told()] == ["login.dcui.wrong-password"]


def test_the_filter_of_the_report_drops_noise_and_counts_it(site: Site) -> None:
    site.serve["keep"] = "report"
    lines, failed = [noise(number) for number in range(500)], line(FAILED)
    with site.running() as server:
        server.tcp([*lines[:250], failed, *lines[250:]])
        until(site.told, "the alert")
        server.stop()
    assert site.kept() == [failed]
    assert site.status()["counters"]["log_lines"] == 501
    volumes = (site.directory / "volumes.json").read_text()
    received = sum(len(one) + 1 for one in [*lines, failed])
    assert f"[{received},{len(failed) + 1}]" in volumes


def test_its_files_are_for_its_owner(site: Site) -> None:
    with site.running() as server:
        mode = {path.name: stat.S_IMODE(path.stat().st_mode) for path in site.directory.iterdir()}
        server.stop()
    assert mode["control.sock"] == 0o600
    assert mode["archive"] == 0o700
    assert not (site.directory / "control.sock").exists()


def test_every_way_in_raises_an_alert_in_the_test_of_itself(site: Site) -> None:
    with site.running() as server:
        server.stop()
    noticed = site.coverage().noticed
    channels, outcomes = ("api", "dcui", "ssh", "techsupport"), ("right-password", "wrong-password", "unknown-user")
    assert noticed == {f"{channel}/{outcome}": True for channel in channels for outcome in outcomes}


def test_a_line_that_steers_terminals_leaves_without_doing_so(site: Site) -> None:
    hostile = line("DCUI: authentication of user a\x1b[2J;\u202eb failed")
    with site.running() as server:
        server.tcp([hostile])
        (command,) = until(site.commands, "Nagios hears of it")
        server.stop()
    assert "\x1b" not in command
    assert "\u202e" not in command
