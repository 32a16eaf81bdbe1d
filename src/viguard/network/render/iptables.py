"""Rule sets for ``iptables-restore`` and ``ip6tables-restore``: the table ``filter``, whole.

Source: iptables(8), iptables-extensions(8) 1.8.9.
"""

from __future__ import annotations

from collections.abc import Iterator

from viguard.model.facts import Struct
from viguard.network.addresses import Family, Range, Ranges, networks
from viguard.network.render.written import ESTABLISHED, Rendered, comment, is_every, kinds_of_icmp, parts, tables_of
from viguard.network.rules import Action, Rule, RuleSet
from viguard.network.services import EVERY_PORT, ICMP, ICMP6, NAMES, Box

_TARGETS = {Action.PERMIT: "ACCEPT", Action.DENY: "DROP"}
_CHAINS = ("INPUT", "FORWARD", "OUTPUT")
_COMMENT_BYTES = 255


class Target(Struct, frozen=True, kw_only=True):
    """The chain that is filled; the others let everything through, as they do on a machine without rules."""

    chain: str = "FORWARD"


def render(one: RuleSet, target: Target | None = None) -> Rendered:
    """The whole file. A rule with several addresses becomes several lines, which decide the same."""
    chain = (target or Target()).chain
    policies = [f":{name} {_TARGETS[one.default] if name == chain else 'ACCEPT'} [0:0]" for name in _CHAINS]
    known = []
    if one.stateful:
        known.append(
            f'-A {chain} -m conntrack --ctstate RELATED,ESTABLISHED -m comment --comment "{ESTABLISHED}" -j ACCEPT'
        )
    told, residual = lines(one, chain)
    return Rendered("\n".join(["*filter", *policies, *known, *told, "COMMIT", ""]), tuple(residual))


def lines(one: RuleSet, chain: str) -> tuple[list[str], list[str]]:
    """The rules alone, to stand in a chain, and what cannot be told."""
    said, residual = parts(one, tables_of(one.family, has_zero=False))
    told = [
        f"-A {chain} {words}" for _, rule, protocol, box in said for words in _lines(rule, protocol, box, one.family)
    ]
    return told, residual


def _lines(rule: Rule, protocol: int | None, box: Box, family: Family) -> Iterator[str]:
    end = [f'-m comment --comment "{comment(rule.why, _COMMENT_BYTES)}"'] if rule.why else []
    end.append(f"-j {_TARGETS[rule.action]}")
    for source in _addresses("-s", rule.sources, family):
        for destination in _addresses("-d", rule.destinations, family):
            for service in _services(protocol, box):
                yield " ".join([*source, *destination, *service, *end])


def _addresses(key: str, some: Ranges, family: Family) -> list[list[str]]:
    if len(some) == 1 and is_every(some[0], family):
        return [[]]
    return [[key, str(network)] for network in networks(some, family)]


def _services(protocol: int | None, box: Box) -> list[list[str]]:
    if protocol is None:
        return [[]]
    if protocol in {ICMP, ICMP6}:
        name, option = ("icmp", "--icmp-type") if protocol == ICMP else ("icmpv6", "--icmpv6-type")
        start = ["-p", "icmp" if protocol == ICMP else "ipv6-icmp"]
        if box.port == EVERY_PORT:
            return [start]
        kinds = kinds_of_icmp(box)
        told = [str(kind) if code is None else f"{kind}/{code}" for kind, code in kinds]
        return [[*start, "-m", name, option, one] for one in told]
    name = NAMES.get(protocol) or {132: "sctp", 136: "udplite", 33: "dccp"}.get(protocol, str(protocol))
    ports = [("--sport", box.source_port), ("--dport", box.port)]
    told = [word for key, span in ports if span != EVERY_PORT for word in (key, _span(span))]
    return [["-p", name, *(["-m", name] if told else []), *told]]


def _span(span: Range) -> str:
    return str(span.first) if span.first == span.last else f"{span.first}:{span.last}"
