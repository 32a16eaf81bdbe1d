"""Rule sets to measure with: zones of one site with rules among them, and the three shapes of ClassBench."""

from __future__ import annotations

import random
from collections.abc import Callable

from viguard.network.addresses import Family, Range, Ranges
from viguard.network.rules import Action, Rule, RuleSet
from viguard.network.services import EVERY_PORT, EVERY_SERVICE, TCP, UDP, Box, box

ZONES = 60
ZONE_SIZE = 1024
BASE = 10 << 24
EVERYWHERE = Family.V4.every
SITE = (Range(BASE, BASE + (1 << 24) - 1),)
USUAL = [
    *(box(TCP, port) for port in (22, 25, 80, 88, 389, 443, 445, 514, 636, 902, 1433, 1514, 2049, 3260, 3306, 3389)),
    *(box(TCP, port) for port in (5432, 5480, 5989, 6443, 8000, 8182, 8443, 9443)),
    *(box(UDP, port) for port in (53, 88, 123, 161, 162, 514, 902)),
]
"""Services of a virtual infrastructure and its guests."""


def zones() -> list[Ranges]:
    """Sixty zones of four /24 each, with room between them."""
    return [(Range(first, first + ZONE_SIZE - 1),) for first in (BASE + n * 4 * ZONE_SIZE for n in range(ZONES))]


def of_a_site(count: int, seed: int = 1) -> RuleSet:
    """Rules among hosts, subnets and whole zones, permits and denies in any order, the last one denies the rest."""
    draw = random.Random(seed)
    every = zones()

    def ends(hosts: float, subnets: float) -> Ranges:
        (zone,) = draw.choice(every)
        kind = draw.random()
        if kind < hosts:
            first = draw.randrange(zone.first, zone.last + 1)
            return (Range(first, first),)
        if kind < hosts + subnets:
            size = 1 << draw.choice([4, 5, 6, 7, 8])
            first = zone.first + draw.randrange(ZONE_SIZE // size) * size
            return (Range(first, first + size - 1),)
        return (zone,)

    def service() -> Box:
        kind = draw.random()
        if kind < 0.05:
            return EVERY_SERVICE
        if kind < 0.15:
            first = draw.randrange(1, 60000)
            return box(draw.choice([TCP, TCP, UDP]), first, min(65535, first + draw.choice([3, 10, 100, 1000, 5000])))
        found = draw.choice(USUAL)
        return found if draw.random() < 0.97 else found._replace(source_port=Range(1024, 65535))

    rules = []
    for _ in range(count - 1):
        sources = EVERYWHERE if draw.random() < 0.03 else ends(0.35, 0.4)
        kind = draw.random()
        destinations = EVERYWHERE if kind < 0.03 else SITE if kind < 0.04 else ends(0.45, 0.35)
        rules.append(_rule(permit=draw.random() < 0.75, ends=(sources, destinations), service=service()))
    rules.append(_rule(permit=False, ends=(EVERYWHERE, EVERYWHERE), service=EVERY_SERVICE))
    return RuleSet(name=f"site {count}", family=Family.V4, rules=tuple(rules))


def shaped(kind: str, count: int, seed: int) -> RuleSet:
    """Rules as ClassBench shapes them: ``acl`` (narrow ends, exact ports), ``fw`` (an open end, wide ports), ``ipc``.

    Source: Taylor and Turner, ClassBench, 2007: seeds acl1, fw1, ipc1 in outline.
    """
    draw = random.Random(seed)
    roots = [draw.randrange(1 << 16) << 16 for _ in range(24)]

    def net(bits: int) -> Ranges:
        if bits == 0:
            return EVERYWHERE
        root = draw.choice(roots)
        size = 1 << (32 - bits)
        first = root | (draw.randrange(1 << max(bits - 16, 0)) * size if bits > 16 else 0)
        return (Range(first, first + size - 1),)

    def exact() -> Range:
        port = draw.choice([20, 21, 22, 25, 53, 80, 110, 123, 143, 443, 1521, 1723, 3306, 5631, 6789, 7070])
        return Range(port, port)

    high, low = Range(1024, 65535), Range(0, 1023)
    spans = [Range(first, first + draw.randrange(1, 600)) for first in draw.sample(range(1024, 60000), 12)]

    def port(anything: float, half: float, part: float) -> Range:
        """Every port, the high or low ones, a part of them, or one."""
        kind = draw.random()
        if kind < anything:
            return EVERY_PORT
        if kind < anything + half:
            return draw.choice([high, high, low])
        return draw.choice(spans) if kind < anything + half + part else exact()

    def one_open() -> tuple[int, int]:
        """One end is everything, seldom both, seldom neither."""
        near, kind = draw.choice([16, 24, 28, 32, 32]), draw.random()
        if kind < 0.01:
            return 0, 0
        if kind < 0.15:
            return near, draw.choice([24, 32, 32])
        return (0, near) if kind < 0.6 else (near, 0)

    shapes: dict[str, Callable[[], tuple[int, int, Range, Range]]] = {
        "acl": lambda: (draw.choice([24, 27, 30, 32, 32]), draw.choice([28, 32, 32, 32]), EVERY_PORT, exact()),
        "fw": lambda: (*one_open(), port(0.9, 0.1, 0), port(0.2, 0.15, 0.1)),
        "ipc": lambda: (
            draw.choice([0, 16, 20, 24, 28, 32, 32, 32]),
            draw.choice([16, 20, 24, 28, 32, 32, 32]),
            port(0.8, 0.1, 0),
            port(0.1, 0.1, 0.2),
        ),
    }
    rules = []
    for _ in range(count):
        source, destination, from_port, to_port = shapes[kind]()
        protocol = draw.choice([TCP, TCP, TCP, UDP])
        service = Box(Range(protocol, protocol), from_port, to_port)
        rules.append(_rule(permit=draw.random() < 0.7, ends=(net(source), net(destination)), service=service))
    return RuleSet(name=f"{kind} {count}", family=Family.V4, rules=tuple(rules))


def _rule(*, permit: bool, ends: tuple[Ranges, Ranges], service: Box) -> Rule:
    action = Action.PERMIT if permit else Action.DENY
    return Rule(action=action, sources=ends[0], destinations=ends[1], services=(service,))
