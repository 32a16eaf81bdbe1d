"""What a host wants to have open, row by row: for firewalls that know rulesets and remote addresses only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from viguard.model.facts import Struct
from viguard.model.host import Port, Ruleset
from viguard.model.tables import PortRow
from viguard.network.addresses import Family, Range, Ranges, joined, networks, without
from viguard.network.permitted import permitted
from viguard.network.render.written import parts_of
from viguard.network.rules import RuleSet
from viguard.network.services import EVERY_PORT, TCP, UDP, Box

_MADE_FOR_MORE: Final = 1024
"""A rule with as many ports is for what its ruleset was made for, and for nothing else."""
_NUMBERS: Final = {"tcp": TCP, "udp": UDP}


class Wanted(Struct, frozen=True, kw_only=True):
    """Rule sets of one host: ``inbound`` with it as destination, ``outbound`` with it as source."""

    inbound: tuple[RuleSet, ...] = ()
    outbound: tuple[RuleSet, ...] = ()


class Flow(NamedTuple):
    """What may go between the host and ``remotes``: ``place`` is direction and rule, for people."""

    place: str
    number: int
    direction: str
    family: Family
    remotes: Ranges
    box: Box


def flows(wanted: Wanted, who: str) -> tuple[list[Flow], list[str]]:
    """Every row, and what ``who`` cannot be told of them."""
    out: list[Flow] = []
    residual: list[str] = []
    for direction, sets in (("inbound", wanted.inbound), ("outbound", wanted.outbound)):
        for one in sets:
            rules, left = permitted(one)
            said, refused = parts_of(rules, lambda protocol, box: _refusal(protocol, box, who))
            residual += [f"{direction} {line}" for line in (*left, *refused)]
            for number, rule, _, box in said:
                remotes = rule.sources if direction == "inbound" else rule.destinations
                out.append(Flow(f"{direction} rule {number}", number, direction, one.family, remotes, box))
    return out, residual


def _refusal(protocol: int | None, box: Box, who: str) -> str:
    if protocol not in {TCP, UDP}:
        return f"{box}: {who} TCP and UDP only"
    return f"{box}: no source ports can be named" if box.source_port != EVERY_PORT else ""


def opened(port: Port) -> Box:
    """What a rule of a ruleset opens."""
    span = Range(port.start, port.end)
    number = _NUMBERS.get(port.protocol.lower())
    protocol = Range(0, 255) if number is None else Range(number, number)
    return Box(protocol, span, EVERY_PORT) if port.type == "src" else Box(protocol, port=span)


def covers(ruleset: Ruleset, flow: Flow, rows: Sequence[PortRow]) -> Ranges:
    """The ports of a row that a ruleset opens, when it was made for such."""
    found: list[Range] = []
    for port in ruleset.ports:
        if port.direction != flow.direction or port.type == "src":
            continue
        if _NUMBERS.get(port.protocol.lower()) != flow.box.protocol.first:
            continue
        span = Range(max(port.start, flow.box.port.first), min(port.end, flow.box.port.last))
        if span.first <= span.last and (port.end - port.start < _MADE_FOR_MORE or _is_for(ruleset, span, rows)):
            found.append(span)
    return joined(found)


def _is_for(ruleset: Ruleset, span: Range, rows: Sequence[PortRow]) -> bool:
    return any(
        ruleset.key in row.rulesets and any(first <= span.first and span.last <= last for first, last in row.ports)
        for row in rows
    )


def excess(ruleset: Ruleset, some: Iterable[Flow]) -> int:
    """How many ports a ruleset opens that nobody wants."""
    flowing = list(some)
    return sum(
        b - a + 1
        for port in ruleset.ports
        for a, b in without((Range(port.start, port.end),), joined(_wanted(port, flowing)))
    )


def _wanted(port: Port, some: Sequence[Flow]) -> Iterator[Range]:
    for flow in some:
        if flow.direction == port.direction and _NUMBERS.get(port.protocol.lower()) == flow.box.protocol.first:
            yield flow.box.port


def chosen(
    rulesets: Sequence[Ruleset], some: Sequence[Flow], rows: Sequence[PortRow]
) -> tuple[dict[str, list[Flow]], list[tuple[Flow, Ranges]]]:
    """The rulesets that let rows through, each with its rows; and the rows with the ports that none has.

    Of several the one that opens the least besides is taken.
    """
    ordered = sorted(rulesets, key=lambda one: (excess(one, some), one.key))
    taken: dict[str, list[Flow]] = {}
    missing: list[tuple[Flow, Ranges]] = []
    for flow in some:
        rest: Ranges = (flow.box.port,)
        for ruleset in ordered:
            mine = covers(ruleset, flow, rows)
            if mine and without(rest, mine) != rest:
                taken.setdefault(ruleset.key, []).append(flow)
                rest = without(rest, mine)
        if rest:
            missing.append((flow, rest))
    return taken, missing


def allowed(some: Iterable[Flow]) -> dict[Family, Ranges]:
    """The remote addresses of rows, by family."""
    found: dict[Family, list[Range]] = {}
    for flow in some:
        found.setdefault(flow.family, []).extend(flow.remotes)
    return {family: joined(spans) for family, spans in sorted(found.items())}


def told(some: Ranges, family: Family) -> list[str]:
    """Addresses and networks as commands take them."""
    return [
        str(one.network_address) if one.prefixlen == one.max_prefixlen else str(one) for one in networks(some, family)
    ]
