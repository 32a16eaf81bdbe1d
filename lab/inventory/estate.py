"""The objects of one endpoint, while they are made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lab.inventory.ids import Ids
from lab.inventory.merge import merged
from lab.inventory.source import read

Object = dict[str, Any]

SITE_FIELD, OWNER_FIELD = 101, 102
"""Keys of the custom fields."""


class Estate:
    """Collects the objects of one endpoint; ``over`` is laid on its row of endpoints.yaml."""

    def __init__(self, name: str, over: dict[str, Any] | None = None) -> None:
        self.name = name
        self.row = merged(read("endpoints")["endpoints"][name], over or {})
        self.ids = Ids()
        self.objects: list[Object] = []
        self.named: dict[str, str] = {}
        self.guest_number = 0
        self.today = self.row.get("accounts") == "today"
        self.standalone = "standalone" in self.row
        self.root = "ha-folder-root" if self.standalone else "group-d1"

    def add(
        self,
        kind: str,
        name: str,
        parent: str | None,
        props: dict[str, Any] | None = None,
        ref: str = "",
        lab: Any = None,
    ) -> str:
        """Put one object in the file and give its reference."""
        ref = ref or self.ids.make(kind)
        body = {"name": name, "parent": parent, **(props or {})}
        self.objects.append(
            {"ref": ref, "props": {k: v for k, v in body.items() if v is not None}, **({"lab": lab} if lab else {})}
        )
        self.named[name] = ref
        return ref

    def find(self, ref: str) -> dict[str, Any]:
        """The properties of an object made before."""
        return next(o["props"] for o in self.objects if o["ref"] == ref)


@dataclass(frozen=True)
class Center:
    """A datacenter: its folders by kind, what lies in them, and its port groups by name."""

    folders: dict[str, str]
    kids: dict[str, list[str]]
    ports: dict[str, Any]


@dataclass(frozen=True)
class Cluster:
    """A cluster (or a stand-alone host's compute resource): its hosts' references and facts by name, its datastores."""

    name: str
    ref: str
    pool: str
    hosts: dict[str, str]
    facts: dict[str, dict[str, Any]]
    stores: list[dict[str, Any]]

    @property
    def cpu_mhz(self) -> int:
        """All cores of its hosts together."""
        return sum(f["hardware"]["cpu_mhz"] * f["hardware"]["cores"] for f in self.facts.values())

    @property
    def memory_bytes(self) -> int:
        """The memory of its hosts together."""
        return sum(f["hardware"]["memory_gb"] << 30 for f in self.facts.values())
