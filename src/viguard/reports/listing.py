"""An inventory as groups: by site, cluster, zone or VLAN."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase

import msgspec
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from viguard.model.facts import Settings, Struct, Unknown
from viguard.model.guest import Guest
from viguard.model.host import Host
from viguard.model.inventory import Inventory
from viguard.model.server import Product
from viguard.model.text import visible
from viguard.policy.policy import Sites
from viguard.policy.zones import Zones

NOT_KNOWN = "(not known)"
SHOWN = 12
"""Guests that a table names of each group."""


class Entry(Struct, frozen=True, kw_only=True):
    """A host or guest of a group. ``detail`` says version, power and the like."""

    kind: str
    name: str
    path: str
    detail: str = ""


class Group(Struct, frozen=True, kw_only=True):
    """One site, cluster, zone or VLAN and what stands in it."""

    name: str
    hosts: tuple[Entry, ...] = ()
    guests: tuple[Entry, ...] = ()


class Listing(Struct, frozen=True, kw_only=True, omit_defaults=False):
    """Groups of one kind, by name. A guest with NICs in several VLANs or zones stands in each."""

    by: str
    groups: tuple[Group, ...] = ()
    schema: str = "viguard-inventory/1"


def by_cluster(inventory: Inventory, chosen: Callable[[str], bool]) -> Listing:
    """Hosts and guests by the cluster (or lone host) that they belong to."""
    names = {h.id: _above(h.path) for h in inventory.hosts}
    return _listing("cluster", inventory, chosen, lambda h: [names[h.id]], lambda g: [_of_host(g, names)])


def by_site(inventory: Inventory, chosen: Callable[[str], bool], sites: Sites) -> Listing:
    """Hosts and guests by site, as the policy says how sites are known."""
    names = {h.id: _site(h, sites) for h in inventory.hosts}
    return _listing("site", inventory, chosen, lambda h: [names[h.id]], lambda g: [_of_host(g, names)])


def by_vlan(inventory: Inventory, chosen: Callable[[str], bool]) -> Listing:
    """Guests by the VLANs of their NICs, hosts by the VLANs of their port groups."""

    def of_host(host: Host) -> list[str]:
        groups = inventory.port_groups_by_host.get(host.id, {}).values()
        return sorted({_vlan(g.vlan) for g in groups}) or [NOT_KNOWN]

    def of_guest(guest: Guest) -> list[str]:
        if isinstance(guest.nics, Unknown):
            return [NOT_KNOWN]
        return sorted({_vlan(inventory.vlan_of(guest, nic)) for nic in guest.nics}) or ["no NIC"]

    return _listing("vlan", inventory, chosen, of_host, of_guest)


def by_zone(inventory: Inventory, chosen: Callable[[str], bool], zones: Zones) -> Listing:
    """Guests by zone, hosts by the zones of their guests."""

    def of_guest(guest: Guest) -> list[str]:
        return sorted(zones.of_guest(guest).zones) or ["(no zone)"]

    def of_host(host: Host) -> list[str]:
        guests = inventory.guests_by_host.get(host.id, ())
        return sorted({zone for guest in guests for zone in of_guest(guest)})

    return _listing("zone", inventory, chosen, of_host, of_guest)


def _listing(
    by: str,
    inventory: Inventory,
    chosen: Callable[[str], bool],
    of_host: Callable[[Host], list[str]],
    of_guest: Callable[[Guest], list[str]],
) -> Listing:
    hosts: dict[str, list[Entry]] = defaultdict(list)
    guests: dict[str, list[Entry]] = defaultdict(list)
    for host in filter(lambda h: chosen(h.id), inventory.hosts):
        for name in of_host(host):
            hosts[name].append(_host(host))
    for guest in filter(lambda g: chosen(g.id), [*inventory.guests, *inventory.templates]):
        for name in of_guest(guest):
            guests[name].append(_guest(guest))
    return Listing(
        by=by,
        groups=tuple(
            Group(name=name, hosts=tuple(hosts[name]), guests=tuple(guests[name]))
            for name in sorted({*hosts, *guests}, key=_natural)
        ),
    )


def _natural(name: str) -> tuple[int, str]:
    digits = "".join(c for c in name if c.isdigit())
    return (int(digits[:9]) if digits else 1 << 30, name) if name.startswith("VLAN") else (1 << 30, name)


def _above(path: str) -> str:
    return path.rpartition("/")[0] or path


def _of_host(guest: Guest, names: Mapping[str, str]) -> str:
    return names.get(guest.host, NOT_KNOWN) if isinstance(guest.host, str) else NOT_KNOWN


def _site(host: Host, sites: Sites) -> str:
    if host.site:
        return host.site
    for site, patterns in sites.hosts.items():
        if any(fnmatchcase(host.name.casefold(), p.casefold()) for p in patterns):
            return site
    if sites.attribute and isinstance(host.custom, Settings):
        value = host.custom.values.get(sites.attribute)
        return str(value) if value else NOT_KNOWN
    return NOT_KNOWN


def _vlan(vlan: object) -> str:
    if vlan is None:
        return "not connected"
    trunk = getattr(vlan, "is_trunk", None)
    if trunk is None:
        return NOT_KNOWN
    return "VLAN trunk" if trunk else f"VLAN {getattr(vlan, 'id', 0)}"


def _host(host: Host) -> Entry:
    product = f"{host.product.name} {host.product.version}" if isinstance(host.product, Product) else "product unknown"
    return Entry(kind="host", name=host.name, path=host.path, detail=product)


def _guest(guest: Guest) -> Entry:
    power = guest.power if isinstance(guest.power, str) else "power unknown"
    os = guest.os if isinstance(guest.os, str) else "system unknown"
    kind = "template" if guest.template is True else "guest"
    return Entry(kind=kind, name=guest.name, path=guest.path, detail=f"{os}, {power}")


def render(console: Console, listing: Listing) -> None:
    """Print the groups."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    table.add_column(listing.by, overflow="fold")
    table.add_column("hosts", overflow="fold", ratio=2)
    table.add_column("guests", justify="right", no_wrap=True)
    table.add_column("names", overflow="fold", ratio=3)
    for group in listing.groups:
        hosts = ", ".join(visible(e.name, 60) for e in group.hosts)
        names = ", ".join(visible(e.name, 60) for e in group.guests[:SHOWN])
        more = f" and {len(group.guests) - SHOWN:,} more" if len(group.guests) > SHOWN else ""
        name = Text(visible(group.name, 120), "bold")
        table.add_row(name, Text(hosts), f"{len(group.guests):,}", Text(names + more, "dim"))
    console.print(table)
    if any(len(group.guests) > SHOWN for group in listing.groups):
        console.print(Text("`--format json` lists every guest", "dim"))


def document(listing: Listing) -> bytes:
    """The groups as JSON."""
    return msgspec.json.format(msgspec.json.encode(listing), indent=1) + b"\n"
