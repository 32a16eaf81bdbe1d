"""Firewall filters of Junos, as ``set`` commands for ``load set``: one for new flows, one for the answers to them.

Source: Junos OS, Routing Policies, Firewall Filters, and Traffic Policers User Guide. Not tried on a device.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from viguard.model.facts import Struct
from viguard.network.addresses import Family, Range, Ranges, networks
from viguard.network.render.stateless import NEIGHBOURS, Row, lists
from viguard.network.render.written import Rendered, is_every, kinds_of_icmp, name, only_common, plain
from viguard.network.rules import Action, RuleSet
from viguard.network.services import EVERY_PORT, ICMP, ICMP6, TCP, UDP, Box

FRAGMENTS = "later fragments carry no ports: a term with ports need not decide them as it decides the first one"
HEADERS = "the first header after the address is looked at: a packet with extension headers falls to the default"
_FAMILIES = {Family.V4: "inet", Family.V6: "inet6"}
_VERDICTS = {Action.PERMIT: "accept", Action.DENY: "discard"}
_TERM_LETTERS = 40


class Target(Struct, frozen=True, kw_only=True):
    """``inside``: the interface, with its unit, where new flows come from; ``outside``: where they go.

    ``is_one_list``: new flows go both ways, so one list is applied to both interfaces; it begins with the answers.
    """

    inside: str = "INSIDE.0"
    outside: str = "OUTSIDE.0"
    is_one_list: bool = False


def render(one: RuleSet, target: Target | None = None) -> Rendered:
    """The filters of a rule set, each in the place of the one of that name, and how to apply them, as comments."""
    target = target or Target()
    written, residual = lists(one, only_common(one.family), is_one_list=target.is_one_list)
    first = f"{name(one.name)}{'-v6' if one.family is Family.V6 else ''}"
    lines: list[str] = []
    apply: list[str] = []
    for each in written:
        lines.append(f"# Rule set {plain(one.name, 60)}: {each.what}. Apply as input, on {each.where}.")
        lines += _filter(first + each.suffix, each.rows, one)
        apply += [_apply(getattr(target, side), first + each.suffix, one.family) for side in each.sides]
    residual.append(FRAGMENTS)
    if one.family is Family.V6:
        residual += [NEIGHBOURS, HEADERS] if one.default is Action.DENY else [HEADERS]
    return Rendered("\n".join([*lines, *apply, ""]), tuple(residual))


def _filter(title: str, rows: Sequence[Row], one: RuleSet) -> Iterator[str]:
    start = f"firewall family {_FAMILIES[one.family]} filter {title}"
    yield f"delete {start}"
    counts = dict[int, int]()
    for row in rows[:-1]:
        counts[row.number] = counts.get(row.number, 0) + 1
        yield from _term(f"set {start} term {_name(row, counts[row.number])}", row, one.family)
    if one.family is Family.V6 and one.default is Action.DENY:
        ends = ("from next-header icmp6", "from icmp-type 133-136", "then accept")
        yield from (f"set {start} term neighbours {end}" for end in ends)
    yield f"set {start} term default then {_VERDICTS[one.default]}"


def _name(row: Row, count: int) -> str:
    why = name(row.why, _TERM_LETTERS) if row.why else ""
    return f"{row.number}-{count}-{why}" if why else f"{row.number}-{count}"


def _term(start: str, row: Row, family: Family) -> Iterator[str]:
    yield from (f"{start} from source-address {one}" for one in _addresses(row.sources, family))
    yield from (f"{start} from destination-address {one}" for one in _addresses(row.destinations, family))
    if row.protocol is not None:
        yield f"{start} from {'protocol' if family is Family.V4 else 'next-header'} {_protocol(row.protocol, family)}"
        yield from (f"{start} from {words}" for words in _services(row.protocol, row.box))
    if row.is_answer:
        yield f"{start} from tcp-established"
    yield f"{start} then {_VERDICTS[row.action]}"


def _addresses(some: Ranges, family: Family) -> list[str]:
    if len(some) == 1 and is_every(some[0], family):
        return []
    return [str(one) for one in networks(some, family)]


def _protocol(protocol: int, family: Family) -> str:
    own = (ICMP, "icmp") if family is Family.V4 else (ICMP6, "icmp6")
    return {TCP: "tcp", UDP: "udp", own[0]: own[1]}.get(protocol, str(protocol))


def _services(protocol: int, box: Box) -> Iterator[str]:
    if protocol in {ICMP, ICMP6}:
        if box.port != EVERY_PORT:
            kinds = kinds_of_icmp(box)
            yield f"icmp-type {_span(Range(kinds[0][0], kinds[-1][0]))}"
            if kinds[0][1] is not None:
                yield f"icmp-code {_span(Range(box.port.first % 256, box.port.last % 256))}"
        return
    if box.source_port != EVERY_PORT:
        yield f"source-port {_span(box.source_port)}"
    if box.port != EVERY_PORT:
        yield f"destination-port {_span(box.port)}"


def _span(span: Range) -> str:
    return str(span.first) if span.first == span.last else f"{span.first}-{span.last}"


def _apply(interface: str, title: str, family: Family) -> str:
    kept = re.sub(r"[^A-Za-z0-9/.:_-]", "", interface)
    device, _, unit = kept.rpartition(".") if "." in kept else (kept, "", "0")
    return f"# set interfaces {device} unit {unit} family {_FAMILIES[family]} filter input {title}"
