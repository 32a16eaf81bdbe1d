"""Small audits, built by hand, for the tests of reports."""

from __future__ import annotations

from datetime import UTC, datetime

from viguard.model.audit import Audit, ControlCard, Summary
from viguard.model.result import Evidence, Kind, Result, Severity, Status, Target
from viguard.model.snapshot import Gap, Source

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
CARD = ControlCard(
    id="host-ssh-off",
    title="SSH is off",
    section="modern",
    kinds=(Kind.HOST,),
    severity=Severity.HIGH,
    why="A shell is open to the network.",
    fix="Stop TSM-SSH and set its policy to off.",
    references={"stig": ("ESXI-80-000193",)},
)


def result(
    name: str, status: Status, *, number: int = 0, reason: str = "", severity: Severity = Severity.HIGH
) -> Result:
    """A result of the card above for a host of this name."""
    return Result(
        id=f"VG-{number:010x}",
        control=CARD.id,
        status=status,
        severity=severity,
        profile="modern",
        resource=Target(kind=Kind.HOST, name=name, path=f"/vc/DC/{name}", id=f"vc:{number}"),
        evidence=(Evidence(property="config.service.service[TSM-SSH].running", value=True, read_at=AT, source="vc"),),
        reason=reason,
    )


def audit(*results: Result, complete: bool = True) -> Audit:
    """An audit with these results; the counts are taken from them."""
    by_status: dict[Status, int] = {}
    failed: dict[Severity, int] = {}
    for r in results:
        by_status[r.status] = by_status.get(r.status, 0) + 1
        if r.status is Status.FAIL:
            failed[r.severity] = failed.get(r.severity, 0) + 1
    return Audit(
        started_at=AT,
        ended_at=AT,
        read_at=AT,
        tool="viguard test",
        sources=(Source(server="vc", name="vc-main", url="https://vc.example.org/sdk"),),
        complete=complete,
        gaps=() if complete else (Gap(path="/vc/DC/esx3", what="config", reason="the host does not answer"),),
        counted={"host": 2, "guest": 1},
        results=results,
        controls={CARD.id: CARD},
        summary=Summary(by_status=by_status, failed=failed, score=0.5, coverage=0.75),
    )
