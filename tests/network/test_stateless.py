"""Rows for devices without a memory, packet by packet: as the rule set says there, and nothing else comes back."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, settings

from tests.network.brute import PACKETS, rule_sets
from viguard.network.addresses import Family
from viguard.network.render.stateless import Row, answers, both_ways, new_flows
from viguard.network.render.written import anything, parts
from viguard.network.rules import Action, Packet, Rule, RuleSet
from viguard.network.services import ICMP, TCP


def decided(rows: Sequence[Row], packet: Packet, *, has_ack: bool = False) -> Action:
    for row in rows:
        if row.is_answer and not has_ack:
            continue
        rule = Rule(action=row.action, sources=row.sources, destinations=row.destinations, services=(row.box,))
        if rule.fits(packet):
            return row.action
    raise AssertionError("the default is a row")


def told(one: RuleSet) -> RuleSet:
    """Without ports of no protocol, which no row can say."""
    said, _ = parts(one)
    rules = tuple(
        Rule(action=p.rule.action, sources=p.rule.sources, destinations=p.rule.destinations, services=(p.box,))
        for p in said
    )
    return RuleSet(name=one.name, family=Family.V4, rules=rules, default=one.default)


@settings(deadline=None)
@given(rule_sets)
def test_new_flows_and_their_answers(one: RuleSet) -> None:
    said, _ = parts(one)
    here, (back, _), wanted = new_flows(one, said), answers(one, said), told(one)
    for packet in PACKETS[::7]:
        action = wanted.decides(packet)[0]
        assert decided(here, packet) is action
        if packet.protocol == ICMP:
            continue
        answer = turned(packet)
        assert decided(back, answer, has_ack=True) is action
        if packet.protocol == TCP:
            assert decided(back, answer) is Action.DENY


def turned(packet: Packet) -> Packet:
    return Packet(packet.destination, packet.source, packet.protocol, packet.port, packet.source_port)


@settings(deadline=None)
@given(rule_sets)
def test_one_list_for_both_directions(one: RuleSet) -> None:
    back, flows, _ = both_ways(one, anything)
    wanted = told(one)
    for packet in PACKETS[::29]:
        if packet.protocol == ICMP:
            continue
        passes = Action.PERMIT in {wanted.decides(packet)[0], wanted.decides(turned(packet))[0]}
        assert decided([*back, *flows], packet, has_ack=True) is (Action.PERMIT if passes else Action.DENY)


@settings(deadline=None)
@given(rule_sets)
def test_one_list_with_flags(one: RuleSet) -> None:
    back, flows, _ = both_ways(one, anything, has_flags=True)
    wanted = told(one)
    for packet in PACKETS[::29]:
        if packet.protocol == ICMP:
            continue
        is_new, is_answer = (wanted.decides(one)[0] is Action.PERMIT for one in (packet, turned(packet)))
        assert decided([*back, *flows], packet, has_ack=True) is (Action.PERMIT if is_new or is_answer else Action.DENY)
        if packet.protocol == TCP:
            assert decided([*back, *flows], packet) is (Action.PERMIT if is_new else Action.DENY)
