"""Telling the running log server something."""

from __future__ import annotations

import os
import pty
import re
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from tests.usecases.serving import Site, line, until
from viguard.errors import InputError
from viguard.usecases.log_control import NAME, control

FAILED = "DCUI: authentication of user {} failed"


def opened(site: Site) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = control(site.directory, {"do": "open"})["groups"]
    return found


def state(site: Site) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode((site.directory / "alerts.json").read_bytes())["state"]
    return found


def test_acknowledging_marking_and_ending(site: Site) -> None:
    with site.running() as server:
        server.tcp([line(FAILED.format(user)) for user in ("an", "bo", "cy")])
        until(lambda: len(opened(site)) == 3, "three open alerts")
        first, second, third = sorted(opened(site), key=lambda group: str(group["key"]))
        assert (first["rule"], first["key"]) == ("login.dcui.wrong-password", "host=esx1 user=an")
        control(site.directory, {"do": "acknowledge", "group": first["id"], "by": "niels"})
        false = {"do": "mark", "group": second["id"][:12], "by": "niels", "true_positive": False, "note": "a test"}
        control(site.directory, false)
        control(site.directory, {"do": "end", "group": third["id"], "by": "niels"})
        (left,) = opened(site)
        assert (left["id"], left["acknowledged_by"]) == (first["id"], "niels")
        server.stop()
    (mark,) = state(site)["marks"]
    assert (mark["key"], mark["true_positive"], mark["by"], mark["note"]) == (
        "host=esx1 user=bo",
        False,
        "niels",
        "a test",
    )


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({"do": "acknowledge", "group": "feed", "by": "niels"}, "no open alert"),
        ({"do": "acknowledge", "group": "", "by": "niels"}, "no open alert"),
        ({"do": "mark", "group": "feed", "by": "niels"}, "can be done"),
        ({"do": "dance"}, "can be done"),
        ({"do": "open", "more": 1}, "no request"),
        ({"do": "acknowledge", "group": "feed", "by": "x" * 70_000}, "too long"),
    ],
)
def test_what_cannot_be_done_is_refused(site: Site, request_: dict[str, Any], words: str) -> None:
    with site.running(), pytest.raises(InputError, match=words):
        control(site.directory, request_)


def test_who_says_it_has_to_be_named(site: Site) -> None:
    with site.running() as server:
        server.tcp([line(FAILED.format("an"))])
        (group,) = until(lambda: opened(site), "an open alert")
        with pytest.raises(InputError, match="nobody is named"):
            control(site.directory, {"do": "acknowledge", "group": group["id"], "by": " "})


def test_rubbish_ends_nothing(site: Site) -> None:
    with site.running() as server:
        for sent in (b"\n", b"\xff\xfe\n", b"x" * 200_000 + b"\n", b"[]\n"):
            with socket.socket(socket.AF_UNIX) as own:
                own.connect(str(site.directory / NAME))
                own.settimeout(10)
                own.sendall(sent)
                own.shutdown(socket.SHUT_WR)
                while own.recv(4096):
                    pass
        assert opened(site) == []
        server.stop()


def test_a_rule_of_the_site_counts_after_a_reload_and_a_broken_one_changes_nothing(site: Site) -> None:
    site.serve["rules"] = "rules"
    (site.folder / "rules").mkdir()
    rule = {
        "title": "Somebody called zoe",
        "id": "0f6f3c39-8b0c-4a53-9a6b-5d1a4f0f6a11",
        "name": "site.zoe",
        "logsource": {"product": "vmware"},
        "detection": {"selection": {"user": "zoe"}, "condition": "selection"},
        "level": "critical",
    }
    with site.running() as server:
        (site.folder / "rules" / "zoe.yml").write_text("detection: [")
        with pytest.raises(InputError, match=r"zoe\.yml"):
            control(site.directory, {"do": "reload"})
        (site.folder / "rules" / "zoe.yml").write_text(yaml.safe_dump(rule))
        assert "alerts.yaml" in control(site.directory, {"do": "reload"})["text"]
        server.tcp([line(FAILED.format("zoe"))])
        until(lambda: "site.zoe" in {alert["rule"] for alert in site.told()}, "the new detection speaks")
        site.alerts["routes"] = [{"receivers": ["nobody"]}]
        site.write()
        with pytest.raises(InputError, match="nobody"):
            control(site.directory, {"do": "reload"})
        server.stop()


def test_a_hangup_reads_anew_and_ends_nothing(site: Site) -> None:
    with site.running() as server:
        server.process.send_signal(signal.SIGHUP)
        until(lambda: "are read anew" in server.log.read_text(), "it is said")
        site.alerts["routes"] = [{"receivers": ["nobody"]}]
        site.write()
        server.process.send_signal(signal.SIGHUP)
        until(lambda: "not read anew" in server.log.read_text(), "a mistake is said")
        server.tcp([line(FAILED.format("zoe"))])
        until(site.told, "it still tells")
        server.stop()
    assert site.lines_kept() == 1


def test_a_terminal_that_goes_away_stops_it_as_it_should(site: Site) -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        site.command(), stdin=theirs, stdout=subprocess.DEVNULL, stderr=theirs, start_new_session=True
    ) as process:
        os.close(theirs)
        said = b""
        while b"looking with" not in said:
            said += os.read(ours, 65536)
        (port,) = re.findall(rb"listening: tcp [^ \r]+:(\d+)", said)
        with socket.create_connection(("127.0.0.1", int(port)), 10) as sender:
            sender.sendall(line(FAILED.format("zoe")) + b"\n")
        process.send_signal(signal.SIGHUP)
        os.close(ours)
        assert process.wait(30) >= 0  # it ended by itself
    assert site.lines_kept() == 1
    assert site.is_whole()


def test_a_long_path_is_no_obstacle(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 30)
    folder.mkdir()
    site = Site(folder)
    with site.running() as server:
        assert opened(site) == []
        assert stat.S_IMODE((site.directory / NAME).stat().st_mode) == 0o600
        server.stop()
    site.close()


def test_where_no_server_runs_that_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no log server answers"):
        control(tmp_path, {"do": "open"})


def viguard(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "viguard", "alerts", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_the_command_line_does_the_same(site: Site) -> None:
    folder = str(site.directory)
    with site.running() as server:
        server.tcp([line(FAILED.format("an")), line("DCUI: authentication of user root succeeded")])
        until(lambda: len(opened(site)) == 2, "two open alerts")
        first, second = viguard("open", folder).stdout.splitlines()
        assert " high " in first
        assert " medium " in second
        assert "user=an (1 alert)" in second
        assert viguard("ack", folder, second.split()[0], "--by", "niels").returncode == 0
        assert "user=an (1 alert, niels deals with it)" in viguard("open", folder).stdout
        assert viguard("mark", folder, first.split()[0], "false-positive", "--note", "me").returncode == 0
        assert viguard("mark", folder, second.split()[0], "over").returncode == 0
        assert viguard("open", folder).stdout.strip() == "nothing is open"
        refused = viguard("ack", folder, "feed")
        assert refused.returncode == 2
        assert "no open alert" in refused.stderr
        assert "read anew" in viguard("reload", folder).stderr
        server.stop()
