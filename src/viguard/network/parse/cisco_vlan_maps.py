"""VLAN access maps of Cisco switches: what passes within a VLAN, and into it or out of it.

What a list of an entry permits gets the action of that entry; what it denies goes on to the next entry, and in the end
is dropped when any entry looks at addresses of that kind.
Source: Catalyst 3750 Software Configuration Guide, VLAN Maps; Nexus 9000 NX-OS Security Configuration Guide.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from viguard.errors import InputError
from viguard.model.text import visible
from viguard.network.addresses import Family
from viguard.network.match import Chains, Line, Match, Verdict, everything
from viguard.network.parse.cisco_ports import vlans
from viguard.network.parse.cisco_sections import Section
from viguard.network.parse.imported import Point
from viguard.network.rules import Action, Rule, RuleSet

Lists = Mapping[tuple[str, Family], tuple[Rule, ...]]
_ACTIONS = {"forward": Action.PERMIT, "drop": Action.DENY}


class _Entry(NamedTuple):
    """One entry of a map. ``lists`` None: it fits everything. ``other``: it looks at something else, too."""

    number: int
    where: str
    action: str
    lists: tuple[str, ...] | None
    other: str


def vlan_points(found: Iterable[Section], lists: Lists, name: str, notes: dict[str, None]) -> list[Point]:
    """A rule set of IPv4 for each VLAN that a map filters. ``Point.direction`` is ``vlan``.

    Raises: InputError with ``name:line`` for what cannot be read.
    """
    maps: dict[str, list[_Entry]] = {}
    filters = []
    for section in found:
        words = section.head.words
        if words[:2] == ["vlan", "access-map"] and len(words) > 2:
            entries = maps.setdefault(words[2], [])
            entries.append(_entry(section, words[3:], len(entries)))
        elif words[:2] == ["vlan", "filter"] and len(words) > 4 and words[3] == "vlan-list":
            filters.append((section.head, words[2], "".join(words[4:])))
    points = []
    for head, map_name, told in filters:
        if map_name not in maps:
            raise InputError(f"there is no map {visible(map_name)!r}", where=head.where)
        rules = _set(maps[map_name], lists, f"{name} map {map_name}")
        spans = vlans("1-4094" if told == "all" else told, head.where)
        points += [
            Point(place=f"VLAN {vlan}", direction="vlan", rules=rules, vlan=vlan)
            for span in spans
            for vlan in range(span.first, span.last + 1)
        ]
    if filters:
        notes["of VLAN maps only IPv4 is looked at"] = None
    return points


def lists_of_maps(found: Iterable[Section]) -> set[str]:
    """The lists of IPv4 that maps look at."""
    lines = [line for one in found if one.head.says("vlan", "access-map") for line in one.lines]
    return {word for line in lines if line.says("match", "ip", "address") for word in line.words[3:]}


def _entry(section: Section, words: Sequence[str], place: int) -> _Entry:
    action, other = "forward", ""
    lists: list[str] | None = None
    number = int(words[0][:9]) if words and words[0].isascii() and words[0].isdecimal() else 10 * (place + 1)
    for line in section.lines:
        if line.words[0] == "action" and len(line.words) > 1:
            action = line.words[1]
        elif line.words[:3] == ["match", "ip", "address"]:
            lists = [*(lists or []), *line.words[3:]]
        elif line.words[0] == "match":
            other = " ".join(line.words[1:])
    return _Entry(number, section.head.where, action, None if lists is None else tuple(lists), other)


def _set(entries: Sequence[_Entry], lists: Lists, title: str) -> RuleSet:
    chains: dict[str, list[Line]] = {"map": []}
    for entry in sorted(entries, key=lambda one: one.number):
        action = _ACTIONS.get(entry.action)
        verdict = Verdict(action=action) if action else Verdict(elsewhere=f"{entry.action} sends it elsewhere")
        if entry.lists is None:
            if not entry.other:  # else it is for packets of another kind
                chains["map"].append(Line(match=everything(Family.V4), verdict=verdict, where=entry.where))
            continue
        for one in entry.lists:
            chain = f"{entry.where} {one}"
            chains[chain] = _lines(lists.get((one, Family.V4)), verdict, entry, one)
            chains["map"].append(Line(match=everything(Family.V4), verdict=Verdict(jump=chain), where=entry.where))
    default = Action.DENY if any(entry.lists is not None for entry in entries) else Action.PERMIT
    rules = Chains(chains, Family.V4).rules("map", default)
    return RuleSet(name=visible(title), family=Family.V4, rules=rules, default=default, stateful=False)


def _lines(rules: tuple[Rule, ...] | None, verdict: Verdict, entry: _Entry, name: str) -> list[Line]:
    every = Family.V4.every
    if rules is None:
        unknown = Match(sources=every, destinations=every, unsure=f"the list {visible(name)} is not there or empty")
        return [Line(match=unknown, verdict=verdict, where=entry.where)]
    return [
        Line(
            match=Match(sources=r.sources, destinations=r.destinations, services=r.services, unsure=r.unsure),
            verdict=verdict if r.action is Action.PERMIT else Verdict(is_return=True),
            where=r.where,
            text=r.text,
            why=r.why,
        )
        for r in rules
    ]
