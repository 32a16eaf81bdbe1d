"""Adds to a policy that somebody wrote, and changes nothing in it: text is only put in, so every other byte stays.

New networks become new zones after the last one; what an imported table gives to a zone that is there is put into its
lists. What would contradict the file is not done but said.
"""

from __future__ import annotations

import ipaddress
import re
from collections import defaultdict
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field
from fnmatch import translate

from viguard.errors import PolicyError
from viguard.model.facts import Struct
from viguard.model.inventory import Inventory
from viguard.policy.import_zones import Row
from viguard.policy.insertion import Edit, after_comments, apply, end_of, line_end, put, set_key
from viguard.policy.load import loads
from viguard.policy.policy import Policy, Zone
from viguard.policy.propose import adopt, recognition, zone_lines
from viguard.policy.quoting import quote, scalar
from viguard.policy.source import List, Mistakes, Table, Text, Tree, parse
from viguard.policy.survey import Candidate, Survey, survey, zone_name


class Merged(Struct, frozen=True, kw_only=True):
    """A policy with what is new. ``added`` says what was put in, ``refused`` what contradicts the file, as lines."""

    text: str
    added: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


@dataclass
class _Wishes:
    """What a table gives to a zone that is in the file."""

    vlans: list[int] = field(default_factory=list)
    subnets: list[str] = field(default_factory=list)
    owner: str = ""


def merge(
    text: str, file: str, inventory: Inventory, rows: Sequence[Row] = (), within: Container[str] | None = None
) -> Merged:
    """An existing policy with the networks of an estate and the rows of a table that it does not have yet.

    ``within``: only networks that a guest of these ids is on.

    Raises: PolicyError when the policy has mistakes; mend them first.
    """
    policy = loads(text, file)
    tree = parse(text, Mistakes(file))
    zones = {zone.name: zone for zone in policy.zones or ()}
    fitting, refused = _fitting(rows, policy)
    found = survey(inventory).narrowed(within)
    found.candidates = adopt(found.candidates, fitting)
    known, extended = _Recognised(zones.values()), _names(fitting, zones)
    new = [c for c in found.candidates if c.name not in extended and c not in known]
    for candidate in new:
        if candidate.name in zones:
            candidate.name = zone_name(candidate.name, [*zones, *(c.name for c in found.candidates)])
    edits, added = _extend(tree, policy, _wishes(fitting, zones), text, refused)
    if new:
        edits.append(_append(tree, new, found, text, file))
        added += [f"zone {quote(c.name)}: {_told(c, found)}" for c in new]
    return Merged(text=apply(text, edits), added=tuple(added), refused=tuple(refused))


def _names(rows: Sequence[Row], zones: dict[str, Zone]) -> set[str]:
    """Zones of the file that a table adds to: no new zone is made for them."""
    return {row.zone for row in rows} & set(zones)


def _fitting(rows: Sequence[Row], policy: Policy) -> tuple[list[Row], list[str]]:
    """Rows that do not contradict the file, and a line for each that does."""
    zone_of: dict[int | str, Zone] = {}
    for zone in policy.zones or ():
        zone_of |= dict.fromkeys([*zone.match.vlans, *map(_network, zone.match.subnets)], zone)
    fitting: list[Row] = []
    refused: list[str] = []
    for row in rows:
        networks = [network for network in (row.vlan, row.subnet) if network not in (None, "")]
        rivals = [(n, zone_of[n]) for n in networks if n in zone_of and zone_of[n].name != row.zone]
        if rivals:
            network, rival = rivals[0]
            noun = "VLAN" if isinstance(network, int) else "subnet"
            here = f"zone {quote(rival.name)} ({policy.file}:{rival.line})"
            refused.append(f"{row.where}: {noun} {network} is in {here}, not {quote(row.zone)}; change one of them")
        else:
            fitting.append(row)
    return fitting, refused


def _network(text: str) -> str:
    return str(ipaddress.ip_network(text))


class _Recognised:
    """What the zones of a file recognise, made once for all candidates."""

    def __init__(self, zones: Iterable[Zone]) -> None:
        matches = [zone.match for zone in zones]
        self._vlans = {vlan for match in matches for vlan in match.vlans}
        self._subnets = {_network(subnet) for match in matches for subnet in match.subnets}
        patterns = dict.fromkeys(pattern for match in matches for pattern in match.port_groups)
        self._patterns = [re.compile(translate(pattern)) for pattern in patterns]

    def __contains__(self, candidate: Candidate) -> bool:
        """Whether a zone has the network already, by VLAN, port group or subnet."""
        return bool(
            candidate.vlans & self._vlans
            or (candidate.subnets | candidate.declared) & self._subnets
            or any(pattern.match(name) for name in candidate.port_groups for pattern in self._patterns)
        )


def _wishes(rows: Sequence[Row], zones: dict[str, Zone]) -> dict[str, _Wishes]:
    wishes: dict[str, _Wishes] = defaultdict(_Wishes)
    for row in rows:
        zone = zones.get(row.zone)
        if zone is None:
            continue
        wish = wishes[row.zone]
        if row.vlan is not None and row.vlan not in (*zone.match.vlans, *wish.vlans):
            wish.vlans.append(row.vlan)
        if row.subnet and row.subnet not in (*map(_network, zone.match.subnets), *wish.subnets):
            wish.subnets.append(row.subnet)
        wish.owner = wish.owner or row.owner
    return wishes


def _extend(
    tree: Tree | None, policy: Policy, wishes: dict[str, _Wishes], text: str, refused: list[str]
) -> tuple[list[Edit], list[str]]:
    """The edits for zones that are in the file, and what they add. Another owner is not written over."""
    edits: list[Edit] = []
    added: list[str] = []
    for node, zone in zip(_zone_tables(tree), policy.zones or (), strict=True):
        wish = wishes.get(zone.name)
        match = node.get("match")
        if wish is None or not isinstance(match, Table):
            continue
        new = [("vlans", [str(v) for v in wish.vlans]), ("subnets", [scalar(s) for s in wish.subnets])]
        missing = [(key, values) for key, values in new if values]
        edits += [edit for key, values in missing for edit in put(match, key, values, text)]
        added += [f"zone {quote(zone.name)}: {key} {', '.join(values)}" for key, values in missing]
        if wish.owner and not zone.owner:
            edits += set_key(node, "owner", scalar(wish.owner), text)
            added.append(f"zone {quote(zone.name)}: owner {quote(wish.owner)}")
        elif wish.owner not in {"", zone.owner}:
            here = f"{policy.file}:{zone.line}: zone {quote(zone.name)} is owned by {quote(zone.owner)}"
            refused.append(f"{here}, the table says {quote(wish.owner)}; change one of them")
    return edits, added


def _zone_tables(tree: Tree | None) -> list[Table]:
    zones = tree.get("zones") if isinstance(tree, Table) else None
    return [item for item in zones.items if isinstance(item, Table)] if isinstance(zones, List) else []


def _append(tree: Tree | None, new: Sequence[Candidate], found: Survey, text: str, file: str) -> Edit:
    """New zones after the last one; after its own trailing comments, before those of the next key."""
    zones = tree.get("zones") if isinstance(tree, Table) else None
    if isinstance(zones, List) and zones.flow:
        flows = ", ".join(_flow_zone(candidate, found) for candidate in new)
        at = end_of(zones.items[-1], text) if zones.items else zones.start + 1
        return Edit(at, at, f", {flows}" if zones.items else flows)
    if isinstance(tree, Table) and tree.flow and tree.entries:
        where = f"{file}:{tree.line}:{tree.column}"
        raise PolicyError([f"{where}: written in braces, nothing can be added; write one key on each line"])
    if isinstance(zones, List):
        indent = " " * (zones.column - 1)
        at = after_comments(text, line_end(text, end_of(zones, text)), zones.column)
        return Edit(at, at, _block(new, found, indent))
    if isinstance(zones, Text):
        at = line_end(text, zones.end)
        if zones.value:
            return Edit(zones.start, zones.end, _block(new, found, "  "))
        return Edit(at, at, _block(new, found, "  "))
    start = "" if not text or text.endswith("\n") else "\n"
    return Edit(len(text), len(text), f"{start}\nzones:{_block(new, found, '  ')}\n")


def _block(new: Sequence[Candidate], found: Survey, indent: str) -> str:
    return "".join("\n\n" + "\n".join(indent + line for line in zone_lines(c, found)) for c in new)


def _flow_zone(candidate: Candidate, found: Survey) -> str:
    match = ", ".join(f"{k}: [{', '.join(map(_value, v))}]" for k, v in recognition(candidate, found) if v)
    return f"{{name: {scalar(candidate.name)}, match: {{{match}}}, purpose: {candidate.guess.purpose.value}}}"


def _value(text: str) -> str:
    return text if text.isdigit() and len(text) <= 4 else scalar(text)


def _told(candidate: Candidate, found: Survey) -> str:
    parts = [
        f"{key} {', '.join(quote(v) for v in values[:5])}" for key, values in recognition(candidate, found) if values
    ]
    return "; ".join(parts)
