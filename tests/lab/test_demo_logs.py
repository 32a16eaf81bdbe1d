"""The logs of the demo: the report's test set-up, its volume, and what of it is noticed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from lab import demo_logs, replay

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
