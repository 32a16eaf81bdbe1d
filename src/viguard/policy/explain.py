"""Why a guest is in its zone, as lines for a person."""

from __future__ import annotations

from collections.abc import Container
from difflib import get_close_matches

from viguard.errors import InputError
from viguard.model.facts import Unknown
from viguard.model.guest import Guest
from viguard.policy.zones import Zones


def explanation(zones: Zones, wanted: str, file: str, within: Container[str] | None = None) -> list[str]:
    """Lines about every guest or template of that name, path or id; ``within``: among these ids only.

    Raises:
        InputError: there is none; near names are told.
    """
    everyone = [*zones.inventory.guests, *zones.inventory.templates]
    guests = [g for g in everyone if within is None or g.id in within]
    found = [g for g in guests if wanted in {g.name, g.path, g.id}]
    if not found:
        near = get_close_matches(wanted, [g.name for g in guests], 3)
        hint = (
            f"did you mean {' or '.join(near)}?"
            if near
            else "`viguard inventory SOURCE --format json` lists every guest"
        )
        where = "in this estate" if within is None else "in this selection"
        raise InputError(f"no guest {wanted!r} {where}", hint=hint)
    return [line for guest in found for line in _about(zones, guest, file)]


def _about(zones: Zones, guest: Guest, file: str) -> list[str]:
    membership = zones.of_guest(guest)
    named = ", ".join(membership.zones) or "in no zone"
    lines = [f"{guest.path}: {named}"]
    lines += [
        f"  {match.zone}: {match.rule} {match.wanted} matches {match.found}"
        + (f" of {match.at}" if match.at else "")
        + (f" ({file}:{match.line})" if match.line else "")
        for match in membership.matches
    ]
    lines += _nics(zones, guest)
    lines += [f"  not known: {fact} (another zone may hold)" for fact in membership.unread]
    if not membership.matches:
        lines.append("  give a zone one of its VLANs, port groups, subnets, tags or folders in the policy")
    return lines


def _nics(zones: Zones, guest: Guest) -> list[str]:
    if isinstance(guest.nics, Unknown):
        return [f"  NICs not known: {guest.nics}"]
    lines = []
    for nic in guest.nics:
        vlan = zones.inventory.vlan_of(guest, nic)
        group = zones.inventory.port_group_of(guest, nic)
        plugged = "nothing" if group is None else str(group) if isinstance(group, Unknown) else group.name
        shown = "no VLAN" if vlan is None else str(vlan) if isinstance(vlan, Unknown) else _vlan(vlan.id, vlan.is_trunk)
        lines.append(f"  {nic.label or nic.type}: plugged into {plugged}, {shown}")
    return lines


def _vlan(number: int, trunk: bool) -> str:  # noqa: FBT001  (private, both are facts of one VLAN)
    return "a trunk of VLANs" if trunk else f"VLAN {number}" if number else "untagged"
