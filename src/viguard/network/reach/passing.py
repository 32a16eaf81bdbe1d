"""What passes on some courses: at most, when rules that nobody knows let through all they may; or at least."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from viguard.network.addresses import Range, Ranges
from viguard.network.exact.classes import Bits
from viguard.network.exact.space import Space
from viguard.network.exact.sweep import Sweep
from viguard.network.reach.checks import Check, Course, borne, narrowed
from viguard.network.rules import RuleSet
from viguard.network.services import EVERY_SERVICE

Ways: TypeAlias = Sequence[Sequence[Course]]
"""The courses of each way."""


class Passing:
    """What passes between classes of addresses of a space that every check and the policy share.

    The policy is the last rule set of the space. ``upper``: at most, and on any of several ways; else on each of them.
    """

    def __init__(self, ways: Ways, policy: RuleSet, sweep: Sweep, *, upper: bool) -> None:
        self.upper, self._sweep = upper, sweep
        every = [course for way in ways for course in way]
        sources, destinations = borne(every)
        sets = list({id(check.rules): check.rules for course in every for check in course.checks}.values())
        self._number = {id(one): number for number, one in enumerate(sets)}
        bounded = [narrowed(one.bound(upper=upper), sources, destinations) for one in (*sets, policy)]
        self.space = Space(bounded, _groups(every))
        self.whole = self.space.services.some([EVERY_SERVICE])
        self._rows: dict[tuple[int, int], Bits] = {}

    def sources(self, some: Ranges) -> NDArray[np.intp]:
        """The classes of some sources."""
        return self.space.sources.inside(some)

    def passing(self, source: int, ways: Ways) -> Bits:
        """The services that pass from a class of sources to each class of destinations."""
        shape = self.space.destinations.count, self.space.services.words
        found = np.zeros(shape, np.uint64)
        for number, way in enumerate(ways):
            here = np.zeros(shape, np.uint64)
            for course in way:
                if source in self.sources(course.sources):
                    at = self.space.destinations.inside(course.destinations)
                    here[at] |= self._through(course, source, at)
            found = here if not number else (found | here) if self.upper else (found & here)
        return found

    def allowed(self, source: int) -> Bits:
        """The services that the policy lets pass from a class of sources to each class of destinations."""
        return self._row(len(self.space.sets) - 1, source)

    def place(self, check: Check, source: int, destination: int) -> tuple[int, int, int]:
        """The number of the rule set of a check, and the classes that packets between two classes are in there."""
        source = source if check.source is None else self.space.sources.of(check.source)
        destination = destination if check.destination is None else self.space.destinations.of(check.destination)
        return self._number[id(check.rules)], source, destination

    def _through(self, course: Course, source: int, at: NDArray[np.intp]) -> Bits:
        bits = np.tile(self.whole, (len(at), 1))
        for check in course.checks:
            number, here, there = self.place(check, source, 0)
            row = self._row(number, here)
            bits &= row[at] if check.destination is None else row[there]
        return bits

    def _row(self, number: int, source: int) -> Bits:
        if (number, source) not in self._rows:
            self._rows[number, source] = self._sweep.row(self.space.compiled[number], source)
        return self._rows[number, source]


def _groups(courses: Sequence[Course]) -> list[Ranges]:
    """What is to be told apart, beside what rules do: parts of courses, and addresses that packets bear."""
    found: dict[Ranges, None] = {}
    for course in courses:
        found |= {course.sources: None, course.destinations: None}
        for check in course.checks:
            for address in (check.source, check.destination):
                if address is not None:
                    found[Range(address, address),] = None
    return list(found)
