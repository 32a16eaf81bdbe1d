"""Who owns what, through the zones."""

from __future__ import annotations

from viguard.policy.zones import Zones


def owners_of(zones: Zones) -> dict[str, frozenset[str]]:
    """Owners of the zones of each guest and template, by guest id; guests of no owned zone are left out."""
    if not any(zone.owner for zone in zones.by_name.values()):
        return {}
    found = {}
    for guest in [*zones.inventory.guests, *zones.inventory.templates]:
        owners = frozenset(zones.by_name[name].owner for name in zones.of_guest(guest).zones) - {""}
        if owners:
            found[guest.id] = owners
    return found
