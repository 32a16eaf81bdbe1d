"""``ifcfg-*`` of Red Hat (``/etc/sysconfig/network-scripts``), read and written. Source: sysconfig.txt, initscripts."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_address, ip_interface

from viguard.network.vlans.guests.interfaces import Interface, Read, Written, checked, cidr, parts, version, writable

PREFIX = "ifcfg-"
_SETTING = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)")
_ADDRESS = re.compile(r"IPADDR([0-9]*)")
_KNOWN = re.compile(
    r"DEVICE|BOOTPROTO|ONBOOT|ONPARENT|HWADDR|GATEWAY|VLAN|VLAN_ID|PHYSDEV|(IPADDR|PREFIX|NETMASK|DNS)[0-9]*|NETWORK|BROADCAST"
    r"|IPV6INIT|IPV6ADDR|IPV6ADDR_SECONDARIES|IPV6_DEFAULTGW|DHCPV6C"
)
_YES = {"yes", "true", "y", "t", "1", "on"}


def parse(files: Mapping[str, str]) -> Read:
    """Every interface of these files, by name of file. What cannot be read is a mistake with its line."""
    read = [_File(name) for name in files]
    for one, text in zip(read, files.values(), strict=True):
        for number, line in enumerate(text.splitlines(), 1):
            one.take(line.strip(), f"{one.name}:{number}")
    found = tuple(one.told() for one in read)
    mistakes = [mistake for one in read for mistake in one.mistakes]
    return Read(interfaces=found, mistakes=(*mistakes, *checked(found)))


def write(interfaces: Sequence[Interface]) -> Written:
    """A file for each interface.

    Raises: InputError for what would break out of its line.
    """
    writable(interfaces)
    residual = tuple(f"{one.name}: {key} {value}" for one in interfaces for key, value in one.more if " " in key)
    files = {f"{PREFIX}{one.name}": "".join(f"{k}={_quoted(v)}\n" for k, v in _settings(one)) for one in interfaces}
    return Written(files=files, residual=residual)


class _File:
    """A file while it is read."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.mistakes: list[str] = []
        self._values: dict[str, str] = {}
        self._where: dict[str, str] = {}

    def take(self, line: str, where: str) -> None:
        """The next line."""
        if not line or line.startswith("#"):
            return
        found = _SETTING.fullmatch(line)
        try:
            words = shlex.split(found[2], comments=True) if found else []
        except ValueError as error:
            self.mistakes.append(f"{where}: a quote that does not end: {error}")
            return
        if found is None or len(words) > 1:
            self.mistakes.append(f"{where}: no setting: {line[:60]!r}")
            return
        self._values[found[1]], self._where[found[1]] = (words or [""])[0], where

    def told(self) -> Interface:
        """What was read."""
        base = self.name.rpartition("/")[2]
        of_file = base.removeprefix(PREFIX)
        name = self._values.get("DEVICE") or of_file
        if base.startswith(PREFIX) and name != of_file:
            self._wrong("DEVICE", f"the file is for {of_file}, and DEVICE says {name}")
        parent, vlan = parts(name)
        if self._is("VLAN"):
            parent, vlan = self._vlan(name, parent, vlan)
        elif vlan is not None:
            self._wrong("DEVICE", f"{name}: without VLAN=yes it gets no tag")
        addresses = tuple(self._addresses())
        return Interface(
            name=name,
            methods=tuple(self._methods(name, addresses)),
            addresses=addresses,
            gateways=tuple(self._valid("GATEWAY", "IPV6_DEFAULTGW")),
            dns=tuple(self._valid(*sorted(k for k in self._values if re.fullmatch(r"DNS[0-9]+", k)))),
            at_boot=self._is("ONPARENT") if "ONPARENT" in self._values else self._is("ONBOOT"),
            mac=self._values.get("HWADDR", "").lower(),
            parent=parent,
            vlan=vlan,
            more=tuple((k, v) for k, v in self._values.items() if not _KNOWN.fullmatch(k)),
            where=f"{self.name}:1",
        )

    def _vlan(self, name: str, parent: str, vlan: int | None) -> tuple[str, int | None]:
        told = self._values.get("VLAN_ID") or (name.removeprefix("vlan") if vlan is None else str(vlan))
        if not (told.isascii() and told.isdecimal()):
            self._wrong("VLAN", f"{name}: no VLAN is told, neither by its name nor by VLAN_ID")
            return self._values.get("PHYSDEV", parent), None
        if not (physical := self._values.get("PHYSDEV", parent)):
            self._wrong("VLAN", f"{name}: no PHYSDEV, so nothing carries it")
        return physical, int(told[:9])

    def _methods(self, name: str, addresses: Sequence[str]) -> Iterator[tuple[str, str]]:
        protocol = self._values.get("BOOTPROTO", "none").lower()
        has4 = any(version(a) == 4 for a in addresses)
        has6 = any(version(a) == 6 for a in addresses)
        if name == "lo":
            yield "inet", "loopback"
        elif protocol in {"dhcp", "bootp"}:
            yield "inet", protocol
        elif has4 or protocol == "static":
            yield "inet", "static"
        elif not has6 and not self._is("DHCPV6C"):
            yield "inet", "manual"
        if has6:
            yield "inet6", "static"
        elif self._is("DHCPV6C"):
            yield "inet6", "dhcp"

    def _addresses(self) -> Iterator[str]:
        for key, value in self._values.items():
            if (found := _ADDRESS.fullmatch(key)) and value:
                number = found[1]
                mask = self._values.get(f"PREFIX{number}") or self._values.get(f"NETMASK{number}", "")
                yield from self._cidr(key, value, mask, 4)
        for key in ("IPV6ADDR", "IPV6ADDR_SECONDARIES"):
            for value in self._values.get(key, "").split():
                yield from self._cidr(key, value, "64", 6)  # sysconfig.txt: 64 when no prefix is told

    def _cidr(self, key: str, address: str, mask: str, of: int) -> Iterator[str]:
        try:
            found = cidr(address, mask)
        except ValueError as error:
            self._wrong(key, str(error))
            return
        if version(found) != of:
            self._wrong(key, f"{address} is not of IP version {of}")
            return
        yield found

    def _valid(self, *keys: str) -> Iterator[str]:
        for key in keys:
            if value := self._values.get(key, "").partition("%")[0]:
                try:
                    yield str(ip_address(value))
                except ValueError:
                    self._wrong(key, f"{value[:60]!r} is no address")

    def _is(self, key: str) -> bool:
        return self._values.get(key, "no").lower() in _YES

    def _wrong(self, key: str, what: str) -> None:
        self.mistakes.append(f"{self._where.get(key, f'{self.name}:1')}: {what}")


def _settings(one: Interface) -> Iterator[tuple[str, str]]:
    yield "DEVICE", one.name
    methods = dict(one.methods)
    yield "BOOTPROTO", methods["inet"] if methods.get("inet") in {"dhcp", "bootp"} else "none"
    yield ("ONPARENT" if one.is_alias else "ONBOOT"), "yes" if one.at_boot else "no"
    if one.mac:
        yield "HWADDR", one.mac.upper()
    if one.vlan is not None:
        yield "VLAN", "yes"
        if parts(one.name) != (one.parent, one.vlan):
            yield "PHYSDEV", one.parent
            yield "VLAN_ID", str(one.vlan)
    fours = [ip_interface(a) for a in one.addresses if version(a) == 4]
    sixes = [a for a in one.addresses if version(a) == 6]
    for number, address in enumerate(fours):
        at = str(number) if number else ""
        yield f"IPADDR{at}", str(address.ip)
        if number:
            yield f"PREFIX{at}", str(address.network.prefixlen)
        else:
            yield "NETMASK", str(address.netmask)  # PREFIX came with Red Hat 6
    if sixes or "inet6" in methods:
        yield "IPV6INIT", "yes"
    if sixes:
        yield "IPV6ADDR", sixes[0]
    if sixes[1:]:
        yield "IPV6ADDR_SECONDARIES", " ".join(sixes[1:])
    if methods.get("inet6") == "dhcp":
        yield "DHCPV6C", "yes"
    yield from (("IPV6_DEFAULTGW" if ip_address(g).version == 6 else "GATEWAY", g) for g in one.gateways)
    yield from ((f"DNS{number}", server) for number, server in enumerate(one.dns, 1))
    yield from ((key, value) for key, value in one.more if " " not in key)


def _quoted(value: str) -> str:
    return value if re.fullmatch(r"[A-Za-z0-9_.:/-]*", value) else shlex.quote(value)
