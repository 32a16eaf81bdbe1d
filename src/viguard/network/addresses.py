"""Sets of IP addresses as ranges of whole numbers, one family at a time."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from enum import IntEnum
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
    summarize_address_range,
)
from typing import NamedTuple, TypeAlias


class Family(IntEnum):
    """A version of the internet protocol."""

    V4 = 4
    V6 = 6

    @property
    def top(self) -> int:
        """The last address."""
        return (1 << (32 if self is Family.V4 else 128)) - 1

    @property
    def every(self) -> Ranges:
        """All addresses."""
        return (Range(0, self.top),)


class Range(NamedTuple):
    """Numbers from ``first`` to ``last``, both included."""

    first: int
    last: int


Ranges: TypeAlias = tuple[Range, ...]
"""Sorted, apart from each other by one number at least."""


def joined(some: Iterable[Range]) -> Ranges:
    """The same numbers as sorted ranges that do not touch."""
    out: list[Range] = []
    for one in sorted(some):
        if out and one.first <= out[-1].last + 1:
            out[-1] = Range(out[-1].first, max(out[-1].last, one.last))
        else:
            out.append(one)
    return tuple(out)


def without(some: Ranges, gone: Ranges) -> Ranges:
    """What is in the one and not in the other."""
    out: list[Range] = []
    for first, last in some:
        at = first
        for hole in gone:
            if hole.last < at:
                continue
            if hole.first > last:
                break
            if hole.first > at:
                out.append(Range(at, hole.first - 1))
            at = hole.last + 1
        if at <= last:
            out.append(Range(at, last))
    return tuple(out)


def common(some: Ranges, others: Ranges) -> Ranges:
    """What is in both."""
    short, long = (some, others) if len(some) <= len(others) else (others, some)
    out: list[Range] = []
    for one in short:
        for at in range(bisect_left(long, one.first, key=_last), len(long)):
            other = long[at]
            if other.first > one.last:
                break
            out.append(Range(max(one.first, other.first), min(one.last, other.last)))
    return tuple(out)


def _last(one: Range) -> int:
    return one.last


def read(text: str) -> tuple[Family, Range]:
    """An address, a network in CIDR form or with a netmask, or two addresses with a hyphen between.

    Raises: ValueError when it is none, or a network with host bits.
    """
    if "-" in text:
        first, _, last = text.partition("-")
        one, other = ip_address(first.strip()), ip_address(last.strip())
        if one.version != other.version or int(one) > int(other):
            raise ValueError(f"{text!r} does not go from a lower to a higher address")
        return Family(one.version), Range(int(one), int(other))
    network = ip_network(text.strip())
    return Family(network.version), Range(int(network.network_address), int(network.broadcast_address))


def networks(some: Ranges, family: Family) -> list[IPv4Network | IPv6Network]:
    """The fewest networks that hold exactly these addresses."""
    kind = IPv4Address if family is Family.V4 else IPv6Address
    return [net for one in some for net in summarize_address_range(kind(one.first), kind(one.last))]


def shown(address: int, family: Family) -> str:
    """An address as people write it."""
    return str(IPv4Address(address) if family is Family.V4 else IPv6Address(address))
