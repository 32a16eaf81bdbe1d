"""What zones are recognised by, made ready to be asked many times: patterns and subnets."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import translate
from ipaddress import IPv4Network, IPv6Network, ip_interface, ip_network
from re import Pattern
from re import compile as pattern

from viguard.policy.membership import Match, Rule
from viguard.policy.policy import Zone


def matched(zone: Zone, rule: Rule, wanted: str, found: str, at: str) -> Match:
    """A match of the zone: ``found`` fits the ``wanted`` of its rule; ``at`` is the NIC, if one."""
    return Match(zone=zone.name, rule=rule, wanted=wanted, found=found, at=at, line=zone.line)


class Patterns:
    """Shell patterns of zones, compiled. A pattern that starts with a slash is for paths."""

    def __init__(self, pairs: Iterable[tuple[Zone, str]]) -> None:
        self._rows: list[tuple[Zone, str, Pattern[str]]] = [(z, p, pattern(translate(p))) for z, p in pairs]

    def __bool__(self) -> bool:
        return bool(self._rows)

    def hits(self, rule: Rule, text: str, at: str = "") -> tuple[Match, ...]:
        """A match for each pattern that the text has."""
        return tuple(
            matched(zone, rule, wanted, text, at)
            for zone, wanted, compiled in self._rows
            if (rule is not Rule.FOLDER or wanted.startswith("/") == text.startswith("/")) and compiled.match(text)
        )


class Subnets:
    """Subnets of zones by prefix length, so that an address costs one look-up per length, not one per subnet."""

    def __init__(self, pairs: Iterable[tuple[Zone, str]]) -> None:
        self._rows: dict[tuple[int, int], dict[int, list[tuple[Zone, str]]]] = {}
        for zone, text in pairs:
            net: IPv4Network | IPv6Network = ip_network(text, strict=False)
            table = self._rows.setdefault((net.version, net.max_prefixlen - net.prefixlen), {})
            table.setdefault(int(net.network_address) >> (net.max_prefixlen - net.prefixlen), []).append((zone, text))

    def __bool__(self) -> bool:
        return bool(self._rows)

    def hits(self, address: str, at: str) -> tuple[Match, ...]:
        """A match for each subnet that holds the address."""
        try:
            ip = ip_interface(address.partition("%")[0]).ip
        except ValueError:
            return ()
        rows = (
            row
            for (version, shift), table in self._rows.items()
            if version == ip.version
            for row in table.get(int(ip) >> shift, ())
        )
        return tuple(matched(zone, Rule.SUBNET, text, address, at) for zone, text in rows)
