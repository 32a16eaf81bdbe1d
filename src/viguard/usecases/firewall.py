"""Firewalls: what has to pass, written for devices; what saved rules let through, and how they differ."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import platformdirs
from msgspec.structs import replace

from viguard.content.tables import load_flows
from viguard.errors import InputError
from viguard.model.facts import Struct
from viguard.model.text import plural, visible
from viguard.network.addresses import Family, Ranges, networks, read
from viguard.network.closed.derive import Derived, Level, Point, derive
from viguard.network.closed.need import Need
from viguard.network.exact.anomalies import Anomaly, anomalies
from viguard.network.exact.deciding import Decision, decisions
from viguard.network.exact.difference import Difference, difference
from viguard.network.exact.space import Space
from viguard.network.exact.sweep import Sweep, choose
from viguard.network.parse import saved
from viguard.network.render import cisco, iptables, juniper, nftables, windows
from viguard.network.render.written import Rendered
from viguard.network.rules import RuleSet
from viguard.policy.load import load
from viguard.policy.policy import NO_POLICY
from viguard.policy.source import read_text
from viguard.usecases.person import Person
from viguard.usecases.sources import Sources, open_estate

_SHOWN_NETWORKS = 6

Write = Callable[[Sequence[RuleSet]], Rendered]
TARGETS: dict[str, Write] = {
    "nftables": nftables.render,
    "iptables": lambda sets: _joined(map(iptables.render, sets)),
    "cisco-ios": lambda sets: _joined(map(cisco.render, sets)),
    "cisco-nxos": lambda sets: _joined(cisco.render(one, cisco.Target(dialect=cisco.Dialect.NXOS)) for one in sets),
    "juniper": lambda sets: _joined(map(juniper.render, sets)),
    "windows": windows.render,
}
"""What rules can be written for."""


class Wanted(Struct, frozen=True, kw_only=True):
    """Which rules: of an estate, at a level, for addresses (``around``; empty: for what all traffic crosses)."""

    sources: Sources
    policy: Path | None = None
    level: str = Level.CORRECTED
    around: tuple[str, ...] = ()


def derived(wanted: Wanted, person: Person) -> Derived:
    """What has to pass in an estate.

    Raises: ViguardError when a source or the policy cannot be read.
    """
    policy = load(wanted.policy) if wanted.policy else NO_POLICY
    estate = open_estate(wanted.sources, person)
    return derive(estate.inventory, policy, load_flows(), Level(wanted.level))


def levels(wanted: Wanted, other: str, person: Person) -> list[str]:
    """How what passes at a level differs from what passes at another one, each case with a packet that shows it.

    Raises: as ``derived``.
    """
    lines = []
    sweep, estate = _sweep(), open_estate(wanted.sources, person)
    policy = load(wanted.policy) if wanted.policy else NO_POLICY
    before, after = (derive(estate.inventory, policy, load_flows(), Level(level)) for level in (other, wanted.level))
    for family in Family:
        old, new = (
            one.rule_set(one_level, family, Point()) for one, one_level in ((before, other), (after, wanted.level))
        )
        found = difference(old, new, sweep)
        lines += [f"IPv{family.value}: {line}" for line in _compared(found, family)]
    return lines


def derived_lines(found: Derived) -> list[str]:
    """What passes, what stays closed for want of a name, and what is not known, as lines for people."""
    lines = [f"{need.row:9} {_named(need)}" + (f"  ({need.why})" if need.why else "") for need in found.needs]
    reasons: dict[str, list[str]] = {}
    for one in found.closed:
        reasons.setdefault(one.why, []).append(one.row)
    lines += [f"closed: {', '.join(rows)}: {why}" for why, rows in reasons.items()]
    lines += [f"not known: {note}" for note in found.notes]
    return [visible(line, 600) for line in lines]


def rendered(wanted: Wanted, target: str, person: Person) -> Rendered:
    """The closed rules as a device wants them.

    Raises: as ``derived``; InputError for addresses that are none.
    """
    found = derived(wanted, person)
    around = {family: _around(wanted.around, family) for family in Family}
    families = {need.family for need in found.needs} | {Family.V4}
    sets = [
        found.rule_set("viguard", family, Point(here=around[family] if wanted.around else None))
        for family in sorted(families)
    ]
    return TARGETS[target]([one for one in sets if not wanted.around or around[one.family]])


class Saved(Struct, frozen=True, kw_only=True):
    """The rule sets of a file by name; ``notes`` say what of the file is not in them."""

    sets: dict[str, RuleSet]
    notes: tuple[str, ...]


def read_rules(file: Path, family: int) -> Saved:
    """The rule sets of a saved file. ``family`` is that of a file of iptables.

    Raises: InputError with ``file:line`` for what cannot be read.
    """
    found = saved.parse(read_text(file), str(file), Family(family))
    families = {point.rules.family for point in found.points}
    sets: dict[str, RuleSet] = {}
    for point in found.points:
        words = [point.place, point.direction if point.direction != point.place.lower() else ""]
        words += [f"IPv{point.rules.family.value}"] if len(families) > 1 else []
        name = " ".join(filter(None, words))
        several = sum(one == name or one.startswith(f"{name} #") for one in sets)
        sets[f"{name} #{several + 1}" if several else name] = point.rules
    return Saved(sets=sets, notes=found.notes)


def read_lines(found: Saved) -> list[str]:
    """What was read, as lines for people."""
    lines = []
    for name, one in found.sets.items():
        unsure = sum(bool(rule.unsure) for rule in one.rules)
        words = [f"IPv{one.family.value}", plural(len(one.rules), "rule"), f"else {one.default}"]
        words += ["answers pass"] if one.stateful else ["knows no answers"]
        words += [f"{unsure} not sure"] if unsure else []
        lines.append(visible(f"{name}: {', '.join(words)}", 400))
    return lines + [visible(f"not read: {note}", 400) for note in found.notes]


def checked(rules: dict[str, RuleSet]) -> dict[str, tuple[Anomaly, ...]]:
    """What is wrong with each rule set. A rule that is unsure hides and makes up for no other."""
    sweep = _sweep()
    return {name: anomalies(_sure(one), sweep) for name, one in rules.items()}


def checked_lines(name: str, rules: RuleSet, found: Iterable[Anomaly]) -> Iterator[str]:
    """Anomalies of a rule set as lines for people."""
    sure = _sure(rules).rules
    for one in found:
        others = ", ".join(sure[number].where for number in one.others)
        more = f" and {plural(one.others_more, 'more rule')}" if one.others_more else ""
        by = f" ({others}{more})" if others else ""
        yield visible(f"{one.rule.where}: {name}: {one.kind}{by}: {one.rule.text}", 400)
    unsure = [rule for rule in rules.rules if rule.unsure]
    yield from (visible(f"{rule.where}: {name}: not sure: {rule.unsure}", 400) for rule in unsure)


def compared(old: RuleSet, new: RuleSet) -> dict[str, Difference]:
    """How two rule sets differ in what they let through; where rules are unsure, at most and at least."""
    sweep = _sweep()
    return {
        bound: difference(before, after, sweep)
        for (bound, before), after in zip(_bounds(old, new).items(), _bounds(new, old).values(), strict=True)
    }


def compared_lines(found: dict[str, Difference], family: Family) -> list[str]:
    """Differences as lines for people, each with a packet that shows it."""
    return [f"{bound}{line}" for bound, one in found.items() for line in _compared(one, family)]


def _compared(found: Difference, family: Family) -> Iterator[str]:
    for case in found.cases:
        before = case.before.where if case.before else "the default"
        after = case.after.where if case.after else "the default"
        services = ", ".join(str(box) for box in case.services[:3])
        verb = "opened" if case.now == "permit" else "closed"
        yield visible(f"{verb}: {services}, as {case.packet.shown(family)}: {before} before, {after} now", 400)
    if not found.is_all:
        yield f"there are more; the first {plural(len(found.cases), 'case')} are shown"


def of_family(rules: dict[str, RuleSet], address: str) -> dict[str, RuleSet]:
    """Those of the family of an address.

    Raises: InputError when it is none.
    """
    try:
        family, _ = read(address)
    except ValueError as error:
        raise InputError(f"{visible(address)} is no address: {error}") from error
    return {name: one for name, one in rules.items() if one.family is family}


def reached(rules: RuleSet, source: str, destination: str) -> dict[str, tuple[Decision, ...]]:
    """Which rules decide between two addresses; where rules are unsure, at most and at least.

    Raises: InputError for an address that is none of the family.
    """
    ends = [_one_address(text, rules.family) for text in (source, destination)]
    spaces = {bound: Space([one]) for bound, one in _bounds(rules, rules).items()}
    return {
        bound: decisions(space, space.sources.of(ends[0]), space.destinations.of(ends[1]))
        for bound, space in spaces.items()
    }


def reached_lines(found: dict[str, tuple[Decision, ...]]) -> list[str]:
    """Decisions as lines for people."""
    out = []
    for bound, some in found.items():
        for one in some:
            where = f"{one.rule.where}: {one.rule.text}" if one.rule else "the default"
            unsure = f" (not sure: {one.rule.unsure})" if one.rule and one.rule.unsure else ""
            out.append(visible(f"{bound}{one.action}: {', '.join(map(str, one.services))}: {where}{unsure}", 600))
    return out


def _bounds(one: RuleSet, other: RuleSet) -> dict[str, RuleSet]:
    """A rule set, or the most and the least that it may let through when it or another has rules that are unsure."""
    if not any(rule.unsure for rule in (*one.rules, *other.rules)):
        return {"": one}
    return {"at most: ": one.bound(upper=True), "at least: ": one.bound(upper=False)}


def _sure(one: RuleSet) -> RuleSet:
    return replace(one, rules=tuple(rule for rule in one.rules if not rule.unsure))


def _sweep() -> Sweep:
    return choose(platformdirs.user_cache_path("viguard", appauthor=False) / "compiled")[0]


def _joined(parts: Iterable[Rendered]) -> Rendered:
    some = list(parts)
    return Rendered(
        text="".join(one.text for one in some), residual=tuple(line for one in some for line in one.residual)
    )


def _around(texts: Sequence[str], family: Family) -> Ranges:
    spans = []
    for text in texts:
        try:
            found, span = read(text)
        except ValueError as error:
            raise InputError(f"{visible(text)} is no address: {error}") from error
        if found is family:
            spans.append(span)
    return tuple(sorted(spans))


def _one_address(text: str, family: Family) -> int:
    try:
        found, span = read(text)
    except ValueError as error:
        raise InputError(f"{visible(text)} is no address: {error}") from error
    if found is not family or span.first != span.last:
        raise InputError(f"{visible(text)} is no single address of IPv{family.value}")
    return span.first


def _named(need: Need) -> str:
    services = ", ".join(map(str, need.services))
    return f"{services} from {_some(need.sources, need.family)} to {_some(need.destinations, need.family)}"


def _some(addresses: Ranges, family: Family) -> str:
    if addresses == family.every:
        return "any"
    told = [str(network).removesuffix(f"/{network.max_prefixlen}") for network in networks(addresses, family)]
    more = f" and {len(told) - _SHOWN_NETWORKS} more" if len(told) > _SHOWN_NETWORKS else ""
    return " ".join(told[:_SHOWN_NETWORKS]) + more
