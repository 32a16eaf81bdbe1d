"""Genuine logins over SSH: what Debian's dropbear and OpenSSH say of them is told, by `logs hunt` and by the server.

Each daemon lets in root and berry, refuses both with a wrong password, and refuses a user that does not exist.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_main import viguard
from tests.logs.receive.ssh_daemons import HOST, PASSWORD, Daemon, dropbear, openssh
from tests.usecases.serving import Site, until

LOGINS = [
    ("root", PASSWORD, "login.root", "high"),
    ("berry", PASSWORD, "login.ssh.right-password", "medium"),
    ("root", "wrong", "login.ssh.wrong-password", "low"),
    ("berry", "wrong", "login.ssh.wrong-password", "low"),
    ("nosuchuser", "wrong", "login.ssh.nonexistent-user", "medium"),
]
"""User, password, and the one alert that the report wants of it."""
WANTED = sorted(
    (rule, severity, "" if rule == "login.ssh.nonexistent-user" else user, "127.0.0.1")
    for user, _, rule, severity in LOGINS
)

DAEMONS: dict[str, Callable[[Path], AbstractContextManager[Daemon]]] = {"dropbear": dropbear, "openssh": openssh}
WAYS = [("dropbear", "password"), ("openssh", "password"), ("openssh", "keyboard-interactive")]
"""ESXi asks as the last one does."""


@pytest.fixture(
    scope="module",
    params=[pytest.param(way, marks=pytest.mark.real(way[0]), id="-".join(way)) for way in WAYS],
)
def said(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """What a daemon said of all the logins."""
    name, method = request.param
    with DAEMONS[name](tmp_path_factory.mktemp(name)) as daemon:
        daemon.method = method
        for user, password, _, _ in LOGINS:
            assert daemon.login(user, password) == (0 if password == PASSWORD else 255)
        yield daemon.log.lines()


def told(alerts: list[dict[str, Any]]) -> list[tuple[str, str, str, str]]:
    """Rule, severity, user and address; the name of no user is left out, as dropbear does not tell it."""
    found = []
    for alert in alerts:
        (event,) = alert["events"]
        name = "" if alert["rule"] == "login.ssh.nonexistent-user" else event["user"]
        found.append((alert["rule"], alert["severity"], name, event["source_ip"]))
        assert (event["channel"], event["host"]) == ("ssh", HOST)
    return sorted(found)


def test_hunt_finds_every_login_once(said: list[str], tmp_path: Path) -> None:
    (tmp_path / "auth.log").write_text("".join(f"{line}\n" for line in said))
    done = viguard("logs", "hunt", str(tmp_path / "auth.log"), "--format", "jsonl")
    assert done.returncode == 3, done.stderr
    assert told([json.loads(line) for line in done.stdout.splitlines()]) == WANTED


def test_the_log_server_tells_every_login_once(said: list[str], site: Site) -> None:
    with site.running() as server:
        server.tcp([line.encode() for line in said])
        until(lambda: len(site.told()) >= len(WANTED), f"{len(WANTED)} alerts of {said}")
        server.stop()
    assert told(site.told()) == WANTED


def test_why_a_login_failed_is_said(said: list[str], tmp_path: Path) -> None:
    (tmp_path / "auth.log").write_text("".join(f"{line}\n" for line in said))
    done = viguard("logs", "events", str(tmp_path / "auth.log"), "--format", "jsonl")
    failures = [one for line in done.stdout.splitlines() if (one := json.loads(line))["event"] == "login.failure.ssh"]
    found = [(one["reason"], one.get("user_exists")) for one in failures]
    assert found[0] == ("bad-password", "true")
    assert found[2] == ("unknown-user", "false")
    assert [one["outcome"] for one in failures] == ["failure"] * 3
