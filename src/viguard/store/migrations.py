"""Stores of earlier versions brought to this one, inside one transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, Row, bindparam, select

from viguard.store.schema import SCHEMA_VERSION, audits, findings, readings, schema_version
from viguard.store.scopes import estate_scope

_FILTERS = {"vcenter", "folder", "tag", "owner"}
"""Words by which a filter began in a scope of version 1."""


def migrate(connection: Connection) -> None:
    """Bring a store to the current version; one that is current, or newer, is left alone."""
    if connection.execute(select(schema_version.c.version)).scalar() == 1:
        _compare_per_server(connection)
        connection.execute(schema_version.update().values(version=SCHEMA_VERSION))


def _compare_per_server(connection: Connection) -> None:
    """Version 1 kept findings per set of sources and filter; since version 2 they are kept per server."""
    columns = (findings.c[c] for c in ("n", "scope", "control", "resource", "first_seen", "last_seen", "fixed_at"))
    rows = connection.execute(select(*columns).order_by(findings.c.n)).all()
    servers: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row.resource != "estate":
            servers[row.scope].add(_server(row.resource))
    readings.create(connection, checkfirst=True)
    for audit in connection.execute(select(audits)).all():
        named, filtered = _named(audit.scope)
        told = [
            {"audit": audit.id, "server": s, "read_at": audit.read_at, "complete": audit.complete and not filtered}
            for s in sorted(named | servers[audit.scope])
        ]
        if told:
            connection.execute(readings.insert(), told)
    _join(connection, rows, {scope: _named(scope)[0] | found for scope, found in servers.items()})


def _join(connection: Connection, rows: Iterable[Row[tuple[object, ...]]], servers: dict[str, set[str]]) -> None:
    """One row for each control and resource: the one that was judged last, as old as the oldest."""
    alike = defaultdict(list)
    for row in rows:
        of = servers.get(row.scope) or _named(row.scope)[0]
        scope = estate_scope(of) if row.resource == "estate" else _server(row.resource)
        alike[scope, row.control, row.resource].append(row)
    kept, dropped = [], []
    for (scope, _, _), same in alike.items():
        last = max(same, key=_judged_at)
        kept.append({"row": last.n, "in": scope, "since": min(r.first_seen for r in same)})
        dropped += [{"row": r.n} for r in same if r is not last]
    if dropped:
        connection.execute(findings.delete().where(findings.c.n == bindparam("row")), dropped)
    if kept:
        update = findings.update().where(findings.c.n == bindparam("row"))
        connection.execute(update.values(scope=bindparam("in"), first_seen=bindparam("since")), kept)


def _judged_at(row: Row[tuple[object, ...]]) -> datetime:
    at: datetime = row.fixed_at or row.last_seen
    return at


def _named(scope: str) -> tuple[set[str], bool]:
    """The ids of servers in a scope of version 1, and whether a filter was on. Addresses stood for unread servers."""
    words = scope.split(" ")
    end = next((n for n, word in enumerate(words) if word in _FILTERS), len(words))
    return {w for w in words[:end] if w and "://" not in w}, end < len(words)


def _server(resource: str) -> str:
    """The server in a resource id, as version 1 knew ids: a declared estate's name is part of its server."""
    if resource.startswith("declared:"):
        return resource.partition("/")[0].rpartition(":")[0]
    return resource.partition(":")[0]
