"""What nftables can look at in a packet, one thing at a time: its values as numbers, and the packets that have them.

Source: libnftables-json(5), nft(8).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from ipaddress import ip_address
from typing import NamedTuple, TypeAlias

from viguard.network.addresses import Family, Range, Ranges, common, without
from viguard.network.match import Match, everything
from viguard.network.parse import names
from viguard.network.parse.tracking import first_packets
from viguard.network.services import EVERY_PORT, EVERY_PROTOCOL, EVERY_SERVICE, ICMP, ICMP6, WITH_PORTS, Box

Matches: TypeAlias = tuple[Match, ...]
"""Packets that fit any of them."""
STATES = ("invalid", "established", "related", "new", "untracked")
"""In the order of their numbers on the axis."""
_ETHERTYPES = {"ip": 0x0800, "arp": 0x0806, "vlan": 0x8100, "8021q": 0x8100, "ip6": 0x86DD}
_NFPROTOS = {"ipv4": 2, "ip": 2, "ipv6": 10, "ip6": 10}
_PORTS = {"tcp": 6, "udp": 17, "dccp": 33, "sctp": 132, "udplite": 136}


class Axis(NamedTuple):
    """One thing that is looked at. ``number`` of a value is None when nobody can know which packets have it;
    ``fits`` are the packets that have any of some numbers."""

    shown: str
    top: int
    number: Callable[[str], int | None]
    fits: Callable[[Ranges], Matches]

    @property
    def every(self) -> Ranges:
        """All its numbers."""
        return (Range(0, self.top),)


def axis(left: object, family: Family) -> Axis:
    """What an expression looks at; for what is not known here an axis whose values nobody knows."""
    if isinstance(left, Mapping) and len(left) == 1:
        ((kind, what),) = left.items()
        if isinstance(what, Mapping):
            if kind == "payload":
                return _payload(str(what.get("protocol", "")), str(what.get("field", "")), family)
            if kind == "meta":
                return _meta(str(what.get("key", "")), family)
            if kind == "ct":
                return _ct(str(what.get("key", "")), str(what.get("dir", "")), family)
            return _unknown(" ".join([kind, *(str(value) for value in what.values())]), family)
        return _unknown(kind, family)
    return _unknown(str(left)[:80], family)


def _unknown(shown: str, family: Family, boxes: Sequence[Box] = (EVERY_SERVICE,)) -> Axis:
    return Axis(shown, 0, lambda _value: None, lambda _some: _services(family, boxes))


def _never(shown: str) -> Axis:
    """No packet of this family has it at all."""
    return Axis(shown, 0, lambda _value: None, lambda _some: ())


def _known(shown: str, values: Mapping[str, int], value: int, top: int, family: Family) -> Axis:
    """The first packet of a flow has one value."""

    def fits(some: Ranges) -> Matches:
        return (everything(family),) if any(one.first <= value <= one.last for one in some) else ()

    return Axis(shown, top, lambda text: names.number(text, values, top, f"value of {shown}"), fits)


def _payload(protocol: str, field: str, family: Family) -> Axis:
    shown = f"{protocol} {field}"
    if protocol in {"ip", "ip6"}:
        if (protocol == "ip") is not (family is Family.V4):
            return _never(shown)
        return _header(shown, field, family)
    if protocol in {"icmp", "icmpv6"}:
        if (protocol == "icmp") is not (family is Family.V4):
            return _never(shown)
        return _icmp(shown, field, family)
    if protocol in _PORTS or protocol == "th":
        return _transport(shown, protocol, field, family)
    number = {"esp": 50, "ah": 51, "comp": 108, "igmp": 2}.get(protocol)
    return _unknown(shown, family, (Box(Range(number, number)),) if number else (EVERY_SERVICE,))


def _header(shown: str, field: str, family: Family) -> Axis:
    if field in {"saddr", "daddr"}:
        return Axis(shown, family.top, partial(_address, family), partial(_addresses, family, field == "saddr"))
    if field in {"protocol", "nexthdr"}:
        return _protocol(shown, family)
    if field == "version":
        return _known(shown, {}, int(family), 15, family)
    return _unknown(shown, family)


def _address(family: Family, text: str) -> int:
    found = ip_address(text)
    if found.version != family:
        raise ValueError(f"{text} is no address of this family")
    return int(found)


def _addresses(family: Family, is_source: bool, some: Ranges) -> Matches:  # noqa: FBT001  (bound by partial)
    every = family.every
    return (Match(sources=some if is_source else every, destinations=every if is_source else some),) if some else ()


def _services(family: Family, boxes: Sequence[Box]) -> Matches:
    every = family.every
    return (Match(sources=every, destinations=every, services=tuple(boxes)),) if boxes else ()


def _protocol(shown: str, family: Family) -> Axis:
    return Axis(
        shown,
        255,
        lambda text: names.number(text, names.PROTOCOLS, 255, "protocol"),
        lambda some: _services(family, [Box(span) for span in some]),
    )


def _transport(shown: str, protocol: str, field: str, family: Family) -> Axis:
    numbers = sorted(WITH_PORTS) if protocol == "th" else [_PORTS[protocol]]
    if field not in {"sport", "dport"}:
        return _unknown(shown, family, [Box(Range(number, number)) for number in numbers])

    def fits(some: Ranges) -> Matches:
        boxes = [_port(number, span, field) for number in numbers for span in some]
        sure = _services(family, boxes)
        if protocol != "th" or not some:
            return sure
        others = without((EVERY_PROTOCOL,), tuple(Range(number, number) for number in numbers))
        unsure = "it looks for ports in protocols that have none"
        every = family.every
        other = Match(sources=every, destinations=every, services=tuple(Box(one) for one in others), unsure=unsure)
        return (*sure, other)

    return Axis(shown, 65535, lambda text: names.number(text, {}, 65535, "port"), fits)


def _port(number: int, span: Range, field: str) -> Box:
    protocol = Range(number, number)
    return Box(protocol, source_port=span) if field == "sport" else Box(protocol, port=span)


def _icmp(shown: str, field: str, family: Family) -> Axis:
    protocol, types, codes = (
        (ICMP, names.ICMP_TYPES, names.ICMP_CODES)
        if family is Family.V4
        else (ICMP6, names.ICMP6_TYPES, names.ICMP6_CODES)
    )
    whole = Range(protocol, protocol)
    if field == "type":
        return Axis(
            shown,
            255,
            lambda text: names.number(text, types, 255, "type of ICMP"),
            lambda some: _services(family, [Box(whole, port=Range(a * 256, b * 256 + 255)) for a, b in some]),
        )
    if field == "code":
        return Axis(
            shown,
            255,
            lambda text: names.number(text, codes, 255, "code of ICMP"),
            lambda some: _services(family, _codes(whole, some)),
        )
    return _unknown(shown, family, (Box(whole),))


def _codes(protocol: Range, some: Ranges) -> list[Box]:
    if some == (Range(0, 255),):
        return [Box(protocol, port=EVERY_PORT)]
    return [Box(protocol, port=Range(kind * 256 + a, kind * 256 + b)) for kind in range(256) for a, b in some]


def _meta(key: str, family: Family) -> Axis:
    if key == "l4proto":
        return _protocol("meta l4proto", family)
    if key == "nfproto":
        return _known("meta nfproto", _NFPROTOS, 2 if family is Family.V4 else 10, 255, family)
    if key == "protocol":
        return _known("meta protocol", _ETHERTYPES, 0x0800 if family is Family.V4 else 0x86DD, 65535, family)
    if key in {"iif", "oif", "iifname", "oifname"}:
        return _interface(key, family)
    return _unknown(f"meta {key}", family)


def _interface(key: str, family: Family) -> Axis:
    """Nothing that comes from or goes to a network passes the loopback interface; of others nobody knows."""

    def number(text: str) -> int | None:
        return 0 if text == "lo" or (text == "1" and key in {"iif", "oif"}) else None

    def fits(some: Ranges) -> Matches:
        return (everything(family),) if common(some, (Range(1, 1),)) else ()

    return Axis(key, 1, number, fits)


def _ct(key: str, direction: str, family: Family) -> Axis:
    if key == "state":
        return _state(family)
    if key == "direction":
        return _known("ct direction", {"original": 0, "reply": 1}, 0, 1, family)
    if key == "protocol":
        return _protocol("ct protocol", family)
    return _unknown(" ".join(part for part in ("ct", direction, key) if part), family)


def _state(family: Family) -> Axis:
    numbers = {state: number for number, state in enumerate(STATES)}
    return Axis(
        "ct state",
        len(STATES) - 1,
        lambda text: names.number(text, numbers, -1, "state of a connection"),
        lambda some: _services(family, first_packets(states(some), family)),
    )


def states(some: Ranges) -> list[str]:
    """The states of connections that have these numbers."""
    return [state for number, state in enumerate(STATES) if any(one.first <= number <= one.last for one in some)]
