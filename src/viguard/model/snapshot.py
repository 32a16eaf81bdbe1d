"""A snapshot: what was read, from where, when, and how completely."""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias

import msgspec

from viguard.model.access import Access, Role
from viguard.model.facts import Struct
from viguard.model.guest import Guest
from viguard.model.host import Host
from viguard.model.network import DistributedSwitch, DvPortGroup, StandardPortGroup, StandardSwitch
from viguard.model.server import Cluster, Datacenter, Folder, ResourcePool, Server
from viguard.model.storage import Datastore

SCHEMA = "viguard-snapshot/1"
UNSTATED_SCHEMA = "viguard-snapshot/1"
"""What a file is whose header names no schema: only this version wrote such. It stays when SCHEMA moves on."""

Record: TypeAlias = (
    Server
    | Folder
    | Datacenter
    | Cluster
    | ResourcePool
    | Host
    | Guest
    | StandardSwitch
    | StandardPortGroup
    | DistributedSwitch
    | DvPortGroup
    | Datastore
    | Role
    | Access
)
"""One object line of a snapshot."""


class Channel(Struct, frozen=True, kw_only=True):
    """One way of reading a source, and whether it was read or why not."""

    name: str  # vim, declared, …
    read: bool
    reason: str = ""


class Source(Struct, frozen=True, kw_only=True):
    """A server or file that a snapshot was read from. ``url`` carries no credential."""

    server: str  # resource id of the Server
    name: str
    url: str
    channels: tuple[Channel, ...] = ()
    tls: str = "verified"  # verified, pinned, legacy, none
    user: str = ""

    @property
    def trust(self) -> str:
        """How its certificate was trusted, in words, where that was not by an authority; else ""."""
        return {"pinned": "certificate pinned", "legacy": "LEGACY TLS"}.get(self.tls, "")

    @property
    def warning(self) -> str:
        """A sentence for every report about this source, "" when there is nothing to warn of."""
        if self.tls != "legacy":
            return ""
        return f"LEGACY TLS was allowed for {self.name} ({self.url}): what it said came under broken encryption"


class Header(Struct, frozen=True, kw_only=True, tag_field="is", tag="header"):
    """First line of a snapshot. ``schema`` is what the file says of itself, "" for nothing; a writer fills it in."""

    started_at: datetime
    sources: tuple[Source, ...] = ()
    schema: str = ""
    tool: str = ""


class Gap(Struct, frozen=True, kw_only=True):
    """Something that could not be read. ``path`` is the resource, ``what`` the property or call."""

    path: str
    what: str
    reason: str


class Trailer(Struct, frozen=True, kw_only=True, tag_field="is", tag="trailer"):
    """Last line of a snapshot: without it the file is truncated. ``digest`` covers every line before it.

    ``gone`` counts objects that were deleted while they were read: no gap. ``seals`` name what was made from one
    reply of a server: its digest, and the ids of its objects.
    """

    ended_at: datetime
    counts: dict[str, int] = msgspec.field(default_factory=dict)
    complete: bool = True
    gaps: tuple[Gap, ...] = ()
    digest: str = ""
    gone: int = 0
    seals: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
