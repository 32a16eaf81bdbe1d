from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.cli.test_main import viguard

SETTINGS = """
schema: viguard-alerts/1
time_zone: Europe/Brussels
fallback: sms
receivers:
  - name: sms
    smstools: {outgoing: OUT, numbers: ["32475123456"]}
  - name: nagios
    nagios: {command_file: OUT/fifo, hosts: [esx1]}
  - name: mail
    apprise: {urls: {variable: VIGUARD_TEST_MAIL}}
routes:
  - {receivers: [nagios]}
  - {receivers: [sms], at_least: high, hours: "18:00-08:00"}
silences:
  - {keys: ["*backup*"], owner: Ann, reason: old password, until: "2026-12-01T12:00+01:00"}
heartbeats: [{receiver: nagios, every_minutes: 1}]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    path = tmp_path / "alerts.yaml"
    path.write_text(SETTINGS.replace("OUT", str(tmp_path / "out")))
    return path


def example(file: Path, *arguments: str) -> str:
    return viguard("alerts", "check", str(file), *arguments).stdout.partition("example, now: ")[2].splitlines()[0]


def test_what_a_file_means(file: Path) -> None:
    done = viguard("alerts", "check", str(file), "--at", "2026-11-23T12:00+01:00")
    assert done.returncode == 3  # nobody has put the secret of mail there
    assert done.stdout.splitlines() == [
        "receiver sms: smstools, gets firing and resolved, the fallback",
        "receiver nagios: nagios, gets firing and resolved, a heartbeat every 1 min",
        "receiver mail: apprise, gets firing and resolved",
        "route: every severity: nagios",
        "route: high or worse at 18:00-08:00 (Europe/Brussels): sms",
        "no route matches: sms",
        "silence about *backup*: until 2026-12-01T12:00+01:00, Ann: old password",
        "example, now: high alert bruteforce about 'host=esx1 user=root': nagios",
        "wrong: receiver mail: environment variable VIGUARD_TEST_MAIL: no secret stands there; put the secret there",
    ]


def test_who_is_told_of_an_example(file: Path) -> None:
    assert example(file, "--at", "2026-11-23T20:00+01:00").endswith(": nagios, sms")
    assert example(file, "--at", "2026-11-23T20:00+01:00", "--severity", "low").endswith(": nagios")
    both = example(file, "--zone", "dmz", "--zone", "lan")
    assert both.startswith("high alert bruteforce about 'host=esx1 user=root' in zones dmz, lan: ")
    silenced = example(file, "--at", "2026-11-23", "--key", "user=backup")
    assert silenced.endswith(": silenced until 2026-12-01 11:00 UTC")


def test_a_file_with_mistakes_and_one_that_tells_nobody(file: Path) -> None:
    file.write_text("receivers: [{nme: x}]")
    done = viguard("alerts", "check", str(file))
    assert done.returncode == 2
    assert "alerts.yaml:1:14: unknown key 'nme'; did you mean 'name'?" in done.stderr
    file.write_text("receivers: []")
    nobody = viguard("alerts", "check", str(file))
    assert nobody.returncode == 3
    assert "nobody is told of anything" in nobody.stdout
    assert viguard("alerts", "test", str(file)).returncode == 3


def test_a_test_notice_reaches_whom_it_can(file: Path, tmp_path: Path) -> None:
    done = viguard("alerts", "test", str(file))
    assert done.returncode == 3
    first, second, third = done.stdout.splitlines()
    assert first == "sms (smstools): taken"
    assert second.startswith("nagios (nagios): NOT taken: Nagios does not read its command file")
    assert third.startswith("mail (apprise): NOT taken: ")
    assert "Traceback" not in done.stderr
    (sms,) = (path for path in (tmp_path / "out").iterdir() if path.name != "fifo")
    assert "This is a test: nothing has happened" in sms.read_text()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs here")
def test_a_test_notice_is_no_green_light_for_nagios(file: Path, tmp_path: Path) -> None:
    fifo = tmp_path / "out/fifo"
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    try:
        done = viguard("alerts", "test", str(file), "nagios")
        assert (done.returncode, done.stdout) == (0, "nagios (nagios): taken\n")
        told = os.read(reader, 4096).decode()
    finally:
        os.close(reader)
    assert "PROCESS_SERVICE_CHECK_RESULT;viguard;viguard alerts;1;" in told  # 1 is a warning


def test_a_receiver_that_there_is_not(file: Path) -> None:
    done = viguard("alerts", "test", str(file), "nobody")
    assert done.returncode == 2
    assert "there are: sms, nagios, mail" in done.stderr


def test_objects_for_nagios_and_graphs_for_mrtg(file: Path) -> None:
    done = viguard("alerts", "render", "nagios", str(file))
    assert done.returncode == 0
    assert "host_name esx1" in done.stdout
    assert "freshness_threshold 180" in done.stdout  # three heartbeats that are missing
    assert viguard("alerts", "render", "nagios", str(file), "sms").returncode == 2
    assert viguard("alerts", "render", "nagios", str(file), "--contacts", "a;b").returncode == 2
    mrtg = viguard("alerts", "render", "mrtg", "--work-dir", "/srv/mrtg")
    assert mrtg.stdout.splitlines()[1] == "WorkDir: /srv/mrtg"
    assert viguard("alerts", "render", "mrtg", "--work-dir", "a b").returncode == 2
