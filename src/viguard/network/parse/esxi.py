"""The firewall of a host as its API tells it, as rule sets for what comes in and what goes out.

Every enabled ruleset permits; the rest is as the default says. What was not read is unsure.
Source: vim.host.FirewallInfo, vim.host.Ruleset; vSphere Security, ESXi Firewall Configuration (pings pass always).
"""

from __future__ import annotations

from collections.abc import Iterator

from viguard.model.facts import Fact, Unknown
from viguard.model.host import Firewall, Port, Ruleset
from viguard.model.text import visible
from viguard.network.addresses import Family, Range, Ranges, joined, read
from viguard.network.parse.imported import Imported, Point
from viguard.network.rules import Action, Rule, RuleSet
from viguard.network.services import EVERY_PORT, ICMP, ICMP6, TCP, UDP, Box, box, icmp

_DIRECTIONS = {"inbound": "in", "outbound": "out"}
_PROTOCOLS = {"tcp": TCP, "udp": UDP}


def parse(firewall: Fact[Firewall | None], name: str) -> Imported:
    """What passes into a host and out of it, for both families; ``name`` is the host.

    Nothing is raised: what cannot be understood is unsure.
    """
    return Imported(
        points=tuple(
            Point(place=name, direction=short, rules=_set(firewall, name, direction, family))
            for direction, short in _DIRECTIONS.items()
            for family in Family
        ),
        notes=_notes(firewall, name),
    )


def _notes(firewall: Fact[Firewall | None], name: str) -> tuple[str, ...]:
    if isinstance(firewall, Unknown):
        return (f"{name}: the firewall was not read: {firewall}",)
    if firewall is None:
        return (f"{name}: it has no firewall, so everything passes",)
    told = {"incoming": firewall.incoming_blocked, "outgoing": firewall.outgoing_blocked}
    return tuple(
        f"{name}: whether the rest of {key} packets is blocked was not read" for key, it in told.items() if it is None
    )


def _set(firewall: Fact[Firewall | None], name: str, direction: str, family: Family) -> RuleSet:
    title = f"{name} {direction}"
    if isinstance(firewall, Unknown):
        rule = anything(family, f"{name}:firewall", f"the firewall was not read: {firewall}")
        return RuleSet(name=title, family=family, rules=(rule,))
    if firewall is None:
        return RuleSet(name=title, family=family, rules=(), default=Action.PERMIT)
    rules = list(pings(family, f"{name}:firewall"))
    for number, ruleset in enumerate(firewall.rulesets):
        if ruleset.enabled:
            rules += _ruleset(ruleset, f"{name}:firewall.rulesets[{number}]", direction, family)
    is_blocked = firewall.incoming_blocked if direction == "inbound" else firewall.outgoing_blocked
    if is_blocked is None:
        rules.append(anything(family, f"{name}:firewall", "whether the rest is blocked was not read"))
    return RuleSet(
        name=title, family=family, rules=tuple(rules), default=Action.PERMIT if is_blocked is False else Action.DENY
    )


def anything(family: Family, where: str, unsure: str) -> Rule:
    """Every packet may pass, and nobody knows which do."""
    every = family.every
    return Rule(action=Action.PERMIT, sources=every, destinations=every, where=where, unsure=visible(unsure))


def pings(family: Family, where: str) -> Iterator[Rule]:
    """Pings pass always; of other kinds of ICMP nobody says so."""
    protocol, kind = (ICMP, 8) if family is Family.V4 else (ICMP6, 128)
    every = family.every
    for services, unsure in ((icmp(protocol, kind), ""), (box(protocol), "of ICMP only pings are told")):
        yield Rule(
            action=Action.PERMIT, sources=every, destinations=every, services=(services,), where=where, unsure=unsure,
            why="pings pass always",
        )  # fmt: skip


def _ruleset(ruleset: Ruleset, where: str, direction: str, family: Family) -> Iterator[Rule]:
    addresses, unsure = _addresses(ruleset, family)
    every = family.every
    for number, port in enumerate(ruleset.ports):
        if port.direction != direction and port.direction in _DIRECTIONS:
            continue
        services, unclear = _service(port)
        why = unsure or unclear or ("" if port.direction in _DIRECTIONS else f"the direction {visible(port.direction)}")
        if addresses:
            yield Rule(
                action=Action.PERMIT,
                sources=addresses if direction == "inbound" else every,
                destinations=every if direction == "inbound" else addresses,
                services=(services,),
                where=f"{where}.ports[{number}]",
                text=visible(f"{ruleset.key} {port.direction} {port.protocol} {port.start}-{port.end}"),
                why=visible(ruleset.label or ruleset.key),
                unsure=why,
            )


def _addresses(ruleset: Ruleset, family: Family) -> tuple[Ranges, str]:
    """The addresses on the other side, and why they are not sure. Before 5.0 a ruleset is for every address."""
    if ruleset.all_addresses is not False:
        is_told = ruleset.all_addresses or not ruleset.addresses
        return family.every, "" if is_told else "whether it is for every address was not read"
    found = []
    for text in ruleset.addresses:
        try:
            its, span = read(text)
        except ValueError:
            return family.every, f"{visible(text)!r} is no address"
        if its is family:
            found.append(span)
    return joined(found), ""


def _service(port: Port) -> tuple[Box, str]:
    number = _PROTOCOLS.get(port.protocol.lower())
    if number is None:
        return Box(), f"the protocol {visible(port.protocol)}"
    protocol = Range(number, number)
    if not 0 <= port.start <= port.end <= EVERY_PORT.last:
        return Box(protocol), f"ports from {port.start} to {port.end}"
    span = Range(port.start, port.end)
    if port.type == "src":
        return Box(protocol, source_port=span), ""
    return Box(protocol, port=span), "" if port.type == "dst" else f"the kind of port {visible(port.type)}"
