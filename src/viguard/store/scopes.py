"""Whose a finding is: of a server, or of an estate as a whole. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from viguard.model.facts import Struct

_MARK = "\n"  # begins, parts and ends the scope of an estate; no server id holds it


class Reading(Struct, frozen=True, kw_only=True):
    """When a server was read, and whether wholly: only then is what is not there gone."""

    server: str  # resource id
    read_at: datetime
    complete: bool = True


def estate_scope(servers: Iterable[str]) -> str:
    """The scope of what is found of an estate as a whole, which has these servers."""
    return _MARK + "".join(server + _MARK for server in sorted(set(servers)))


def estate_servers(scope: str) -> frozenset[str]:
    """The servers of an estate's scope; none for the scope of one server."""
    return frozenset(filter(None, scope.split(_MARK))) if scope.startswith(_MARK) else frozenset()


def server_of(resource: str, servers: Collection[str]) -> str:
    """Which of these servers a resource id belongs to, "" when none."""
    owners = [s for s in servers if resource == s or resource.startswith(s + ":")]
    return max(owners, key=len, default="")
