"""Guests with NICs in several zones: what passes through them passes no firewall between those zones."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

from viguard.model.facts import Struct, Unknown
from viguard.model.guest import Guest
from viguard.model.inventory import Inventory
from viguard.policy.policy import Policy, Sharing
from viguard.policy.zones import Zones


class Plugged(Struct, frozen=True, kw_only=True):
    """A NIC and the zones that it is in; several for a trunk."""

    nic: str
    port_group: str
    zones: tuple[str, ...]


class Bridge(Struct, frozen=True, kw_only=True):
    """A guest in several zones by its NICs. ``apart``: pairs of them that the policy keeps on different hosts."""

    id: str
    guest: str
    nics: tuple[Plugged, ...]
    zones: tuple[str, ...]
    apart: tuple[tuple[str, str], ...] = ()


class Bridges(Struct, frozen=True, kw_only=True):
    """Every such guest, and why others may be one."""

    found: tuple[Bridge, ...]
    unknown: tuple[str, ...] = ()


def bridges(inventory: Inventory, policy: Policy, zones: Zones) -> Bridges:
    """Guests and templates in several zones by their NICs. Nothing without zones in the policy."""
    found: list[Bridge] = []
    unknown: dict[str, None] = {}
    for guest in inventory.all(Guest) if zones.decided else ():
        if isinstance(guest.nics, Unknown):
            unknown[f"the NICs of {guest.name}: {guest.nics}"] = None
            continue
        nics = tuple(_plugged(guest, inventory, zones))
        names = tuple(dict.fromkeys(name for nic in nics for name in nic.zones))
        if len(names) < 2:
            continue
        apart = tuple(
            (one, other)
            for one, other in combinations(names, 2)
            if policy.sharing(one, other) in {Sharing.SEPARATE_HOST, Sharing.SEPARATE_CLUSTER}
        )
        found.append(Bridge(id=guest.id, guest=guest.name, nics=nics, zones=names, apart=apart))
    return Bridges(found=tuple(found), unknown=tuple(unknown))


def _plugged(guest: Guest, inventory: Inventory, zones: Zones) -> Iterable[Plugged]:
    for nic in guest.nics if isinstance(guest.nics, tuple) else ():
        group = inventory.port_group_of(guest, nic)
        name = nic.port_group if group is None or isinstance(group, Unknown) else group.name
        yield Plugged(
            nic=nic.label or str(nic.key), port_group=name, zones=tuple(sorted(zones.of_nic(guest, nic).zones))
        )
