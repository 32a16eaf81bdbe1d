"""What audits found, for the probes: the log server looks into the store of audits now and then."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from viguard.alerts.status import AuditStatus
from viguard.errors import StoreError
from viguard.model.text import visible
from viguard.store.standing import Standing, read_standing, signature, store_path

LOOK_S = 60.0

Tell = Callable[[dict[str, int], AuditStatus], None]


class Findings:
    """Reads the store in a thread when it has changed. ``tell`` gets what came of it, on the loop.

    Findings of facts that are older than ``every``, as the policy says for audits, are not known. ``note`` is told
    why they are not, once for each reason.
    """

    def __init__(self, store: str, every: timedelta, tell: Tell, note: Callable[[str], None]) -> None:
        self.every = every
        self._store, self._tell, self._note = store, tell, note
        self._read: tuple[object, Standing | None] | None = None
        self._alone, self._noted = asyncio.Lock(), ""

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Looks now."""
        async with self._alone:
            findings, audit = await asyncio.to_thread(self._looked, datetime.now(UTC))
        self._tell(findings, audit)
        if audit.why and self._noted != audit.why:
            self._note(f"open findings are not known to probes: {audit.why}")
        self._noted = audit.why

    def _looked(self, now: datetime) -> tuple[dict[str, int], AuditStatus]:
        """Open findings by severity, and the audit they are of. In a thread: the disk may be slow."""
        path = store_path(self._store)
        try:
            found = self._standing()
        except StoreError as error:
            next_step = f"; {error.hint}" if error.hint else ""
            return {}, AuditStatus(why=visible(f"{error.message} ({path}){next_step}", 400))
        if found is None:
            return {}, AuditStatus(why=visible(f"no audit is recorded in {path}", 400))
        age, allowed = now - found.read_at, self.every.days
        if age > self.every:
            why = f"the facts of the last audit of {found.server} are {age.days} days old, {allowed} may pass ({path})"
            return {}, AuditStatus(at=found.read_at, why=visible(why, 400))
        audit = AuditStatus(at=found.read_at, complete=found.complete, unknown=found.unknown, why="")
        return found.findings, audit

    def _standing(self) -> Standing | None:
        """What is open as of the store's last change. What could not be read is tried again the next time."""
        path = store_path(self._store)
        now = signature(path)
        if self._read is None or self._read[0] != now:
            self._read = None
            self._read = now, read_standing(path)
        return self._read[1]
