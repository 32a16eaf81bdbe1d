"""How a log server is, in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from viguard.alerts.status import AuditStatus, Status, write_status
from viguard.errors import InputError
from viguard.usecases.log_status import told

STARTED = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
AUDIT = "by the audit of 2026-11-23 10:00 UTC"


def written(folder: Path, **changes: object) -> list[str]:
    values: dict[str, object] = {"written_at": datetime.now(UTC), "started_at": STARTED, "version": "1.0"} | changes
    write_status(folder / "status.json", Status(**values))  # type: ignore[arg-type]
    return told(folder)


def test_all_that_is_known(tmp_path: Path) -> None:
    lines = written(
        tmp_path,
        open={"low": 2, "critical": 1},
        silenced=3,
        findings={"critical": 0, "high": 1_200, "medium": 0, "low": 4},
        audit=AuditStatus(at=STARTED, complete=False, unknown=1, why=""),
        hosts={"esx1": STARTED},
        problems=("the disk is full",),
    )
    assert lines[0].startswith("viguard 1.0, running since 2026-11-23 10:00 UTC; ")
    assert lines[1:] == [
        "open alerts: 1 critical, 2 low; 3 silenced",
        f"open findings: 1,200 high, 4 low, {AUDIT}, which lacks something; 1 result could not be known",
        "hosts heard: 1",
        "problem: the disk is full",
    ]


def test_no_finding_and_findings_that_nobody_knows_differ(tmp_path: Path) -> None:
    known = AuditStatus(at=STARTED, why="")
    assert f"open findings: none, {AUDIT}" in written(tmp_path, audit=known)
    assert "open findings are not known: it is too old" in written(tmp_path, audit=AuditStatus(why="it is too old"))


def test_a_status_that_is_old_strange_or_missing_tells_nothing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read: No such file"):
        told(tmp_path)
    with pytest.raises(InputError, match="has not written its status for 600 s"):
        written(tmp_path, written_at=datetime.now(UTC) - timedelta(minutes=10))
    written(tmp_path)
    file = tmp_path / "status.json"
    file.write_text(file.read_text().replace('"silenced":0', '"silenced":"none"'))
    with pytest.raises(InputError, match="silenced"):
        told(tmp_path)
