"""What the ports of Cisco switches carry, from a configuration of IOS or NX-OS.

Source: Cisco IOS Interface and Hardware Component Command Reference; Nexus 9000 NX-OS Interfaces Configuration Guide.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from string import ascii_letters
from typing import Literal

from viguard.errors import InputError
from viguard.model.facts import Struct
from viguard.model.text import visible
from viguard.network.addresses import Range, Ranges, joined, without
from viguard.network.parse.cisco_sections import ConfigLine, device, sections
from viguard.network.vlans.switchports import VLANS, PortConfig

_EVERY: Ranges = (Range(*VLANS),)
_LETTERS = f"{ascii_letters}-"
_MOST_IN_RANGE = 4096
_SPAN = re.compile(r"([A-Za-z-]*[0-9/.:]*?)([0-9]+)-([0-9]+)$")
_ROUTED = re.compile(r"vlan|loopback|tunnel|mgmt|null|bdi|nve|async|serial|bvi|management|dialer", re.IGNORECASE)


class Ports(Struct, frozen=True, kw_only=True):
    """Every interface of a configuration, and what of it is not said there."""

    ports: tuple[PortConfig, ...]
    notes: tuple[str, ...] = ()


def parse(text: str, name: str) -> Ports:
    """The interfaces in the order in which they come first.

    Raises: InputError with ``name:line`` for VLANs and ranges that are none.
    """
    found = list(sections(text, name))
    calls_itself, notes = device(found, name), dict[str, None]()
    ports: dict[str, _Port] = {}
    for section in found:
        if not section.head.says("interface"):
            if section.head.says("system", "default", "switchport"):
                notes[f"{section.head.where}: the default of all ports is changed, and not looked at"] = None
            continue
        for port in interface_names(section.head):
            one = ports.setdefault(port, _Port(port, section.head.where))
            for line in section.lines:
                one.take(line, notes)
    made = tuple(one.made(calls_itself, notes) for one in ports.values())
    return Ports(ports=made, notes=tuple(notes))


def interface_names(head: ConfigLine) -> list[str]:
    """The interfaces that a line is for: one, or a range of them. Raises: InputError for a range that is none."""
    rest = head.words[1:]
    if not rest:
        raise InputError("an interface without a name", where=head.where)
    if rest[0] != "range" and "," not in head.text and not _SPAN.fullmatch("".join(rest)):
        return ["".join(rest)]
    told = "".join(rest[1:] if rest[0] == "range" else rest)
    names: list[str] = []
    kind = ""
    for part in told.split(","):
        kind = part[: len(part) - len(part.lstrip(_LETTERS))] or kind
        names += _spread(part if part[:1].isalpha() else kind + part, head.where)
    return names


def _spread(part: str, where: str) -> Iterator[str]:
    span = _SPAN.fullmatch(part)
    if span is None:
        if not part[-1:].isdigit():
            raise InputError(f"{visible(part)!r} are no interfaces", where=where)
        yield part
        return
    first, last = int(span[2][:9]), int(span[3][:9])
    if not first <= last < first + _MOST_IN_RANGE:
        raise InputError(f"{visible(part)!r} are no interfaces", where=where)
    for number in range(first, last + 1):
        yield f"{span[1]}{number}"


class _Port:
    """An interface while its lines are read."""

    def __init__(self, name: str, where: str) -> None:
        self._name, self._where = name, where
        self._mode = ""
        self._is_routed = bool(_ROUTED.match(name))
        self._allowed: Ranges | None = None
        self._native: int | None = None
        self._access: int | None = None
        self._tag: int | None = None
        self._description = self._channel = ""
        self._shutdown = False

    def take(self, line: ConfigLine, notes: dict[str, None]) -> None:
        """One more line."""
        words, where = line.words, line.where
        if words[0] == "description":
            self._description = line.text.partition(" ")[2].strip()
        elif words[-1] == "shutdown" and len(words) <= 2:
            self._shutdown = words[0] != "no"
        elif words == ["no", "switchport"]:
            self._is_routed = True
        elif words == ["switchport"]:
            self._is_routed = False
        elif words[0] == "channel-group" and len(words) > 1:
            self._channel = f"{'port' if self._name.startswith('Ethernet') else 'Port'}-channel{words[1]}"
        elif words[0] == "encapsulation" and len(words) > 2 and words[1].lower() == "dot1q":
            self._tag = _vlan(words[2], where)
        elif words[:2] in (["ip", "address"], ["ipv6", "address"]):
            self._is_routed = True
        elif words[0] == "switchport":
            self._switchport(words[1:], where, notes)

    def _switchport(self, words: list[str], where: str, notes: dict[str, None]) -> None:
        if words[0] == "mode" and len(words) > 1:
            self._mode = words[1]
        elif words[:2] == ["access", "vlan"] and len(words) > 2:
            self._access = _vlan(words[2], where)
        elif words[:3] == ["trunk", "native", "vlan"] and len(words) > 3:
            self._native = None if words[3] == "tag" else _vlan(words[3], where)
        elif words[:3] == ["trunk", "allowed", "vlan"]:
            self._allow(words[3:], where)
        elif words[:2] == ["voice", "vlan"]:
            notes[f"{where}: {visible(self._name)} carries a VLAN for telephones, too"] = None

    def _allow(self, words: list[str], where: str) -> None:
        how = words[0] if words and words[0] in {"add", "remove", "except", "all", "none"} else ""
        told = "".join(words[1:] if how else words)
        if how in {"all", "none"}:
            self._allowed = None if how == "all" else ()
            return
        some = vlans(told, where)
        now = _EVERY if self._allowed is None else self._allowed
        if how == "add":
            self._allowed = joined([*now, *some]) if self._allowed is not None else None
        elif how == "remove":
            self._allowed = without(now, some)
        else:
            self._allowed = without(_EVERY, some) if how == "except" else some

    def made(self, calls_itself: str, notes: dict[str, None]) -> PortConfig:
        """What its lines come to."""
        mode = self._kind(notes)
        allowed = self._allowed if mode == "trunk" else None
        if mode == "routed" and self._tag is not None:
            allowed = (Range(self._tag, self._tag),)
        return PortConfig(
            device=calls_itself,
            name=self._name,
            mode=mode,
            allowed=allowed,
            native=(self._native or 1) if mode == "trunk" else None,
            access=(self._access or 1) if mode == "access" else None,
            description=self._description,
            channel=self._channel,
            shutdown=self._shutdown,
            where=self._where,
        )

    def _kind(self, notes: dict[str, None]) -> Literal["trunk", "access", "routed"]:
        if self._mode in {"trunk", "access"}:
            return "trunk" if self._mode == "trunk" else "access"
        if self._is_routed or self._tag is not None:
            return "routed"
        if self._mode in {"", "access"} and self._name.startswith(("Ethernet", "port-channel")):  # NX-OS
            return "access"
        where = f"{self._where}: {visible(self._name)}"
        if self._mode in {"", "dynamic"}:
            notes[f"{where} may negotiate to be a trunk, and is taken for one"] = None
        else:
            notes[f"{where} has the mode {visible(self._mode)}, and is taken for a trunk"] = None
        return "trunk"


def _vlan(text: str, where: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 6 and VLANS[0] <= int(text) <= VLANS[1]):
        raise InputError(f"{visible(text)!r} is no VLAN", where=where)
    return int(text)


def vlans(text: str, where: str) -> Ranges:
    """A list of VLANs. Raises: InputError for what is none."""
    spans = []
    for part in text.split(","):
        first, hyphen, last = part.partition("-")
        span = Range(_vlan(first, where), _vlan(last if hyphen else first, where))
        if span.first > span.last:
            raise InputError(f"{visible(part)!r} does not go from a lower to a higher VLAN", where=where)
        spans.append(span)
    return joined(spans)
