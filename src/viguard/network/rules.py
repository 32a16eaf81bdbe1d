"""Rules in their order: the first that fits a packet decides."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from viguard.model.facts import Struct
from viguard.network.addresses import Family, Ranges, shown
from viguard.network.services import EVERY_SERVICE, ICMP, ICMP6, NAMES, WITH_PORTS, Box


class Action(StrEnum):
    """What becomes of a packet."""

    PERMIT = "permit"
    DENY = "deny"


class Packet(NamedTuple):
    """The first packet of a flow. ``port`` as in ``Box``."""

    source: int
    destination: int
    protocol: int
    source_port: int
    port: int

    def shown(self, family: Family) -> str:
        """As people write it."""
        name = NAMES.get(self.protocol, str(self.protocol))
        addresses = f"{shown(self.source, family)} to {shown(self.destination, family)}"
        if self.protocol in {ICMP, ICMP6}:
            return f"{name} {self.port // 256}.{self.port % 256} from {addresses}"
        if self.protocol not in WITH_PORTS:
            return f"{name} from {addresses}"
        return (
            f"{name} from {shown(self.source, family)} port {self.source_port} to {shown(self.destination, family)} "
            f"port {self.port}"
        )


class Rule(Struct, frozen=True, kw_only=True):
    """Packets from any of ``sources`` to any of ``destinations`` for any of ``services``, and what becomes of them.

    ``where`` is its place in the file it came from, ``text`` how it stood there, ``why`` what it is for.
    ``unsure`` says what of it could not be read: it fits some of these packets, and nobody knows which.
    """

    action: Action
    sources: Ranges
    destinations: Ranges
    services: tuple[Box, ...] = (EVERY_SERVICE,)
    where: str = ""
    text: str = ""
    why: str = ""
    unsure: str = ""

    def fits(self, packet: Packet) -> bool:
        """Whether it decides such a packet, when no rule before it does."""
        return (
            any(one.first <= packet.source <= one.last for one in self.sources)
            and any(one.first <= packet.destination <= one.last for one in self.destinations)
            and any(_has(service, packet) for service in self.services)
        )


class RuleSet(Struct, frozen=True, kw_only=True):
    """The rules of one enforcement point for one family. ``default`` is for what no rule fits.

    ``stateful``: answers to what was let through pass by themselves.
    """

    name: str
    family: Family
    rules: tuple[Rule, ...]
    default: Action = Action.DENY
    stateful: bool = True

    def decides(self, packet: Packet) -> tuple[Action, Rule | None]:
        """What becomes of a packet, and the rule that says so; None: the default."""
        for rule in self.rules:
            if rule.fits(packet):
                return rule.action, rule
        return self.default, None

    def bound(self, *, upper: bool) -> RuleSet:
        """The set without what nobody knows: the most that it may let through, or the least.

        A rule that fits some of its packets lets through all of them at most and none at least.
        """
        kept = Action.PERMIT if upper else Action.DENY
        rules = tuple(rule for rule in self.rules if not rule.unsure or rule.action is kept)
        return RuleSet(name=self.name, family=self.family, rules=rules, default=self.default, stateful=self.stateful)


def _has(service: Box, packet: Packet) -> bool:
    return (
        service.protocol.first <= packet.protocol <= service.protocol.last
        and service.source_port.first <= packet.source_port <= service.source_port.last
        and service.port.first <= packet.port <= service.port.last
    )
