"""Which guest is which: a guest that moved keeps its findings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import Connection, bindparam, exists, select

from viguard.store.schema import findings, identities
from viguard.store.scopes import server_of


def follow(connection: Connection, current: Mapping[str, str], servers: Collection[str], at: datetime) -> None:
    """Hands the findings of guests that moved over to their new resource ids, and remembers the UUIDs of now.

    A UUID that two guests carry now (a copy) tells nothing, and neither does an old id that is still there, or
    whose server is not among ``servers``, the ones that were read.
    """
    current = {resource: uuid for resource, uuid in current.items() if server_of(resource, servers)}
    rows = connection.execute(select(identities.c.resource, identities.c.uuid).order_by(identities.c.seen_at))
    known = {row.resource: row.uuid for row in rows}
    left = {
        uuid: resource for resource, uuid in known.items() if resource not in current and server_of(resource, servers)
    }
    carriers = Counter(current.values())
    moved = [
        {"old": left[uuid], "new": resource, "server": server_of(resource, servers)}
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
        other.c.scope == bindparam("server"),
        other.c.control == findings.c.control,
        other.c.resource == bindparam("new"),
    )
    update = findings.update().where(findings.c.resource == bindparam("old"), ~taken)
    connection.execute(update.values(resource=bindparam("new"), scope=bindparam("server")), moved)
