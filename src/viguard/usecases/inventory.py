"""An estate as a listing."""

from __future__ import annotations

from pathlib import Path

from viguard.policy.load import load
from viguard.policy.policy import NO_POLICY
from viguard.policy.selection import Selection
from viguard.policy.zones import Zones
from viguard.reports import listing as listings
from viguard.reports.listing import Listing
from viguard.usecases.chosen import chosen
from viguard.usecases.person import Person
from viguard.usecases.sources import Sources, open_estate


def run(sources: Sources, by: str, policy: Path | None, selection: Selection, person: Person) -> Listing:
    """Hosts and guests by site, cluster, zone or vlan, as far as they are selected.

    Raises:
        InputError: the selection names nothing.
        ViguardError: a source or the policy cannot be read.
    """
    intended = load(policy) if policy else NO_POLICY
    estate = open_estate(sources, person)
    zones = Zones(estate.inventory, intended)
    within = chosen(estate.inventory, intended, selection)
    named = within.__contains__ if within is not None else estate.inventory.by_id.__contains__
    if by == "site":
        return listings.by_site(estate.inventory, named, intended.sites)
    if by == "vlan":
        return listings.by_vlan(estate.inventory, named)
    if by == "zone":
        return listings.by_zone(estate.inventory, named, zones)
    return listings.by_cluster(estate.inventory, named)
