"""Access lists of Cisco IOS and NX-OS, as rule sets: one for each place where a list is applied.

Lists without a state: answers pass only when a list lets them. A list that is applied nowhere has an empty place.
Source: Cisco IOS Security Command Reference; Nexus 9000 NX-OS Security Configuration Guide.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from msgspec.structs import replace

from viguard.errors import InputError
from viguard.model.text import visible
from viguard.network.addresses import Family
from viguard.network.parse.cisco_entries import Words, extended, standard
from viguard.network.parse.cisco_groups import Groups
from viguard.network.parse.cisco_ports import interface_names
from viguard.network.parse.cisco_sections import ConfigLine, Section, sections
from viguard.network.parse.cisco_vlan_maps import lists_of_maps, vlan_points
from viguard.network.parse.imported import Imported, Point
from viguard.network.rules import Action, Rule, RuleSet
from viguard.network.services import ICMP6, icmp

_STANDARD = (range(1, 100), range(1300, 2000))
_EXTENDED = (range(100, 200), range(2000, 2700))
_IGNORED = {"statistics", "fragments", "ignore", "no"}
_NEIGHBOURS = (136, 135)
"""Kinds of ICMP that the end of an IPv6 list permits. NX-OS permits what routers announce and are asked for, too."""
_ROUTERS = (134, 133)


class _List(NamedTuple):
    """A list by its name, with its entries as they stand."""

    name: str
    family: Family
    is_standard: bool
    where: str
    lines: list[ConfigLine]


class _Use(NamedTuple):
    """A place where a list is applied."""

    place: str
    direction: str
    list_name: str
    family: Family
    where: str
    addresses: tuple[str, ...] = ()
    vlan: int | None = None


def parse(text: str, name: str) -> Imported:
    """Every list where it is applied, and those that are applied nowhere.

    Raises: InputError with ``name:line`` for what cannot be read.
    """
    found = list(sections(text, name))
    is_nxos = any(one.head.words[0] in {"switchname", "feature", "vdc"} for one in found)
    notes: dict[str, None] = {}
    reader = _Reader(Groups(found), notes, is_nxos=is_nxos)
    lists = {key: rules for key, one in _lists(found, notes).items() if (rules := reader.rules(one)) is not None}
    points, used = [], set()
    for use in (use for section in found for use in _uses(section)):
        key = use.list_name, use.family
        used.add(key)
        points.append(_point(use, name, *((lists[key], Action.DENY) if key in lists else reader.missing(use))))
    points += vlan_points(found, lists, name, notes)
    used |= {(one, Family.V4) for one in lists_of_maps(found)}
    points += [
        Point(place="", direction="", rules=_set(f"{name} {key[0]}", key[1], rules))
        for key, rules in lists.items()
        if key not in used
    ]
    carries = (Family.V4, *([Family.V6] if any(_has_v6(section) for section in found) else []))
    return Imported(points=tuple(points), notes=tuple(notes), carries=carries, by_interface=True)


def _has_v6(section: Section) -> bool:
    return section.head.words[0] == "interface" and any(
        line.says("ipv6", "address") or line.says("ipv6", "enable") for line in section.lines
    )


def _lists(found: Iterable[Section], notes: dict[str, None]) -> dict[tuple[str, Family], _List]:
    lists: dict[tuple[str, Family], _List] = {}
    for section in found:
        head = section.head
        words = head.words
        if words[0] == "access-list" and len(words) > 2:
            kind = _kind(words[1], head, notes)
            if kind:
                one = lists.setdefault(
                    (words[1], Family.V4), _List(words[1], Family.V4, kind == "standard", head.where, [])
                )
                one.lines.append(head._replace(words=words[2:]))
        elif words[:2] in (["ip", "access-list"], ["ipv6", "access-list"]) and len(words) > 2:
            if words[2] in {"resequence", "log-update", "logging", "persistent", "helper", "match-local-traffic"}:
                continue
            family = Family.V4 if words[0] == "ip" else Family.V6
            kind = words[2] if words[2] in {"standard", "extended"} else "extended"
            key = words[-1], family
            one = lists.setdefault(key, _List(words[-1], family, kind == "standard", head.where, []))
            one.lines.extend(section.lines)
        elif words[:2] == ["mac", "access-list"]:
            notes[f"{head.where}: {visible(head.text)} is not looked at"] = None
    return lists


def _kind(text: str, head: ConfigLine, notes: dict[str, None]) -> str:
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 0
    for kind, spans in (("standard", _STANDARD), ("extended", _EXTENDED)):
        if any(number in span for span in spans):
            return kind
    notes[f"{head.where}: the list {visible(text)} is not of IP and not looked at"] = None
    return ""


class _Reader:
    """Reads the entries of lists."""

    def __init__(self, groups: Groups, notes: dict[str, None], *, is_nxos: bool) -> None:
        self._groups, self._notes, self._is_nxos = groups, notes, is_nxos

    def rules(self, one: _List) -> tuple[Rule, ...] | None:
        """The rules in the order of their numbers, those without one after the last; None: there are no entries."""
        numbered: dict[int, Rule | None] = {}
        why, last = "", 0
        for line in one.lines:
            at, words = _numbered(line.words, last + 10)
            if words[0] == "remark":
                why = line.text.partition("remark")[2].strip()
            elif words[0] in _IGNORED:
                self._notes[f"{line.where}: {visible(line.text)} is not looked at"] = None
            elif at in numbered:
                raise InputError(f"the number {at} stands twice in the list {visible(one.name)}", where=line.where)
            else:
                rule = self._rule(line, words, one)
                numbered[at] = replace(rule, why=why) if rule and why else rule
                why, last = "", max(last, at)
        if not numbered:
            return None
        rules = [rule for _, rule in sorted(numbered.items()) if rule]
        return (*rules, *([self._neighbours(one)] if one.family is Family.V6 else []))

    def _neighbours(self, one: _List) -> Rule:
        return Rule(
            action=Action.PERMIT,
            sources=Family.V6.every,
            destinations=Family.V6.every,
            services=tuple(icmp(ICMP6, kind) for kind in (_NEIGHBOURS + _ROUTERS if self._is_nxos else _NEIGHBOURS)),
            where=one.where,
            why="the end of every IPv6 list lets neighbours find each other",
        )

    def _rule(self, line: ConfigLine, words: list[str], one: _List) -> Rule | None:
        """One entry; None: it fits no first packet of a flow."""
        if words[0] == "evaluate":
            self._notes[f"{line.where}: answers that the reflexive list {visible(words[-1])} knows pass"] = None
            return None
        try:
            taken = Words(words)
            entry = standard(taken, self._groups) if one.is_standard else extended(taken, one.family, self._groups)
        except ValueError as error:
            raise InputError(visible(str(error)), where=line.where) from error
        if entry.reflects:
            place = visible(entry.reflects)
            self._notes[f"{line.where}: answers to it pass where the list {place} is evaluated"] = None
        if entry.never or not (entry.sources and entry.destinations):
            return None
        return Rule(
            action=entry.action,
            sources=entry.sources,
            destinations=entry.destinations,
            services=entry.services,
            where=line.where,
            text=line.text,
            unsure=entry.unsure,
        )

    def missing(self, use: _Use) -> tuple[tuple[Rule, ...], Action]:
        """What a list does that is not there or empty: with IOS everything passes, with NX-OS nobody knows."""
        what = f"{use.where}: the list {visible(use.list_name)} is not there or empty"
        if not self._is_nxos:
            self._notes[f"{what}, so everything passes"] = None
            return (), Action.PERMIT
        self._notes[what] = None
        every = use.family.every
        unsure = "the list is not there or empty"
        rule = Rule(action=Action.PERMIT, sources=every, destinations=every, where=use.where, unsure=unsure)
        return (rule,), Action.DENY


def _numbered(words: list[str], following: int) -> tuple[int, list[str]]:
    """The number of an entry, and its words without it."""
    if words[0] == "sequence" and len(words) > 2:
        words = words[1:]
    if words[0].isascii() and words[0].isdecimal() and len(words[0]) < 12 and len(words) > 1:
        return int(words[0]), words[1:]
    return following, words


def _uses(section: Section) -> Iterator[_Use]:
    """Where lists are applied in a section: an interface, or the lines to log in at."""
    head = section.head
    if head.words[0] == "line":
        for line in section.lines:
            family = Family.V6 if line.words[0] == "ipv6" else Family.V4
            words = line.words[1:] if line.words[0] in {"ip", "ipv6"} else line.words
            if words[0] == "access-class" and len(words) > 2:
                yield _Use(head.text, words[2], words[1], family, line.where)
        return
    if head.words[0] != "interface":
        return
    applied = [use for line in section.lines if (use := _applied(line))]
    if not applied:
        return
    addresses, vlan = _own(section)
    for place in interface_names(head):
        for use in applied:
            yield use._replace(place=place, addresses=addresses, vlan=vlan)


def _applied(line: ConfigLine) -> _Use | None:
    words = line.words
    family = Family.V6 if words[0] == "ipv6" else Family.V4
    rest = words[2:] if words[1:2] == ["port"] else words[1:]
    if words[0] in {"ip", "ipv6"} and len(rest) > 2 and rest[0] in {"access-group", "traffic-filter"}:
        if rest[2] not in {"in", "out"}:
            raise InputError(f"{visible(rest[2])!r} is neither in nor out", where=line.where)
        return _Use("", rest[2], rest[1], family, line.where)
    return None


def _own(section: Section) -> tuple[tuple[str, ...], int | None]:
    """The addresses and the VLAN of an interface."""
    addresses, vlan = [], None
    number = re.fullmatch(r"(?i:vlan)\s*([0-9]{1,4})", " ".join(section.head.words[1:]))
    if number:
        vlan = int(number[1])
    for line in section.lines:
        words = line.words
        if words[:2] in (["ip", "address"], ["ipv6", "address"]) and len(words) > 2 and words[2][:1].isalnum():
            mask = f"/{words[3]}" if len(words) > 3 and "." in words[3] else ""
            addresses.append(f"{words[2]}{mask}")
        elif words[0] == "encapsulation" and len(words) > 2 and words[2].isdecimal():
            vlan = int(words[2][:6])
        elif words[:3] == ["switchport", "access", "vlan"] and len(words) > 3 and words[3].isdecimal():
            vlan = int(words[3][:6])
    return tuple(addresses), vlan


def _point(use: _Use, name: str, rules: tuple[Rule, ...], default: Action) -> Point:
    title = f"{name} {use.place} {use.direction} {use.list_name}"
    return Point(
        place=use.place,
        direction=use.direction,
        rules=_set(title, use.family, rules, default),
        addresses=use.addresses,
        vlan=use.vlan,
        is_own=use.place.startswith("line "),
    )


def _set(name: str, family: Family, rules: tuple[Rule, ...], default: Action = Action.DENY) -> RuleSet:
    return RuleSet(name=visible(name), family=family, rules=rules, default=default, stateful=False)
