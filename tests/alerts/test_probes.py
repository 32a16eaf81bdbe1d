"""The probes read the status file; anything but a fresh, whole one is UNKNOWN."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.alerts.samples import HOSTILE
from viguard.alerts.probes import check, mrtg
from viguard.alerts.probes.check import Threshold
from viguard.alerts.status import AuditStatus, LastAlert, ReceiverStatus, SiemStatus, Status, write_status

NOW = datetime.now(UTC)
COUNTERS = {"log_lines": 100, "log_bytes": 9000, "events": 10, "alerts": 2, "logins": 7, "failures": 3, "consoles": 4}


def status(path: Path, **changes: object) -> Path:
    values: dict[str, object] = {"written_at": datetime.now(UTC), "started_at": NOW, "counters": COUNTERS}
    write_status(path, Status(**(values | changes)))  # type: ignore[arg-type]
    return path


def run(capsys: pytest.CaptureFixture[str], path: Path, *more: str) -> tuple[int, str]:
    code = check.main(["--status", str(path), *more])
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    return code, out


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "status.json"


def test_all_is_well(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = run(capsys, status(path))
    assert code == 0
    text, _, perf = out.partition(" | ")
    assert text == "VIGUARD OK - 0 alerts open, 0 hosts heard"
    assert "logins=7c" in perf.split()
    assert "open_critical=0;;0" in perf.split()
    assert "open_high=0;0" in perf.split()


@pytest.mark.parametrize(
    ("changes", "code", "reason"),
    [
        ({"open": {"high": 1}}, 1, "open_high is 1"),
        ({"open": {"critical": 2, "high": 1}}, 2, "open_critical is 2"),
        ({"open": {"medium": 5}}, 0, ""),
        ({"receivers": {"sms": ReceiverStatus(failing_since=NOW)}}, 1, "receivers_failing is 1"),
        ({"receivers": {"sms": ReceiverStatus(dropped=1, lost_at=NOW)}}, 2, "receivers_losing is 1"),
        ({"receivers": {"sms": ReceiverStatus(given_up=1, lost_at=NOW - timedelta(hours=2))}}, 0, ""),
        ({"siem": {"splunk": SiemStatus(dropped=9, lost_at=NOW)}}, 1, "siem_losing is 1"),
        ({"siem": {"splunk": SiemStatus(failing_since=NOW)}}, 1, "siem_failing is 1"),
        ({"problems": ("the disk is full",)}, 2, "problems is 1"),
    ],
)
def test_what_is_wrong_is_named(
    path: Path, capsys: pytest.CaptureFixture[str], changes: dict[str, object], code: int, reason: str
) -> None:
    found, out = run(capsys, status(path, **changes))
    assert found == code
    assert reason in out


def test_thresholds_of_ones_own(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status(path, consoles={"web1": 3, "web2": 1}, findings={"high": 4})
    assert run(capsys, path, "-w", "consoles_most=2")[0] == 1
    assert run(capsys, path, "-w", "consoles_most=2", "-c", "consoles_open=3")[0] == 2
    assert run(capsys, path, "-c", "findings=4")[0] == 0
    assert run(capsys, path, "-c", "log_lines=1000:")[0] == 2


def test_a_number_that_nobody_knows_is_no_pass(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = run(capsys, status(path), "-c", "findings=0")
    assert code == 3
    assert "findings is not known" in out
    assert run(capsys, status(path, open={"critical": 1}), "-c", "findings=0")[0] == 2, "critical is worse"


@pytest.mark.parametrize("name", ["findings", "findings_critical", "findings_unknown", "audit_hours"])
def test_findings_that_are_not_known_say_why(path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    status(path, audit=AuditStatus(why="no audit is recorded in /var/lib/viguard/audits.sqlite3"))
    code, out = run(capsys, path, "-c", f"{name}=0")
    assert code == 3
    assert f"{name} is not known: no audit is recorded in /var/lib/viguard/audits.sqlite3" in out
    assert run(capsys, path)[0] == 0, "nobody asked for them"
    assert "not known: no audit" not in run(capsys, path, "-c", "nonsense=0")[1]


def test_an_audit_without_findings_is_zero(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    audit = AuditStatus(at=datetime.now(UTC) - timedelta(hours=30), why="")
    for found in ({}, dict.fromkeys(("low", "medium", "high", "critical"), 0)):
        status(path, findings=found, audit=audit)
        code, out = run(capsys, path, "-c", "findings=0", "-w", "findings_critical=0", "-c", "audit_hours=48")
        assert code == 0
        perf = out.partition(" | ")[2].split()
        assert {"findings=0;;0", "findings_critical=0;0", "findings_low=0", "findings_unknown=0"} <= set(perf)
        assert mrtg.main(["findings", "--status", str(path)]) == 0
        assert capsys.readouterr().out.splitlines()[:2] == ["0", "0"]
    assert run(capsys, path, "-c", "audit_hours=24")[0] == 2


def test_an_audit_that_lacks_something_can_be_asked_for(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    audit = AuditStatus(at=datetime.now(UTC), complete=False, unknown=12, why="")
    status(path, findings={"high": 1}, audit=audit)
    code, out = run(capsys, path, "-c", "findings_critical=0", "-w", "audit_incomplete=0", "-w", "findings_unknown=10")
    assert code == 1
    assert "audit_incomplete is 1, findings_unknown is 12" in out


def test_an_audit_that_is_too_old_still_has_its_age(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status(path, audit=AuditStatus(at=datetime.now(UTC) - timedelta(days=40), why="it is 40 days old"))
    code, out = run(capsys, path, "-w", "findings=0", "-c", "audit_hours=48")
    assert code == 2
    assert "audit_hours is 960" in out
    assert "findings is not known: it is 40 days old" in out


def test_a_status_of_an_earlier_viguard_is_read(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = json.loads(status(path, findings={"high": 4}).read_text())
    del old["audit"]
    path.write_text(json.dumps(old))
    assert run(capsys, path, "-c", "findings=3")[0] == 2
    path.write_text(json.dumps(old | {"findings": {}}))
    assert run(capsys, path, "-c", "findings=3")[0] == 3


@pytest.mark.parametrize("audit", [[], {"at": "now"}, {"at": None}, {"at": None, "why": ""}, "x"])
def test_an_audit_that_is_none_is_unknown(path: Path, capsys: pytest.CaptureFixture[str], audit: object) -> None:
    written = json.loads(status(path).read_text()) | {"audit": audit}
    path.write_text(json.dumps(written))
    assert run(capsys, path, "-c", "findings=0")[0] == 3


def test_silent_hosts(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    now = datetime.now(UTC)
    status(path, hosts={"esx1": now, "esx2": now - timedelta(minutes=20)})
    assert run(capsys, path)[0] == 0
    code, out = run(capsys, path, "--silent-minutes", "10")
    assert code == 1
    assert "hosts_silent is 1" in out


def test_an_old_status_is_unknown(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = run(capsys, status(path, written_at=datetime.now(UTC) - timedelta(seconds=130)))
    assert code == 3
    assert "has not written its status for 13" in out
    assert run(capsys, path, "--max-age", "200")[0] == 0


def test_a_status_from_the_future_is_unknown(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, status(path, written_at=datetime.now(UTC) + timedelta(minutes=5)))[0] == 3


WHOLE = {"schema": "viguard-status/1", "written_at": "2999-01-01T00:00:00+00:00"}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
        json.dumps(WHOLE | {"schema": "viguard-status/2"}).encode(),
        json.dumps(WHOLE | {"written_at": "now"}).encode(),
        json.dumps(WHOLE | {"written_at": "2026-01-01T00:00:00"}).encode(),
        json.dumps(WHOLE | {"written_at": NOW.isoformat()}).encode(),
        json.dumps(WHOLE | {"written_at": NOW.isoformat(), "counters": {"logins": "x"}}).encode(),
    ],
)
def test_a_file_that_is_not_whole_is_unknown(path: Path, capsys: pytest.CaptureFixture[str], content: bytes) -> None:
    path.write_bytes(content)
    assert run(capsys, path, "--max-age", "100000")[0] == 3
    assert mrtg.main(["logins", "--status", str(path), "--max-age", "100000"]) == 3
    assert capsys.readouterr().out == "UNKNOWN\nUNKNOWN\n\nviguard\n"


def test_a_file_that_is_missing_a_folder_or_a_pipe_is_unknown(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, path)[0] == 3
    assert run(capsys, path.parent)[0] == 3
    os.mkfifo(path)
    assert run(capsys, path)[0] == 3


@pytest.mark.parametrize("options", [["-w", "x"], ["-w", "open=abc"], ["-c", "open=20:10"], ["--nonsense"]])
def test_wrong_usage_is_unknown(capsys: pytest.CaptureFixture[str], options: list[str]) -> None:
    assert check.main(options) == 3


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_adds_neither_line_nor_perfdata(path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    last = LastAlert(title=name, key=name, severity="critical", at=NOW)
    _, out = run(capsys, status(path, open={"critical": 1}, last_alert=last, hosts={name: NOW}, consoles={name: 1}))
    assert out.count("|") == 1
    assert out[:-1].isprintable()
    assert not set(out.partition("|")[0]) & set("`$\"'\\<>&;")


@pytest.mark.parametrize(
    ("text", "alarming", "fine"),
    [
        ("10", [-1, 11], [0, 10]),
        ("10:", [9], [10, 11]),
        ("~:10", [11], [-99, 10]),
        ("10:20", [9, 21], [10, 20]),
        ("@10:20", [10, 20], [9, 21]),
    ],
)
def test_ranges_are_those_of_the_monitoring_plugins(text: str, alarming: list[float], fine: list[float]) -> None:
    limit = Threshold(text)
    assert all(limit.alarms(v) for v in alarming)
    assert not any(limit.alarms(v) for v in fine)


@pytest.mark.parametrize(
    ("pair", "lines"),
    [
        ("logins", ["7", "3"]),
        ("consoles", ["4", "3"]),
        ("log-bytes", ["9000", "100"]),
        ("findings", ["5", "1"]),
        ("alerts", ["2", "1"]),
    ],
)
def test_mrtg_reads_four_lines(path: Path, capsys: pytest.CaptureFixture[str], pair: str, lines: list[str]) -> None:
    findings, opened = {"critical": 1, "high": 4}, {"critical": 1, "low": 1}
    status(path, consoles={"web1": 3, "web2": 1}, findings=findings, open=opened)
    assert mrtg.main([pair, "--status", str(path)]) == 0
    assert capsys.readouterr().out.splitlines() == [*lines, "", "viguard"]


def test_mrtg_does_not_draw_zero_for_findings_of_no_audit(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert mrtg.main(["findings", "--status", str(status(path))]) == 3
    out, err = capsys.readouterr()
    assert out.splitlines()[:2] == ["UNKNOWN", "UNKNOWN"]
    assert err == "viguard-mrtg: nobody has looked for an audit\n"


@pytest.mark.parametrize("module", ["check", "mrtg"])
def test_a_probe_imports_nothing_but_the_standard_library(module: str) -> None:
    code = f"import sys, viguard.alerts.probes.{module}; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    ours = {m for m in done.stdout.split() if m.partition(".")[0] == "viguard"}
    assert ours <= {
        "viguard",
        "viguard.alerts",
        "viguard.alerts.plain",
        "viguard.alerts.probes",
        f"viguard.alerts.probes.{module}",
        "viguard.alerts.probes.status_file",
    }
    heavy = {"msgspec", "yaml", "sqlalchemy", "apprise", "asyncio", "ssl", "socket", "click", "sqlite3"}
    assert not heavy & set(done.stdout.split())


PROBES = (["check"], ["mrtg", "logins"])


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can run a probe as another user")
@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe[0])
def test_a_probe_runs_as_a_user_of_its_own(probe: list[str]) -> None:
    """Nagios and MRTG are in the group of the file; whoever is not learns nothing, which is UNKNOWN."""
    nobody, group = 65534, 4242
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        file = status(Path(folder) / "status.json")
        os.chown(file, 0, group)
        codes = []
        for groups in ([group], []):
            command = [sys.executable, "-m", f"viguard.alerts.probes.{probe[0]}", *probe[1:], "--status", str(file)]
            done = subprocess.run(
                command, user=nobody, group=nobody, extra_groups=groups, capture_output=True, cwd="/", check=False
            )
            codes.append(done.returncode)
        assert file.stat().st_mode & 0o777 == 0o640
    assert codes == [0, 3]


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe[0])
def test_a_probe_answers_within_a_tenth_of_a_second(path: Path, probe: list[str]) -> None:
    command = [sys.executable, "-m", f"viguard.alerts.probes.{probe[0]}", *probe[1:], "--status", str(status(path))]
    taken = []
    for _ in range(15):
        started = time.perf_counter()
        subprocess.run(command, capture_output=True, check=False)
        taken.append(time.perf_counter() - started)
    assert min(taken) < 0.1
