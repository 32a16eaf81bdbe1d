"""Which packets a rule of the Windows firewall fits.

Source: Microsoft, netsh advfirewall firewall add rule; New-NetFirewallRule.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import ip_network

from msgspec.structs import replace

from viguard.network.addresses import Family, Range, Ranges, joined, read
from viguard.network.match import Match
from viguard.network.parse.names import PROTOCOLS, number
from viguard.network.parse.windows_exports import RawRule
from viguard.network.services import EVERY_PORT, EVERY_SERVICE, ICMP, ICMP6, WITH_PORTS, Box, box, icmp

_PROTOCOLS = {
    **PROTOCOLS,
    "icmpv4": ICMP,
    "icmpv6": ICMP6,
    "ipv6route": 43,
    "ipv6frag": 44,
    "ipv6nonxt": 59,
    "ipv6opts": 60,
}
_EVERY = {"any", "*", ""}
_NEEDED = ("protocol", "localaddress", "remoteaddress", "localport", "remoteport", "program", "service")
_NARROWS = {
    "program": set(), "service": set(), "package": set(), "interfacetype": {"all", "0"}, "interfacealias": set(),
    "security": {"notrequired"}, "authentication": {"notrequired", "0"}, "encryption": {"notrequired", "0"},
    "localuser": set(), "remoteuser": set(), "remotemachine": set(), "dynamictarget": {"0"},
    "dynamictransport": {"0"}, "owner": set(), "rmtcomputergrp": set(), "rmtusrgrp": set(),
}  # fmt: skip
"""What no packet shows, with the values that ask for nothing."""
_PORTS = {"rpc-epmap": 135, "rpcepmap": 135}


def matches(raw: RawRule, family: Family) -> list[Match]:
    """Packets that it fits; a part of them may be unsure. Raises: ValueError for a value that is none."""
    unsure = [f"{key} was not exported" for key in _NEEDED if key not in raw.fields and not _is_icmp(raw, key)]
    for key, nothing in _NARROWS.items():
        values = [value for value in raw.fields.get(key, ()) if value.lower() not in _EVERY | nothing]
        if values:
            unsure.append(f"{key} {', '.join(values)}")
    services = _services(raw, family, unsure)
    local, remote = (_addresses(raw.fields.get(key, ()), family, unsure) for key in ("localaddress", "remoteaddress"))
    sources, destinations = (remote, local) if raw.direction == "in" else (local, remote)
    if not (services and sources and destinations):
        return []
    match = Match(sources=sources, destinations=destinations, services=tuple(services))
    return [replace(match, unsure=f"it also looks at {'; '.join(unsure)}" if unsure else "")]


def _is_icmp(raw: RawRule, key: str) -> bool:
    """netsh names no ports where a protocol has none."""
    return key in {"localport", "remoteport"} and "".join(raw.fields.get("protocol", ())).lower() not in {"tcp", "udp"}


def _addresses(values: Sequence[str], family: Family, unsure: list[str]) -> Ranges:
    """Addresses; everything when one of them is known on that machine only."""
    found = []
    for value in values:
        if value.lower() in _EVERY:
            return family.every
        if not value[:1].isdigit() and ":" not in value:
            unsure.append(value)
            return family.every
        its, span = _span(value)
        if its is family:
            found.append(span)
    return joined(found) if values else family.every


@lru_cache(maxsize=65536)
def _span(text: str) -> tuple[Family, Range]:
    return read(text if "-" in text else str(ip_network(text, strict=False)))


def _services(raw: RawRule, family: Family, unsure: list[str]) -> list[Box]:
    word = "".join(raw.fields.get("protocol", ("any",))).lower()
    if word in _EVERY:
        return [EVERY_SERVICE]
    protocol = number(word, _PROTOCOLS, 256, "protocol")
    if protocol == 256:
        return [EVERY_SERVICE]
    if protocol in {ICMP, ICMP6}:
        if (protocol == ICMP) is not (family is Family.V4):
            return []
        kinds = [value for value in raw.fields.get("icmptype", ()) if value.lower() not in _EVERY]
        return [_kind(protocol, value) for value in kinds] or [box(protocol)]
    if protocol not in WITH_PORTS:
        return [box(protocol)]
    local, remote = (_ports(raw.fields.get(key, ()), unsure) for key in ("localport", "remoteport"))
    origins, targets = (remote, local) if raw.direction == "in" else (local, remote)
    return [Box(Range(protocol, protocol), a, b) for a in origins for b in targets]


def _kind(protocol: int, text: str) -> Box:
    kind, _, code = text.partition(":")
    has_code = code and code.lower() not in _EVERY
    return icmp(
        protocol, number(kind, {}, 255, "type of ICMP"), number(code, {}, 255, "code of ICMP") if has_code else None
    )


def _ports(values: Sequence[str], unsure: list[str]) -> Ranges:
    found = []
    for value in values:
        low = value.lower()
        if low in _EVERY:
            return (EVERY_PORT,)
        if low[:1].isalpha() and low not in _PORTS:
            unsure.append(f"port {value}")
            return (EVERY_PORT,)
        first, hyphen, last = (low, "", "") if low in _PORTS else low.partition("-")
        span = Range(number(first, _PORTS, 65535, "port"), number(last if hyphen else first, _PORTS, 65535, "port"))
        if span.first > span.last:
            raise ValueError(f"ports from {span.first} to {span.last}")
        found.append(span)
    return joined(found) if values else (EVERY_PORT,)
