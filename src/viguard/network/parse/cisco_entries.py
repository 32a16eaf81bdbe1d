"""One entry of a Cisco access list: its action, and the packets that it fits.

Of a flow the first packet counts: ``established`` fits none. What no packet alone shows makes an entry unsure.
Source: Cisco IOS Security Command Reference; Nexus 9000 NX-OS Security Configuration Guide.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from ipaddress import ip_address, ip_network
from typing import NamedTuple, Protocol

from viguard.network.addresses import Family, Range, Ranges, joined, without
from viguard.network.match import meet
from viguard.network.parse.cisco_names import ICMP6_KINDS, ICMP_KINDS, PROTOCOLS, TCP_PORTS, UDP_PORTS
from viguard.network.parse.masks import masked
from viguard.network.parse.names import number
from viguard.network.rules import Action
from viguard.network.services import EVERY_PORT, EVERY_SERVICE, ICMP, ICMP6, TCP, UDP, WITH_PORTS, Box, box, icmp

_ACTIONS = {"permit": Action.PERMIT, "deny": Action.DENY}
_COMPARISONS = {"eq", "neq", "lt", "gt", "range", "portgroup"}
_SAYS_NOTHING = {"log", "log-input", "established", "fragments"}
_FLAGS = {"ack", "fin", "psh", "rst", "syn", "urg"}
_WITH_VALUE = {"dscp", "precedence", "tos", "time-range", "ttl", "option", "packet-length", "flow-label", "vlan"}


class Entry(NamedTuple):
    """What an entry says. ``never``: no first packet of a flow fits. ``reflects``: the list that answers go to."""

    action: Action
    sources: Ranges
    destinations: Ranges
    services: tuple[Box, ...]
    unsure: str = ""
    never: bool = False
    reflects: str = ""


class Groups(Protocol):
    """How groups of addresses, services and ports are looked up. Each raises ValueError for one that is not there."""

    def addresses(self, name: str, family: Family) -> Ranges:
        """The addresses of a group."""

    def services(self, name: str) -> tuple[Box, ...]:
        """The services of a group."""

    def ports(self, name: str) -> Ranges:
        """The ports of a group."""


class Words:
    """The words of a line, taken one by one."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words, self._at = words, 0

    @property
    def next(self) -> str:
        """The word that comes; empty at the end."""
        return self._words[self._at] if self._at < len(self._words) else ""

    def take(self) -> str:
        """That word, which is behind us then. Raises: ValueError at the end."""
        word = self.next
        if not word:
            raise ValueError("it ends too early")
        self._at += 1
        return word


def action(word: str) -> Action:
    """What the first word of an entry says. Raises: ValueError when it is none."""
    if word not in _ACTIONS:
        raise ValueError(f"{word!r} is neither permit nor deny")
    return _ACTIONS[word]


def standard(words: Words, groups: Groups) -> Entry:
    """An entry that looks at sources alone."""
    said = action(words.take())
    sources = addresses(words, Family.V4, groups, bare_is_host=True)
    while words.next:
        if words.take() not in {"log", "smartlog"}:
            raise ValueError("a standard list looks at sources alone")
    unsure = "" if sources is not None else "it has a mask with many holes"
    every = Family.V4.every
    return Entry(said, every if sources is None else sources, every, (EVERY_SERVICE,), unsure)


def extended(words: Words, family: Family, groups: Groups) -> Entry:
    """An entry that looks at everything."""
    said = action(words.take())
    services = _protocol(words, family, groups)
    sources = addresses(words, family, groups)
    source_ports = _ports(words, services, groups)
    destinations = addresses(words, family, groups)
    ports = _ports(words, services, groups)
    boxes = _with_ports(services, source_ports, ports)
    rest = _Rest(family, boxes)
    rest.read(words)
    if sources is None or destinations is None:
        rest.unsure.append("a mask with many holes")
    unsure = f"it also looks at {', '.join(rest.unsure)}" if rest.unsure else ""
    every = family.every
    return Entry(
        said,
        every if sources is None else sources,
        every if destinations is None else destinations,
        rest.services,
        unsure,
        rest.never,
        rest.reflects,
    )


def addresses(words: Words, family: Family, groups: Groups | None, *, bare_is_host: bool = False) -> Ranges | None:
    """Addresses as an entry says them; None: a mask with so many holes that nobody wants to hold what it fits.

    Raises: ValueError when there are none.
    """
    word = words.take()
    if word in {"any", "any4", "any6"}:
        return family.every
    if word == "host":
        at = _address(words.take(), family)
        return (Range(at, at),)
    if word in {"object-group", "addrgroup"} and groups:
        return groups.addresses(words.take(), family)
    if "/" in word:
        return (_network(word, family),)
    at = _address(word, family)
    if family is Family.V6 or (bare_is_host and not words.next[:1].isdigit()):
        return (Range(at, at),)
    return masked(at, family.top & ~_address(words.take(), family), family)


def _address(text: str, family: Family) -> int:
    found = ip_address(text)
    if found.version != family:
        raise ValueError(f"{text} is no address of this family")
    return int(found)


def _network(text: str, family: Family) -> Range:
    found = ip_network(text, strict=False)
    if found.version != family:
        raise ValueError(f"{text} is no network of this family")
    return Range(int(found.network_address), int(found.broadcast_address))


def _protocol(words: Words, family: Family, groups: Groups) -> tuple[Box, ...]:
    word = words.take()
    if word == "object-group":
        return groups.services(words.take())
    return (protocol(word, family),)


def protocol(word: str, family: Family) -> Box:
    """Every service of a protocol. Raises: ValueError when it is none."""
    if word in {"ip", "ipv6", "ipv4"}:
        return EVERY_SERVICE
    if word in {"icmp", "icmpv6"}:
        return box(ICMP if family is Family.V4 else ICMP6)
    return box(number(word, PROTOCOLS, 255, "protocol"))


def _ports(words: Words, services: Iterable[Box], groups: Groups) -> Ranges | None:
    if words.next not in _COMPARISONS:
        return None
    protocols = {one.protocol.first for one in services}
    if not protocols <= WITH_PORTS:
        raise ValueError("ports of a protocol that has none")
    if words.next == "portgroup":
        words.take()
        return groups.ports(words.take())
    return compared(words, port_names(protocols))


def port_names(protocols: Iterable[int]) -> dict[str, int]:
    """Names of ports of some protocols."""
    some = set(protocols)
    return {**(UDP_PORTS if UDP in some else {}), **(TCP_PORTS if TCP in some or UDP not in some else {})}


def compared(words: Words, names: Mapping[str, int]) -> Ranges:
    """Ports as ``eq``, ``neq``, ``lt``, ``gt`` and ``range`` say. Raises: ValueError for ports that are none."""
    how = words.take()
    first = _port(words.take(), names)
    if how == "range":
        last = _port(words.take(), names)
        if first > last:
            raise ValueError(f"ports from {first} to {last}")
        return (Range(first, last),)
    if how in {"eq", "neq"}:
        some = [Range(first, first)]
        while words.next and (words.next.isdecimal() or words.next in names):
            at = _port(words.take(), names)
            some.append(Range(at, at))
        return joined(some) if how == "eq" else without((EVERY_PORT,), joined(some))
    if how in {"lt", "gt"}:
        span = Range(0, first - 1) if how == "lt" else Range(first + 1, 65535)
        return (span,) if span.first <= span.last else ()
    raise ValueError(f"{how!r} compares no ports")


def _port(text: str, names: Mapping[str, int]) -> int:
    return number(text, names, 65535, "port")


def _with_ports(services: Sequence[Box], source_ports: Ranges | None, ports: Ranges | None) -> tuple[Box, ...]:
    spans = (Range(0, 65535),)
    looks = [Box(source_port=a, port=b) for a in source_ports or spans for b in ports or spans]
    if () in {source_ports, ports}:
        return ()
    return tuple(both for one in services for look in looks if (both := meet(one, look)))


class _Rest:
    """What stands after the addresses."""

    def __init__(self, family: Family, services: tuple[Box, ...]) -> None:
        self._family, self.services = family, services
        self.unsure: list[str] = []
        self.never = not services
        self.reflects = ""

    def read(self, words: Words) -> None:
        flags = list[str]()
        while words.next:
            word = words.take()
            if word in _SAYS_NOTHING:
                self.never |= word in {"established", "fragments"}
                if word.startswith("log") and words.next and words.next not in _WITH_VALUE | _SAYS_NOTHING:
                    words.take()  # a tag
            elif word in _FLAGS:
                flags.append(word)
            elif word in {"match-all", "match-any"}:
                self._signed_flags(words, every=word == "match-all")
            elif word == "reflect":
                self.reflects = words.take()
                if words.next == "timeout":
                    words.take(), words.take()
            elif word in _WITH_VALUE:
                self.unsure.append(f"{word} {words.take()}")
            elif not self._is_icmp(word, words):
                self.unsure.append(word)
        if flags:
            self.never |= "syn" not in flags
            if len(flags) > 1 and "syn" in flags:
                self.unsure.append(" ".join(flags))

    def _signed_flags(self, words: Words, *, every: bool) -> None:
        fits = []
        while words.next[:1] in {"+", "-"} and words.next[1:] in _FLAGS:
            word = words.take()
            fits.append((word[1:] == "syn") is (word[0] == "+"))
        self.never |= not (all(fits) if every else any(fits))

    def _is_icmp(self, word: str, words: Words) -> bool:
        protocol, names = (ICMP, ICMP_KINDS) if self._family is Family.V4 else (ICMP6, ICMP6_KINDS)
        if {one.protocol for one in self.services} != {Range(protocol, protocol)}:
            return False
        if word in names:
            kind, code = names[word]
        elif word.isdecimal():
            kind = number(word, {}, 255, "type of ICMP")
            code = number(words.take(), {}, 255, "code of ICMP") if words.next.isdecimal() else None
        else:
            return False
        self.services = (icmp(protocol, kind, code),)
        return True
