"""Interfaces inside a guest, whatever file says them: plain (eth0), alias (eth0:1), VLAN (eth0.100).

Source: report, Guests, "VLANs"; interfaces(5), vlan-interfaces(5), Red Hat sysconfig.txt.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from ipaddress import ip_address, ip_interface

from viguard.errors import InputError
from viguard.model.facts import Struct

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.:-]{0,14}")  # as long as the kernel takes
_VLAN = re.compile(r"(?P<parent>[^.:]+)\.(?P<vlan>[0-9]+)")


class Interface(Struct, frozen=True, kw_only=True):
    """An interface. ``addresses`` in CIDR form and ``gateways`` of both families.

    ``methods`` are pairs of family (inet, inet6) and method (static, dhcp, manual, loopback, …). ``parent`` is what an
    alias or VLAN stands on. ``more`` are other settings, as their file has them. ``where``: file and line.
    """

    name: str
    methods: tuple[tuple[str, str], ...] = ()
    addresses: tuple[str, ...] = ()
    gateways: tuple[str, ...] = ()
    dns: tuple[str, ...] = ()
    at_boot: bool = True
    mac: str = ""
    parent: str = ""
    vlan: int | None = None
    more: tuple[tuple[str, str], ...] = ()
    where: str = ""

    @property
    def is_alias(self) -> bool:
        """Whether it is a second name of its parent, for another address in the same network."""
        return ":" in self.name


class Read(Struct, frozen=True, kw_only=True):
    """What files say: interfaces in their order, every mistake with its place, and what was not followed."""

    interfaces: tuple[Interface, ...]
    mistakes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class Written(Struct, frozen=True, kw_only=True):
    """Files by name, and what they cannot say."""

    files: dict[str, str]
    residual: tuple[str, ...] = ()


def parts(name: str) -> tuple[str, int | None]:
    """The parent that a name tells, and its VLAN: eth0.100 stands on eth0, eth0.100:1 on eth0.100."""
    base, colon, _ = name.rpartition(":")
    if colon:
        return base, None
    found = _VLAN.fullmatch(name)
    return (found["parent"], int(found["vlan"][:9])) if found else ("", None)


def cidr(address: str, mask: str) -> str:
    """An address with its mask (dotted, or a number) in CIDR form.

    Raises: ValueError with what is wrong, for people.
    """
    if "/" in address:
        address, _, mask = address.partition("/")
    if not mask:
        raise ValueError(f"the address {address} is without its netmask")
    try:
        return str(ip_interface(f"{address}/{mask}"))
    except ValueError as error:
        raise ValueError(f"{address}/{mask} is no address") from error


def version(address: str) -> int:
    """4 or 6."""
    return ip_interface(address).version


def checked(interfaces: Sequence[Interface]) -> list[str]:
    """What cannot work, each with its place."""
    return [
        f"{one.where}: {one.name}: {what}"
        for one, what in (*_names(interfaces), *_gateways(interfaces), *_nets(interfaces))
    ]


def writable(interfaces: Iterable[Interface]) -> None:
    """Nothing in an interface breaks out of its line.

    Raises: InputError for a name that no kernel takes, what is no address, or a value of several lines.
    """
    for one in interfaces:
        where = one.where or one.name
        if not _NAME.fullmatch(one.name) or (one.parent and not _NAME.fullmatch(one.parent)):
            raise InputError(f"{one.name[:40]!r} is no name of an interface", where=where)
        try:
            for address in one.addresses:
                ip_interface(address)
            for address in (*one.gateways, *one.dns):
                ip_address(address)
        except ValueError as error:
            raise InputError(str(error), where=where) from error
        words = [one.mac, *(w for m in one.methods for w in m), *(w for m in one.more for w in m)]
        if any(not word.isprintable() for word in words):
            raise InputError("a setting of several lines", where=where)


def _names(interfaces: Sequence[Interface]) -> Iterable[tuple[Interface, str]]:
    known = {one.name for one in interfaces}
    for one in interfaces:
        if one.vlan is not None and not 1 <= one.vlan <= 4094:
            yield one, f"{one.vlan} is no VLAN (1 to 4094)"
        if one.is_alias and one.parent not in known:
            yield one, f"an alias of {one.parent}, which is not set up"
        if one.is_alias and ("inet", "dhcp") in one.methods:
            yield one, "an alias cannot use DHCP"
        if any(m == "static" and not any(version(a) == _family(f) for a in one.addresses) for f, m in one.methods):
            yield one, "static, and without an address"


def _gateways(interfaces: Sequence[Interface]) -> Iterable[tuple[Interface, str]]:
    first: dict[int, Interface] = {}
    for one in interfaces:
        for gateway in one.gateways:
            there = ip_address(gateway)
            nets = [ip_interface(a).network for a in one.addresses if version(a) == there.version]
            if nets and not any(there in net for net in nets) and not there.is_link_local:
                yield one, f"its gateway {gateway} is in none of its networks"
            other = first.setdefault(there.version, one)
            if other is not one:
                yield one, f"a second default gateway, beside that of {other.name} ({other.where})"


def _nets(interfaces: Sequence[Interface]) -> Iterable[tuple[Interface, str]]:
    held: dict[str, Interface] = {}
    of_net: dict[str, list[Interface]] = defaultdict(list)
    for one in interfaces:
        for address in one.addresses:
            there = ip_interface(address)
            if there.is_loopback:
                continue
            other = held.setdefault(str(there.ip), one)
            if other is not one:
                yield one, f"the address {there.ip} is that of {other.name} too ({other.where})"
            of_net[str(there.network)].append(one)
    for net, users in of_net.items():
        roots = {(u.parent if u.is_alias else u.name): u for u in users}
        if len(roots) > 1:
            first, second = list(roots.values())[:2]
            yield second, f"{net} is on {first.name} too ({first.where}): answers leave by either"


def _family(name: str) -> int:
    return 6 if name == "inet6" else 4
