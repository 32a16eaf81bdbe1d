"""What a packet is for: protocol and ports, as boxes in the space of all services."""

from __future__ import annotations

from typing import Final, NamedTuple

from viguard.network.addresses import Range

TCP: Final = 6
UDP: Final = 17
ICMP: Final = 1
ICMP6: Final = 58
NAMES: Final = {TCP: "tcp", UDP: "udp", ICMP: "icmp", ICMP6: "icmpv6"}
NUMBERS: Final = {name: number for number, name in NAMES.items()}
WITH_PORTS: Final = frozenset({TCP, UDP, 132, 136, 33})
"""Protocols that have ports: TCP, UDP, SCTP, UDP-Lite and DCCP."""
EVERY_PROTOCOL: Final = Range(0, 255)
EVERY_PORT: Final = Range(0, 65535)


class Box(NamedTuple):
    """Services whose protocol, source port and port lie in three ranges.

    ``port`` is the destination port; of ICMP it is 256 times the type plus the code. Where a protocol has neither, both
    are every number.
    """

    protocol: Range = EVERY_PROTOCOL
    source_port: Range = EVERY_PORT
    port: Range = EVERY_PORT

    def __str__(self) -> str:
        if self == EVERY_SERVICE:
            return "any"
        name = _protocol(self.protocol)
        if self.protocol in {Range(ICMP, ICMP), Range(ICMP6, ICMP6)}:
            return name if self.port == EVERY_PORT else f"{name}/{_icmp(self.port)}"
        port = "" if self.port == EVERY_PORT else f"/{_span(self.port)}"
        origin = "" if self.source_port == EVERY_PORT else f" from port {_span(self.source_port)}"
        return f"{name}{port}{origin}"


EVERY_SERVICE: Final = Box()


def box(protocol: int, first: int = 0, last: int | None = None) -> Box:
    """A protocol with one port, with ports from ``first`` to ``last``, or with all when no port is given."""
    if not first and last is None:
        return Box(Range(protocol, protocol))
    return Box(Range(protocol, protocol), port=Range(first, first if last is None else last))


def icmp(protocol: int, kind: int, code: int | None = None) -> Box:
    """ICMP of a type, and of a code when one is given."""
    first = kind * 256 + (code or 0)
    return Box(Range(protocol, protocol), port=Range(first, first if code is not None else first + 255))


def read(text: str) -> Box:
    """``tcp/443``, ``udp/2050-2250``, ``icmp``, ``icmp/8``, a number of a protocol, or ``any``: what ``str`` writes.

    Raises: ValueError when it is none of them.
    """
    if text == "any":
        return EVERY_SERVICE
    name, _, rest = text.partition("/")
    number = NUMBERS.get(name.lower())
    if number is None:
        number = int(name)
    if not 0 <= number <= 255:
        raise ValueError(f"there is no protocol {number}")
    if not rest:
        return box(number)
    first, _, last = rest.partition("-")
    if number in {ICMP, ICMP6}:
        kind, _, code = rest.partition(".")
        return icmp(number, _within(kind, 255), _within(code, 255) if code else None)
    if number not in WITH_PORTS:
        raise ValueError(f"{name} has no ports")
    low = _within(first, 65535)
    high = _within(last, 65535) if last else low
    if low > high:
        raise ValueError(f"{rest} does not go from a lower to a higher port")
    return Box(Range(number, number), port=Range(low, high))


def _within(text: str, top: int) -> int:
    number = int(text)
    if not 0 <= number <= top:
        raise ValueError(f"{number} is not from 0 to {top}")
    return number


def _protocol(span: Range) -> str:
    return NAMES.get(span.first, str(span.first)) if span.first == span.last else f"protocols {_span(span)}"


def _span(span: Range) -> str:
    return str(span.first) if span.first == span.last else f"{span.first}-{span.last}"


def _icmp(port: Range) -> str:
    kind, code = divmod(port.first, 256)
    return str(kind) if port.last - port.first == 255 else f"{kind}.{code}"
