"""Write the version and privilege tables that the lab's vCenter enforces.

The tables are read out of pyVmomi's own type definitions, so that "this property does not exist before API 5.0"
is the vendor's word and not ours. Run by the build, output goes to the build cache and is never committed:

    python lab/vcenter/tables.py OUT.json

Shape: ``apis`` maps an API version ("2.5") to the version ids that it contains; ``managed``, ``data`` and ``enums``
map a wire type name to its base type, version id, properties and methods.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from pyVmomi import VmomiSupport as support

# The registries are filled when a namespace is first touched.
from pyVmomi import vim, vmodl  # noqa: F401  (imported for that effect)

OPTIONAL = 4


def version_ids() -> dict[str, int]:
    """Number every version name of the package."""
    return {name: number for number, name in enumerate(sorted(support.parentMap))}


def wire_names() -> dict[str, str]:
    """Python type name -> wire (wsdl) type name, for every defined type."""
    names = {"string": "xsd:string", "boolean": "xsd:boolean", "int": "xsd:int", "long": "xsd:long"}
    for registry in (support._managedDefMap, support._dataDefMap, support._enumDefMap):
        names.update({python: row[1] for python, row in registry.items()})
    return names


class Tables:
    """Collects the rows of one run."""

    def __init__(self) -> None:
        self.ids = version_ids()
        self.names = wire_names()

    def wire(self, python: str | None) -> str:
        """Wire name of a declared type; arrays keep a trailing []."""
        if not python:
            return ""
        if python.endswith("[]"):
            return self.wire(python[:-2]) + "[]"
        return self.names.get(python, python)

    def data(self) -> dict[str, Any]:
        """Data objects: base, version, properties."""
        out: dict[str, Any] = {}
        for row in support._dataDefMap.values():
            _, wire, base, version, properties = row[:5]
            out.setdefault(
                wire,
                {
                    "base": self.wire(base),
                    "v": self.ids[version],
                    "props": {p[0]: [self.wire(p[1]), self.ids[p[2]]] for p in properties or ()},
                },
            )
        return out

    def managed(self) -> dict[str, Any]:
        """Managed objects: base, version, properties and methods, both with the privilege they need."""
        out: dict[str, Any] = {}
        for row in support._managedDefMap.values():
            python, wire, base, version, properties, methods = row[:6]
            if not python.startswith(("vim.", "vmodl.")):
                continue
            out[wire] = {
                "base": self.wire(base),
                "v": self.ids[version],
                "props": {p[0]: [self.wire(p[1]), self.ids[p[2]], p[4] or ""] for p in properties or ()},
                "methods": {m[1]: [self.ids[m[2]], m[5] or ""] for m in methods or ()},
            }
        return out

    def apis(self) -> dict[str, list[int]]:
        """API version -> ids of the versions that it contains."""
        out = {}
        for uri, version in support.versionMap.items():
            space, _, api = uri.partition("/")
            if space == "vim25":
                out[api] = sorted({self.ids[v] for v in support.parentMap[version]} | {self.ids[version]})
        return out

    def all(self) -> dict[str, Any]:
        """Everything, ready for JSON."""
        enums = {row[1]: self.ids[row[2]] for row in support._enumDefMap.values()}
        return {"apis": self.apis(), "managed": self.managed(), "data": self.data(), "enums": enums}


def main(path: str) -> None:
    """Write the tables to ``path``."""
    with open(path, "w", encoding="utf-8") as out:
        json.dump(Tables().all(), out, separators=(",", ":"), sort_keys=True)


if __name__ == "__main__":
    main(sys.argv[1])
