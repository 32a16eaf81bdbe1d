"""Looking into the store of audits now and then."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.store.test_audits import result
from viguard.alerts.status import AuditStatus
from viguard.model.result import Status
from viguard.store.audits import Audit, Store
from viguard.store.scopes import Reading
from viguard.usecases.log_findings import Findings

MONTH = timedelta(days=31)


class Told:
    """Who is told."""

    def __init__(self) -> None:
        self.findings: dict[str, int] = {}
        self.audit = AuditStatus()
        self.notes: list[str] = []

    def tell(self, findings: dict[str, int], audit: AuditStatus) -> None:
        self.findings, self.audit = findings, audit


def keep(path: Path, age: timedelta = timedelta(0)) -> None:
    at = datetime.now(UTC) - age
    audit = Audit(scope="vc", started_at=at, ended_at=at, read_at=at, complete=True)
    Store(path).record(audit, [result(Status.FAIL)], read=[Reading(server="vc", read_at=at)])


def test_a_store_that_has_not_changed_is_not_read_again(tmp_path: Path) -> None:
    path, told = tmp_path / "audits.sqlite3", Told()
    keep(path)
    findings = Findings(str(path), MONTH, told.tell, told.notes.append)

    async def main() -> None:
        await findings.look()
        assert told.findings["high"] == 1
        seen = path.stat()
        with path.open("r+b") as file:
            file.write(b"x" * seen.st_size)
        os.utime(path, ns=(seen.st_atime_ns, seen.st_mtime_ns))
        await findings.look()
        assert (told.findings["high"], told.audit.why) == (1, "")
        os.utime(path)
        await findings.look()
        assert told.findings == {}
        assert told.audit.why.startswith(f"the store is damaged ({path}); move the file away")

    asyncio.run(main())


def test_facts_grow_too_old_while_nothing_is_written(tmp_path: Path) -> None:
    path, told = tmp_path / "audits.sqlite3", Told()
    keep(path, timedelta(days=3))
    findings = Findings(str(path), MONTH, told.tell, told.notes.append)

    async def main() -> None:
        await findings.look()
        assert told.audit.why == ""
        findings.every = timedelta(days=2)
        for _ in range(2):
            await findings.look()
        assert told.audit.why == f"the facts of the last audit of vc are 3 days old, 2 may pass ({path})"
        assert told.audit.at is not None

    asyncio.run(main())
    assert told.notes == [f"open findings are not known to probes: {told.audit.why}"]
