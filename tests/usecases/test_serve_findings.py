"""From an audit to the probes: the running log server looks into the store, the real probes read its status."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from tests.usecases.serving import Running, Site, line, until
from tests.usecases.test_audit import PERSON, estate
from viguard.store import snapshots
from viguard.usecases import audit, log_status
from viguard.usecases.log_control import control
from viguard.usecases.sources import Sources

PROBES = Path(sys.executable).parent
LOG_SIZE = "vm-log-rotate-size"
TODAY = datetime.now(UTC).date()
WAIVED = {
    "control": LOG_SIZE,
    "scope": {"patterns": ["web"]},
    "reason": "its logs are read by a program that wants one file",
    "owner": "Ann Peeters",
    "approver": "Bob Claes",
    "expires": TODAY + timedelta(days=30),
    "approved_at": TODAY - timedelta(days=1),
}


@pytest.fixture
def store(site: Site, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The store of the site, where audits of this test are recorded, too."""
    site.serve["store"] = "audits.sqlite3"
    path = site.folder / "audits.sqlite3"
    monkeypatch.setenv("VIGUARD_STORE", str(path))
    return path


def audited(folder: Path, *, waive: bool = False, age: timedelta = timedelta(0), complete: bool = True) -> audit.Found:
    """An audit of a host and a guest whose log files are too large, recorded."""
    snapshot, waivers = folder / "estate.snap", folder / "waivers.yaml"
    snapshots.save(estate("9000000", read_at=datetime.now(UTC) - age, complete=complete), snapshot)
    waivers.write_text(yaml.safe_dump({"schema": "viguard-waivers/1", "waivers": [WAIVED] if waive else []}))
    found = audit.run(audit.Request(sources=Sources(names=(str(snapshot),)), waivers=waivers), PERSON)
    assert found.warnings == ()
    return found


def checked(site: Site, *thresholds: str) -> tuple[int, str]:
    command = [str(PROBES / "viguard-check"), "--status", str(site.directory / "status.json"), *thresholds]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    return done.returncode, done.stdout


def drawn(site: Site) -> list[str]:
    command = [str(PROBES / "viguard-mrtg"), "findings", "--status", str(site.directory / "status.json")]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False).stdout.splitlines()[:2]


@contextmanager
def told(site: Site, wanted: str) -> Iterator[Running]:
    """A log server that has looked: ``wanted`` stands in why it does not know findings."""
    with site.running() as server:
        until(lambda: "audit" in site.status() and wanted in site.status()["audit"]["why"], f"it is told: {wanted!r}")
        yield server


def looks_again(site: Site) -> None:
    """As it does every minute, too. The status is written every five seconds."""
    before = time.time()
    control(site.directory, {"do": "reload"})
    until(lambda: (site.directory / "status.json").stat().st_mtime > before + 0.1, "a new status")


def counted(found: audit.Found) -> dict[str, int]:
    by_severity = {str(severity): n for severity, n in found.audit.summary.failed.items()}
    return {name: by_severity.get(name, 0) for name in ("critical", "high", "medium", "low")}


def test_findings_reach_the_probes_and_a_waiver_changes_them(site: Site, store: Path) -> None:
    """The first audit of all misses an earlier one, besides the log files; then they alone are left, then nothing."""
    first = audited(site.folder)
    with told(site, "") as server:
        until(lambda: site.status()["findings"] == counted(first), "the findings of the audit")
        assert drawn(site) == ["2", "0"]
        code, said = checked(site, "-c", "findings=1")
        assert (code, "findings is 2" in said) == (2, True)
        assert checked(site, "-c", "findings=2", "-c", "audit_hours=1", "-w", "audit_incomplete=0")[0] == 0

        second = audited(site.folder)
        looks_again(site)
        assert site.status()["findings"] == counted(second)
        assert drawn(site) == ["1", "0"]

        audited(site.folder, waive=True)
        looks_again(site)
        assert site.status()["findings"] == {"critical": 0, "high": 0, "medium": 0, "low": 0}
        assert drawn(site) == ["0", "0"]
        code, said = checked(site, "-c", "findings=0")
        assert (code, "findings=0;;0" in said) == (0, True)
        assert site.status()["problems"] == []
        server.stop()


def test_without_a_store_findings_are_unknown_until_there_is_one(site: Site, store: Path) -> None:
    with told(site, f"no audit is recorded in {store}") as server:
        code, said = checked(site, "-c", "findings=0")
        assert code == 3
        assert f"findings is not known: no audit is recorded in {store}" in said
        assert drawn(site) == ["UNKNOWN", "UNKNOWN"]
        assert checked(site)[0] == 0
        assert f"open findings are not known: no audit is recorded in {store}" in log_status.told(site.directory)
        assert not store.exists()
        found = audited(site.folder)
        looks_again(site)
        assert site.status()["findings"] == counted(found)
        assert any(one.startswith("open findings: ") for one in log_status.told(site.directory))
        assert f"open findings are not known to probes: no audit is recorded in {store}" in server.stop()


def test_a_damaged_store_is_unknown_and_the_server_goes_on(site: Site, store: Path) -> None:
    store.write_bytes(b"this is no database" * 1000)
    with told(site, f"the store is damaged ({store})") as server:
        code, said = checked(site, "-w", "findings_critical=0")
        assert code == 3
        assert f"findings_critical is not known: the store is damaged ({store})" in said
        server.tcp([line("DCUI: authentication of user berry failed")])
        until(site.commands, "Nagios hears of it")
        assert site.status()["problems"] == []
        server.stop()


def test_facts_older_than_the_policy_allows_for_audits_are_unknown(site: Site, store: Path) -> None:
    audited(site.folder, age=timedelta(days=32))
    with told(site, "32 days old, 31 may pass"):
        assert site.status()["findings"] == {}
        code, said = checked(site, "-w", "findings=0", "-c", "audit_hours=48")
        assert (code, "audit_hours is 768" in said) == (2, True)
        (site.folder / "policy.yaml").write_text("schema: viguard-policy/1\naudit_every_days: 62\n")
    site.serve["policy"] = "policy.yaml"
    with told(site, ""):
        until(lambda: sum(site.status()["findings"].values()), "findings of an audit that may be older")


def test_an_incomplete_audit_counts_and_says_so(site: Site, store: Path) -> None:
    found = audited(site.folder, complete=False)
    assert audit.exit_code(found.audit, "none") == 4
    with told(site, ""):
        until(lambda: site.status()["findings"] == counted(found), "the findings of the audit")
        told_of = site.status()["audit"]
        unknown = {str(k): n for k, n in found.audit.summary.by_status.items()}["unknown"]
        assert (told_of["complete"], told_of["unknown"]) == (False, unknown)
        assert checked(site, "-w", "audit_incomplete=0")[0] == 1
