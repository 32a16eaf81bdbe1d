"""Who and where an object is: what every record says besides its facts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypedDict

from viguard.collect.decode.values import Values
from viguard.model.facts import UNREAD, Fact, Reason, Resource, Settings, Unknown
from viguard.vsphere.properties import sources
from viguard.vsphere.replies import Element

NO_VALUE = Unknown(reason=Reason.FAILED, detail="the server holds no value")


class Identity(TypedDict):
    """The fields of Resource."""

    id: str
    name: str
    path: str
    server: str
    tags: Fact[tuple[str, ...]]
    custom: Fact[Settings]


@dataclass(frozen=True)
class Place:
    """The identity of an object, and the ids of what it stands in ("" where there is none)."""

    id: str
    name: str
    path: str
    server: str
    parent: str = ""
    datacenter: str = ""
    cluster: str = ""
    tags: Fact[tuple[str, ...]] = UNREAD
    custom: Fact[Settings] = UNREAD

    @property
    def identity(self) -> Identity:
        """The fields that every record begins with."""
        return Identity(
            id=self.id, name=self.name, path=self.path, server=self.server, tags=self.tags, custom=self.custom
        )

    def resource(self, element: Element) -> str:
        """The resource id of a reference."""
        return f"{self.server}:{element.text or ''}"

    def resources(self, elements: Iterable[Element]) -> tuple[str, ...]:
        """The resource ids of references."""
        return tuple(self.resource(e) for e in elements)


def facts(kind: type[Resource], table: Mapping[str, tuple[object, object]], values: Values) -> dict[str, object]:
    """The facts of a record by field: ``table`` gives each field its decoder and its value when unset.

    The path of each is the one that the model names.
    """
    known = sources(kind)
    return {
        field: values.fact(known[field].path, decode, unset)  # type: ignore[arg-type]
        for field, (decode, unset) in table.items()
    }
