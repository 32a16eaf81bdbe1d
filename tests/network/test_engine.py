"""The engine against packets that are tried one by one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, given, settings

from tests.network.brute import ADDRESSES, BASE, PACKETS, SERVICES, passes, rule_sets
from viguard.network.addresses import Family, Range
from viguard.network.exact.anomalies import Kind, anomalies
from viguard.network.exact.deciding import decisions
from viguard.network.exact.difference import difference
from viguard.network.exact.matrix import between, passing, use
from viguard.network.exact.space import Space
from viguard.network.exact.sweep import Plain, Sweep, choose
from viguard.network.rules import Action, Rule, RuleSet

fixture_is_fine = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
GROUPS = [(Range(BASE, BASE + 3),), (Range(BASE + 4, BASE + 7),), (Range(BASE + 3, BASE + 4),)]


@fixture_is_fine
@given(rule_sets)
def test_what_passes_is_what_passes_packet_by_packet(sweep: Sweep, one: RuleSet) -> None:
    space = Space([one])
    wanted = passes(one)
    rows = [passing(space, sweep, source) for source in range(space.sources.count)]
    for packet in PACKETS:
        source, destination, service = space.place(packet)
        word = rows[source][destination, service >> 6]
        assert bool(word >> np.uint64(service & 63) & np.uint64(1)) == (packet in wanted), packet


@fixture_is_fine
@given(rule_sets, rule_sets)
def test_groups_meet_through_every_rule_set_of_the_path(sweep: Sweep, one: RuleSet, other: RuleSet) -> None:
    space = Space([one, other], GROUPS)
    found = between(space, sweep, (0, 1))
    wanted = passes(one) & passes(other)
    inside = [[a for a in ADDRESSES if any(r.first <= a <= r.last for r in group)] for group in GROUPS]
    for a, sources in enumerate(inside):
        for b, destinations in enumerate(inside):
            for service in SERVICES:
                number = space.services.number(*service)
                tried = [(s, d, *service) in wanted for s in sources for d in destinations]
                for told, expected in ((found.some, any(tried)), (found.every, all(tried))):
                    bit = told[a, b, number >> 6] >> np.uint64(number & 63) & np.uint64(1)
                    assert bool(bit) == expected


@fixture_is_fine
@given(rule_sets)
def test_both_ways_agree_bit_by_bit(compiled: Sweep, one: RuleSet) -> None:
    space = Space([one], GROUPS)
    fast, slow = between(space, compiled), between(space, Plain())
    assert np.array_equal(fast.some, slow.some)
    assert np.array_equal(fast.every, slow.every)
    fast_use, slow_use = use(space, compiled), use(space, Plain())
    for way in (compiled, Plain()):
        hits = np.zeros(len(one.rules) + 1, np.int64)
        both = between(space, way, hits=hits)
        assert np.array_equal(both.some, fast.some)
        assert np.array_equal(hits, slow_use.hits)
    assert np.array_equal(fast_use.hits, slow_use.hits)
    assert np.array_equal(fast_use.needed, slow_use.needed)


@fixture_is_fine
@given(rule_sets)
def test_rules_that_never_decide_and_rules_that_nobody_misses(sweep: Sweep, one: RuleSet) -> None:
    """What is told of a rule holds; that nothing is left out cannot be tried in a space that is only sampled."""
    wanted = passes(one)
    told = {(anomaly.number, anomaly.kind) for anomaly in anomalies(one, sweep)}
    for number in range(len(one.rules)):
        fewer = RuleSet(
            name="fewer", family=one.family, rules=one.rules[:number] + one.rules[number + 1 :], default=one.default
        )
        rule = one.rules[number]
        decides = any(rule.fits(p) and one.decides(p)[1] is rule for p in PACKETS)
        if (number, Kind.SHADOWED) in told:
            assert not decides
        if {(number, Kind.SHADOWED), (number, Kind.REDUNDANT)} & told:
            assert passes(fewer) == wanted
            assert not difference(one, fewer, sweep)
        else:
            assert difference(one, fewer, sweep)


@fixture_is_fine
@given(rule_sets, rule_sets)
def test_a_difference_has_packets_that_show_it(sweep: Sweep, old: RuleSet, new: RuleSet) -> None:
    found = difference(old, new, sweep)
    for case in found.cases:
        was, now = old.decides(case.packet), new.decides(case.packet)
        assert was == (Action.DENY if now[0] is Action.PERMIT else Action.PERMIT, case.before)
        assert now == (case.now, case.after)
        for box in case.services:
            assert box.protocol.first <= box.protocol.last
    if passes(old) != passes(new):
        assert found
    assert found.is_all


@fixture_is_fine
@given(rule_sets)
def test_decisions_cover_every_service_once(one: RuleSet) -> None:
    space = Space([one])
    for packet in PACKETS[::37]:
        source, destination, _ = space.place(packet)
        told = [
            (found.action, found.rule)
            for found in decisions(space, source, destination)
            if any(
                all(span.first <= value <= span.last for span, value in zip(box, packet[2:], strict=True))
                for box in found.services
            )
        ]
        assert told == [one.decides(packet)]


@fixture_is_fine
@given(rule_sets)
def test_what_nobody_knows_lies_between_the_bounds(one: RuleSet) -> None:
    """Whichever packets a rule fits of which that is not known."""
    unsure = tuple(
        Rule(
            action=r.action,
            sources=r.sources,
            destinations=r.destinations,
            services=r.services,
            unsure="how often" if n % 2 else "",
        )
        for n, r in enumerate(one.rules)
    )
    told = RuleSet(name="unsure", family=one.family, rules=unsure, default=one.default)
    lower, upper = passes(told.bound(upper=False)), passes(told.bound(upper=True))
    narrower = tuple(
        r
        if not r.unsure
        else Rule(action=r.action, sources=(r.sources[0],), destinations=r.destinations, services=r.services[:1])
        for r in unsure
    )
    for real in (one.rules, tuple(r for r in unsure if not r.unsure), narrower):
        passed = passes(RuleSet(name="real", family=one.family, rules=real, default=one.default))
        assert lower <= passed <= upper


def test_addresses_of_version_6_have_classes_too(sweep: Sweep) -> None:
    net = Range(0x20010DB8 << 96, (0x20010DB9 << 96) - 1)
    one = RuleSet(
        name="six",
        family=Family.V6,
        rules=(Rule(action=Action.PERMIT, sources=(net,), destinations=Family.V6.every),),
    )
    space = Space([one], [(net,), Family.V6.every])
    found = between(space, sweep)
    assert found.every[0].any(axis=1).all()
    assert found.some[1].any(axis=1).all()
    assert not found.every[1].any()


def test_without_a_directory_for_compiled_parts_numpy_answers(nowhere: Path) -> None:
    sweep, why = choose(nowhere)
    assert sweep.name == "numpy"
    assert why == f"numpy: nothing can be kept in {nowhere} (Not a directory)"
    assert choose(None)[1] == "numpy: no directory for compiled parts was named"
