"""The recorded estates, as graphs."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest

from viguard.assess import controls
from viguard.attack.reached import Reached
from viguard.model.facts import Reason, Resource, Unknown
from viguard.model.inventory import Inventory
from viguard.network.exact.sweep import Plain
from viguard.policy.load import load
from viguard.policy.policy import Policy
from viguard.store import snapshots
from viguard.usecases.enforced import Rules

DEMO = Path(str(resources.files("viguard").joinpath("content/demo")))
GONE = Unknown(reason=Reason.NOT_READ, detail="taken away by a test")


@pytest.fixture(scope="session")
def belnet() -> Inventory:
    """The estate of 2010."""
    return snapshots.read(DEMO / "belnet.snap")


@pytest.fixture(scope="session")
def today() -> Inventory:
    """The estate as it would run today."""
    return snapshots.read(DEMO / "belnet-today.snap")


@pytest.fixture(scope="session")
def policy() -> Policy:
    """What the owner of both intends."""
    return load(DEMO / "policy.yaml", controls.load())


@pytest.fixture(scope="session")
def reached(belnet: Inventory, today: Inventory, policy: Policy) -> dict[str, Reached]:
    """What gets from network to network in both, by the rules of the devices that the policy names."""
    return {
        name: Reached(Rules(inventory, policy).ground, Plain())
        for name, inventory in (("belnet", belnet), ("today", today))
    }


def with_records(inventory: Inventory, *changed: Resource) -> Inventory:
    """The inventory with other records in the place of those of the same ids."""
    records = inventory.by_id | {r.id: r for r in changed}
    return Inventory(records.values(), read_at=inventory.read_at, sources=inventory.sources)


def named(inventory: Inventory, name: str, kind: type[Resource] = Resource) -> Resource:
    """The one object of that name or end of a path."""
    found = [
        r for r in inventory.by_id.values() if isinstance(r, kind) and (r.name == name or r.path.endswith(f"/{name}"))
    ]
    assert len(found) == 1, f"{name}: {[r.path for r in found]}"
    return found[0]
