"""What one line of iptables looks at, option by option.

Of a flow the first packet counts: of TCP a packet with SYN alone. What no packet alone shows (how often it came, its
MAC address, a set of addresses that is not here) makes a line unsure.
Source: iptables(8), iptables-extensions(8).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from ipaddress import ip_network

from viguard.network.addresses import Family, Range, Ranges, joined, read, without
from viguard.network.match import Match, everything, other_protocols, ports
from viguard.network.parse.names import PROTOCOLS
from viguard.network.parse.tracking import OLD, STATES, first_packets
from viguard.network.rules import Interface
from viguard.network.services import EVERY_PORT, EVERY_SERVICE, ICMP, ICMP6, Box, box, icmp

_PROTOCOLS: Mapping[str, int | None] = {**PROTOCOLS, "all": None, "0": None}
_ICMP_TYPES = {
    "echo-reply": 0, "destination-unreachable": 3, "source-quench": 4, "redirect": 5, "echo-request": 8, "ping": 8,
    "pong": 0, "router-advertisement": 9, "router-solicitation": 10, "time-exceeded": 11, "ttl-exceeded": 11,
    "parameter-problem": 12, "timestamp-request": 13, "timestamp-reply": 14, "address-mask-request": 17,
    "address-mask-reply": 18,
}  # fmt: skip
_ICMP6_TYPES = {
    "destination-unreachable": 1, "packet-too-big": 2, "time-exceeded": 3, "ttl-exceeded": 3, "parameter-problem": 4,
    "echo-request": 128, "ping": 128, "echo-reply": 129, "pong": 129, "router-solicitation": 133,
    "router-advertisement": 134, "neighbour-solicitation": 135, "neighbor-solicitation": 135,
    "neighbour-advertisement": 136, "neighbor-advertisement": 136, "redirect": 137,
}  # fmt: skip
_ICMP_CODES = {
    "network-unreachable": (3, 0), "host-unreachable": (3, 1), "protocol-unreachable": (3, 2),
    "port-unreachable": (3, 3), "fragmentation-needed": (3, 4),
}  # fmt: skip
_FLAGS = {"FIN", "SYN", "RST", "PSH", "ACK", "URG"}
_FIRST = {"SYN"}
"""The flags of the first packet of a flow."""


class Said:
    """What one line looks at, while it is read. ``match`` None: no first packet of a flow fits.

    ``negated``: what is read next is turned around. ``is_old_only``: it fits only packets of flows that are known.
    """

    def __init__(self, family: Family) -> None:
        self.family = family
        self.match: Match | None = everything(family)
        self.unsure: list[str] = []
        self.interfaces: list[Interface] = []
        self.is_old_only = False
        self.negated = False

    def narrow(
        self,
        *,
        sources: Ranges | None = None,
        destinations: Ranges | None = None,
        services: Sequence[Box] = (EVERY_SERVICE,),
    ) -> None:
        """It fits no other packets than these."""
        if self.match is not None:
            every = self.family.every
            also = Match(
                sources=every if sources is None else sources,
                destinations=every if destinations is None else destinations,
                services=tuple(services),
            )
            self.match = self.match.also(also)


def look(said: Said, option: str, values: Sequence[str], *, negated: bool) -> None:
    """Takes in one option of a line. Raises: ValueError for a value that is none."""
    said.negated = negated
    if option in {"-m", "--match"}:
        _module(said, values)
    elif option in _LOOKS:
        _LOOKS[option](said, " ".join(values))
    elif option not in _SAYS_NOTHING:
        said.unsure.append(" ".join([option.lstrip("-"), *values]))


def _module(said: Said, values: Sequence[str]) -> None:
    name = values[0] if values else ""
    if name not in _MODULES:
        said.unsure.append(name)


def _addresses(said: Said, text: str) -> Ranges:
    found = []
    for part in text.split(","):
        network = ip_network(part, strict=False) if "-" not in part else None
        family, span = read(str(network) if network else part)
        if family is not said.family:
            raise ValueError(f"{part} is no address of this family")
        found.append(span)
    some = joined(found)
    return without(said.family.every, some) if said.negated else some


def _source(said: Said, text: str) -> None:
    said.narrow(sources=_addresses(said, text))


def _destination(said: Said, text: str) -> None:
    said.narrow(destinations=_addresses(said, text))


def _protocol(said: Said, text: str) -> None:
    if text.lower() in _PROTOCOLS:
        number = _PROTOCOLS[text.lower()]
    elif text.isdecimal() and int(text) < 256:
        number = int(text)
    else:
        raise ValueError(f"{text!r} is no protocol")
    if number is None:
        if said.negated:
            said.match = None
        return
    said.narrow(services=other_protocols(number) if said.negated else (box(number),))


def _ports(text: str) -> Ranges:
    spans = []
    for part in text.split(","):
        first, colon, last = part.partition(":")
        span = Range(int(first or 0), int(last or 65535) if colon else int(first))
        if not 0 <= span.first <= span.last <= 65535:
            raise ValueError(f"{part!r} are no ports")
        spans.append(span)
    return joined(spans)


def _port(said: Said, text: str) -> None:
    said.narrow(services=ports(_ports(text), negated=said.negated))


def _source_port(said: Said, text: str) -> None:
    said.narrow(services=ports(_ports(text), is_source=True, negated=said.negated))


def _either_port(said: Said, text: str) -> None:
    """``--ports``: the one or the other; turned around, neither."""
    spans = _ports(text)
    if said.negated:
        said.narrow(services=ports(spans, negated=True))
        said.narrow(services=ports(spans, is_source=True, negated=True))
    else:
        said.narrow(services=(*ports(spans), *ports(spans, is_source=True)))


def _icmp(said: Said, text: str) -> None:
    protocol, names = (ICMP, _ICMP_TYPES) if said.family is Family.V4 else (ICMP6, _ICMP6_TYPES)
    if text in {"any", "255"}:
        return
    if text in _ICMP_CODES and protocol == ICMP:
        found = icmp(protocol, *_ICMP_CODES[text])
    else:
        kind, _, code = text.partition("/")
        number = names[kind] if kind in names else int(kind)
        if not 0 <= number < 256:
            raise ValueError(f"{text!r} is no type of ICMP")
        found = icmp(protocol, number, int(code) if code else None)
    kept = without((EVERY_PORT,), (found.port,)) if said.negated else (found.port,)
    said.narrow(services=[Box(found.protocol, port=span) for span in kept])


def _state(said: Said, text: str) -> None:
    """A first packet is never of a flow that is known; that another flow announced it (RELATED) is not looked at."""
    named = {name.lower() for name in text.split(",")}
    if not named <= STATES:  # SNAT, DNAT
        said.unsure.append(f"ctstate {text}")
        return
    wanted = STATES - named if said.negated else named
    services = first_packets(wanted, said.family)
    if services:
        said.narrow(services=services)
    else:
        said.match = None
        said.is_old_only = bool(wanted & OLD)


def _flags(said: Said, text: str) -> None:
    mask, _, wanted = text.partition(" ")
    looked_at = _FLAGS if mask == "ALL" else set(mask.split(","))
    are_set = _FLAGS if wanted == "ALL" else set(wanted.split(",")) - {"NONE"}
    if (_FIRST & looked_at == are_set) is said.negated:
        said.match = None


def _first_packet(said: Said, _text: str) -> None:
    """``--syn``."""
    if said.negated:
        said.match = None


def _fragment(said: Said, _text: str) -> None:
    """``-f``: second and further fragments, none of which is the first packet of a flow."""
    if not said.negated:
        said.match = None


def _incoming(said: Said, text: str) -> None:
    _interface(said, Interface(is_incoming=True, name=text, negated=said.negated))


def _outgoing(said: Said, text: str) -> None:
    _interface(said, Interface(is_incoming=False, name=text, negated=said.negated))


def _interface(said: Said, one: Interface) -> None:
    if one.name == "lo":  # nothing that comes from or goes to a network
        if not one.negated:
            said.match = None
    elif one.name != "+":
        said.interfaces.append(one)


_LOOKS: Mapping[str, Callable[[Said, str], None]] = {
    "-s": _source, "--source": _source, "--src": _source, "--src-range": _source,
    "-d": _destination, "--destination": _destination, "--dst": _destination, "--dst-range": _destination,
    "-p": _protocol, "--protocol": _protocol, "--proto": _protocol,
    "--dport": _port, "--destination-port": _port, "--dports": _port, "--destination-ports": _port,
    "--sport": _source_port, "--source-port": _source_port, "--sports": _source_port, "--source-ports": _source_port,
    "--ports": _either_port, "--icmp-type": _icmp, "--icmpv6-type": _icmp, "--ctstate": _state, "--state": _state,
    "--tcp-flags": _flags, "--syn": _first_packet, "-f": _fragment, "--fragment": _fragment,
    "-i": _incoming, "--in-interface": _incoming, "-o": _outgoing, "--out-interface": _outgoing,
}  # fmt: skip
_MODULES = {
    "comment", "tcp", "udp", "sctp", "dccp", "udplite", "icmp", "icmp6", "icmpv6", "multiport", "state", "conntrack",
    "iprange", "all",
}  # fmt: skip
"""Modules all of whose options are understood one by one; of others the name alone makes a line unsure."""
_SAYS_NOTHING = {
    "--reject-with", "--log-prefix", "--log-level", "--log-uid", "--log-ip-options", "--log-tcp-options",
    "--log-tcp-sequence", "--nflog-group", "--nflog-prefix", "--set-mark", "--set-xmark", "--queue-num",
    "--clamp-mss-to-pmtu", "--set-mss", "--notrack", "-c", "--set-counters", "--ulog-prefix", "--ulog-nlgroup",
}  # fmt: skip
"""Options of targets."""
