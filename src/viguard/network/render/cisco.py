"""Extended access lists of Cisco IOS and NX-OS: one for new flows, one for the answers to them.

A list is read in under a name that no interface uses, and then applied: in place, IOS would let everything through
while it is read in, or put new lines behind the last one.

Source: Cisco IOS Security Configuration Guide, Access Control Lists; Nexus 9000 NX-OS Security Configuration Guide.
Not tried on a device.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network

from viguard.model.facts import Struct
from viguard.network.addresses import Family, Range, Ranges, networks
from viguard.network.render.stateless import NEIGHBOURS, Row, lists
from viguard.network.render.written import Rendered, is_every, kinds_of_icmp, name, only_common, plain
from viguard.network.rules import Action, RuleSet
from viguard.network.services import EVERY_PORT, ICMP, ICMP6, TCP, UDP, Box

FRAGMENTS = "later fragments carry no ports: they are decided by addresses alone, and a permit lets them in"
_REMARK_BYTES = 100


class Dialect(StrEnum):
    """Which system reads the lists."""

    IOS = "ios"
    NXOS = "nxos"


class Target(Struct, frozen=True, kw_only=True):
    """``inside``: the interface where new flows come from; ``outside``: where they go.

    ``is_one_list``: new flows go both ways, so one list is applied to both interfaces; it begins with the answers.
    """

    dialect: Dialect = Dialect.IOS
    inside: str = "INSIDE"
    outside: str = "OUTSIDE"
    is_one_list: bool = False


_NEIGHBOURS = {
    Dialect.IOS: ("nd-na", "nd-ns"),
    Dialect.NXOS: ("nd-na", "nd-ns", "router-advertisement", "router-solicitation"),
}
"""What each lets through before the deny that it adds by itself; a written one comes before that."""


def render(one: RuleSet, target: Target | None = None) -> Rendered:
    """The lists of a rule set, and how to apply them, as comments."""
    target = target or Target()
    written, residual = lists(one, only_common(one.family), is_one_list=target.is_one_list)
    first = f"{name(one.name)}{'-v6' if one.family is Family.V6 else ''}"
    lines: list[str] = []
    apply: list[str] = []
    for each in written:
        lines.append(f"! Rule set {plain(one.name, 60)}: {each.what}. Apply in, on {each.where}.")
        lines += [*_list(first + each.suffix, each.rows, one, target.dialect), "!"]
        for side in each.sides:
            apply += _apply(getattr(target, side), first + each.suffix, one.family, target.dialect)
    residual.append(FRAGMENTS)
    if _neighbours(one, target.dialect):
        residual.append(NEIGHBOURS)
    return Rendered("\n".join([*lines, *apply, ""]), tuple(residual))


def _list(title: str, rows: Sequence[Row], one: RuleSet, dialect: Dialect) -> Iterator[str]:
    margin = " " if dialect is Dialect.IOS else "  "
    kind = "ipv6 access-list" if one.family is Family.V6 else "ip access-list"
    yield f"{kind}{' extended' if dialect is Dialect.IOS and one.family is Family.V4 else ''} {title}"
    remarked = (0, "")
    for row in rows:
        remark = plain(row.why, _REMARK_BYTES)
        if remark and (row.number, row.why) != remarked:
            yield f"{margin}remark {remark}"
        remarked = (row.number, row.why)
        if not row.number and row is rows[-1]:
            yield from (f"{margin}permit icmp any any {known}" for known in _neighbours(one, dialect))
        yield from (f"{margin}{line}" for line in _lines(row, one.family, dialect))


def _neighbours(one: RuleSet, dialect: Dialect) -> tuple[str, ...]:
    return _NEIGHBOURS[dialect] if one.family is Family.V6 and one.default is Action.DENY else ()


def _lines(row: Row, family: Family, dialect: Dialect) -> Iterator[str]:
    from_port, ports = _services(row.protocol, row.box)
    end = ["established"] if row.is_answer else []
    for source in _addresses(row.sources, family, dialect):
        for destination in _addresses(row.destinations, family, dialect):
            for port in ports:
                words = [row.action, _protocol(row.protocol, family), source, from_port, destination, port, *end]
                yield " ".join(word for word in words if word)


def _protocol(protocol: int | None, family: Family) -> str:
    if protocol is None:
        return "ip" if family is Family.V4 else "ipv6"
    known = {TCP: "tcp", UDP: "udp", ICMP if family is Family.V4 else ICMP6: "icmp"}
    return known.get(protocol, str(protocol))


def _addresses(some: Ranges, family: Family, dialect: Dialect) -> list[str]:
    if len(some) == 1 and is_every(some[0], family):
        return ["any"]
    return [_network(one, dialect) for one in networks(some, family)]


def _network(one: IPv4Network | IPv6Network, dialect: Dialect) -> str:
    if dialect is Dialect.NXOS:
        return str(one)
    if one.prefixlen == one.max_prefixlen:
        return f"host {one.network_address}"
    return f"{one.network_address} {one.hostmask}" if one.version == 4 else str(one)


def _services(protocol: int | None, box: Box) -> tuple[str, list[str]]:
    if protocol not in {ICMP, ICMP6}:
        return _span(box.source_port), [_span(box.port)]
    if box.port == EVERY_PORT:
        return "", [""]
    return "", [str(kind) if code is None else f"{kind} {code}" for kind, code in kinds_of_icmp(box)]


def _span(span: Range) -> str:
    if span == EVERY_PORT:
        return ""
    return f"eq {span.first}" if span.first == span.last else f"range {span.first} {span.last}"


def _apply(interface: str, title: str, family: Family, dialect: Dialect) -> list[str]:
    margin = " " if dialect is Dialect.IOS else "  "
    kind = "ip access-group" if family is Family.V4 else "ipv6 traffic-filter"
    return [f"! interface {re.sub(r'[^A-Za-z0-9/.:_-]', '', interface)}", f"! {margin}{kind} {title} in"]
