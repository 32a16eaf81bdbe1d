"""Rows for devices that remember no flows: new flows one way, and what may be an answer to them the other way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from msgspec.structs import replace

from viguard.network.addresses import Family, Ranges
from viguard.network.permitted import permitted
from viguard.network.render.written import Part, Refusal, parts, parts_of
from viguard.network.rules import Action, RuleSet
from viguard.network.services import EVERY_SERVICE, ICMP, ICMP6, TCP, UDP, Box, box, icmp

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


class Listed(NamedTuple):
    """One list of a rule set: what is in it, on which interfaces, ``inside`` and ``outside``, and where those are."""

    suffix: str
    what: str
    where: str
    sides: tuple[str, ...]
    rows: list[Row]


def lists(one: RuleSet, refusal: Refusal, *, is_one_list: bool) -> tuple[list[Listed], list[str]]:
    """The lists of a rule set, and what they cannot be told: one for new flows and one for answers, or one of both."""
    if is_one_list and one.stateful:
        back, flows, residual = both_ways(one, refusal, has_flags=True)
        what, where = "answers, then new flows", "every interface that it is for"
        return [Listed("", what, where, ("inside", "outside"), [*back, *flows])], residual
    said, residual = parts(one, refusal)
    out = [Listed("", "new flows", "the interface where they come from", ("inside",), new_flows(one, said))]
    if one.stateful:
        rows, unasked = answers(one, said)
        out.append(Listed("-return", "answers to them", "the interface where they go", ("outside",), rows))
        residual += unasked
    return out, residual


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
    flags = [FLAGS] if any(row.is_answer for row in (*rows, *end)) else []
    return [*rows, *end], [*flags, *_unasked([*rows, *end]), ERRORS]


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


def both_ways(one: RuleSet, refusal: Refusal, *, has_flags: bool = False) -> tuple[list[Row], list[Row], list[str]]:
    """Answers and new flows for one list that is applied to both directions, and what it cannot be told.

    The answers come first, as a deny of new flows would stop them: they keep to what the denies leave of each permit.
    ``has_flags``: the device can tell TCP answers by their flags.
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
    back = [row._replace(why=f"answers: {row.why}" if row.why else "") for row in back]
    flags = [FLAGS] if has_flags and any(row.is_answer for row in back) else []
    strange = [_others(row) for row in back if has_flags and row.protocol is None]
    if has_flags:
        back = [row._replace(protocol=UDP, box=box(UDP)) if row.protocol is None else row for row in back]
    return back, flows, [*residual, *flags, *_unasked(back, has_flags=has_flags), *strange, ERRORS]


def _unasked(rows: Sequence[Row], *, has_flags: bool = True) -> list[str]:
    """What comes in though nobody asked for it."""
    some = [row for row in rows if row.action is Action.PERMIT and not (row.is_answer and has_flags)]
    return list(dict.fromkeys(f"{_place(row)}: {row.box} passes back whether it was asked for or not" for row in some))


def _others(row: Row) -> str:
    return f"{_place(row)}: answers of other protocols than TCP, UDP and ICMP do not pass back"


def _place(row: Row) -> str:
    return f"rule {row.number}" if row.number else "what no rule fits"
