"""An estate as a listing."""

from __future__ import annotations

from pathlib import Path

from viguard.policy.load import load
from viguard.policy.owners import owners_of
from viguard.policy.policy import NO_POLICY
from viguard.policy.selection import Selection, selected
from viguard.policy.zones import Zones
from viguard.reports import listing as listings
from viguard.reports.listing import Listing
from viguard.usecases.person import Person
from viguard.usecases.sources import Sources, open_estate


def run(sources: Sources, by: str, policy: Path | None, selection: Selection, person: Person) -> Listing:
    """Hosts and guests by site, cluster, zone or vlan, as far as they are selected.

    Raises:
        ViguardError: a source or the policy cannot be read.
    """
    intended = load(policy) if policy else NO_POLICY
    estate = open_estate(sources, person)
    zones = Zones(estate.inventory, intended)
    chosen = selected(estate.inventory, selection, owners_of(zones))
    if by == "site":
        return listings.by_site(estate.inventory, chosen.__contains__, intended.sites)
    if by == "vlan":
        return listings.by_vlan(estate.inventory, chosen.__contains__)
    if by == "zone":
        return listings.by_zone(estate.inventory, chosen.__contains__, zones)
    return listings.by_cluster(estate.inventory, chosen.__contains__)
