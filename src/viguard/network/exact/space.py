"""Rule sets over common classes of addresses and services, ready to be asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import product

import numpy as np
from numpy.typing import NDArray

from viguard.errors import InputError
from viguard.model.facts import Struct
from viguard.network.addresses import Family, Ranges
from viguard.network.exact.classes import Bits, Classes, alike, numbers, packed
from viguard.network.rules import Action, Packet, Rule, RuleSet
from viguard.network.services import EVERY_PORT, EVERY_PROTOCOL, EVERY_SERVICE, TCP, WITH_PORTS, Box

_LIKELY_PORT, _LIKELY_SERVICE = 49152, 443


class Services:
    """All services in classes. ``least[c]`` is one service of class ``c``; ``of[box]`` are the classes of a box."""

    def __init__(self, boxes: Iterable[Box]) -> None:
        every = list(dict.fromkeys([EVERY_SERVICE, *boxes]))
        axes = [
            Classes([[box[axis]] for box in every], top.last)
            for axis, top in enumerate((EVERY_PROTOCOL, EVERY_PORT, EVERY_PORT))
        ]
        a, b, c = (axis.bits for axis in axes)
        every_cell = (a[:, None, None] & b[None, :, None] & c[None, None, :]).reshape(-1, a.shape[1])
        first, kind = alike(every_cell)
        self.count = len(first)
        self._axes, self._kind = axes, kind.reshape(len(a), len(b), len(c))
        places = np.unravel_index(first, self._kind.shape)
        self.least = [
            tuple(axis.least[int(place)] for axis, place in zip(axes, at, strict=True))
            for at in zip(*places, strict=True)
        ]
        member = np.unpackbits(every_cell[first].view(np.uint8), axis=1, bitorder="little")[:, : len(every)]
        rows = packed(member.T.astype(bool))
        self.of: dict[Box, Bits] = dict(zip(every, rows, strict=True))
        self.words = rows.shape[1]

    def number(self, protocol: int, source_port: int, port: int) -> int:
        """The class of a service."""
        at = (axis.of(value) for axis, value in zip(self._axes, (protocol, source_port, port), strict=True))
        return int(self._kind[tuple(at)])

    def some(self, boxes: Iterable[Box]) -> Bits:
        """The classes of several boxes."""
        found = np.zeros(self.words, np.uint64)
        for box in boxes:
            found |= self.of[box]
        return found

    def boxes(self, some: Bits) -> tuple[Box, ...]:
        """A set of classes as boxes, the same for the same set."""
        kept = np.zeros(self.count, bool)
        kept[numbers(some)] = True
        mask = kept[self._kind]
        out = []
        for protocols, of_protocol in _same(mask):
            for origins, of_origin in _same(of_protocol):
                if of_origin.any():
                    spans = (
                        axis.ranges(flags)
                        for axis, flags in zip(self._axes, (protocols, origins, of_origin), strict=True)
                    )
                    out += [Box(*one) for one in product(*spans)]
        return tuple(sorted(out))


def _same(mask: NDArray[np.bool_]) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    """Rows that are alike: which they are, and one of them."""
    first, kind = alike(packed(mask.reshape(len(mask), -1)))
    for number, row in enumerate(first):
        yield kind == number, mask[row]


class Compiled(Struct, frozen=True):
    """A rule set over a space: for each class of sources and destinations the rules that fit it, for each rule its
    services. The last rule is the default."""

    sources: Bits
    destinations: Bits
    services: Bits
    permits: NDArray[np.bool_]


class Space:
    """Everything that rule sets of one family, and groups of addresses such as zones, tell apart.

    Raises: InputError for rule sets of several families.
    """

    def __init__(self, sets: Sequence[RuleSet], groups: Sequence[Ranges] = ()) -> None:
        families = {one.family for one in sets}
        if len(families) > 1:
            raise InputError("rule sets of both families cannot be looked at together", hint="take one at a time")
        self.family = next(iter(families), Family.V4)
        self.sets, self.groups = tuple(sets), tuple(groups)
        rules = [rule for one in sets for rule in one.rules]
        self.sources = Classes([*(r.sources for r in rules), *groups], self.family.top)
        self.destinations = Classes([*(r.destinations for r in rules), *groups], self.family.top)
        self.services = Services(box for rule in rules for box in rule.services)

    @cached_property
    def compiled(self) -> tuple[Compiled, ...]:
        """Each rule set."""
        out, at = [], 0
        for one in self.sets:
            out.append(self._compiled(one, at))
            at += len(one.rules)
        return tuple(out)

    def packet(self, source: int, destination: int, service: int) -> Packet:
        """A packet from one class of sources to one of destinations, for one class of services."""
        found = Packet(self.sources.least[source], self.destinations.least[destination], *self.services.least[service])
        client = found._replace(source_port=_LIKELY_PORT)  # what people expect of a client, if that is of the class
        likely = [client] if found.protocol in WITH_PORTS else []
        if not (found.protocol and found.port):
            likely = [client._replace(protocol=TCP, port=_LIKELY_SERVICE), client._replace(protocol=TCP), *likely]
        return next((one for one in likely if self.place(one) == (source, destination, service)), found)

    def place(self, packet: Packet) -> tuple[int, int, int]:
        """The classes of a packet."""
        return (
            self.sources.of(packet.source),
            self.destinations.of(packet.destination),
            self.services.number(packet.protocol, packet.source_port, packet.port),
        )

    def members(self, group: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """The classes of sources and of destinations that lie in a group."""
        ranges = self.groups[group]
        return self.sources.inside(ranges), self.destinations.inside(ranges)

    def _compiled(self, one: RuleSet, at: int) -> Compiled:
        count = len(one.rules)
        default = self.services.some([EVERY_SERVICE])
        rows = [*(self._services_of(rule) for rule in one.rules), default]
        return Compiled(
            _part(self.sources.bits, at, count),
            _part(self.destinations.bits, at, count),
            np.array(rows, np.uint64),
            np.array([rule.action is Action.PERMIT for rule in one.rules] + [one.default is Action.PERMIT]),
        )

    def _services_of(self, rule: Rule) -> Bits:
        return self.services.some(rule.services)


def _part(bits: Bits, at: int, count: int) -> Bits:
    """The bits from ``at`` on as the first of new rows, and one more that is always set, as the default fits all."""
    flags = np.unpackbits(np.ascontiguousarray(bits).view(np.uint8), axis=1, bitorder="little")[:, at : at + count]
    return packed(np.concatenate([flags.astype(bool), np.ones((len(flags), 1), bool)], axis=1))
