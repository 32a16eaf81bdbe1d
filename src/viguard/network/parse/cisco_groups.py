"""Groups of addresses, services and ports of IOS and NX-OS, looked up by their names.

Source: Cisco IOS Security Command Reference, object-group; Nexus 9000 NX-OS Security Configuration Guide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from ipaddress import ip_address, ip_network
from typing import TypeVar

from viguard.errors import InputError
from viguard.model.text import visible
from viguard.network.addresses import Family, Range, Ranges, joined
from viguard.network.parse.cisco_entries import Words, addresses, compared, port_names, protocol
from viguard.network.parse.cisco_sections import ConfigLine, Section
from viguard.network.parse.names import number
from viguard.network.services import EVERY_PORT, ICMP, TCP, UDP, Box, icmp

T = TypeVar("T")
_SAYS_NOTHING = {"description", "remark", "statistics"}
_PORTS = {"eq", "neq", "lt", "gt", "range"}


class Groups:
    """All groups of a configuration; each is read when it is asked for.

    Every method raises ValueError for a group that is not there, and InputError for one that cannot be read.
    """

    def __init__(self, found: Iterable[Section]) -> None:
        heads = [one for one in found if one.head.words[0] == "object-group" and len(one.head.words) > 2]
        self._sections = {one.head.words[-1]: one for one in heads}
        self._addresses: dict[tuple[str, Family], Ranges] = {}
        self._services: dict[str, tuple[Box, ...]] = {}
        self._ports: dict[str, Ranges] = {}

    def addresses(self, name: str, family: Family) -> Ranges:
        """The addresses of a group."""
        key = name, family
        if key not in self._addresses:
            is_netmask = self._section(name).head.words[1] == "network"
            read = self._read(name, lambda words: _addresses(words, family, is_netmask=is_netmask))
            self._addresses[key] = joined(read)
        return self._addresses[key]

    def services(self, name: str) -> tuple[Box, ...]:
        """The services of a group."""
        if name not in self._services:
            self._services[name] = tuple(dict.fromkeys(self._read(name, _services)))
        return self._services[name]

    def ports(self, name: str) -> Ranges:
        """The ports of a group."""
        if name not in self._ports:
            names = port_names([TCP, UDP])
            self._ports[name] = joined(self._read(name, lambda words: compared(Words(words), names)))
        return self._ports[name]

    def _section(self, name: str) -> Section:
        if name not in self._sections:
            raise ValueError(f"there is no group {name!r}")
        return self._sections[name]

    def _read(self, name: str, read: Callable[[Sequence[str]], Iterable[T]]) -> list[T]:
        out: list[T] = []
        for line, words in self._lines(name, ()):
            try:
                out += read(words)
            except ValueError as error:
                raise InputError(visible(str(error)), where=line.where) from error
        return out

    def _lines(self, name: str, around: tuple[str, ...]) -> Iterator[tuple[ConfigLine, Sequence[str]]]:
        if name in around:
            raise ValueError(f"the group {name!r} holds itself")
        for line in self._section(name).lines:
            words = line.words[1:] if line.words[0].isdecimal() else line.words
            if words[:1] == ["group-object"] and len(words) > 1:
                yield from self._lines(words[1], (*around, name))
            elif words and words[0] not in _SAYS_NOTHING:
                yield line, words


def _addresses(words: Sequence[str], family: Family, *, is_netmask: bool) -> Ranges:
    if words[0] == "range" and len(words) == 3:
        first, last = (ip_address(word) for word in words[1:])
        if first.version != family or last.version != family or int(first) > int(last):
            raise ValueError(f"{words[1]} to {words[2]} is no range of this family")
        return (Range(int(first), int(last)),)
    if is_netmask and len(words) == 2 and words[0] not in {"host", "object-group"}:
        network = ip_network("".join(words) if words[1].startswith("/") else "/".join(words), strict=False)
        if network.version != family:
            raise ValueError(f"{words[0]} is no address of this family")
        return (Range(int(network.network_address), int(network.broadcast_address)),)
    found = addresses(Words(words), family, None)
    if found is None:
        raise ValueError("it has a mask with many holes")
    return found


def _services(words: Sequence[str]) -> tuple[Box, ...]:
    kinds = [TCP, UDP] if words[0] in {"tcp-udp", "tcp-udp-object"} else []
    boxes = [Box(Range(kind, kind)) for kind in kinds] or [protocol(words[0], Family.V4)]
    names, left = port_names([box.protocol.first for box in boxes]), Words(words[1:])
    if boxes[0].protocol == Range(ICMP, ICMP):
        return (icmp(ICMP, number(left.take(), {}, 255, "type of ICMP")),) if left.next else tuple(boxes)
    sources: Ranges = (EVERY_PORT,)
    ports: Ranges = (EVERY_PORT,)
    if left.next == "source":
        left.take()
        sources = _some_ports(left, names)
    if left.next:
        ports = _some_ports(left, names)
    if left.next:
        raise ValueError(f"{left.next!r} is not understood here")
    return tuple(Box(box.protocol, a, b) for box in boxes for a in sources for b in ports)


def _some_ports(words: Words, names: dict[str, int]) -> Ranges:
    if words.next in _PORTS:
        return compared(words, names)
    at = number(words.take(), names, 65535, "port")
    return (Range(at, at),)
