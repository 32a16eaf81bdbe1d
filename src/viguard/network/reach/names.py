"""Which addresses a name means."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import ip_network

from viguard.model.facts import Unknown
from viguard.model.host import Host
from viguard.model.inventory import Inventory
from viguard.model.plugged import interfaces
from viguard.network.addresses import Family, Range, Ranges, joined, read
from viguard.network.closed.roles import addresses_of
from viguard.policy.policy import Policy


def addresses_named(name: str, inventory: Inventory, policy: Policy) -> Iterator[str]:
    """Addresses and networks that a name means: of a zone, a guest, a host; or itself. Nothing: nobody has it."""
    key = name.casefold()
    for zone in policy.zones or ():
        if zone.name == name:
            yield from zone.match.subnets
    for guest in inventory.guests:
        names = {guest.name.casefold(), guest.host_name.casefold() if isinstance(guest.host_name, str) else ""}
        if key in names:
            yield from addresses_of(guest)
    for host in inventory.hosts:
        if key in {host.name.casefold(), host.name.casefold().partition(".")[0]}:
            yield from addresses_of_host(host)
    try:
        ip_network(name)
    except ValueError:
        return
    yield name


def addresses_of_host(host: Host) -> tuple[str, ...]:
    """The addresses of every interface of a host, without prefixes; none when they were not read."""
    nics = interfaces(host)
    if isinstance(nics, Unknown):
        return ()
    texts = (text for nic in nics for text in (nic.address, *nic.ipv6) if text)
    return tuple(text.partition("/")[0].partition("%")[0] for text in texts)


def by_family(texts: Iterable[str]) -> dict[Family, Ranges]:
    """Addresses and networks as ranges; what is none is left out."""
    spans: dict[Family, list[Range]] = {family: [] for family in Family}
    for text in texts:
        try:
            family, span = read(text)
        except ValueError:
            continue
        spans[family].append(span)
    return {family: joined(found) for family, found in spans.items()}
