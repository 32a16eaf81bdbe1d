"""CPU that running guests reserve on a host, and the room that a host has for them."""

from __future__ import annotations

from viguard.assess.context import Context
from viguard.assess.kind import capacity_mhz, guests_on
from viguard.model.facts import Fact, Unknown
from viguard.model.host import Host
from viguard.model.inventory import Inventory
from viguard.policy.policy import Policy


class Reserved:
    """CPU in MHz that running guests reserve on each host, as far as a check has asked for it."""

    def __init__(self, _inventory: Inventory, _policy: Policy) -> None:
        self._kept: dict[str, Fact[int]] = {}

    def on(self, host: Host, context: Context) -> Fact[int]:
        """The sum on one host; Unknown when a guest there does not tell."""
        if host.id not in self._kept:
            self._kept[host.id] = _reserved(host, context)
        return self._kept[host.id]


def room_mhz(host: Host) -> Fact[int]:
    """CPU in MHz that guests can move to: a host in maintenance takes none."""
    if isinstance(host.maintenance, Unknown):
        return host.maintenance
    found = capacity_mhz(host)
    return found if isinstance(found, Unknown) else 0 if host.maintenance else found.total_mhz


def _reserved(host: Host, context: Context) -> Fact[int]:
    guests = guests_on(host, context)
    if isinstance(guests, Unknown):
        return guests
    total = 0
    for guest in guests:
        if isinstance(guest.power, Unknown):
            return guest.power
        if isinstance(guest.cpu, Unknown):
            return guest.cpu
        total += guest.cpu.reservation if guest.power == "poweredOn" else 0
    return total
