"""What ``nft -j list ruleset`` writes, as rule sets: one for each base chain and family.

Of a flow the first packet counts, as in ``parse.iptables``. A drop is final; what a base chain accepts goes on to the
next base chain of that hook, so all of them have to let a packet through.
Source: libnftables-json(5), nft(8).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import msgspec

from viguard.errors import InputError
from viguard.model.text import visible
from viguard.network.addresses import Family
from viguard.network.match import Chains, Line, Verdict
from viguard.network.parse.imported import Imported, Point
from viguard.network.parse.nftables_lines import Lines, lines
from viguard.network.parse.nftables_match import NamedSet, Scope
from viguard.network.rules import Action, RuleSet

_FAMILIES = {"ip": (Family.V4,), "ip6": (Family.V6,), "inet": (Family.V4, Family.V6)}
_DIRECTIONS = {"input": "in", "output": "out"}
_TEXT = 400


class _Base(NamedTuple):
    """A chain where packets enter."""

    chain: str
    hook: str
    priority: int
    policy: Action


class _Rule(NamedTuple):
    where: str
    said: Mapping[str, object]


class _Table:
    """What stands in one table."""

    def __init__(self, family: str, name: str) -> None:
        self.family, self.name = family, name
        self.bases: list[_Base] = []
        self.chains: dict[str, list[_Rule]] = {}
        self.sets: dict[str, NamedSet] = {}
        self.is_asleep = False


def parse(text: str, name: str) -> Imported:
    """Every base chain that filters, in order of priority. ``Point.place`` is the table and the chain.

    Raises: InputError with ``name:nftables[number]`` for what cannot be read.
    """
    tables: dict[tuple[str, str], _Table] = {}
    notes: dict[str, None] = {}
    for number, entry in enumerate(_entries(text, name)):
        where = f"{name}:nftables[{number}]"
        if not isinstance(entry, Mapping) or len(entry) != 1:
            raise InputError("no object of nftables", where=where)
        ((kind, said),) = entry.items()
        if not isinstance(said, Mapping):
            raise InputError(f"{visible(str(kind))} is no object", where=where)
        if kind in {"table", "chain", "rule", "set", "map"}:
            key = (_word(said, "family", where), _word(said, "name" if kind == "table" else "table", where))
            _take(tables.setdefault(key, _Table(*key)), str(kind), said, where, notes)
    is_tracked = not any(_stops_tracking(rule) for table in tables.values() for rule in _rules(table))
    found = [one for table in tables.values() for one in _points(table, name, notes, is_tracked=is_tracked)]
    if not found and not tables:
        notes["there are no tables: every packet passes"] = None
    points = tuple(point for _, point in sorted(found, key=lambda one: one[0]))
    return Imported(points=points, notes=tuple(notes))


def _entries(text: str, name: str) -> list[object]:
    try:
        whole = msgspec.json.decode(text)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise InputError(
            f"this is no JSON: {error}", where=name, hint="save the rules with nft -j list ruleset"
        ) from error
    entries = whole.get("nftables") if isinstance(whole, dict) else None
    if not isinstance(entries, list):
        hint = "save the rules with nft -j list ruleset"
        raise InputError("this is not what nft -j writes: no list 'nftables' in it", where=name, hint=hint)
    return entries


def _word(said: Mapping[str, object], key: str, where: str) -> str:
    word = said.get(key)
    if not isinstance(word, str) or not word:
        raise InputError(f"there is no {key!r}", where=where)
    return word


def _take(table: _Table, kind: str, said: Mapping[str, object], where: str, notes: dict[str, None]) -> None:
    if kind == "table":
        table.is_asleep = "dormant" in _several(said.get("flags"))
    elif kind == "chain":
        chain = _word(said, "name", where)
        table.chains.setdefault(chain, [])
        if "hook" in said:
            _hooked(table, chain, said, where, notes)
    elif kind == "rule":
        table.chains.setdefault(_word(said, "chain", where), []).append(_Rule(where, said))
    else:
        flags = set(_several(said.get("flags")))
        changes = bool(flags & {"dynamic", "timeout"})
        table.sets[_word(said, "name", where)] = NamedSet(_several(said.get("elem")), changes)


def _several(said: object) -> list[object]:
    return said if isinstance(said, list) else [] if said is None else [said]


def _hooked(table: _Table, chain: str, said: Mapping[str, object], where: str, notes: dict[str, None]) -> None:
    if table.family not in _FAMILIES:
        return
    if said.get("type") == "nat":
        notes[f"the chain {_shown(table, chain)} translates addresses and is not looked at"] = None
        return
    priority, policy = said.get("prio", 0), said.get("policy", "accept")
    if not isinstance(priority, int) or policy not in {"accept", "drop"}:
        raise InputError("a base chain without a number for its priority, or with a policy that is none", where=where)
    action = Action.PERMIT if policy == "accept" else Action.DENY
    table.bases.append(_Base(chain, _word(said, "hook", where), priority, action))


def _shown(table: _Table, chain: str) -> str:
    return visible(f"{table.family} {table.name} {chain}")


def _rules(table: _Table) -> Iterator[_Rule]:
    for rules in table.chains.values():
        yield from rules


def _stops_tracking(rule: _Rule) -> bool:
    expressions = rule.said.get("expr")
    return isinstance(expressions, list) and any(isinstance(one, Mapping) and "notrack" in one for one in expressions)


def _points(
    table: _Table, name: str, notes: dict[str, None], *, is_tracked: bool
) -> Iterator[tuple[tuple[str, int], Point]]:
    if table.family not in _FAMILIES:
        notes[f"the table {visible(f'{table.family} {table.name}')} is not of IP and not looked at"] = None
        return
    if table.is_asleep:
        notes[f"the table {visible(f'{table.family} {table.name}')} is dormant and not looked at"] = None
        return
    for family in _FAMILIES[table.family] if table.bases else ():
        scope = Scope(family, table.sets, is_tracked=is_tracked)
        read = {chain: [_line(rule, scope) for rule in rules] for chain, rules in table.chains.items()}
        chains: dict[str, list[Line]] = {
            chain: [line for one in its for line in one.lines] for chain, its in read.items()
        }
        made = Chains(chains, family)
        known = {chain for chain, its in read.items() if any(one.lets_known_in for one in its)}
        for base in table.bases:
            rules = RuleSet(
                name=f"{name} {_shown(table, base.chain)}",
                family=family,
                rules=made.rules(base.chain, base.policy),
                default=base.policy,
                stateful=bool(known & _reached(chains, base.chain)),
            )
            direction = _DIRECTIONS.get(base.hook, base.hook)
            place, is_own = _shown(table, base.chain), base.hook in _DIRECTIONS
            yield (base.hook, base.priority), Point(place=place, direction=direction, rules=rules, is_own=is_own)


def _line(rule: _Rule, scope: Scope) -> Lines:
    expressions = rule.said.get("expr")
    if not isinstance(expressions, list):
        raise InputError("a rule without expressions", where=rule.where)
    comment = rule.said.get("comment", "")
    text = msgspec.json.encode(expressions).decode()
    text = text if len(text) <= _TEXT else f"{text[:_TEXT]}…"
    try:
        return lines(
            expressions, scope, Line(match=None, verdict=Verdict(), where=rule.where, text=text, why=str(comment))
        )
    except ValueError as error:
        raise InputError(visible(str(error)), where=rule.where) from error


def _reached(chains: Mapping[str, list[Line]], start: str) -> set[str]:
    seen, waiting = set[str](), [start]
    while waiting:
        one = waiting.pop()
        if one not in seen:
            seen.add(one)
            verdicts = [line.verdict for line in chains.get(one, ())]
            waiting += [name for verdict in verdicts for name in (verdict.jump, verdict.goto) if name]
    return seen
