"""What others make of the same rule sets: decision diagrams (dd.cudd), and aerleon's check for shadowed terms."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

from viguard.network.addresses import Family, Range, Ranges, networks
from viguard.network.rules import Action, RuleSet

WIDTHS = {"s": 32, "d": 32, "p": 8, "y": 16, "x": 16}
"""Bits of source, destination, protocol, source port and port."""
ORDERS = ("pxdsy", "pxsdy", "dspxy", "sdpxy", "pdxsy")
"""Orders of the variables that race; the best one counts."""


class Diagrams(NamedTuple):
    """What decision diagrams found, and what it took, in seconds."""

    order: str
    shadowed: int
    open_pairs: int
    build_s: float
    project_s: float


def diagrams(one: RuleSet, zones: Sequence[Ranges], order: str) -> Diagrams:
    """What passes and which rules are shadowed; then, for each pair of zones, which services pass."""
    from dd import cudd  # noqa: PLC0415

    bdd: Any = cudd.BDD(memory_estimate=2**31)
    bdd.configure(reordering=False)
    bdd.declare(*(f"{axis}{bit}" for axis in order for bit in range(WIDTHS[axis])))
    started = time.perf_counter()
    span = _spans(bdd)

    def ends(axis: str, some: Ranges) -> Any:
        found = bdd.false
        for one_span in some:
            found |= span(axis, *one_span)
        return found

    passed, left, shadowed = bdd.false, bdd.true, 0
    for rule in one.rules:
        service = bdd.false
        for box in rule.services:
            service |= span("p", *box.protocol) & span("y", *box.source_port) & span("x", *box.port)
        fits = ends("d", rule.destinations) & ends("s", rule.sources) & service
        here = fits & left
        shadowed += here == bdd.false
        if rule.action is Action.PERMIT:
            passed |= here
        left &= ~fits
    built = time.perf_counter()
    sources, destinations = ([ends(axis, zone) for zone in zones] for axis in "sd")
    addresses = [f"{axis}{bit}" for axis in "sd" for bit in range(32)]
    pairs = sum(
        bdd.exist(addresses, passed & source & destination) != bdd.false
        for source in sources
        for destination in destinations
    )
    return Diagrams(order, shadowed, pairs, built - started, time.perf_counter() - built)


def _spans(bdd: Any) -> Any:
    @cache
    def at_least(axis: str, value: int) -> Any:
        found = bdd.true
        for bit in reversed(range(WIDTHS[axis])):
            variable = bdd.var(f"{axis}{bit}")
            found = variable & found if value >> (WIDTHS[axis] - 1 - bit) & 1 else variable | found
        return found

    @cache
    def at_most(axis: str, value: int) -> Any:
        found = bdd.true
        for bit in reversed(range(WIDTHS[axis])):
            variable = bdd.var(f"{axis}{bit}")
            found = ~variable | found if value >> (WIDTHS[axis] - 1 - bit) & 1 else ~variable & found
        return found

    @cache
    def span(axis: str, first: int, last: int) -> Any:
        return at_least(axis, first) & at_most(axis, last)

    return span


class Shades(NamedTuple):
    """How many terms aerleon calls shaded, and what the check took beside reading the policy, in seconds."""

    found: int
    check_s: float


def shades(one: RuleSet) -> Shades:
    """Aerleon's check of the same rules, each as a term; it looks at one earlier term at a time."""
    import logging  # noqa: PLC0415

    from aerleon.lib import naming, policy  # noqa: PLC0415

    text, names = _policy_of(one)
    definitions = naming.Naming()
    for line in names:
        definitions.ParseDefinitionsObject(*line)
    logging.disable(logging.CRITICAL)
    started = time.perf_counter()
    policy.ParsePolicy(text, definitions, optimize=False, shade_check=False)
    read = time.perf_counter()
    count = 0
    try:
        policy.ParsePolicy(text, definitions, optimize=False, shade_check=True)
    except policy.ShadingError:
        count += 1
    checked = time.perf_counter()
    logging.disable(logging.NOTSET)
    return Shades(count, (checked - read) - (read - started))


def _policy_of(one: RuleSet) -> tuple[str, list[tuple[dict[str, Any], str]]]:
    nets: dict[str, Any] = {"networks": {}, "services": {}}
    terms = ["header {\n  target:: cisco bench extended\n}\n"]
    for number, rule in enumerate(one.rules):
        words = []
        for key, some in (("source-address", rule.sources), ("destination-address", rule.destinations)):
            if some != Family.V4.every:
                name = f"N{number}{key[0].upper()}"
                nets["networks"][name] = {"values": [{"address": str(net)} for net in networks(some, Family.V4)]}
                words.append(f"  {key}:: {name}\n")
        (box,) = rule.services
        if box.protocol.first == box.protocol.last:
            protocol = {6: "tcp", 17: "udp"}[box.protocol.first]
            words.append(f"  protocol:: {protocol}\n")
            for key, span in (("source-port", box.source_port), ("destination-port", box.port)):
                if span != Range(0, 65535):
                    name = f"S{number}{key[0].upper()}"
                    port = str(span.first) if span.first == span.last else f"{span.first}-{span.last}"
                    nets["services"][name] = [{"protocol": protocol, "port": port}]
                    words.append(f"  {key}:: {name}\n")
        action = "accept" if rule.action is Action.PERMIT else "deny"
        terms.append(f"term t{number} {{\n{''.join(words)}  action:: {action}\n}}\n")
    return "".join(terms), [(nets, "bench")]
