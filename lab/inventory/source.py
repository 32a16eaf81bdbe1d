"""Read the estate's YAML files."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from lab.inventory.merge import merged

BELNET = Path(__file__).resolve().parents[1] / "belnet"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@cache
def read(name: str) -> dict[str, Any]:
    """One file of lab/belnet as plain data; callers must not change it."""
    with open(BELNET / f"{name}.yaml", encoding="utf-8") as file:
        return yaml.load(file, Loader=_LOADER)


@cache
def product(name: str) -> dict[str, Any]:
    """A healthy host of a product, its ``extends`` chain laid together."""
    row = read("products")[name]
    own = {key: value for key, value in row.items() if key != "extends"}
    return merged(product(row["extends"]), own) if "extends" in row else own


def host_facts(endpoint: dict[str, Any], overrides: dict[str, Any]) -> dict[str, Any]:
    """A host of an endpoint: the product's healthy values with the host's own overrides."""
    own = {key: value for key, value in overrides.items() if key != "product"}
    facts = merged(product(overrides.get("product", endpoint["product"])), own)
    facts["product"] = merged(facts["product"], facts.pop("product_build", {}))
    return facts
