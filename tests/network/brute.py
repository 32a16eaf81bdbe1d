"""Small spaces in which every packet can be tried: eight addresses, some services, every combination."""

from __future__ import annotations

from itertools import product

from hypothesis import strategies as st

from viguard.network.addresses import Family, Range, Ranges, joined
from viguard.network.rules import Action, Packet, Rule, RuleSet
from viguard.network.services import EVERY_PORT, EVERY_PROTOCOL, TCP, UDP, Box

BASE = 0x0A000000
ADDRESSES = [BASE - 1, *(BASE + n for n in range(8))]
PROTOCOLS = [TCP, UDP, 1]
SOURCE_PORTS = [53, 40000]
PORTS = [21, 22, 23, 443]
SERVICES = list(product(PROTOCOLS, SOURCE_PORTS, PORTS))
PACKETS = [Packet(a, b, *service) for a, b in product(ADDRESSES, ADDRESSES) for service in SERVICES]


def _spans(low: int, high: int) -> st.SearchStrategy[Range]:
    return st.tuples(st.integers(low, high), st.integers(low, high)).map(lambda two: Range(min(two), max(two)))


addresses: st.SearchStrategy[Ranges] = st.one_of(
    st.lists(_spans(BASE, BASE + 7), min_size=1, max_size=2).map(joined), st.just(Family.V4.every)
)
ports = st.one_of(st.just(EVERY_PORT), st.sampled_from(PORTS).map(lambda n: Range(n, n)), _spans(20, 24))
boxes = st.builds(
    Box,
    st.one_of(st.just(EVERY_PROTOCOL), st.sampled_from(PROTOCOLS).map(lambda n: Range(n, n))),
    st.one_of(st.just(EVERY_PORT), st.just(Range(53, 53))),
    ports,
)
rules = st.builds(
    Rule,
    action=st.sampled_from(Action),
    sources=addresses,
    destinations=addresses,
    services=st.lists(boxes, min_size=1, max_size=2).map(tuple),
)
rule_sets = st.builds(
    RuleSet,
    name=st.just("small"),
    family=st.just(Family.V4),
    rules=st.lists(rules, max_size=7).map(tuple),
    default=st.sampled_from(Action),
)


def passes(one: RuleSet) -> set[Packet]:
    """Every packet of the small space that a rule set lets through, asked one by one."""
    return {packet for packet in PACKETS if one.decides(packet)[0] is Action.PERMIT}
