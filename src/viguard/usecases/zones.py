"""Why a guest is in its zone."""

from __future__ import annotations

from pathlib import Path

from viguard.policy.explain import explanation
from viguard.policy.load import load
from viguard.policy.zones import Zones
from viguard.usecases.person import Person
from viguard.usecases.sources import Sources, open_estate


def explain(guest: str, sources: Sources, policy: Path, person: Person) -> list[str]:
    """Lines about each guest of that name, path or id: its NICs, VLANs, zones, and the deciding lines of the policy.

    Raises:
        InputError: there is no such guest.
        PolicyError: the policy has mistakes.
    """
    intended = load(policy)
    estate = open_estate(sources, person)
    return explanation(Zones(estate.inventory, intended), guest, str(policy))
