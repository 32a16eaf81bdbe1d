"""What the log server knows of the estate: a snapshot that `viguard collect` wrote, and the policy's zones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from viguard.alerts.siem.records import NOWHERE, Place
from viguard.logs.detect.intent import Sight, intent_of
from viguard.model.facts import Struct
from viguard.model.guest import Guest
from viguard.model.host import Host
from viguard.model.inventory import Inventory
from viguard.policy.policy import Policy
from viguard.policy.zones import Zones
from viguard.store import snapshots


class Estate(Struct, frozen=True, kw_only=True):
    """``places`` by name or address in small letters, ``zones`` by name, ``addresses`` of hosts and guests by name.

    A name that two of them have tells nothing and is left out.
    """

    places: Mapping[str, Place] = msgspec.field(default_factory=dict)
    zones: Mapping[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    addresses: Mapping[str, tuple[str, ...]] = msgspec.field(default_factory=dict)

    def locate(self, host: str, guest: str | None) -> Place:
        """Where a guest is, or else the host or address that a line names. See ``alerts.siem.records.Locate``."""
        found = self.places.get(guest.casefold()) if guest else None
        return found or self.places.get(host.casefold(), NOWHERE)


NO_ESTATE = Estate()


def estate_of(file: str, policy: Policy) -> Estate:
    """What a snapshot and a policy tell; nothing without a snapshot.

    Raises: ViguardError when it cannot be read.
    """
    return known_of(snapshots.read(Path(file)), policy) if file else NO_ESTATE


def known_of(inventory: Inventory, policy: Policy) -> Estate:
    """What an inventory and a policy tell."""
    zones, sight = Zones(inventory, policy), Sight(intent_of(policy))
    told = [_of_guest(guest, zones) for guest in {guest.id: guest for guest in inventory.guests}.values()]
    told += [_of_host(host, zones, sight) for host in {host.id: host for host in inventory.hosts}.values()]
    times = Counter(name for names, _, _ in told for name in names)
    alone = [([name for name in names if times[name] == 1], addresses, place) for names, addresses, place in told]
    owners = Counter(address for _, addresses, _ in told for address in set(addresses))
    by_address = {a: place for _, addresses, place in told for a in addresses if owners[a] == 1}
    return Estate(
        places=by_address | {name: place for names, _, place in alone for name in names},
        zones={name: place.zones for names, _, place in alone for name in names if place.zones},
        addresses={name: addresses for names, addresses, _ in alone for name in names if addresses},
    )


def _of_guest(guest: Guest, zones: Zones) -> tuple[list[str], tuple[str, ...], Place]:
    found = zones.of_guest(guest).zones
    place = Place(zones=found, guest=guest.name, owners=_owners(found, zones))
    nics = guest.addresses if isinstance(guest.addresses, tuple) else ()
    addresses = tuple(address.partition("/")[0] for nic in nics for address in nic.addresses)
    return _names(guest.name, guest.host_name), addresses, place


def _of_host(host: Host, zones: Zones, sight: Sight) -> tuple[list[str], tuple[str, ...], Place]:
    nics = [n for some in (host.vmkernel, host.console_nics) if isinstance(some, tuple) for n in some]
    addresses = tuple(a.partition("/")[0] for nic in nics for a in (nic.address, *nic.ipv6) if a)
    found = tuple(dict.fromkeys(filter(None, map(sight.zone_of_address, addresses))))
    return _names(host.name, host.dns_name), addresses, Place(zones=found, owners=_owners(found, zones))


def _owners(found: Iterable[str], zones: Zones) -> tuple[str, ...]:
    return tuple(sorted({zones.by_name[name].owner for name in found} - {""}))


def _names(*told: object) -> list[str]:
    """Every name in small letters; of one with a domain the first part, too, unless it is an address."""
    names = {name.casefold() for name in told if isinstance(name, str) and name}
    return sorted(names | {_short(name) for name in names})


def _short(name: str) -> str:
    first = name.partition(".")[0]
    return name if first.isdecimal() or ":" in name else first
