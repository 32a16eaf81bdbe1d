"""Consoles of guests: open ones taken over, and guests started from other media."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from viguard.attack.estate import Estate
from viguard.attack.graph import Edge, Seen
from viguard.model.facts import Settings, Unknown
from viguard.model.guest import Guest

INTERACT = "VirtualMachine.Interact.ConsoleInteract"
STARTS = frozenset({"VirtualMachine.Interact.Reset", "VirtualMachine.Interact.PowerOn"})
MEDIA = frozenset({"VirtualMachine.Interact.SetCDMedia", "VirtualMachine.Interact.DeviceConnection"})
LIMIT = "RemoteDisplay.maxConnections"


class Holder(NamedTuple):
    """A role on a guest: its node, privileges (None: every one), the facts, and what its action acts on."""

    role: str
    held: frozenset[str] | None
    facts: tuple[Seen, ...]
    on: str


def edges(estate: Estate, guest: Guest, holder: Holder) -> Iterator[Edge]:
    """What the holder of a role does at the console of a guest."""
    role, held, facts, on = holder
    if held is not None and INTERACT not in held:
        return
    yield from _open(estate, guest, role, facts)
    if held is None or (held & STARTS and held & MEDIA):
        for device in guest.devices if isinstance(guest.devices, tuple) else ():
            if device.type == "VirtualCdrom":
                told = estate.seen(guest, "devices", device.label, f"[{device.key}]")
                yield Edge("boot_media", role, estate.at(guest), (*facts, told), on=on)
                return


def _open(estate: Estate, guest: Guest, role: str, facts: tuple[Seen, ...]) -> Iterator[Edge]:
    """An open console that a second person may join. Two open ones show that no limit stops it."""
    ends = (role, estate.at(guest))
    if isinstance(guest.consoles, Unknown):
        why = (f"open consoles: {guest.consoles}",)
        yield Edge("console", *ends, facts, why, on=guest.id)
    elif guest.consoles > 1:
        told = estate.seen(guest, "consoles", f"{guest.consoles} open")
        yield Edge("console", *ends, (*facts, told), on=guest.id)
    elif guest.consoles == 1 and (limit := _limit(estate, guest)) is not None:
        told = estate.seen(guest, "consoles", "1 open")
        yield Edge("console", *ends, (*facts, told, *limit[0]), limit[1], on=guest.id)


def _limit(estate: Estate, guest: Guest) -> tuple[tuple[Seen, ...], tuple[str, ...]] | None:
    """The fact that lets a second console in, or what is missing; None when one is the limit."""
    if isinstance(guest.max_consoles, int):
        told = (estate.seen(guest, "max_consoles", guest.max_consoles),)
        return None if guest.max_consoles == 1 else (told, ())
    if isinstance(guest.extra_config, Settings):
        value = guest.extra_config.values.get(LIMIT)
        told = (estate.seen(guest, "extra_config", f"{LIMIT} = {value}"),)
        return None if str(value) == "1" else (told, ())
    return (), (f"how many consoles may be open: {guest.extra_config}",)
