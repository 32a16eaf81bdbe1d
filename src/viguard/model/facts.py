"""What a fact is: a value that was read, None where the server holds none, or Unknown with the reason."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeAlias, TypeVar

import msgspec


class Reason(StrEnum):
    """Why a fact is unknown."""

    NOT_READ = "not_read"  # nobody asked
    NOT_IN_VERSION = "not_in_version"  # the server's API version does not know the property
    NO_PERMISSION = "no_permission"
    UNREACHABLE = "unreachable"  # the host does not answer its vCenter
    NO_API = "no_api"  # declared, or a product without an API
    NO_SOURCE = "no_source"  # needs a source that is not connected
    NOT_DECIDED = "not_decided"  # the policy does not say
    FAILED = "failed"  # the server answered with a fault


class Struct(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Base of every model object: frozen, compared by value, tagged where it stands in a union."""


class Unknown(Struct, frozen=True, kw_only=True, tag_field="is", tag="unknown"):
    """A fact that was not read. ``detail`` is a sentence for people."""

    reason: Reason
    detail: str = ""

    def __str__(self) -> str:
        return self.detail or self.reason.replace("_", " ")


T = TypeVar("T")
Fact: TypeAlias = T | Unknown
"""A value of type T, or Unknown."""

UNREAD = Unknown(reason=Reason.NOT_READ, detail="not read")

Scalar: TypeAlias = str | int | float | bool | None
"""A value as the API types it."""


class Settings(Struct, frozen=True, kw_only=True, tag_field="is", tag="settings"):
    """Options by key, as the API types them (advanced options of a host, extraConfig of a guest).

    A key that is missing here was read and is unset: the product's default holds.
    """

    values: dict[str, Scalar] = msgspec.field(default_factory=dict)


class Api(Struct, frozen=True):
    """Where a model field comes from: property path of the vSphere API and the first API version that has it.

    Stands in ``Annotated``; the collector asks for exactly these paths, evidence quotes them.
    ``path`` ending in ``()`` is a call, any other a property of the managed object named by ``of``
    (the class's own type when empty).
    """

    path: str
    since: str = "2.0"
    of: str = ""


class Resource(Struct, frozen=True, kw_only=True):
    """Something that has an identity in an estate.

    ``id`` is ``<server id>:<moid>`` (or ``…/<part>`` for parts of a host), stable from run to run;
    ``path`` is ``/vcenter/datacenter/…/name`` with slashes in names percent-escaped;
    ``tags`` are vSphere tags as ``category:tag``; ``custom`` the custom attributes.
    """

    id: str
    name: str
    path: str
    server: str
    tags: Fact[tuple[str, ...]] = UNREAD
    custom: Fact[Settings] = UNREAD


def escape(name: str) -> str:
    """A name as one step of a path: percent and slash escaped, nothing else touched."""
    return name.replace("%", "%25").replace("/", "%2f")
