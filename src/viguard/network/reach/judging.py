"""Whether an estate lets through what its policy asks for, and nothing else; each case with a packet that shows it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from viguard.model.facts import Struct
from viguard.network.addresses import Family, Ranges
from viguard.network.exact.classes import Bits, alike, numbers
from viguard.network.exact.deciding import deciding
from viguard.network.exact.sweep import Sweep
from viguard.network.reach.checks import Check, Course, courses
from viguard.network.reach.ground import Ground
from viguard.network.reach.passing import Passing, Ways
from viguard.network.reach.ways import MOST, ways
from viguard.network.rules import Action, Packet, Rule, RuleSet
from viguard.network.services import Box

CASES = 50
"""How many cases are looked for between two ends."""


class End(Struct, frozen=True, kw_only=True):
    """Addresses of one network by their name."""

    name: str
    network: str
    addresses: Mapping[Family, Ranges]


class Told(Struct, frozen=True, kw_only=True):
    """What a check says of a packet: ``place`` is the device, ``rule`` the rule, None: what it does with the rest."""

    place: str
    action: Action
    rule: Rule | None


class Case(Struct, frozen=True, kw_only=True):
    """Services that pass and should not, or should and do not, for the reasons ``told``.

    ``sure``: whatever the rules do that nobody knows. ``alias``: the address by which the packet is sent, where it is
    not that of the destination.
    """

    services: tuple[Box, ...]
    packet: Packet
    told: tuple[Told, ...]
    sure: bool
    alias: int | None = None


class Answer(StrEnum):
    """Whether anything passes."""

    OPEN = "open"
    CLOSED = "closed"
    UNKNOWN = "unknown"


class Judged(Struct, frozen=True, kw_only=True):
    """What passes from an end to another one, for one family.

    ``most`` passes between some of their addresses when unknown rules let through all that they may, ``least`` between
    some of them whatever they do. ``wide`` is open beside the policy, ``narrow`` closed against it. ``why`` says why
    nothing passes, or nobody knows; ``is_all``: no more cases than these.
    """

    source: str
    destination: str
    family: Family
    answer: Answer
    why: str = ""
    most: tuple[Box, ...] = ()
    least: tuple[Box, ...] = ()
    wide: tuple[Case, ...] = ()
    narrow: tuple[Case, ...] = ()
    is_all: bool = True


class Sides(StrEnum):
    """Which differences from a policy are looked for."""

    BOTH = "both"
    WIDE = "wide"
    NARROW = "narrow"


class Against(Struct, frozen=True, kw_only=True):
    """What should pass, and nothing else; and which differences are looked for."""

    policy: RuleSet
    sides: Sides = Sides.BOTH


def judge(
    ground: Ground, sweep: Sweep, against: Against, destination: End, sources: Iterable[End]
) -> tuple[Judged, ...]:
    """What passes from each of some ends to one, for the family of the policy."""
    family, sides = against.policy.family, against.sides
    there = destination.addresses.get(family, ())
    out, known = dict[str, Judged](), dict[str, tuple[End, list[list[Course]]]]()
    for source in sources:
        here = source.addresses.get(family, ())
        found = ways(ground, source.network, destination.network, family)
        if why := _why_not(ground, source, destination, family, count=len(found)):
            out[source.name] = Judged(
                source=source.name, destination=destination.name, family=family, answer=why[0], why=why[1]
            )
        else:
            known[source.name] = source, [list(courses(ground, way, (here, there), family)) for way in found]
            out[source.name] = _NOTHING
    if known:
        judging = _Judging([found for _, found in known.values()], against.policy, sweep)
        out |= {name: judging.judged(source, destination, found, sides) for name, (source, found) in known.items()}
    return tuple(out.values())


_NOTHING = Judged(source="", destination="", family=Family.V4, answer=Answer.UNKNOWN)


def _why_not(ground: Ground, source: End, destination: End, family: Family, *, count: int) -> tuple[Answer, str] | None:
    for end in (source, destination):
        if not end.addresses.get(family):
            return Answer.UNKNOWN, f"no address of {end.name} is known in IPv{family.value}"
        if not end.network:
            return Answer.UNKNOWN, f"no zone has the address of {end.name}"
    if count > MOST:
        return Answer.UNKNOWN, f"more than {MOST} ways lead there"
    if count:
        return None
    for end in (source, destination):
        if end.network in ground.isolated:
            return Answer.CLOSED, f"no router has an address in {end.network}, as the policy says"
    return Answer.UNKNOWN, f"no point joins these networks in IPv{family.value}"


class _Judging:
    """Both bounds of what passes on some courses."""

    def __init__(self, by_source: Sequence[Ways], policy: RuleSet, sweep: Sweep) -> None:
        every = list(chain.from_iterable(by_source))
        rules = (rule for way in every for course in way for check in course.checks for rule in check.rules.rules)
        is_sure = all(len(own) == 1 for own in by_source) and not any(rule.unsure for rule in rules)
        self._most = Passing(every, policy, sweep, upper=True)
        self._least = self._most if is_sure else Passing(every, policy, sweep, upper=False)

    def judged(self, source: End, destination: End, own: Ways, sides: Sides) -> Judged:
        """What passes from one end to the other."""
        family = self._most.space.family
        here, there = source.addresses[family], destination.addresses[family]
        most = _some(self._most, own, here, there)
        least = most if self._least is self._most else _some(self._least, own, here, there)
        wide, all_wide = _gathered(iter(()) if sides is Sides.NARROW else self._wide(own, here, there))
        narrow, all_narrow = _gathered(iter(()) if sides is Sides.WIDE else self._narrow(own, here, there))
        return Judged(
            source=source.name,
            destination=destination.name,
            family=family,
            answer=Answer.OPEN if least else Answer.UNKNOWN if most else Answer.CLOSED,
            most=most,
            least=least,
            wide=wide,
            narrow=narrow,
            is_all=all_wide and all_narrow,
        )

    def _wide(self, own: Ways, here: Ranges, there: Ranges) -> Iterator[Case]:
        one = self._most
        for source, destination, bits in _pairs(one, own, here, there, is_wide=True):
            for course in _of(one, own, source, destination):
                for part, told, packet in _decided(one, course, source, destination, bits):
                    if all(each.action is Action.PERMIT for each in told):
                        sure = all(_lets(way, packet, upper=False) for way in own)
                        boxes = one.space.services.boxes(part)
                        yield Case(services=boxes, packet=packet, told=told, sure=sure, alias=course.alias)

    def _narrow(self, own: Ways, here: Ranges, there: Ranges) -> Iterator[Case]:
        one = self._least
        for source, destination, bits in _pairs(one, own, here, there, is_wide=False):
            for course in _of(one, own, source, destination):
                for part, told, packet in _decided(one, course, source, destination, bits):
                    stops = next((n for n, each in enumerate(told) if each.action is Action.DENY), None)
                    if stops is not None and course.alias is None:
                        sure = not any(_lets(way, packet, upper=True) for way in own)
                        boxes = one.space.services.boxes(part)
                        yield Case(services=boxes, packet=packet, told=told[: stops + 1], sure=sure)


def _some(one: Passing, own: Ways, here: Ranges, there: Ranges) -> tuple[Box, ...]:
    columns = one.space.destinations.inside(there)
    found = np.zeros(one.space.services.words, np.uint64)
    for source in one.sources(here):
        found |= np.bitwise_or.reduce(one.passing(int(source), own)[columns], axis=0)
    return one.space.services.boxes(found)


def _pairs(one: Passing, own: Ways, here: Ranges, there: Ranges, *, is_wide: bool) -> Iterator[tuple[int, int, Bits]]:
    """Pairs of classes with the services in which estate and policy differ, one for each kind of them."""
    columns = one.space.destinations.inside(there)
    seen: set[bytes] = set()
    for source in one.sources(here):
        passes, allowed = one.passing(int(source), own)[columns], one.allowed(int(source))[columns]
        differing = passes & ~allowed if is_wide else allowed & ~passes
        some = np.flatnonzero(differing.any(axis=1))
        for at in _kinds(one, int(source), columns[some], differing[some], seen):
            yield int(source), int(columns[some[at]]), differing[some[at]]


def _kinds(one: Passing, source: int, columns: NDArray[np.intp], bits: Bits, seen: set[bytes]) -> Iterator[int]:
    """The first of each kind of destinations: those that the same rules fit, and that differ in the same services."""
    if not len(columns):
        return
    fitting = [rules.destinations[columns] & rules.sources[source] for rules in one.space.compiled]
    rows = np.concatenate([*fitting, bits], axis=1)
    for first in alike(rows)[0]:
        key = rows[first].tobytes()
        if key not in seen:
            seen.add(key)
            yield int(first)


def _of(one: Passing, own: Ways, source: int, destination: int) -> Iterator[Course]:
    """The courses between two classes."""
    for course in chain.from_iterable(own):
        is_theirs = source in one.sources(course.sources)
        if is_theirs and destination in one.space.destinations.inside(course.destinations):
            yield course


def _decided(
    one: Passing, course: Course, source: int, destination: int, bits: Bits
) -> Iterator[tuple[Bits, tuple[Told, ...], Packet]]:
    """Services in parts that the same rules decide, with what these say and a packet."""
    places = [one.place(check, source, destination) for check in course.checks]
    by_check = [deciding(one.space, here, there, number) for number, here, there in places]
    left = bits.copy()
    while left.any():
        first = numbers(left)[0]
        part, told = left, list[Told]()
        for check, (number, _, _), found in zip(course.checks, places, by_check, strict=True):
            rule, has = next(
                (rule, has) for rule, has in found if has[first >> 6] >> np.uint64(first & 63) & np.uint64(1)
            )
            part = part & has
            told.append(_told(check, one.space.sets[number], rule))
        yield part, tuple(told), one.space.packet(source, destination, first)
        left &= ~part


def _told(check: Check, rules: RuleSet, number: int) -> Told:
    rule = rules.rules[number] if number < len(rules.rules) else None
    return Told(place=check.place, action=rule.action if rule else rules.default, rule=rule)


def _lets(way: Sequence[Course], packet: Packet, *, upper: bool) -> bool:
    """Whether a way lets a packet through, by any of its courses."""
    return any(
        _has(course.sources, packet.source)
        and _has(course.destinations, packet.destination)
        and all(
            check.rules.bound(upper=upper).decides(check.seen(packet))[0] is Action.PERMIT for check in course.checks
        )
        for course in way
    )


def _has(some: Ranges, address: int) -> bool:
    return any(one.first <= address <= one.last for one in some)


def _gathered(cases: Iterator[Case]) -> tuple[tuple[Case, ...], bool]:
    """Cases with the same reasons as one, and whether these are all."""
    found: dict[tuple[object, ...], Case] = {}
    for case in cases:
        key = tuple((one.place, one.rule.where if one.rule else "", one.action) for one in case.told)
        if key not in found:
            if len(found) >= CASES:
                return tuple(found.values()), False
            found[key] = case
    return tuple(found.values()), True
