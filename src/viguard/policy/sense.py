"""What a policy must hold beyond its types: names that exist, networks that are networks, dates in order."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from datetime import date, timedelta

from viguard.policy.points import check as check_points
from viguard.policy.policy import POLICY_SCHEMA, CpuLimits, Policy
from viguard.policy.quoting import quote
from viguard.policy.source import List, Mistakes, Node, Table, Text, Tree
from viguard.policy.time_zones import are_known, mistake_in
from viguard.policy.typed import suggest

LONGEST = timedelta(days=366)
"""How long a statement of a person may count: a year."""


class Sense:
    """Checks one policy. Works on nodes where it needs their place, so it sees entries that did not convert, too."""

    def __init__(self, tree: Tree | None, mistakes: Mistakes) -> None:
        self.tree, self.mistakes = tree, mistakes
        self.zone_names = [name for zone in self._entries("zones") if (name := _text(zone, "name"))]

    def check(self, policy: Policy | None, control_ids: Collection[str] | None, today: date | None) -> None:
        """Adds every mistake of meaning. ``today`` None: an expired attestation is none."""
        self._schema()
        self._names("zones")
        self._names("people")
        for zone in self._entries("zones"):
            self._recognition(zone)
        self._pairs()
        for entry in self._entries("attestations"):
            self._attestation(entry, control_ids, today)
        self._devices()
        self._working_hours()
        self._time_zones()
        check_points(self._at("firewall"), {name.value for name in self.zone_names}, self.mistakes)
        if policy:
            self._cpu(policy.limits.cpu)

    def _entries(self, key: str) -> list[Table]:
        return _tables(self.tree.get(key) if isinstance(self.tree, Table) else None)

    def _at(self, *keys: str) -> Tree | None:
        node: Tree | None = self.tree
        for key in keys:
            node = node.get(key) if isinstance(node, Table) else None
        return node

    def _schema(self) -> None:
        schema = self._at("schema")
        if isinstance(schema, Text) and not schema.empty and schema.value != POLICY_SCHEMA:
            what = f"the schema {quote(schema.value)} is not known to this version"
            self.mistakes.add(schema, what, f"this version reads {POLICY_SCHEMA}")

    def _names(self, section: str) -> None:
        seen: dict[str, int] = {}
        for entry in self._entries(section):
            name = _text(entry, "name")
            if name is None:
                continue
            if not name.value.strip():
                self.mistakes.add(name, "the name is empty", "give it a name")
            elif name.value in seen:
                what = f"the name {quote(name.value)} is taken (line {seen[name.value]})"
                self.mistakes.add(name, what, "names must differ: rename or merge them")
            seen.setdefault(name.value, name.line)

    def _recognition(self, zone: Table) -> None:
        match = zone.get("match")
        if not isinstance(match, Table):
            return
        if not any(_texts(value) or isinstance(value, Text) for _, value in match.entries):
            self.mistakes.add(match, "nothing recognises this zone", "add vlans, port_groups, subnets, tags or folders")
        for subnet in _texts(match.get("subnets")):
            self._subnet(subnet)
        for key, value in match.entries:
            for text in _texts(value):
                if not text.value.strip():
                    self.mistakes.add(text, f"an empty text in '{key.value}'", "remove it")

    def _subnet(self, text: Text) -> None:
        try:
            ipaddress.ip_network(text.value)
        except ValueError:
            self.mistakes.add(text, f"{quote(text.value)} is no network", _nearest_network(text.value))

    def _pairs(self) -> None:
        known, seen = {name.value for name in self.zone_names}, dict[frozenset[str], int]()
        for rule in self._entries("pairs"):
            zones = _texts(rule.get("zones"))
            for zone in zones:
                if zone.value not in known and not self.mistakes.partial:
                    self.mistakes.add(zone, f"there is no zone {quote(zone.value)}", _near_zone(zone.value, known))
            pair = frozenset(zone.value for zone in zones)
            if len(zones) != 2:
                continue
            if len(pair) == 1:
                self.mistakes.add(rule, "a pair of one zone with itself", "name two zones; a zone shares with itself")
            elif pair in seen:
                self.mistakes.add(rule, f"these two zones have a rule in line {seen[pair]}", "remove one of them")
            seen.setdefault(pair, rule.line)

    def _attestation(self, entry: Table, control_ids: Collection[str] | None, today: date | None) -> None:
        control = _text(entry, "control")
        if control and control_ids is not None and control.value not in control_ids:
            mend = suggest(control.value, control_ids) + " ('viguard controls list' names all)"
            self.mistakes.add(control, f"there is no control {quote(control.value)}", mend)
        dated, expires = _date(entry, "dated"), _date(entry, "expires")
        at: Node = entry.get("expires") or entry
        if dated and expires and expires <= dated:
            self.mistakes.add(at, "it expires before it counts", "'expires' must be later than 'dated'")
        elif dated and expires and expires > dated + LONGEST:
            self.mistakes.add(at, "it counts for more than a year", "state it again each year")
        elif expires and today and expires <= today:
            self.mistakes.add(at, f"this attestation expired on {expires}", "renew it with a new date, or remove it")

    def _working_hours(self) -> None:
        self._time_zone(self._at("working_hours", "time_zone"))
        windows = self._at("working_hours", "windows")
        if isinstance(windows, List) and not windows.items:
            self.mistakes.add(windows, "nobody may ever log in", "add a window, or leave working_hours out")
        for window in _tables(windows):
            start, end = _number(window, "start", 0), _number(window, "end", 24)
            if start is not None and end is not None and start >= end:
                at: Node = window.get("end") or window.get("start") or window
                what = f"it ends ({end}) before it begins ({start})"
                self.mistakes.add(at, what, "over midnight takes two windows: to 24, and from 0")

    def _time_zones(self) -> None:
        for entry in self._entries("time_zones"):
            self._time_zone(entry.get("zone"))
            hosts = entry.get("hosts")
            if isinstance(hosts, List) and not hosts.items:
                self.mistakes.add(hosts, "no host is named", 'add name patterns, or ["*"] for every host')
            for text in _texts(hosts):
                if not text.value.strip():
                    self.mistakes.add(text, "an empty text in 'hosts'", "remove it")

    def _time_zone(self, node: Tree | None) -> None:
        """A machine that knows no time zones can check none; what needs one says so there."""
        if isinstance(node, Text) and not node.empty and (wrong := mistake_in(node.value)) and are_known():
            self.mistakes.add(node, *wrong)

    def _devices(self) -> None:
        for device in _texts(self._at("approved", "devices")):
            guest, _, type_ = device.value.rpartition(":")
            if not guest or not type_.strip():
                self.mistakes.add(device, f"{quote(device.value)} names no device", "write GUEST-PATTERN:DEVICE-TYPE")

    def _cpu(self, cpu: CpuLimits) -> None:
        at = self._at("limits", "cpu")
        if at and cpu.floor_percent > cpu.ceiling_percent:
            what = f"the floor ({cpu.floor_percent:g}) is above the ceiling ({cpu.ceiling_percent:g})"
            self.mistakes.add(at, what, "floor_percent must be at most ceiling_percent")
        for entry in _tables(self._at("limits", "cpu", "exceptions")):
            if not {name.value for name, _ in entry.entries} & {"floor_percent", "ceiling_percent"}:
                self.mistakes.add(entry, "this exception changes nothing", "add floor_percent or ceiling_percent")


def _tables(node: Tree | None) -> list[Table]:
    return [item for item in node.items if isinstance(item, Table)] if isinstance(node, List) else []


def _texts(node: Tree | None) -> list[Text]:
    return [item for item in node.items if isinstance(item, Text)] if isinstance(node, List) else []


def _text(table: Table, key: str) -> Text | None:
    node = table.get(key)
    return node if isinstance(node, Text) and not node.empty else None


def _number(table: Table, key: str, default: int) -> int | None:
    node = table.get(key)
    if node is None:
        return default
    return int(node.value) if isinstance(node, Text) and node.value.isdecimal() else None


def _date(table: Table, key: str) -> date | None:
    text = _text(table, key)
    try:
        return date.fromisoformat(text.value) if text else None
    except ValueError:
        return None  # typed said so already


def _nearest_network(value: str) -> str:
    """Host bits are the usual slip: says the network they lie in."""
    try:
        return f"did you mean '{ipaddress.ip_network(value, strict=False)}'?"
    except ValueError:
        return "write it as address/prefix, e.g. 10.1.2.0/24"


def _near_zone(name: str, known: Collection[str]) -> str:
    return suggest(name, known) if known else "declare it under 'zones'"
