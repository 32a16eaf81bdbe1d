"""Rows for devices that remember no flows: new flows one way, and what may be an answer to them the other way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from msgspec.structs import replace

from viguard.network.addresses import Family, Ranges
from viguard.network.permitted import permitted
from viguard.network.render.written import Part, Refusal, parts, parts_of
from viguard.network.rules import Action, RuleSet
from viguard.network.services import EVERY_SERVICE, ICMP, ICMP6, TCP, Box, box, icmp

FLAGS: Final = (
    "TCP answers are told by their flags: with ACK or RST a packet passes back whether it was asked for or not"
)
ERRORS: Final = "errors that ICMP reports about permitted flows do not pass back, unless a rule permits them"
NEIGHBOURS: Final = "neighbour discovery passes, as without it the interface would be cut off"
_ANSWERS: Final = {ICMP: {8: 0, 13: 14, 15: 16, 17: 18}, ICMP6: {128: 129}}
"""Types of ICMP that ask, and those that answer. Source: RFC 792, RFC 950, RFC 4443."""


class Row(NamedTuple):
    """One line, or several that differ in addresses only. ``is_answer``: TCP packets with ACK or RST only."""

    number: int
    action: Action
    sources: Ranges
    destinations: Ranges
    protocol: int | None
    box: Box
    is_answer: bool = False
    why: str = ""


def new_flows(one: RuleSet, said: Sequence[Part]) -> list[Row]:
    """The rules themselves, and the default as the last row."""
    rows = [
        Row(number, rule.action, rule.sources, rule.destinations, protocol, service, why=rule.why)
        for number, rule, protocol, service in said
    ]
    return [*rows, _default(one)]


def answers(one: RuleSet, said: Sequence[Part]) -> tuple[list[Row], list[str]]:
    """The rules seen from the other side, and what they let through that a device with a memory would not."""
    rows = [row for part in said for row in _answers(part, one.family)]
    last = _default(one)
    end = [last]
    if one.default is Action.PERMIT:
        is_tcp = last._replace(protocol=TCP, box=box(TCP))
        end = [is_tcp._replace(is_answer=True), is_tcp._replace(action=Action.DENY), last]
    unasked = [
        f"rule {row.number}: {row.box} passes back whether it was asked for or not"
        for row in rows
        if row.action is Action.PERMIT and not row.is_answer
    ]
    flags = [FLAGS] if any(row.is_answer for row in (*rows, *end)) else []
    return [*rows, *end], [*flags, *dict.fromkeys(unasked), ERRORS]


def _default(one: RuleSet) -> Row:
    return Row(0, one.default, one.family.every, one.family.every, None, EVERY_SERVICE)


def _answers(part: Part, family: Family) -> Iterator[Row]:
    number, rule, protocol, service = part
    mirrored = Box(service.protocol, service.port, service.source_port)
    row = Row(number, rule.action, rule.destinations, rule.sources, protocol, mirrored, why=rule.why)
    is_permit = rule.action is Action.PERMIT
    own_icmp = ICMP if family is Family.V4 else ICMP6
    if protocol == own_icmp:
        yield from (row._replace(box=kind) for kind in _kinds(own_icmp, service))
    elif protocol == TCP:
        yield row._replace(is_answer=is_permit)
    elif protocol is None and is_permit:
        for known in (TCP, own_icmp):
            whole = row._replace(protocol=known, box=box(known))
            if known == TCP:
                yield whole._replace(is_answer=True)
            else:
                yield from (whole._replace(box=kind) for kind in _kinds(known, box(known)))
            yield whole._replace(action=Action.DENY)
        yield row
    else:
        yield row


def _kinds(protocol: int, service: Box) -> Iterator[Box]:
    for asks, tells in _ANSWERS[protocol].items():
        if service.port.first <= asks * 256 <= service.port.last:
            yield icmp(protocol, tells)


def both_ways(one: RuleSet, refusal: Refusal) -> tuple[list[Row], list[Row], list[str]]:
    """Answers and new flows for a device with one list for both directions and without flags, and what is left.

    The answers come first, as a deny of new flows would stop them: they keep to what the denies leave of each permit.
    """
    said, residual = parts(one, refusal)
    flows = new_flows(one, said)
    if not one.stateful:
        return [], flows, residual
    rules = tuple(replace(part.rule, services=(part.box,), unsure="") for part in said)
    pieces, _ = permitted(replace(one, rules=rules))
    numbers = [0, *(part.number for part in said)]
    allowed, _ = parts_of(((numbers[place], rule) for place, rule in pieces), refusal)
    back = [row for part in allowed for row in _answers(part, one.family) if row.action is Action.PERMIT]
    return back, flows, residual
