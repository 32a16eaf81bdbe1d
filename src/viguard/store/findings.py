"""What becomes of findings from one audit to the next. Pure: rows and results in, rows out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

import msgspec
from msgspec.structs import replace

from viguard.model.facts import Struct
from viguard.model.result import Change, Result, Status

Key: TypeAlias = tuple[str, str]
"""Control and resource of a finding: one finding at most in what is compared."""


class FixedHow(StrEnum):
    """Why a finding counts as fixed."""

    PASSED = "pass"
    NOT_APPLICABLE = "not_applicable"
    GONE = "gone"  # the resource is not in a complete reading any more


NOT_READ = "not_read"
"""Status of an open finding whose resource was not in an incomplete reading."""

NOT_JUDGED = "not_judged"
"""Status of an open finding whose resource was read while its control was not judged."""


class Finding(Struct, frozen=True, kw_only=True):
    """A finding as the store knows it. ``status`` is what the last audit said: a Status, not_read, not_judged or gone.

    ``resource`` is the current resource id; ``n`` the row, 0 before it is stored. Times are when facts were read.
    ``document`` is the last failing result with its evidence, as JSON. ``scope`` is given where it is stored.
    """

    id: str
    control: str
    resource: str
    kind: str
    name: str
    path: str
    severity: str
    first_seen: datetime
    last_seen: datetime
    state: str = "open"  # open, fixed
    status: str = "fail"
    fixed_at: datetime | None = None
    fixed_how: str | None = None
    reopened_at: datetime | None = None
    document: str = ""
    scope: str = ""  # the server, or the estate, that it is of
    n: int = 0


class Step(Struct, frozen=True, kw_only=True):
    """A line of a finding's history: what changed, and what the audit said."""

    finding: str
    at: datetime
    change: Change
    status: str
    path: str
    reason: str = ""
    audit: int = 0


class Comparison(Struct, frozen=True, kw_only=True):
    """What an audit changes: its results annotated, findings to add and to alter, their steps.

    ``fixed`` holds every finding that became fixed; ``unseen`` those that stay open without a result this time.
    """

    results: tuple[Result, ...]
    added: tuple[Finding, ...]
    altered: tuple[Finding, ...]
    steps: tuple[Step, ...]
    fixed: tuple[Finding, ...]
    unseen: tuple[Finding, ...]


def key_of(result: Result) -> Key:
    """Control and resource of a result; the path stands in for a resource without an id."""
    return result.control, result.resource.id or result.resource.path


def compare(
    results: Iterable[Result],
    known: Mapping[Key, Finding],
    *,
    at: datetime,
    complete: Collection[str],
    present: Collection[str],
) -> Comparison:
    """Results against the findings known of the same servers.

    ``present``: the resource ids that were read. A finding whose resource is not among them is fixed (gone) only when
    its scope is among the ``complete`` ones: servers that were wholly read.
    Unknown, waived and attested results leave a finding open.
    """
    annotated: list[Result] = []
    after: list[tuple[Finding | None, Finding, str]] = []
    judged: set[Key] = set()
    for result in results:
        key = key_of(result)
        before = known.get(key)
        finding = _judge(before, result, at) if key not in judged else None  # a second result adds nothing
        judged.add(key)
        if finding is None:
            annotated.append(result)
            continue
        after.append((before, finding, result.reason))
        annotated.append(replace(result, id=finding.id, change=_change(before, finding)))
    for key, before in known.items():
        if before.state == "open" and key not in judged:
            gone = key[1] not in present
            after.append((before, _without_result(before, at, gone=gone, complete=before.scope in complete), ""))
    return _collect(annotated, after, at, judged)


def _judge(before: Finding | None, result: Result, at: datetime) -> Finding | None:
    """The finding after a result, or None when there is none to speak of."""
    if result.status is Status.FAIL:
        return _failed(before, result, at)
    if before is None or before.state == "fixed":
        return None
    if result.status in (Status.PASS, Status.NOT_APPLICABLE):
        return _fixed(before, FixedHow(result.status.value), at)
    return replace(before, status=result.status.value)


def _failed(before: Finding | None, result: Result, at: datetime) -> Finding:
    target, severity = result.resource, result.severity.value
    document = msgspec.json.encode(result).decode()
    if before is None:
        return Finding(
            id=result.id,
            control=result.control,
            resource=target.id or target.path,
            kind=target.kind.value,
            name=target.name,
            path=target.path,
            severity=severity,
            first_seen=at,
            last_seen=at,
            document=document,
        )
    reopened_at = at if before.state == "fixed" else before.reopened_at
    return replace(
        before,
        kind=target.kind.value,
        name=target.name,
        path=target.path,
        severity=severity,
        last_seen=at,
        state="open",
        status="fail",
        fixed_at=None,
        fixed_how=None,
        reopened_at=reopened_at,
        document=document,
    )


def _fixed(before: Finding, how: FixedHow, at: datetime) -> Finding:
    return replace(before, state="fixed", status=how.value, fixed_at=at, fixed_how=how.value)


def _without_result(before: Finding, at: datetime, *, gone: bool, complete: bool) -> Finding:
    if gone and complete:
        return _fixed(before, FixedHow.GONE, at)
    return replace(before, status=NOT_READ if gone else NOT_JUDGED)


def _change(before: Finding | None, after: Finding) -> Change:
    if before is None:
        return Change.NEW
    if after.state == "fixed":
        return Change.FIXED
    return Change.REOPENED if before.state == "fixed" else Change.OPEN


def _collect(
    annotated: list[Result], after: list[tuple[Finding | None, Finding, str]], at: datetime, judged: set[Key]
) -> Comparison:
    steps = [
        Step(finding=f.id, at=at, change=_change(before, f), status=f.status, path=f.path, reason=reason)
        for before, f, reason in after
        if before is None or (before.state, before.status, before.path) != (f.state, f.status, f.path)
    ]
    return Comparison(
        results=tuple(annotated),
        added=tuple(f for before, f, _ in after if before is None),
        altered=tuple(f for before, f, _ in after if before is not None),
        steps=tuple(steps),
        fixed=tuple(f for _, f, _ in after if f.state == "fixed"),
        unseen=tuple(f for _, f, _ in after if f.state == "open" and (f.control, f.resource) not in judged),
    )
