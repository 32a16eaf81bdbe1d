"""The logs of the demo: the report's test set-up, its volume, and what of it is noticed."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import lab
from lab import demo_logs, replay
from viguard.assess.checks.logs import BUDGET, WAYS
from viguard.store.coverage import read_coverage

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def heard() -> demo_logs.Heard:
    return demo_logs.hear(replay.day())


def test_the_day_is_the_same_again_and_as_large_as_the_report_says(heard: demo_logs.Heard) -> None:
    assert replay.day() == replay.day()
    assert heard.received.bytes == pytest.approx(2_200_000, rel=0.02)


def test_the_filter_of_the_report_keeps_what_matters_and_little_else(heard: demo_logs.Heard) -> None:
    assert heard.received.kept_bytes < heard.received.bytes / 100
    assert heard.received.kept_lines >= 40


def test_what_happened_is_told(heard: demo_logs.Heard) -> None:
    told = [alert.rule for alert in heard.alerts]
    assert told.count("bruteforce") == 1
    consoles = [alert.events[0].fields for alert in heard.alerts if alert.rule == "console.multiple"]
    assert [fields["count"] for fields in consoles] == [2, 3]
    assert consoles[1]["users"] == "root, root, berry"
    assert consoles[1]["source_ips"] == "192.0.2.10, 192.0.2.31, 192.0.2.31"


def test_it_shows_what_there_is_to_see_without_the_lab() -> None:
    command = [sys.executable, "-m", "lab.demo_logs"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    lines = done.stdout.splitlines()
    assert len(lines) <= 60
    assert max(map(len, lines)) <= 120
    assert "\x1b" not in done.stdout
    severities = [line.split()[0] for line in lines if line.startswith("  ") and line.split()[0].isupper()]
    order = ["CRITICAL", "HIGH", "MEDIUM", "LOW", "INFO"]
    assert severities == sorted(severities, key=order.index)
    assert {"HIGH", "LOW"} <= set(severities)
    logins = [line.split() for line in lines]
    assert ["02:13-02:14", "api", "root", "198.51.100.23", "failure", "(bad-password),", "14", "times"] in logins
    assert ["09:12", "api", "vmadmin", "192.0.2.31", "failure", "(unknown-user)"] in logins
    assert ["10:40", "dcui", "root", "the", "host", "itself", "success"] in logins
    assert ["13:27", "techsupport", "root", "the", "host", "itself", "success"] in logins
    assert "3 of guest el5_test01" in done.stdout
    assert "root from 192.0.2.10, root from 192.0.2.31, berry from 192.0.2.31" in done.stdout


def test_an_audit_is_told_what_was_heard(heard: demo_logs.Heard, tmp_path: Path) -> None:
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)
    demo_logs.write_coverage(heard, tmp_path, now)
    said = read_coverage(tmp_path)
    (host,) = said.hosts
    assert (host.name, said.written_at) == ("esxi-test", now)
    assert timedelta(0) <= now - host.last < timedelta(minutes=5), "the day ends now"
    assert list(host.days) == ["2026-11-22"], "the last whole day"
    assert host.days["2026-11-22"].received == heard.received.bytes
    assert 0 < host.days["2026-11-22"].kept < BUDGET
    assert said.noticed == dict.fromkeys(WAYS, True)
    assert said.receivers == {}


@pytest.mark.real("lab")
def test_the_demo_answers_how_the_estate_is_monitored_from_what_was_heard() -> None:
    """The report's host is heard, its twelve blades are not: its fifth question is answered from that."""
    if missing := lab.missing_parts():
        pytest.skip("the lab needs " + " and ".join(missing))
    done = subprocess.run(
        [sys.executable, "-m", "lab.demo"],
        cwd=ROOT,
        env=os.environ | {"COLUMNS": "120"},
        capture_output=True,
        text=True,
        timeout=170,
        check=True,
    )
    lines = [line.rstrip() for line in done.stdout.splitlines()]
    assert "no log server was named" not in done.stdout
    assert next(line for line in lines if "log-received-fresh" in line).split()[2] == "12/13"
    assert not any(control in done.stdout for control in ("event-login-coverage", "log-filter-size"))
    assert done.stdout.index("How is the security state audited") < done.stdout.index("The logs of a day")
    assert len(lines) <= 180
    assert max(map(len, lines)) <= 120
