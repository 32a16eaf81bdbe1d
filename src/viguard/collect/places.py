"""The tree of an inventory: from parents and names to paths."""

from __future__ import annotations

import re
from dataclasses import dataclass

from viguard.model.facts import escape

_ESCAPES = {"%2f": "/", "%5c": "\\", "%25": "%"}
_ESCAPE = re.compile("%(?:2f|5c|25)", re.IGNORECASE)


def true_name(name: str) -> str:
    """The name that a person gave: the API hands out slashes, backslashes and percent signs escaped."""
    return _ESCAPE.sub(lambda found: _ESCAPES[found.group().lower()], name)


@dataclass(frozen=True)
class Node:
    """An object that others stand in."""

    type: str
    name: str
    parent: str = ""


class Tree:
    """Structure of one server by moid. ``root`` is the path that every other begins with (``/vcenter``)."""

    def __init__(self, root: str, *, direct: bool) -> None:
        self.root, self._direct = root, direct
        self._nodes: dict[str, Node] = {}
        self._paths: dict[str, str] = {}

    def add(self, moid: str, node: Node) -> None:
        """Take in an object. All are taken in before any path is asked for."""
        self._nodes[moid] = node

    @property
    def nodes(self) -> dict[str, Node]:
        """Everything taken in, by moid."""
        return self._nodes

    def path(self, moid: str) -> str:
        """The path of an object that others stand in.

        Left out are the root folder, the four folders that every datacenter has, the compute resource of a
        lone host, and on a host that is read directly everything above it.
        """
        if moid not in self._paths:
            self._paths[moid] = self._find_path(moid, 0)
        return self._paths[moid]

    def below(self, parent: str, name: str) -> str:
        """The path of an object of that name in that parent."""
        return f"{self.path(parent)}/{escape(name)}"

    def above(self, moid: str, types: frozenset[str]) -> str:
        """The nearest object of one of these types at or above ``moid``, "" when there is none."""
        for _ in range(len(self._nodes) + 1):
            node = self._nodes.get(moid)
            if node is None:
                return ""
            if node.type in types:
                return moid
            moid = node.parent
        return ""

    def _find_path(self, moid: str, depth: int) -> str:
        node = self._nodes.get(moid)
        if node is None or depth > 200:  # a cycle: only a hostile server has one
            return self.root
        above = self._find_path(node.parent, depth + 1)
        return above if self._hidden(node) else f"{above}/{escape(node.name)}"

    def _hidden(self, node: Node) -> bool:
        above = self._nodes.get(node.parent)
        if node.type == "Folder":
            return above is None or above.type == "Datacenter"
        return node.type == "ComputeResource" or (node.type == "Datacenter" and self._direct)
