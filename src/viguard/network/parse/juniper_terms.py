"""What one term of a Junos firewall filter fits, and what becomes of it.

Of a flow the first packet counts: ``tcp-established`` fits none. What no packet alone shows makes a term unsure.
Source: Junos Routing Policies, Firewall Filters and Traffic Policers User Guide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from ipaddress import ip_network
from typing import TypeAlias

from msgspec.structs import replace

from viguard.network.addresses import Family, Range, Ranges, common, joined, without
from viguard.network.match import Match, everything
from viguard.network.parse.cisco_names import TCP_PORTS, UDP_PORTS
from viguard.network.parse.names import ICMP6_TYPES, ICMP_TYPES, PROTOCOLS, number
from viguard.network.rules import Action
from viguard.network.services import EVERY_PORT, EVERY_PROTOCOL, ICMP, ICMP6, TCP, WITH_PORTS, Box

Values: TypeAlias = list[tuple[str, ...]]
_PROTOCOLS = {**PROTOCOLS, "ipip": 4, "egp": 8, "icmp6": ICMP6, "dstopts": 60, "fragment": 44, "hop-by-hop": 0}
_PORTS = {
    **UDP_PORTS, **TCP_PORTS, "http": 80, "dhcp": 67, "snmp": 161, "snmptrap": 162, "ldp": 646, "radius": 1812,
    "radacct": 1813, "netbios-ssn": 139, "imap": 143, "kerberos-sec": 88, "ldap": 389, "rkinit": 2108, "socks": 1080,
    "nfsd": 2049, "printer": 515, "pptp": 1723, "tacacs-ds": 65, "zephyr-clt": 2103, "afs": 1483,
}  # fmt: skip
_V6_TYPES = {
    **ICMP6_TYPES, "neighbor-solicit": 135, "neighbor-advertisement": 136, "router-solicit": 133,
    "router-advertisement": 134, "redirect": 137, "membership-query": 130, "membership-report": 131,
    "membership-termination": 132,
}  # fmt: skip
_V4_TYPES = {
    **ICMP_TYPES, "unreachable": 3, "timestamp": 13, "router-solicit": 10, "router-advertisement": 9,
    "mask-request": 17, "mask-reply": 18,
}  # fmt: skip
_FIRST = {"syn"}


class From:
    """The conditions of a term. ``prefixes`` gives the networks of a prefix list, None when nobody knows them."""

    def __init__(self, family: Family, prefixes: Callable[[str], Sequence[str] | None]) -> None:
        self._family, self._prefixes = family, prefixes
        self._unsure: list[str] = []
        self._never = False

    def matches(self, conditions: Mapping[str, Values]) -> tuple[Match, ...]:
        """Packets that a term fits. Raises: ValueError for a value that is none."""
        self._unsure, self._never = [], False
        found = [everything(self._family)]
        for side in ("source-", "destination-", ""):
            if (some := self._named(conditions, side)) is not None:
                ways = self._ways(side, some)
                found = [both for one in found for way in ways if (both := one.also(way))]
        sure, loose = self._services(conditions)
        if self._never:
            return ()
        kinds = [self._of(sure), self._of(loose, "it looks for ports, types or flags in protocols without them")]
        found = [both for one in found for kind in kinds if (both := one.also(kind))]
        if self._unsure:
            what = f"it also looks at {', '.join(dict.fromkeys(self._unsure))}"
            found = [replace(one, unsure=what) for one in found]
        return tuple(found)

    def _ways(self, side: str, some: Ranges) -> list[Match]:
        every = self._family.every
        from_these, to_these = Match(sources=some, destinations=every), Match(sources=every, destinations=some)
        return {"source-": [from_these], "destination-": [to_these]}.get(side, [from_these, to_these])

    def _of(self, boxes: Iterable[Box], unsure: str = "") -> Match:
        every = self._family.every
        return Match(sources=every, destinations=every, services=tuple(boxes), unsure=unsure)

    def _named(self, conditions: Mapping[str, Values], side: str) -> Ranges | None:
        """Addresses by the longest network that holds them; None: it does not look at them."""
        told = [(value[0], value[-1] == "except") for value in conditions.get(f"{side}address", [])]
        lists = conditions.get(f"{side}prefix-list", [])
        for value in lists:
            networks = self._prefixes(value[0])
            if networks is None:
                self._unsure.append(f"the prefix list {value[0]}")
                return None
            told += [(one, value[-1] == "except") for one in networks]
        if not told and not lists:
            return None
        if told and all(is_out for _, is_out in told):
            self._unsure.append("none but excepted addresses")
            return None
        return _longest([(_network(text, self._family), is_out) for text, is_out in told])

    def _services(self, conditions: Mapping[str, Values]) -> tuple[list[Box], list[Box]]:
        """Services that fit, and such as may: ports, types and flags are looked for in every protocol."""
        said: dict[str, Ranges] = {}
        for key, values in conditions.items():
            name, is_out = key.removesuffix("-except"), key.endswith("-except")
            name = "protocol" if name in {"next-header", "payload-protocol"} else name
            if name in _NUMBERED and all(name != "icmp-code" or _is_number(value[0]) for value in values):
                names, top = _NUMBERED[name][self._family]
                some = _some(values, names, top, name, is_out=is_out)
                said[name] = common(said.get(name, (Range(0, top),)), some)
            else:
                self._other(key, values)
        protocols = said.pop("protocol", (EVERY_PROTOCOL,))
        needs = [known for keys, known in _NEEDS.items() if keys & (said.keys() | conditions.keys())]
        if not needs:
            return [Box(one) for one in protocols], []
        known = frozenset.intersection(*needs)
        asked = common(protocols, joined(Range(one, one) for one in known))
        targets = _targets(said)
        numbers = [one for span in asked for one in range(span.first, span.last + 1)]
        sure = [Box(Range(one, one), a, b) for one in numbers for a, b in targets]
        return sure, [Box(one) for one in without(protocols, asked)]

    def _other(self, key: str, values: Values) -> None:
        if key in _ADDRESSES or key == "tcp-initial":
            return
        if key in {"tcp-established", "is-fragment"}:
            self._never = True
        elif key == "tcp-flags":
            fits = [_flags(" ".join(value)) for value in values]
            if None in fits:
                self._unsure.append("tcp-flags")
            self._never |= not any(one is not False for one in fits)
        else:
            self._unsure.append(" ".join([key, *(word for value in values[:3] for word in value)]).strip())


_ADDRESSES = {f"{side}{what}" for side in ("source-", "destination-", "") for what in ("address", "prefix-list")}
_NUMBERED: Mapping[str, Mapping[Family, tuple[Mapping[str, int], int]]] = {
    "protocol": dict.fromkeys(Family, (_PROTOCOLS, 255)),
    "source-port": dict.fromkeys(Family, (_PORTS, 65535)),
    "destination-port": dict.fromkeys(Family, (_PORTS, 65535)),
    "port": dict.fromkeys(Family, (_PORTS, 65535)),
    "icmp-type": {Family.V4: (_V4_TYPES, 255), Family.V6: (_V6_TYPES, 255)},
    "icmp-code": dict.fromkeys(Family, ({}, 255)),
}
_NEEDS = {
    frozenset({"source-port", "destination-port", "port"}): WITH_PORTS,
    frozenset({"icmp-type", "icmp-code"}): frozenset({ICMP, ICMP6}),
    frozenset({"tcp-initial", "tcp-flags"}): frozenset({TCP}),
}
"""Protocols that have what is looked at."""


def _targets(said: Mapping[str, Ranges]) -> list[tuple[Range, Range]]:
    """Source ports and ports, or kinds of ICMP as such."""
    if "icmp-type" in said or "icmp-code" in said:
        types, codes = said.get("icmp-type", (Range(0, 255),)), said.get("icmp-code")
        return [(EVERY_PORT, span) for span in _kinds(types, codes)]
    pairs = [
        (a, b) for a in said.get("source-port", (EVERY_PORT,)) for b in said.get("destination-port", (EVERY_PORT,))
    ]
    if "port" not in said:
        return pairs
    either = said["port"]
    spans = [(one, EVERY_PORT) for one in either] + [(EVERY_PORT, one) for one in either]
    return [(x, y) for a, b in pairs for c, d in spans for x in common((a,), (c,)) for y in common((b,), (d,))]


@lru_cache(maxsize=65536)
def _network(text: str, family: Family) -> Range:
    found = ip_network(text, strict=False)
    if found.version != family:
        raise ValueError(f"{text} is no network of this family")
    return Range(int(found.network_address), int(found.broadcast_address))


def _is_number(text: str) -> bool:
    return text.replace("-", "").isdecimal()


def _some(values: Values, names: Mapping[str, int], top: int, what: str, *, is_out: bool) -> Ranges:
    spans = []
    for value in values:
        if value[0] in names or "-" not in value[0]:
            first = last = number(value[0], names, top, what)
        else:
            low, _, high = value[0].partition("-")
            first, last = number(low, names, top, what), number(high, names, top, what)
        if first > last:
            raise ValueError(f"{value[0]!r} does not go from a lower to a higher {what}")
        spans.append(Range(first, last))
    return without((Range(0, top),), joined(spans)) if is_out else joined(spans)


def _kinds(types: Ranges, codes: Ranges | None) -> Ranges:
    if codes is None:
        return tuple(Range(a * 256, b * 256 + 255) for a, b in types)
    return joined(Range(t * 256 + c, t * 256 + d) for a, b in types for t in range(a, b + 1) for c, d in codes)


def _longest(told: Sequence[tuple[Range, bool]]) -> Ranges:
    """The longest network that holds an address says whether it fits: wide ones first, narrow ones over them."""
    out: Ranges = ()
    by_size: dict[int, tuple[list[Range], list[Range]]] = {}
    for span, is_out in told:
        by_size.setdefault(span.last - span.first, ([], []))[is_out].append(span)
    for size in sorted(by_size, reverse=True):
        inside, outside = by_size[size]
        out = without(joined([*out, *inside]), joined(outside)) if outside else joined([*out, *inside])
    return out


def _flags(text: str) -> bool | None:
    """Whether the first packet of a TCP flow fits; None: the expression is not understood."""
    plain = text.replace("(", " ( ").replace(")", " ) ").replace("&", " & ").replace("|", " | ").replace("!", " ! ")
    words = plain.split()
    if "(" in words or ("&" in words and "|" in words):
        return None
    found, negated = [], False
    for word in words:
        if word in {"&", "|"}:
            continue
        if word == "!":
            negated = True
            continue
        if word not in {"syn", "ack", "fin", "rst", "push", "urgent"}:
            return None
        found.append((word in _FIRST) is not negated)
        negated = False
    return any(found) if "|" in words else all(found)


class Then:
    """What a term does. ``action`` None: the next term is asked. ``elsewhere``: something else decides."""

    def __init__(self, actions: Sequence[tuple[str, ...]]) -> None:
        self.action: Action | None = Action.PERMIT
        self.elsewhere = ""
        for words in actions:
            word = words[0] if words else ""
            if word in {"discard", "reject"}:
                self.action = Action.DENY
            elif word == "next":
                self.action = None
            elif word in _LIMITS:
                self.elsewhere = f"{word} lets only some through"
            elif word and word not in _GOES_ON:
                self.elsewhere = f"{word} hands it to something else"


_GOES_ON = {
    "accept", "count", "log", "syslog", "sample", "loss-priority", "forwarding-class", "port-mirror", "dscp",
    "traffic-class", "routing-instance", "topology", "port-mirror-instance",
}  # fmt: skip
_LIMITS = {"policer", "three-color-policer", "hierarchical-policer", "prefix-action"}
