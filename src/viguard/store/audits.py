"""The audits of an estate and the history of their findings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from pathlib import Path

import msgspec
from sqlalchemy import ColumnElement, Connection, bindparam, exists, or_, select

from viguard.model.facts import Struct
from viguard.model.result import Change, Result
from viguard.store.database import BUSY_S, default_path, explained, open_engine, writing
from viguard.store.findings import Comparison, Finding, Key, Step, compare, server_of
from viguard.store.schema import audits, changes, findings, identities

_ALTERABLE = tuple(f for f in Finding.__struct_fields__ if f not in {"n", "id", "control", "resource", "first_seen"})


class Audit(Struct, frozen=True, kw_only=True):
    """One audit. ``scope`` names the servers that were read, in one line, and after a tab the filter, if there was one.

    Findings belong to their server (the part of a resource's id before its first colon), those about the estate as a
    whole to whatever shares a server with it. ``read_at`` is when reading the estate began; ``counts`` are results by
    status; ``score`` and ``coverage`` go from 0 to 1.
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
    """What recording an audit told. ``audit`` is None when facts older than the last audit's were judged:
    nothing is compared or kept then.

    ``results`` are the audit's, each finding with its lasting id and ``change``; ``fixed`` what became fixed, with
    ``fixed_how`` (pass, not_applicable, gone); ``unseen`` what stays open though nothing was said of it this time.
    """

    audit: int | None
    results: tuple[Result, ...]
    fixed: tuple[Finding, ...] = ()
    unseen: tuple[Finding, ...] = ()


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

    def record(
        self,
        audit: Audit,
        results: Iterable[Result],
        *,
        identities: Mapping[str, str] | None = None,
        present: Collection[str] | None = None,
        within: Collection[str] | None = None,
    ) -> Recorded:
        """Keeps an audit and says what changed since its servers were audited last. All or nothing is written.

        ``identities``: UUID by resource id, of every guest that was read; a guest with a new id and a known UUID keeps
        its findings. ``present``: ids of all resources that were read (None: those that have a result).
        ``within``: the ids that a filter left (None: there was none).

        Raises: StoreError.
        """
        judged = tuple(results)
        there = set(present or ()) | {r.resource.id or r.resource.path for r in judged}
        with explained(self.path), writing(self._engine) as connection:
            if _is_past(connection, audit):
                return Recorded(audit=None, results=judged)
            _follow(connection, identities or {}, audit.read_at)
            known, stale = _known(connection, audit.scope, {*_servers(audit.scope), *map(server_of, there)})
            found = compare(
                judged,
                known,
                at=audit.read_at,
                complete=audit.complete,
                present=there,
                within=within,
            )
            number = _write(connection, audit, found)
            _forget(connection, stale)
        return Recorded(audit=number, results=found.results, fixed=found.fixed, unseen=found.unseen)

    def last_audit_at(self, scope: str) -> datetime | None:
        """When the last complete audit of these servers, without a filter, ended; None: there was none.

        Raises: StoreError.
        """
        query = select(audits.c.scope, audits.c.ended_at).where(audits.c.complete)
        with explained(self.path), self._engine.connect() as connection:
            ends = [r.ended_at for r in connection.execute(query) if _servers(scope) <= _whole(r.scope)]
        return max(ends, default=None)

    def last_audits(self, scope: str, count: int = 12) -> tuple[Audit, ...]:
        """The newest audits of a scope, newest first. Raises: StoreError."""
        columns = [audits.c[name] for name in Audit.__struct_fields__]
        query = select(*columns).where(audits.c.scope == scope).order_by(audits.c.id.desc()).limit(count)
        with explained(self.path), self._engine.connect() as connection:
            return tuple(Audit(**row) for row in connection.execute(query).mappings())

    def finding(self, id_: str) -> tuple[Finding, ...]:
        """A finding as it is known, the latest last. Raises: StoreError."""
        with explained(self.path), self._engine.connect() as connection:
            return tuple(_findings(connection, findings.c.id == id_))

    def history(self, finding_id: str) -> tuple[Step, ...]:
        """What became of a finding, oldest first; empty when it is not known. Raises: StoreError."""
        columns = [changes.c[name] for name in Step.__struct_fields__]
        query = select(*columns).where(changes.c.finding == finding_id).order_by(changes.c.n)
        with explained(self.path), self._engine.connect() as connection:
            rows = connection.execute(query).mappings()
            return tuple(Step(**{**row, "change": Change(row["change"])}) for row in rows)


def _servers(scope: str) -> frozenset[str]:
    return frozenset(scope.partition("\t")[0].split(" ")) - {""}


def _whole(scope: str) -> frozenset[str]:
    """The servers that an audit judged in whole: none when it had a filter."""
    return frozenset() if "\t" in scope else _servers(scope)


def _is_past(connection: Connection, audit: Audit) -> bool:
    """Whether facts older than the last audit's were judged; they say nothing about what became of findings."""
    query = select(audits.c.scope).where(audits.c.read_at > audit.read_at)
    return any(_servers(audit.scope) & _servers(row.scope) for row in connection.execute(query))


def _known(connection: Connection, scope: str, servers: Collection[str]) -> tuple[dict[Key, Finding], list[Finding]]:
    """The findings of servers and of the estate as a whole; and older ones of the same, to be forgotten.

    Stores of before kept a finding once for each set of servers and filter.
    """
    columns = select(findings.c.n, findings.c.scope).where(~findings.c.resource.contains(":"))
    shared = [r.n for r in connection.execute(columns) if _servers(r.scope) & _servers(scope)]
    prefixes = [findings.c.resource.startswith(f"{server}:", autoescape=True) for server in sorted(servers) if server]
    known: dict[Key, Finding] = {}
    stale: list[Finding] = []
    for finding in sorted(
        _findings(connection, or_(findings.c.n.in_(shared), *prefixes)), key=lambda f: (f.last_seen, f.n)
    ):
        before = known.get((finding.control, finding.resource))
        if before is not None:
            stale.append(before)
        known[finding.control, finding.resource] = finding
    return known, stale


def _forget(connection: Connection, stale: Collection[Finding]) -> None:
    if stale:
        connection.execute(findings.delete().where(findings.c.n == bindparam("row")), [{"row": f.n} for f in stale])


def _findings(connection: Connection, condition: ColumnElement[bool]) -> list[Finding]:
    names = Finding.__struct_fields__
    query = select(*(findings.c[name] for name in names)).where(condition).order_by(findings.c.n)
    return [Finding(**dict(zip(names, row, strict=True))) for row in connection.execute(query)]


def _write(connection: Connection, audit: Audit, found: Comparison) -> int:
    number: int = connection.execute(
        audits.insert().values(**msgspec.structs.asdict(audit)).returning(audits.c.id)
    ).scalar_one()
    if found.added:
        rows = [msgspec.structs.asdict(f) | {"scope": server_of(f.resource) or audit.scope} for f in found.added]
        for row in rows:
            del row["n"]
        connection.execute(findings.insert(), rows)
    if found.altered:
        update = findings.update().where(findings.c.n == bindparam("row")).values({c: bindparam(c) for c in _ALTERABLE})
        connection.execute(update, [{"row": f.n} | {c: getattr(f, c) for c in _ALTERABLE} for f in found.altered])
    if found.steps:
        connection.execute(changes.insert(), [msgspec.structs.asdict(s) | {"audit": number} for s in found.steps])
    return number


def _follow(connection: Connection, current: Mapping[str, str], at: datetime) -> None:
    """Hands the findings of guests that moved over to their new resource ids, and remembers the UUIDs of now.

    A UUID that two guests carry now (a copy) tells nothing, and neither does an old id that is still there.
    """
    rows = connection.execute(select(identities.c.resource, identities.c.uuid).order_by(identities.c.seen_at))
    known = {row.resource: row.uuid for row in rows}
    left = {uuid: resource for resource, uuid in known.items() if resource not in current}
    carriers = Counter(current.values())
    moved = [
        {"old": left[uuid], "new": resource}
        for resource, uuid in current.items()
        if resource not in known and uuid in left and carriers[uuid] == 1
    ]
    if moved:
        _repoint(connection, moved)
    stale = [{"id": move["old"]} for move in moved] + [{"id": resource} for resource in current if resource in known]
    if stale:
        connection.execute(identities.delete().where(identities.c.resource == bindparam("id")), stale)
    if current:
        connection.execute(
            identities.insert(), [{"resource": r, "uuid": uuid, "seen_at": at} for r, uuid in current.items()]
        )


def _repoint(connection: Connection, moved: list[dict[str, str]]) -> None:
    other = findings.alias()
    taken = exists().where(
        other.c.scope == findings.c.scope, other.c.control == findings.c.control, other.c.resource == bindparam("new")
    )
    update = findings.update().where(findings.c.resource == bindparam("old"), ~taken)
    connection.execute(update.values(resource=bindparam("new")), moved)
