"""The ports of a switch as its saved configuration says them (Cisco IOS and NX-OS).

A port whose mode the file does not say is left out and noted: it negotiates, or has the default of a device that is not
known. Source: Cisco IOS Layer 2 command reference, "switchport".
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from viguard.errors import InputError
from viguard.model.facts import Struct
from viguard.network.addresses import Range, Ranges, joined, without
from viguard.network.switchports import SwitchPort

_EVERY: Ranges = (Range(1, 4094),)


class Ports(Struct, frozen=True, kw_only=True):
    """The ports of a file, and what of them could not be told."""

    ports: tuple[SwitchPort, ...]
    notes: tuple[str, ...] = ()


def parse(text: str, name: str) -> Ports:
    """Every port of a configuration.

    Raises: InputError with ``name:line`` for a list of VLANs that is none, or a file without any port.
    """
    device, made, notes = name.rpartition("/")[2].rpartition(".")[0] or name, list[_Port](), list[str]()
    current: _Port | None = None
    for number, line in enumerate(text.splitlines(), 1):
        where, words = f"{name}:{number}", line.split()
        if not words or words[0].startswith("!"):
            continue
        if not line[0].isspace():
            current = None
            if words[0] in {"hostname", "switchname"} and len(words) > 1:
                device = words[1]
            elif words[0] == "interface" and len(words) > 1:
                current = _Port("".join(words[1:]), where)
                made.append(current)
        elif current is not None:
            current.take(words, where)
    ports = [p for p in made if p.is_port]
    if not ports:
        raise InputError("no port of a switch is in this file", where=name, hint="save it with `show running-config`")
    notes += [
        f"{p.where}: the mode of {p.name} is not said, so what it carries is not known" for p in ports if not p.mode
    ]
    return Ports(ports=tuple(p.told(device) for p in ports if p.mode), notes=tuple(notes))


class _Port:
    """A port while it is read."""

    def __init__(self, name: str, where: str) -> None:
        self.name, self.where, self.mode = name, where, ""
        self.is_port = not re.match(r"(?i)vlan|loopback|tunnel|null|mgmt|nve|bdi", name)
        self._allowed: Ranges | None = None
        self._native: int | None = None
        self._access: int | None = None
        self._description = self._channel = ""
        self._shutdown = False

    def take(self, words: Sequence[str], where: str) -> None:
        """The next line of the port."""
        match words:
            case ["description", *rest]:
                self._description = " ".join(rest)
            case ["shutdown"]:
                self._shutdown = True
            case ["no", "switchport"]:
                self.mode = "routed"
            case ["switchport", "mode", ("trunk" | "access") as mode, *_]:
                self.mode = mode
            case ["switchport", "mode", *_]:
                self.mode = ""
            case ["switchport", "access", "vlan", vlan]:
                self._access = _number(vlan, where)
            case ["switchport", "trunk", "native", "vlan", vlan]:
                self._native = _number(vlan, where)
            case ["switchport", "trunk", "allowed", "vlan", *rest]:
                self._allow(rest, where)
            case ["channel-group", number, *_]:
                self._channel = f"Port-channel{number}"

    def _allow(self, words: Sequence[str], where: str) -> None:
        match words:
            case ["all"]:
                self._allowed = None
            case ["none"]:
                self._allowed = ()
            case ["add", spans]:
                self._allowed = joined([*(_EVERY if self._allowed is None else self._allowed), *_spans(spans, where)])
            case ["remove", spans]:
                self._allowed = without(_EVERY if self._allowed is None else self._allowed, _spans(spans, where))
            case ["except", spans]:
                self._allowed = without(_EVERY, _spans(spans, where))
            case [spans]:
                self._allowed = _spans(spans, where)
            case _:
                raise InputError("no list of VLANs", where=where)

    def told(self, device: str) -> SwitchPort:
        """What was read."""
        return SwitchPort(
            device=device,
            name=self.name,
            mode=self.mode,  # type: ignore[arg-type]
            allowed=self._allowed,
            native=self._native,
            access=(self._access or 1) if self.mode == "access" else self._access,
            description=self._description,
            channel=self._channel,
            shutdown=self._shutdown,
            where=self.where,
        )


def _spans(text: str, where: str) -> Ranges:
    spans = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        one, other = _number(first, where), _number(last or first, where)
        if one > other:
            raise InputError(f"{part!r} does not go from a lower to a higher VLAN", where=where)
        spans.append(Range(one, other))
    return joined(spans)


def _number(text: str, where: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= 4094):
        raise InputError(f"{text[:40]!r} is no VLAN (1 to 4094)", where=where)
    return int(text)
