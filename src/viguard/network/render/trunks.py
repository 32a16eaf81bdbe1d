"""The VLANs that trunk ports of switches may carry, for Cisco IOS, NX-OS and Junos.

Where it is known what a port carries, needed VLANs are added before others are removed: nothing is cut meanwhile.
Junos takes a change as a whole.

Source: switchport trunk allowed vlan (Catalyst, Nexus); vlan members (Junos ELS). Not tried on a device.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Final

from viguard.model.facts import Struct
from viguard.model.text import visible
from viguard.network.addresses import Range, Ranges, joined, without
from viguard.network.render.written import Rendered

_VLANS: Final = Range(1, 4094)
_PORT: Final = re.compile(r"[A-Za-z][A-Za-z0-9/.:_-]*( ?[0-9/.:]+)?")
_LETTERS: Final = 150
"""How long a list of VLANs may be in one line."""


class System(StrEnum):
    """Which system reads the lines."""

    IOS = "ios"
    NXOS = "nxos"
    JUNOS = "junos"


class Trunk(Struct, frozen=True, kw_only=True):
    """A trunk port: the VLANs that are needed behind it, and those it carries; None: not known."""

    port: str
    needed: Ranges
    carried: Ranges | None = None


def render(trunks: Sequence[Trunk], system: System) -> Rendered:
    """The lines for the ports of one switch."""
    lines: list[str] = []
    residual: list[str] = []
    for trunk in trunks:
        if why := _mistake(trunk):
            residual.append(f"{visible(trunk.port)}: {why}; left out")
        elif trunk.carried is not None and joined(trunk.carried) == joined(trunk.needed):
            lines.append(f"{'#' if system is System.JUNOS else '!'} {trunk.port}: no change needed")
        else:
            lines += _junos(trunk) if system is System.JUNOS else _cisco(trunk, " " if system is System.IOS else "  ")
    return Rendered("".join(f"{line}\n" for line in lines), tuple(residual))


def _mistake(trunk: Trunk) -> str:
    if not _PORT.fullmatch(trunk.port):
        return "this is no name of a port"
    wrong = [span for span in trunk.needed if span.first < _VLANS.first or span.last > _VLANS.last]
    return f"VLANs are from 1 to 4094, not {_span(wrong[0])}" if wrong else ""


def _cisco(trunk: Trunk, margin: str) -> Iterator[str]:
    start = f"{margin}switchport trunk allowed vlan"
    yield f"interface {trunk.port}"
    if trunk.carried is None:
        words = _lists(trunk.needed)
        yield f"{start} {words[0] if words else 'none'}"
        yield from (f"{start} add {word}" for word in words[1:])
        return
    yield from (f"{start} add {word}" for word in _lists(without(joined(trunk.needed), joined(trunk.carried))))
    yield from (f"{start} remove {word}" for word in _lists(without(joined(trunk.carried), joined(trunk.needed))))


def _lists(some: Ranges) -> list[str]:
    out: list[str] = []
    for span in joined(some):
        word = _span(span)
        if out and len(out[-1]) + len(word) < _LETTERS:
            out[-1] += f",{word}"
        else:
            out.append(word)
    return out


def _junos(trunk: Trunk) -> Iterator[str]:
    members = f"interfaces {trunk.port.replace(' ', '')} unit 0 family ethernet-switching vlan members"
    yield f"delete {members}"
    yield from (f"set {members} {_span(span)}" for span in joined(trunk.needed))


def _span(span: Range) -> str:
    return str(span.first) if span.first == span.last else f"{span.first}-{span.last}"
