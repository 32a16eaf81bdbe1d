"""The tables of the store, one schema for SQLite and, later, PostgreSQL.

Earlier versions are brought to this one when a store is opened (see migrations).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    TypeDecorator,
    UniqueConstraint,
)

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect

SCHEMA_VERSION = 2

metadata = MetaData()


class UtcTime(TypeDecorator[datetime]):
    """An aware UTC datetime; SQLite keeps it without its zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Any aware time, as UTC. Raises: ValueError for a naive one."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without its zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """The time in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


schema_version = Table("schema_version", metadata, Column("version", Integer, nullable=False))

audits = Table(
    "audits",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("scope", String, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime, nullable=False),
    Column("read_at", UtcTime, nullable=False),
    Column("profile", String, nullable=False),
    Column("complete", Boolean, nullable=False),
    Column("score", Float),
    Column("coverage", Float),
    Column("counts", JSON, nullable=False),
    Column("policy_digest", String, nullable=False),
    Index("audits_of_scope", "scope", "read_at"),
)

readings = Table(
    "readings",
    metadata,
    Column("n", Integer, primary_key=True),
    Column("audit", Integer, ForeignKey("audits.id"), nullable=False),
    Column("server", String, nullable=False),
    Column("read_at", UtcTime, nullable=False),
    Column("complete", Boolean, nullable=False),
    Index("readings_of_server", "server", "read_at"),
)
"""The servers that each audit read. ``complete``: wholly read, and no filter was on."""

findings = Table(
    "findings",
    metadata,
    Column("n", Integer, primary_key=True),
    Column("scope", String, nullable=False),
    Column("id", String, nullable=False),
    Column("control", String, nullable=False),
    Column("resource", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("name", String, nullable=False),
    Column("path", String, nullable=False),
    Column("severity", String, nullable=False),
    Column("state", String, nullable=False),
    Column("status", String, nullable=False),
    Column("first_seen", UtcTime, nullable=False),
    Column("last_seen", UtcTime, nullable=False),
    Column("fixed_at", UtcTime),
    Column("fixed_how", String),
    Column("reopened_at", UtcTime),
    Column("document", String, nullable=False),
    UniqueConstraint("scope", "control", "resource"),
    Index("findings_by_id", "id"),
    Index("findings_by_resource", "resource"),
)
"""One row for each finding ever seen in a scope: of a server, or of an estate (see scopes).

``status`` is what the last audit said of it (see findings.Finding).
"""

changes = Table(
    "changes",
    metadata,
    Column("n", Integer, primary_key=True),
    Column("audit", Integer, ForeignKey("audits.id"), nullable=False),
    Column("finding", String, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("change", String, nullable=False),
    Column("status", String, nullable=False),
    Column("path", String, nullable=False),
    Column("reason", String, nullable=False),
    Index("changes_of_finding", "finding"),
)
"""The history of findings: one row whenever something changed, none for a finding that is just still open."""

identities = Table(
    "identities",
    metadata,
    Column("resource", String, primary_key=True),
    Column("uuid", String, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
    Index("identities_by_uuid", "uuid"),
)
"""The UUID behind each resource id, so that a guest is known again after a move."""
