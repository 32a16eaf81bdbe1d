"""Servers and services by VLAN."""

from __future__ import annotations

from pathlib import Path

import msgspec

from viguard.model.facts import Struct
from viguard.network.vlans import telling
from viguard.network.vlans.draw import draw
from viguard.network.vlans.members import Vlans, vlans
from viguard.policy.load import load
from viguard.policy.zones import Zones
from viguard.usecases.audit import FINDINGS, INCOMPLETE
from viguard.usecases.demo import recorded
from viguard.usecases.person import Person
from viguard.usecases.sources import Sources, open_estate


class Found(Struct, frozen=True, kw_only=True, omit_defaults=False):
    """Every network of an estate. ``complete``: whether the estate was read whole."""

    found: Vlans
    complete: bool
    title: str
    schema: str = "viguard-vlans/1"


def run(sources: Sources, policy: Path | None, person: Person) -> Found:
    """The networks of an estate, with their zones where a policy is named.

    Raises:
        ViguardError: a source or the policy cannot be read.
    """
    estate = open_estate(sources, person)
    inventory = estate.inventory
    zones = Zones(inventory, load(policy)) if policy else None
    names = ", ".join(s.name for s in inventory.servers)
    title = f"Servers and services by VLAN: {names}, read {inventory.read_at:%Y-%m-%d %H:%M} UTC"
    return Found(found=vlans(inventory, zones), complete=inventory.complete, title=title)


def demo(person: Person) -> Found:
    """The networks of the recorded estate."""
    with recorded() as (sources, policy, _):
        return run(sources, policy, person)


def picture(found: Found) -> bytes:
    """As SVG."""
    return draw(found.found, found.title).encode("utf-8", "backslashreplace")


def text(found: Found) -> list[str]:
    """As lines for people."""
    return list(telling.of_vlans(found.found))


def document(found: Found) -> bytes:
    """As JSON."""
    return msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n"


def exit_code(found: Found) -> int:
    """3 with findings, 4 when something is not known, else 0."""
    if any(odd.wrong for odd in found.found.odd):
        return FINDINGS
    return INCOMPLETE if found.found.unknown or not found.complete else 0
