"""The audits of an estate and the history of their findings.

Findings are compared per server and resource: what else an audit read, and which filter was on, does not matter.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from pathlib import Path

import msgspec
from sqlalchemy import ColumnElement, Connection, bindparam, func, select

from viguard.model.facts import Struct
from viguard.model.result import Change, Result, Status
from viguard.store.database import BUSY_S, default_path, explained, open_engine, writing
from viguard.store.findings import Comparison, Finding, Key, Step, compare, key_of
from viguard.store.identity import follow
from viguard.store.schema import audits, changes, findings, readings
from viguard.store.scopes import Reading, estate_scope, estate_servers, server_of

_ALTERABLE = tuple(f for f in Finding.__struct_fields__ if f not in {"n", "id", "control", "resource", "first_seen"})


class Audit(Struct, frozen=True, kw_only=True):
    """One audit. ``scope`` names what was asked for: sources and filters.

    ``read_at`` is when reading the estate began; ``counts`` are results by status; ``score`` and ``coverage`` go from
    0 to 1.
    """

    scope: str
    started_at: datetime
    ended_at: datetime
    read_at: datetime
    profile: str = ""
    complete: bool
    score: float | None = None
    coverage: float | None = None
    counts: dict[str, int] = msgspec.field(default_factory=dict)
    policy_digest: str = ""


class Recorded(Struct, frozen=True, kw_only=True):
    """What recording an audit told. ``audit`` is None when only facts older than the last audit's were judged:
    nothing is compared or kept then. ``past``: servers of which that is so in an audit of several.

    ``results`` are the audit's, each finding with its lasting id and ``change``; ``fixed`` what became fixed, with
    ``fixed_how`` (pass, not_applicable, gone); ``unseen`` what stays open though nothing was said of it this time.
    """

    audit: int | None
    results: tuple[Result, ...]
    fixed: tuple[Finding, ...] = ()
    unseen: tuple[Finding, ...] = ()
    past: tuple[str, ...] = ()


class Store:
    """The store in one file. Safe with several processes: one writes, the others wait.

    A failure to record must not cost the audit its output: the caller reports the StoreError, and goes on with the
    results that it has, without ``change``.
    """

    def __init__(self, path: Path | None = None, *, busy_s: float = BUSY_S) -> None:
        """Opens the store, creating it when needed (``path`` None: the default place).

        Raises: StoreError.
        """
        self.path = path or default_path()
        self._engine = open_engine(self.path, busy_s=busy_s)

    def record(  # noqa: PLR0913  (what was read, in its parts)
        self,
        audit: Audit,
        results: Iterable[Result],
        *,
        read: Collection[Reading],
        filtered: bool = False,
        identities: Mapping[str, str] | None = None,
        present: Collection[str] | None = None,
    ) -> Recorded:
        """Keeps an audit and says what changed since its servers were audited last. All or nothing is written.

        ``read``: the servers that were read. ``filtered``: whether something was left out, so that this is no whole
        audit of them, and what has no result is left as it was. ``identities``: UUID by resource id, of every guest
        that was read; a guest with a new id and a known UUID keeps its findings. ``present``: ids of all resources that
        were read (None: those that have a result).

        Raises: StoreError.
        """
        judged = tuple(results)
        there = set(present or ()) | {r.resource.id or r.resource.path for r in judged}
        with explained(self.path), writing(self._engine) as connection:
            past = _past(connection, read)
            fresh = {r.server: r for r in read if r.server not in past}
            if past and not fresh:
                return Recorded(audit=None, results=judged)
            follow(connection, identities or {}, fresh.keys(), audit.read_at)
            estate = {} if past else _known_of_estate(connection, fresh.keys())
            compared = [r for r in judged if _is_comparable(r, fresh.keys(), past, estate)]
            found = compare(
                compared,
                _touched(_known(connection, fresh.keys()) | estate, compared, there, filtered=filtered),
                at=audit.read_at,
                complete={r.server for r in fresh.values() if r.complete},
                present=there | {resource for _, resource in estate},
            )
            number = _write(connection, audit, found, fresh.keys())
            _keep(connection, number, fresh.values(), filtered=filtered)
        told = iter(found.results)
        kept = {id(r) for r in compared}
        annotated = tuple(next(told) if id(r) in kept else r for r in judged)
        return Recorded(
            audit=number, results=annotated, fixed=found.fixed, unseen=found.unseen, past=tuple(sorted(past))
        )

    def last_audit_at(self, servers: Collection[str]) -> datetime | None:
        """When the last complete audit of these servers ended: of the one whose own is longest ago.

        None when one of them was never wholly audited. Raises: StoreError.
        """
        ended = func.max(audits.c.ended_at, type_=audits.c.ended_at.type)
        query = (
            select(readings.c.server, ended)
            .join(audits, audits.c.id == readings.c.audit)
            .where(readings.c.server.in_(servers), readings.c.complete)
            .group_by(readings.c.server)
        )
        with explained(self.path), self._engine.connect() as connection:
            found = {row[0]: row[1] for row in connection.execute(query)}
        return min(found.values()) if found and len(found) == len(set(servers)) else None

    def last_audits(self, scope: str, count: int = 12) -> tuple[Audit, ...]:
        """The newest audits of a scope, newest first. Raises: StoreError."""
        columns = [audits.c[name] for name in Audit.__struct_fields__]
        query = select(*columns).where(audits.c.scope == scope).order_by(audits.c.id.desc()).limit(count)
        with explained(self.path), self._engine.connect() as connection:
            return tuple(Audit(**row) for row in connection.execute(query).mappings())

    def finding(self, id_: str) -> tuple[Finding, ...]:
        """A finding as each scope that saw it knows it. Raises: StoreError."""
        with explained(self.path), self._engine.connect() as connection:
            return tuple(_findings(connection, findings.c.id == id_))

    def history(self, finding_id: str) -> tuple[Step, ...]:
        """What became of a finding, oldest first; empty when it is not known. Raises: StoreError."""
        columns = [changes.c[name] for name in Step.__struct_fields__]
        query = select(*columns).where(changes.c.finding == finding_id).order_by(changes.c.n)
        with explained(self.path), self._engine.connect() as connection:
            rows = connection.execute(query).mappings()
            return tuple(Step(**{**row, "change": Change(row["change"])}) for row in rows)


def _past(connection: Connection, read: Collection[Reading]) -> set[str]:
    """Servers whose facts are older than the last audit's; they say nothing about what became of findings."""
    last = func.max(readings.c.read_at, type_=readings.c.read_at.type)
    query = select(readings.c.server, last).where(readings.c.server.in_([r.server for r in read]))
    newest = {row[0]: row[1] for row in connection.execute(query.group_by(readings.c.server))}
    return {r.server for r in read if r.server in newest and r.read_at < newest[r.server]}


def _known(connection: Connection, servers: Collection[str]) -> dict[Key, Finding]:
    return {(f.control, f.resource): f for f in _findings(connection, findings.c.scope.in_(servers))}


def _known_of_estate(connection: Connection, servers: Collection[str]) -> dict[Key, Finding]:
    """What is known of the estate as a whole: of every estate that shares a server. They are one from now on."""
    known: dict[Key, list[Finding]] = {}
    for finding in _findings(connection, findings.c.scope.startswith(estate_scope(()))):
        if estate_servers(finding.scope).intersection(servers):
            known.setdefault((finding.control, finding.resource), []).append(finding)
    joined = {}
    for key, (first, *others) in known.items():
        kept = next((f for f in (first, *others) if f.state == "open"), first)
        scope = estate_scope({s for f in (first, *others) for s in estate_servers(f.scope)})
        joined[key] = msgspec.structs.replace(kept, scope=scope, first_seen=min(f.first_seen for f in known[key]))
        double = [f.n for f in (first, *others) if f is not kept]
        connection.execute(findings.delete().where(findings.c.n.in_(double)))
    return joined


def _touched(
    known: dict[Key, Finding], compared: Iterable[Result], there: Collection[str], *, filtered: bool
) -> dict[Key, Finding]:
    """What this audit says something of. A filter leaves the rest as it was, without a line in its history."""
    if not filtered:
        return known
    told = {key_of(r) for r in compared}
    return {key: f for key, f in known.items() if key in told or not (f.resource in there or estate_servers(f.scope))}


def _is_comparable(
    result: Result, servers: Collection[str], past: Collection[str], estate: Mapping[Key, Finding]
) -> bool:
    """Whether a result says what became of a finding. A pass of a part of an estate mends nothing in the rest."""
    resource = result.resource.id or result.resource.path
    if server_of(resource, servers):
        return True
    before = estate.get((result.control, resource))
    mends = result.status in (Status.PASS, Status.NOT_APPLICABLE)
    return not past and not (before and mends and not estate_servers(before.scope) <= set(servers))


def _findings(connection: Connection, condition: ColumnElement[bool]) -> list[Finding]:
    names = Finding.__struct_fields__
    query = select(*(findings.c[name] for name in names)).where(condition).order_by(findings.c.n)
    return [Finding(**dict(zip(names, row, strict=True))) for row in connection.execute(query)]


def _write(connection: Connection, audit: Audit, found: Comparison, servers: Collection[str]) -> int:
    number: int = connection.execute(
        audits.insert().values(**msgspec.structs.asdict(audit)).returning(audits.c.id)
    ).scalar_one()
    estate = estate_scope(servers)
    if found.added:
        rows = [msgspec.structs.asdict(f) | {"scope": server_of(f.resource, servers) or estate} for f in found.added]
        for row in rows:
            del row["n"]
        connection.execute(findings.insert(), rows)
    if found.altered:
        update = findings.update().where(findings.c.n == bindparam("row")).values({c: bindparam(c) for c in _ALTERABLE})
        connection.execute(update, [{"row": f.n} | {c: getattr(f, c) for c in _ALTERABLE} for f in found.altered])
    if found.steps:
        connection.execute(changes.insert(), [msgspec.structs.asdict(s) | {"audit": number} for s in found.steps])
    return number


def _keep(connection: Connection, audit: int, read: Iterable[Reading], *, filtered: bool) -> None:
    rows = [msgspec.structs.asdict(r) | {"audit": audit, "complete": r.complete and not filtered} for r in read]
    if rows:
        connection.execute(readings.insert(), rows)
