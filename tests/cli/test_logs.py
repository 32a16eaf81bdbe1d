"""`viguard logs` as its user runs it: files in, lines out, and no traceback whatever the files hold."""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_main import viguard
from tests.logs.appendix_a import LINES
from tests.logs.archive.made import NOON, block, fill
from viguard.logs.archive.writer import Archive, Limits

APPENDIX_A = "".join(f"{line}\n" for line, _ in LINES)
KEYS = {"file", "line", "event", "outcome", "user", "source_ip", "channel", "host", "program"} | {
    "time", "severity", "pid", "vm", "session",
}  # fmt: skip
OK, NO, UNKNOWN = "success", "failure", "unknown"
ANY = "0.0.0.0"  # noqa: S104
WANTED: list[tuple[str, str | None, str | None, str | None, str]] = [
    (OK, "root", ANY, "api", "Hostd"),
    (OK, "root", ANY, "api", "Hostd"),
    (NO, "root", ANY, "api", "Hostd"),
    (NO, None, None, "api", "Hostd"),
    (NO, "unknown_user", ANY, "api", "Hostd"),
    (OK, "root", None, "dcui", "DCUI"),
    (NO, "root", None, "dcui", "DCUI"),
    (NO, None, None, "dcui", "DCUI"),
    (NO, "berry", None, "dcui", "DCUI"),
    (UNKNOWN, None, ANY, "ssh", "dropbear"),
    (OK, "root", ANY, "ssh", "dropbear"),
    (NO, "root", ANY, "ssh", "dropbear"),
    (NO, None, ANY, "ssh", "dropbear"),
    (OK, "root", None, "techsupport", "login"),
    (OK, "root", None, "techsupport", "login"),
    (OK, None, None, "techsupport", "init"),
    (OK, None, None, "techsupport", "root"),
    (OK, None, None, "techsupport", "getty"),
    (NO, "root", None, "techsupport", "login"),
    *(
        [
            (OK, "root", None, "console", "Hostd"),
            (OK, None, ANY, "console", "authd"),
            (OK, None, None, "console", "authd"),
            (OK, None, None, "console", "Hostd"),
        ]
        * 3
    ),
]
"""Of each line of Appendix A: outcome, user, source_ip, channel and program, as the report's text says."""


def logs(*arguments: str, text: str = "", cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    done = viguard("logs", *arguments, input=text, cwd=cwd)
    assert "Traceback" not in done.stderr
    return done


def objects(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_appendix_a_from_a_pipe() -> None:
    done = logs("classify", "-", "--format", "jsonl", text=APPENDIX_A)
    found = objects(done)
    assert done.returncode == 0
    assert done.stderr == ""
    assert [one["line"] for one in found] == list(range(1, 32))
    assert [one["event"] for one in found] == [event for _, event in LINES]
    told = [tuple(one[key] for key in ("outcome", "user", "source_ip", "channel", "program")) for one in found]
    assert told == WANTED
    assert {one["host"] for one in found} == {None}
    assert all(one.keys() >= KEYS for one in found)


def test_all_writes_an_object_for_every_line_in_order() -> None:
    text = f"noise\n{LINES[0][0]}\n\n\r\n{LINES[2][0]}\r\nlast"
    found = objects(logs("classify", "-", "--all", "--format", "jsonl", text=text))
    assert [(one["line"], one["event"]) for one in found] == [
        (1, "noise"), (2, "login.success.api"), (3, "noise"), (4, "noise"), (5, "login.failure.api"), (6, "noise"),
    ]  # fmt: skip
    assert found[0] == {**dict.fromkeys(KEYS), "file": "standard input", "line": 1, "event": "noise"} | {
        "outcome": "unknown",
        "severity": "info",
    }


def test_classify_takes_each_line_by_itself_and_events_merges() -> None:
    both = "\n".join(line for line, _ in LINES[:2]) + "\n"
    assert len(objects(logs("classify", "-", text=both))) == 2
    merged = objects(logs("events", "-", "--format", "jsonl", text=both))
    assert [one["lines"] for one in merged] == [[line for line, _ in LINES[:2]]]


def test_the_summary_counts_classes_with_tabs() -> None:
    done = logs("classify", "-", "--format", "summary", "--all", text=f"{LINES[0][0]}\nx\ny\nz\n{LINES[0][0]}\n")
    assert done.stdout == "noise\t3\nlogin.success.api\t2\n"


def test_numbers_begin_anew_in_each_file(tmp_path: Path) -> None:
    for name in ("one.log", "two.log"):
        (tmp_path / name).write_text(f"noise\n{LINES[0][0]}\n")
    found = objects(logs("classify", "one.log", "two.log", cwd=tmp_path))
    assert [(one["file"], one["line"]) for one in found] == [("one.log", 2), ("two.log", 2)]


def test_folders_and_archives_are_read(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs/hostd.0.gz").write_bytes(gzip.compress(APPENDIX_A.encode()))
    with tarfile.open(tmp_path / "vm-support.tgz", "w:gz") as bundle:
        member = tarfile.TarInfo("esx1/var/log/hostd.log")
        member.size = len(APPENDIX_A)
        bundle.addfile(member, io.BytesIO(APPENDIX_A.encode()))
    (tmp_path / "logs/192.0.2.7").write_text(APPENDIX_A)  # a name that tells nothing
    folder = logs("classify", "logs", cwd=tmp_path)
    assert len(objects(folder)) == 31
    assert folder.stderr == "note: logs: 1 file not read, no logs by their names\n"
    found = objects(logs("classify", "vm-support.tgz", cwd=tmp_path))
    assert len(found) == 31
    assert found[0]["file"] == "vm-support.tgz:esx1/var/log/hostd.log"


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "good.log").write_text(APPENDIX_A)
    (tmp_path / "cut.gz").write_bytes(gzip.compress(APPENDIX_A.encode() * 50)[:-20])
    (tmp_path / "pictures").mkdir()
    nothing = logs("classify", "nowhere.log", cwd=tmp_path)
    assert (nothing.returncode, nothing.stdout) == (2, "")
    assert nothing.stderr == "error: nowhere.log: cannot be read: No such file or directory\n"
    part = logs("classify", "nowhere.log", "good.log", "--format", "summary", cwd=tmp_path)
    assert part.returncode == 4
    assert "auth.detail\t2\n" in part.stdout
    cut = logs("classify", "cut.gz", "--format", "summary", cwd=tmp_path)
    assert cut.returncode == 4
    assert "cut off" in cut.stderr
    empty = logs("classify", "pictures", cwd=tmp_path)
    assert (empty.returncode, empty.stdout) == (2, "")
    assert "no log is in there" in empty.stderr


def test_an_empty_file_is_no_trouble(tmp_path: Path) -> None:
    (tmp_path / "empty.log").touch()
    done = logs("classify", "empty.log", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("format_", ["jsonl", "table", "summary"])
def test_garbage_and_long_lines(tmp_path: Path, format_: str) -> None:
    long = b"Hostd: Accepted password for user " + b"a" * 65_536 + b" from 192.0.2.1\n"
    garbage = bytes(range(256)) * 5000 + b"\n"
    (tmp_path / "bad.log").write_bytes(garbage + b"x" * 3_000_000 + b"\n" + long + b"\x00\xff\xfe")
    done = logs("classify", "bad.log", "--all", "--format", format_, cwd=tmp_path)
    assert done.returncode == 0
    if format_ == "jsonl":
        lines = garbage.count(b"\n") + 3
        assert [one["line"] for one in objects(done)] == list(range(1, lines + 1))
        assert objects(done)[-2]["event"] == "login.success.api"


@pytest.mark.parametrize("format_", ["jsonl", "table"])
def test_nothing_steers_a_terminal(tmp_path: Path, format_: str) -> None:
    hostile = "Hostd: Accepted password for user \x1b[31m\u202e\u009b1m\x7fx\udcff from 192.0.2.1\n"
    (tmp_path / "hostile.log").write_bytes(hostile.encode("utf-8", "surrogateescape"))
    done = logs("classify", "hostile.log", "--format", format_, cwd=tmp_path)
    assert not set(done.stdout) & set("\x1b\u202e\u009b\x7f")
    assert "192.0.2.1" in done.stdout
    if format_ == "jsonl":
        assert objects(done)[0]["user"] == "\x1b[31m\u202e\u009b1m\x7fx\\xff"


def test_a_reader_that_leaves_early_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "long.log").write_text(APPENDIX_A * 2000)
    code = "from viguard.cli.main import run; run()"
    with subprocess.Popen(
        [sys.executable, "-c", code, "logs", "classify", str(tmp_path / "long.log")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1


def test_lines_that_are_piped_in_are_answered_at_once() -> None:
    code = "from viguard.cli.main import run; run()"
    with subprocess.Popen(
        [sys.executable, "-c", code, "logs", "classify", "-", "--format", "jsonl"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(APPENDIX_A.encode())
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["event"] == "login.success.api"
        process.stdin.close()


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    evil = "<86>Sep 21 14:13:20 esx2 Hostd: Accepted password for user \x1b[31mann from 192.0.2.66"
    root = "<86>Sep 21 14:13:21 esx1 dropbear[7]: PAM password auth succeeded for 'root' from 192.0.2.7:6"
    fill(tmp_path / "archive", [block(evil, "noise", sender="192.0.2.2")], [block(root, "x", at=NOON + 60)])
    return tmp_path / "archive"


def test_search_shows_control_characters(archive: Path) -> None:
    for format_ in ("table", "jsonl"):
        done = logs("search", str(archive), "192.0.2.66", "--format", format_)
        assert done.returncode == 0
        assert "\x1b" not in done.stdout
        assert "\\u001b[31mann" in done.stdout


def test_search_by_every_condition(archive: Path) -> None:
    where = str(archive)
    assert logs("search", where, "--format", "raw", "--limit", "1").stdout == "x\n"
    assert logs("search", where, "--oldest-first", "--format", "raw").stdout.splitlines()[1] == "noise"
    assert logs("search", where, "--regex", "^no.se$", "--format", "raw").stdout == "noise\n"
    assert len(objects(logs("search", where, "--sender", "192.0.2.2"))) == 2
    assert len(objects(logs("search", where, "--host", "esx1"))) == 1
    found = objects(logs("search", where, "--field", "event=login.success.ssh", "--field", "user=root"))
    assert [one["event"]["source_ip"] for one in found] == ["192.0.2.7"]
    assert logs("search", where, "x", "--since", "2030-01-01").stdout == ""
    assert logs("search", where, "x", "--until", "2020-01-01T00:00+02:00").stdout == ""


def test_follow_shows_lines_as_they_come_in(archive: Path) -> None:
    code = "from viguard.cli.main import run; run()"
    command = [sys.executable, "-u", "-c", code, "logs", "search", str(archive), "root", "--follow", "--limit", "1"]
    with subprocess.Popen([*command, "--format", "raw"], stdout=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < deadline:  # it may not be listening yet
            fill(archive, [block("root is new", at=NOON + 120)])
            time.sleep(0.3)
        assert process.stdout is not None
        assert process.stdout.read() == "root is new\n"
    assert process.returncode == 0


def test_search_refuses_what_it_cannot_mean(archive: Path) -> None:
    for wrong in (
        ["--regex", "("],
        ["--field", "user"],
        ["--field", "event=login.succes.ssh"],
        ["--since", "yesterday"],
        ["--limit", "0"],
        ["--since", "1h", "--until", "2h"],
    ):
        assert logs("search", str(archive), *wrong).returncode == 2
    assert "did you mean login.success.ssh?" in logs("search", str(archive), "--field", "event=login.succes.ssh").stderr
    assert logs("search", str(archive / "nowhere"), "x").returncode == 2
    assert "a field 'usr'" in logs("search", str(archive), "--field", "usr=root").stderr
    assert "a field" not in logs("search", str(archive), "--field", "target_user=x", "--field", "user=y").stderr


def test_an_archive_is_found_in_the_directory_of_a_log_server(tmp_path: Path) -> None:
    fill(
        tmp_path / "archive", [block("<13>Nov 23 10:00:00 esx1 Hostd: Accepted password for user root from 192.0.2.1")]
    )
    assert "192.0.2.1" in logs("search", str(tmp_path), "root").stdout
    assert "every frame" in logs("verify", str(tmp_path)).stdout
    assert logs("hunt", "--archive", str(tmp_path)).returncode == 3


def test_a_folder_without_lines_is_no_archive_in_which_nothing_happened(tmp_path: Path) -> None:
    (tmp_path / "hostd.log").write_text(APPENDIX_A)
    for command in (["search", str(tmp_path), "root"], ["hunt", "--archive", str(tmp_path)], ["verify", str(tmp_path)]):
        done = logs(*command)
        assert (done.returncode, "no segment is in there" in done.stderr) == (2, True)


def test_a_folder_of_rules_is_hunted_with(tmp_path: Path) -> None:
    fill(
        tmp_path / "archive",
        [block("<86>Sep 21 14:13:21 esx1 dropbear[7]: PAM password auth succeeded for 'root' from 192.0.2.7:6")],
    )
    (tmp_path / "rules" / "more").mkdir(parents=True)
    (tmp_path / "rules" / "more" / "root.yml").write_text(RULE)
    done = logs("hunt", str(tmp_path / "rules"), "--archive", str(tmp_path / "archive"))
    assert (done.returncode, json.loads(done.stdout)["rule"]) == (3, "site.root.ssh")


RULE = """
title: Root over SSH
id: 5b0f6d0e-8f0c-4f0a-9a51-0c6f6d5f1f10
name: site.root.ssh
logsource: {product: vmware}
detection:
  selection: {event: login.success.ssh, user: root}
  condition: selection
level: high
"""


def test_hunt_with_a_new_rule(archive: Path, tmp_path: Path) -> None:
    rule = tmp_path / "new.yml"
    rule.write_text(RULE)
    (tmp_path / "ssh.log").write_text(f"{LINES[10][0]}\n")
    done = logs("hunt", str(rule), "--archive", str(archive), "--format", "jsonl")
    assert done.returncode == 3
    assert [(one["rule"], one["events"][0]["source_ip"]) for one in objects(done)] == [("site.root.ssh", "192.0.2.7")]
    in_file = logs("hunt", str(rule), str(tmp_path / "ssh.log"), "--format", "table")
    assert in_file.returncode == 3
    assert "HIGH" in in_file.stdout
    assert f"    > {LINES[10][0]}\n" in in_file.stdout
    (tmp_path / "quiet.log").write_text("nothing\n")
    quiet = logs("hunt", str(rule), str(tmp_path / "quiet.log"))
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "no alert\n")


def test_hunt_without_a_rule_runs_ours(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(APPENDIX_A)
    found = {one["rule"] for one in objects(logs("hunt", str(tmp_path / "a.log"), "--format", "jsonl"))}
    assert found >= {"login.root", "console.multiple", "login.api.nonexistent-user", "login.techsupport.wrong-password"}
    assert "log.clock-skew" not in found  # that a file is old says nothing of a clock


def test_hunt_says_what_it_lacks(archive: Path, tmp_path: Path) -> None:
    rule = tmp_path / "new.yml"
    rule.write_text(RULE)
    assert logs("hunt", str(rule)).returncode == 2
    assert logs("hunt", str(rule), "x.log", "--archive", str(archive)).returncode == 2
    assert logs("hunt", str(rule), "x.log", "--since", "2d").returncode == 2
    rule.write_text("title: [")
    assert logs("hunt", str(rule), "--archive", str(archive)).returncode == 2


LOCAL = "Sep 21 16:13:20 esx1 dropbear[7]: PAM password auth succeeded for 'root' from 192.0.2.7:6"


def test_the_zone_of_lines_in_files_is_told(tmp_path: Path) -> None:
    path = tmp_path / "messages"
    path.write_text(f"{LOCAL}\n2026-09-21T16:13:20Z{LOCAL[15:]}\n")
    os.utime(path, (NOON + 3600, NOON + 3600))
    for command in ("classify", "events"):
        done = logs(command, str(path), "--format", "jsonl", "--time-zone", "Europe/Brussels")
        assert [one["time"] for one in objects(done)] == ["2026-09-21T14:13:20Z", "2026-09-21T16:13:20Z"], command
        shown = logs(command, str(path), "--format", "table", "--time-zone", "Europe/Brussels")
        assert "2026-09-21T14:13:20Z" in shown.stdout
        wrong = logs(command, str(path), "--time-zone", "Europe/Brussel")
        assert wrong.returncode == 2
        assert "there is no time zone 'Europe/Brussel'" in wrong.stderr
        assert "did you mean 'Europe/Brussels'?" in wrong.stderr
    assert logs("hunt", str(path), "--time-zone", "Europe/Brussel").returncode == 2
    found = objects(logs("hunt", str(path), "--time-zone", "Europe/Brussels", "--format", "jsonl"))
    assert "2026-09-21T14:13:20Z" in {one["time"] for one in found}


def test_the_zone_of_lines_in_an_archive_is_the_policys_or_told(tmp_path: Path) -> None:
    fill(tmp_path / "archive", [block(LOCAL, LOCAL.replace("esx1", "esx2"))])
    policy = tmp_path / "policy.yaml"
    policy.write_text("time_zones: [{hosts: [esx1], zone: Europe/Brussels}]\n")
    zones = ("--policy", str(policy), "--time-zone", "Europe/London")
    done = logs("search", str(tmp_path / "archive"), "--field", "user=root", "--format", "jsonl", *zones)
    assert {one["event"]["host"]: one["event"]["time"] for one in objects(done)} == {
        "esx1": "2026-09-21T14:13:20Z",
        "esx2": "2026-09-21T15:13:20Z",
    }
    assert logs("parquet", str(tmp_path / "archive"), str(tmp_path / "parquet"), *zones).returncode == 0
    asked = logs("ask", str(tmp_path / "parquet"), "SELECT host, time FROM events ORDER BY host", "--format", "jsonl")
    assert [one["time"] for one in objects(asked)] == ["2026-09-21T14:13:20Z", "2026-09-21T15:13:20Z"]


def test_verify_names_damage_and_searches_are_incomplete(archive: Path) -> None:
    sound = logs("verify", str(archive))
    assert (sound.returncode, sound.stdout) == (
        0,
        f"1 segment, 2 frames, 4 lines, {_bytes(archive)} bytes\nevery frame is as it was written\n",
    )
    segment = next(archive.glob("*.zst"))
    data = bytearray(segment.read_bytes())
    data[data.index(b"\x28\xb5\x2f\xfd") + 12] ^= 0xFF
    segment.write_bytes(data)
    hurt = logs("verify", str(archive))
    assert hurt.returncode == 3
    assert f"damaged: {segment.name}, byte " in hurt.stdout
    assert logs("search", str(archive), "zzz").returncode == 4
    assert logs("verify", str(archive / "nowhere")).returncode == 2


def test_pack_says_what_it_saved_and_changes_no_line(tmp_path: Path) -> None:
    archive = tmp_path / "loaded"
    lines = (f"task {n * 7919 % 99991} of vm-{n * n % 311} ended for user{n * 31 % 53}" for n in range(3000))
    fill(archive, [block(*lines)], limits=Limits(level=1))
    before = logs("search", str(archive), "--format", "jsonl").stdout
    done = logs("pack", str(archive))
    assert done.returncode == 0
    assert " packed again, " in done.stdout.splitlines()[0]
    assert done.stdout.splitlines()[1].startswith("1 segment packed again, ")
    assert logs("search", str(archive), "--format", "jsonl").stdout == before
    again = logs("pack", str(archive))
    assert (again.returncode, again.stdout) == (0, "0 segments packed again, 0 bytes saved\n")
    sound = logs("verify", str(archive))
    assert sound.returncode == 0
    assert sound.stdout.splitlines()[1].startswith("1 segment packed again, which saved ")
    assert logs("pack", str(archive / "nowhere")).returncode == 2


def test_pack_refuses_an_archive_that_is_written_and_names_damage(archive: Path) -> None:
    with Archive(archive):
        refused = logs("pack", str(archive))
    assert refused.returncode == 2
    assert "another process writes to this archive" in refused.stderr
    segment = next(archive.glob("*.zst"))
    data = bytearray(segment.read_bytes())
    data[-1] ^= 0xFF
    segment.write_bytes(data)
    hurt = logs("pack", str(archive))
    assert hurt.returncode == 4
    assert f"error: {segment.stem}: not packed again: it is damaged at " in hurt.stderr
    assert segment.read_bytes() == data


def _bytes(archive: Path) -> int:
    return len(logs("search", str(archive), "--format", "raw").stdout.encode())


def test_events_as_parquet_are_asked(archive: Path, tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    folder = str(tmp_path / "events")
    assert logs("ask", str(tmp_path), "SELECT 1").returncode == 2
    done = logs("parquet", str(archive), folder)
    assert (done.returncode, done.stderr) == (0, f"written: 2 events to {folder}\n")
    again = logs("parquet", str(archive), folder)
    assert again.returncode == 2
    question = "SELECT host, source_ip FROM events ORDER BY host"
    assert logs("ask", folder, question).stdout == "host\tsource_ip\nesx1\t192.0.2.7\nesx2\t192.0.2.66\n"
    found = objects(logs("ask", folder, question, "--format", "jsonl"))
    assert found[0] == {"host": "esx1", "source_ip": "192.0.2.7"}
    assert "\x1b" not in logs("ask", folder, "SELECT * FROM events").stdout
    for wrong in ("DROP TABLE events", "SELECT * FROM read_text('/etc/hostname')", "SELECT nothing"):
        assert logs("ask", folder, wrong).returncode == 2


def test_configurations_for_daemons() -> None:
    ng = logs("render", "syslog-ng", "--port", "1514")
    assert ng.returncode == 0
    assert 'network(transport("tcp") ip("0.0.0.0") port(1514)' in ng.stdout
    assert logs("render", "rsyslog", "--event", "account.created").returncode == 0
    for wrong in (["--event", "nothing"], ["--file", "relative"], ["--port", "99999"]):
        assert logs("render", "rsyslog", *wrong).returncode == 2


def test_quick_commands_import_nothing_heavy() -> None:
    heavy = ("rich", "lxml", "sqlalchemy", "pyVmomi", "asyncio", "sigma", "duckdb", "jinja2", "ssl")
    code = (
        f"import sys, viguard.cli.logs, viguard.usecases.logs.classify; print([m for m in {heavy} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "[]\n"


def test_a_part_that_is_not_installed_is_named() -> None:
    code = "import sys; sys.modules['sigma'] = None; from viguard.cli.main import run; run(['rules', 'list'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert "is not installed\n  pip install viguard[logs]\n" in done.stderr
    assert "Traceback" not in done.stderr


def test_volumes_before_and_after_the_filter(tmp_path: Path) -> None:
    (tmp_path / "volumes.json").write_text(
        '{"esx1":{"last":"2026-11-24T10:00:00Z","senders":[],"days":{"2026-11-23":[1500,20],"2026-11-24":[500,0]}},'
        '"esx\\u001b2":{"last":"2026-11-24T10:00:00Z","senders":[],"days":{"2026-11-24":[2000,980]}}}'
    )
    done = viguard("logs", "volumes", str(tmp_path), "--format", "table")
    assert [line.split() for line in done.stdout.splitlines()] == [
        ["HOST", "RECEIVED", "KEPT", "SHARE", "DAYS"],
        ["esx\\u001b2", "2,000", "980", "49.0%", "2026-11-24"],
        ["esx1", "2,000", "20", "1.0%", "2026-11-23", "to", "2026-11-24"],
        ["(all)", "4,000", "1,000", "25.0%", "2026-11-23", "to", "2026-11-24"],
    ]
    first = viguard("logs", "volumes", str(tmp_path), "--format", "jsonl").stdout.splitlines()[1]
    assert first == (
        '{"host":"esx1","received":2000,"kept":20,"first":"2026-11-23","newest":"2026-11-24","share":0.01}'
    )
    missing = viguard("logs", "volumes", str(tmp_path / "none"))
    assert missing.returncode == 2
    assert "volumes.json cannot be read" in missing.stderr
