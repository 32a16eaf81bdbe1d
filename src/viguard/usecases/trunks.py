"""What hosts need of their switch ports, what the ports carry, and hosts against a template host."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from viguard.assess import controls as catalogue
from viguard.assess.engine import assess
from viguard.errors import InputError
from viguard.model.change import Plan, planned
from viguard.model.derived import Derived
from viguard.model.facts import Struct
from viguard.model.host import Host
from viguard.model.inventory import Inventory
from viguard.model.result import Result, Status
from viguard.model.text import visible
from viguard.network.parse import cisco_ports
from viguard.network.vlans import telling
from viguard.network.vlans.alike import Alike, alike
from viguard.network.vlans.bridges import Bridges, bridges
from viguard.network.vlans.switchports import PortConfig
from viguard.network.vlans.trunks import Trunks, compare, steps
from viguard.policy.load import load
from viguard.policy.policy import NO_POLICY, Policy
from viguard.policy.zones import Zones
from viguard.usecases.audit import FINDINGS, INCOMPLETE
from viguard.usecases.demo import recorded
from viguard.usecases.person import Person
from viguard.usecases.sources import Sources, open_estate

CONTROLS = ("dmz-physical-nic", "vm-one-vlan-per-vnic", "vss-no-vgt", "dvpg-no-vgt")
"""What the audit already judges of DMZ traffic and of trunks to guests."""
LARGEST = 64 * 2**20
"""Bytes of a configuration; a larger file is none."""


class Request(Struct, frozen=True, kw_only=True):
    """What to compare. ``switches`` are saved configurations, ``template`` is the name of a host."""

    sources: Sources
    policy: Path | None = None
    switches: tuple[Path, ...] = ()
    template: str = ""


class Found(Struct, frozen=True, kw_only=True, omit_defaults=False):
    """The answer. ``judged`` are failures of the controls about DMZ traffic and trunks to guests."""

    trunks: Trunks
    plan: Plan
    bridges: Bridges
    judged: tuple[Result, ...]
    template: str
    alike: tuple[Alike, ...]
    notes: tuple[str, ...]
    complete: bool
    schema: str = "viguard-trunks/1"


def run(request: Request, person: Person) -> Found:
    """Needs against ports, and hosts against the template where one is named.

    Raises:
        ViguardError: a source, the policy or a configuration cannot be read, or no host has the template's name.
    """
    policy = load(request.policy) if request.policy else NO_POLICY
    ports, notes = _ports(request.switches)
    estate = open_estate(request.sources, person)
    inventory = estate.inventory
    template = _template(inventory, request.template) if request.template else None
    trunks = compare(inventory, ports)
    aligned = tuple(alike(inventory, template)) if template else ()
    changes = [*steps(trunks), *(step for host in aligned for step in host.steps)]
    return Found(
        trunks=trunks,
        plan=planned(changes, [*inventory.by_id.values(), *ports], _now()),
        bridges=bridges(inventory, policy, Zones(inventory, policy)),
        judged=_judged(inventory, policy),
        template=template.name if template else "",
        alike=aligned,
        notes=notes,
        complete=inventory.complete,
    )


def demo(person: Person, template: str) -> Found:
    """The recorded estate with the configurations of its switches."""
    with recorded() as (sources, policy, switches):
        return run(Request(sources=sources, policy=policy, switches=switches, template=template), person)


def text(found: Found) -> list[str]:
    """As lines for people."""
    judged = [f"{r.control}: {visible(r.resource.name, 60)}: {r.reason}" for r in found.judged]
    return [
        *telling.of_trunks(found.trunks),
        *telling.of_alike(found.alike, found.template),
        *judged,
        *telling.of_bridges(found.bridges),
        *(f"note: {note}" for note in found.notes),
        *telling.of_steps(found.plan.steps),
    ]


def document(found: Found) -> bytes:
    """As JSON."""
    return msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n"


def exit_code(found: Found) -> int:
    """3 with findings, 4 when something is not known, else 0. A switch that was not given is not asked for."""
    if found.trunks.wrong or found.judged or any(b.apart for b in found.bridges.found):
        return FINDINGS
    if any(host.steps or host.by_hand for host in found.alike):
        return FINDINGS
    unknown = found.trunks.unsure or found.bridges.unknown or any(host.unknown for host in found.alike)
    return INCOMPLETE if unknown or not found.complete else 0


def _ports(files: Iterable[Path]) -> tuple[list[PortConfig], tuple[str, ...]]:
    ports, notes = list[PortConfig](), list[str]()
    for file in files:
        if file.stat().st_size > LARGEST:
            raise InputError("a configuration is not that large", where=str(file))
        read = cisco_ports.parse(file.read_bytes().decode("utf-8", "backslashreplace"), str(file))
        if not read.ports:
            hint = "save it with `show running-config`"
            raise InputError("no port of a switch is in this file", where=str(file), hint=hint)
        ports += read.ports
        notes += read.notes
    return ports, tuple(notes)


def _template(inventory: Inventory, name: str) -> Host:
    wanted = name.casefold()
    found = [h for h in inventory.hosts if wanted in {h.name.casefold(), h.name.casefold().partition(".")[0], h.id}]
    exact = [h for h in found if h.name.casefold() == wanted]
    if len(exact or found) == 1:
        return (exact or found)[0]
    if found:
        raise InputError(
            f"several hosts are called {name!r}", hint="name it by its id: " + ", ".join(h.id for h in found)
        )
    hosts = ", ".join(visible(h.name, 60) for h in inventory.hosts[:5])
    raise InputError(f"no host is called {name!r}", hint=f"hosts are {hosts}" if hosts else "the estate has no host")


def _judged(inventory: Inventory, policy: Policy) -> tuple[Result, ...]:
    every = catalogue.load()
    controls = {id_: every[id_] for id_ in CONTROLS}
    found = assess(inventory, policy, Derived(), controls, (), inventory.read_at)
    return tuple(r for r in found.results if r.status is Status.FAIL)


def _now() -> datetime:
    return datetime.now(UTC)
