"""Firewall filters of Junos, as rule sets: one for each place where filters are applied.

Filters keep no state: answers pass only when a filter lets them. A filter that is applied nowhere has an empty place.
Source: Junos Routing Policies, Firewall Filters and Traffic Policers User Guide.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from msgspec.structs import replace

from viguard.errors import InputError
from viguard.model.text import visible
from viguard.network.addresses import Family
from viguard.network.parse.imported import Imported, Point
from viguard.network.parse.juniper_statements import Statement, statements
from viguard.network.parse.juniper_terms import From, Then, Values
from viguard.network.rules import Action, Rule, RuleSet

_FAMILIES = {"inet": Family.V4, "inet6": Family.V6}
_TEXT = 400
_DIRECTIONS = {"input": "in", "output": "out", "input-list": "in", "output-list": "out"}


class _Term:
    """A term while it is read."""

    def __init__(self, name: str, where: str) -> None:
        self.name, self.where = name, where
        self.conditions: dict[str, Values] = {}
        self.actions: list[tuple[str, ...]] = []
        self.text: list[str] = []
        self.other = ""

    def take(self, words: tuple[str, ...]) -> None:
        """What one statement says of it."""
        self.text.append(" ".join(words))
        if words[:1] == ("from",) and len(words) > 1:
            self.conditions.setdefault(words[1], []).append(words[2:] or ("",))
        elif words[:1] == ("then",):
            self.actions.append(words[1:])
        elif words:
            self.other = words[0]


class _Unit(NamedTuple):
    """An interface with its unit."""

    addresses: list[str]
    vlans: list[int]
    filters: dict[tuple[Family, str], list[tuple[str, str]]]


def parse(text: str, name: str) -> Imported:
    """Every filter of ``inet`` and ``inet6`` where it is applied, and those that are applied nowhere.

    Raises: InputError with ``name:line`` for what cannot be read.
    """
    file = _File(name)
    for statement in statements(text, name):
        file.take(statement)
    return file.imported()


class _File:
    """A configuration while it is read."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._filters: dict[tuple[Family, str], dict[str, _Term]] = {}
        self._prefixes: dict[str, list[str] | None] = {}
        self._units: dict[str, _Unit] = {}
        self._notes: dict[str, None] = {}

    def take(self, statement: Statement) -> None:
        """The next statement."""
        words = statement.words
        if statement.is_off:
            self._notes[f"{statement.where}: what is deactivated is not looked at"] = None
        elif "apply-groups" in words or words[0] in {"groups", "logical-systems", "tenants"}:
            self._notes["groups and logical systems are not looked at"] = None
        elif words[0] == "firewall":
            self._firewall(statement)
        elif words[:2] == ("policy-options", "prefix-list") and len(words) > 2:
            self._prefix(words[2], words[3:])
        elif words[0] == "interfaces" and words[2:3] == ("unit",) and len(words) > 4:
            self._unit(words, statement.where)

    def _firewall(self, statement: Statement) -> None:
        words, family = statement.words[1:], Family.V4
        if words[:1] == ("family",) and len(words) > 2:
            if words[1] not in _FAMILIES:
                self._notes[f"filters of the family {visible(words[1])} are not looked at"] = None
                return
            family, words = _FAMILIES[words[1]], words[2:]
        if words[:1] != ("filter",) or len(words) < 2:
            return
        terms = self._filters.setdefault((family, words[1]), {})
        if words[2:3] == ("term",) and len(words) > 3:
            terms.setdefault(words[3], _Term(words[3], statement.where)).take(words[4:])

    def _prefix(self, name: str, rest: tuple[str, ...]) -> None:
        known = self._prefixes.setdefault(name, [])
        if rest[:1] == ("apply-path",):
            self._prefixes[name] = None
        elif rest and known is not None:
            known.append(rest[0])

    def _unit(self, words: tuple[str, ...], where: str) -> None:
        unit = self._units.setdefault(f"{words[1]}.{words[3]}", _Unit([], [], {}))
        rest = words[4:]
        if rest[:1] == ("vlan-id",) and len(rest) > 1 and rest[1].isdecimal():
            unit.vlans.append(int(rest[1][:6]))
        if rest[:1] != ("family",) or len(rest) < 4 or rest[1] not in _FAMILIES:
            return
        if rest[2] == "address" and rest[3] not in unit.addresses:
            unit.addresses.append(rest[3])
        elif rest[2] == "filter" and rest[3] in _DIRECTIONS and len(rest) > 4:
            key = _FAMILIES[rest[1]], _DIRECTIONS[rest[3]]
            unit.filters.setdefault(key, []).append((rest[4], where))

    def imported(self) -> Imported:
        """What it comes to."""
        rules = {key: self._rules(key[0], terms.values()) for key, terms in self._filters.items()}
        points, used = [], set()
        for place, unit in self._units.items():
            for (family, direction), names in unit.filters.items():
                found: list[Rule] = []
                for name, where in names:
                    if (family, name) not in rules:
                        raise InputError(f"there is no filter {visible(name)!r}", where=where)
                    found += rules[family, name]
                    used.add((family, name))
                title = f"{place} {direction} {' '.join(name for name, _ in names)}"
                points.append(
                    Point(
                        place=place,
                        direction=direction,
                        rules=self._set(title, family, found),
                        addresses=tuple(unit.addresses),
                        vlan=unit.vlans[0] if unit.vlans else None,
                    )
                )
        points += [
            Point(place="", direction="", rules=self._set(name, family, its))
            for (family, name), its in rules.items()
            if (family, name) not in used
        ]
        has_v6 = any(":" in text for unit in self._units.values() for text in unit.addresses)
        carries = (Family.V4, *([Family.V6] if has_v6 else []))
        return Imported(points=tuple(points), notes=tuple(self._notes), carries=carries, by_interface=True)

    def _set(self, title: str, family: Family, rules: Iterable[Rule]) -> RuleSet:
        return RuleSet(name=visible(f"{self._name} {title}"), family=family, rules=tuple(rules), stateful=False)

    def _rules(self, family: Family, terms: Iterable[_Term]) -> list[Rule]:
        reader = From(family, self._networks)
        found = []
        for term in terms:
            try:
                found += _of(term, reader)
            except ValueError as error:
                raise InputError(f"term {visible(term.name)}: {visible(str(error))}", where=term.where) from error
        return found

    def _networks(self, name: str) -> list[str] | None:
        if name not in self._prefixes:
            raise ValueError(f"there is no prefix list {name!r}")
        return self._prefixes[name]


def _of(term: _Term, reader: From) -> list[Rule]:
    then = Then(term.actions)
    elsewhere = then.elsewhere or (f"{term.other} decides" if term.other else "")
    text = f"term {term.name}: {'; '.join(term.text)}"
    text = text if len(text) <= _TEXT else f"{text[:_TEXT]}…"
    rules = []
    for match in reader.matches(term.conditions):
        said = Rule(
            action=then.action or Action.PERMIT,
            sources=match.sources,
            destinations=match.destinations,
            services=match.services,
            where=term.where,
            text=text,
            why=term.name,
            unsure=match.unsure,
        )
        rules += _with(said, elsewhere) if elsewhere else [said] if then.action else []
    return rules


def _with(said: Rule, elsewhere: str) -> list[Rule]:
    """Nobody knows what becomes of these packets, but for those that are denied in any case."""
    denied = replace(said, action=Action.DENY)
    return [denied] if said.action is Action.DENY else [replace(said, unsure=elsewhere), denied]
