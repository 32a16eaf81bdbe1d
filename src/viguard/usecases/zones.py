"""Why a guest is in its zone."""

from __future__ import annotations

from pathlib import Path

from viguard.policy.explain import explanation
from viguard.policy.load import load
from viguard.policy.zones import Zones
from viguard.usecases.chosen import chosen
from viguard.usecases.person import Person
from viguard.usecases.sources import Selection, Sources, open_estate


def explain(guest: str, sources: Sources, policy: Path, selection: Selection, person: Person) -> list[str]:
    """Lines about each selected guest of that name, path or id: its NICs, VLANs, zones, and the lines that decide.

    Raises:
        InputError: there is no such guest in the selection.
        PolicyError: the policy has mistakes.
    """
    intended = load(policy)
    estate = open_estate(sources, person)
    within = chosen(estate.inventory, intended, selection)
    return explanation(Zones(estate.inventory, intended), guest, str(policy), within)
