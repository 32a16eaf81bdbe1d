"""Names and addresses of servers that a host was told to use: which machine they mean, and whether it is the host."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, ip_address
from typing import TypeAlias
from urllib.parse import urlsplit

from viguard.assess.kind import not_read
from viguard.model.facts import Fact, Struct, Unknown
from viguard.model.host import Host
from viguard.model.plugged import interfaces

Address: TypeAlias = IPv4Address | IPv6Address

THIS_HOST = IPv4Network("0.0.0.0/8")
"""Source: RFC 1122, 3.2.1.3: only ever a sender's own address."""
LOOPBACK_NAMES = frozenset({"localhost", "localhost4", "localhost6", "ip6-localhost", "ip6-loopback"})
_NUMBER = re.compile(r"0x[0-9a-f]{1,8}|0[0-7]{0,11}|[1-9][0-9]{0,9}")


class Others(Struct, frozen=True, kw_only=True):
    """Servers sorted by whether they are another machine than the host. ``why``: what is not known of ``unsure``."""

    remote: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()
    why: tuple[Unknown, ...] = ()


def server_of(text: str) -> str:
    """The server in ``udp://log1:514``, ``[::1]:514`` or ``log1.``: lower case, addresses as usual; "" for none."""
    text = text.strip()
    try:
        name = text if address(text) else urlsplit(text if "//" in text else f"//{text}").hostname or ""
    except ValueError:
        return ""
    name = name.strip().rstrip(".").casefold()
    found = address(name)
    return str(found) if found else name


def address(name: str) -> Address | None:
    """The address that a text spells, as a host's C library reads it (``127.1``, ``0x7f000001``), or None."""
    try:
        found = ip_address(name.partition("%")[0])
    except ValueError:
        return _short(name.casefold())
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found


def apart(host: Host, servers: Iterable[str]) -> Others:
    """Which of the servers (as ``server_of`` gives them) are another machine than the host."""
    remote: list[str] = []
    own: list[str] = []
    unsure: dict[str, Unknown] = {}
    for name in servers:
        found = is_itself(name, host)
        if isinstance(found, Unknown):
            unsure[name] = found
        else:
            (own if found else remote).append(name)
    return Others(remote=tuple(remote), own=tuple(own), unsure=tuple(unsure), why=tuple(unsure.values()))


def is_itself(name: str, host: Host) -> Fact[bool]:
    """Whether a server (as ``server_of`` gives it) is the host: by loopback, its interfaces, or its names.

    What a name means in DNS is not known here: an alias of the host is not noticed.
    """
    found = address(name)
    if found is None:
        return _is_own_name(name, host)
    if found.is_loopback or found.is_unspecified or found in THIS_HOST or found == address(host.name):
        return True
    nics = interfaces(host)
    if isinstance(nics, Unknown):
        return nics
    return found in {address(told.partition("/")[0]) for nic in nics for told in (nic.address, *nic.ipv6)}


def _is_own_name(name: str, host: Host) -> Fact[bool]:
    first, _, domain = name.partition(".")
    if first in LOOPBACK_NAMES or domain.rpartition(".")[2] == "localhost":
        return True
    told = [host.name] if isinstance(host.dns_name, Unknown) or not host.dns_name else [host.name, host.dns_name]
    names = [own.rstrip(".").casefold() for own in told if not address(own)]
    if any(_same(name, own) for own in names):
        return True
    if isinstance(host.dns_name, Unknown):
        return host.dns_name
    return False if names else not_read("what the host calls itself is not told")


def _same(one: str, other: str) -> bool:
    """The same name, or the same name where one of the two leaves out its domain."""
    short = "." not in one or "." not in other
    return one == other or (short and one.partition(".")[0] == other.partition(".")[0])


def _short(name: str) -> IPv4Address | None:
    """IPv4 in fewer than four parts, octal or hexadecimal. Source: inet_aton(3)."""
    parts = name.split(".")
    if len(parts) > 4 or not all(_NUMBER.fullmatch(part) for part in parts):
        return None
    *first, last = [_integer(part) for part in parts]
    if any(n > 255 for n in first) or last >= 256 ** (4 - len(first)):
        return None
    return IPv4Address(sum(n << (24 - 8 * i) for i, n in enumerate(first)) + last)


def _integer(text: str) -> int:
    return int(text, 16 if text.startswith("0x") else 8 if text.startswith("0") else 10)
