"""Nodes and steps of an attack, and what a question gets back."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from viguard.attack.kinds import Kind, load_kinds
from viguard.model.facts import Struct


class NodeKind(StrEnum):
    """What an attacker can hold or reach."""

    GUEST = "guest"
    HOST = "host"
    VCENTER = "vcenter"
    ZONE = "zone"  # a VLAN, called by its zones where the policy names any
    SERVICE = "service"  # packets to a service in a VLAN get there
    INTERFACE = "interface"  # the management interface of a host or vCenter answers
    PORT_GROUP = "port_group"
    DATASTORE = "datastore"
    TARGET = "target"
    CREDENTIAL = "credential"
    ROLE = "role"
    TEMPLATE = "template"


class Node(NamedTuple):
    """Something an attacker can hold. ``id`` is a resource's own where it is one."""

    id: str
    kind: NodeKind
    name: str


class Seen(NamedTuple):
    """A fact behind a step. ``field`` is the field of the model, "" for what did not come from the inventory."""

    resource: str
    field: str
    property: str
    value: str
    read_at: datetime | None = None
    name: str = ""


class Edge(NamedTuple):
    """A step. ``missing`` says which facts were not read: then the step is possible, not shown.

    ``on`` is what its action acts on: steps of the same kind of action on the same thing are closed together.
    """

    kind: str
    source: str
    target: str
    evidence: tuple[Seen, ...] = ()
    missing: tuple[str, ...] = ()
    on: str = ""

    @property
    def real(self) -> bool:
        """Whether every fact that the step needs was read."""
        return not self.missing

    @property
    def about(self) -> Kind:
        """Title, need and mitigation of its kind."""
        return load_kinds()[self.kind]

    @property
    def action(self) -> str:
        """Id of the action that closes it, "" when none does."""
        return f"{self.about.action}:{self.on}" if self.about.action and self.on else ""


class Graph:
    """Nodes and steps. Built once, then asked many times. ``notes`` say what could not be drawn at all."""

    def __init__(self, nodes: dict[str, Node], edges: list[Edge], notes: tuple[str, ...] = ()) -> None:
        self.edges, self.notes = edges, notes
        self.nodes = list(nodes.values())
        self.index = {id_: number for number, id_ in enumerate(nodes)}

    @cached_property
    def by_name(self) -> dict[str, list[Node]]:
        """Nodes by small-letter name and by id."""
        found: dict[str, list[Node]] = {}
        for node in self.nodes:
            for key in {node.name.casefold(), node.id.casefold()}:
                found.setdefault(key, []).append(node)
        return found

    def node(self, id_: str) -> Node:
        """The node of that id."""
        return self.nodes[self.index[id_]]

    def of(self, kind: NodeKind) -> list[Node]:
        """Every node of a kind."""
        return [n for n in self.nodes if n.kind is kind]


class Hop(Struct, frozen=True, kw_only=True):
    """One step of a path, with the names of its ends."""

    edge: Edge
    source: Node
    target: Node
