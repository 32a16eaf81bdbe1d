"""Rules in their order: the first that fits a packet decides."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from msgspec.structs import replace

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


class Interface(NamedTuple):
    """What a rule asks of the interface by which a packet came, or leaves: a name, or the begin of names with ``+``."""

    is_incoming: bool
    name: str
    negated: bool = False

    def __str__(self) -> str:
        return f"the interface {'other than ' if self.negated else ''}{self.name}"

    def fits(self, came: str, goes: str) -> bool:
        """Whether a packet between two interfaces fits."""
        own = came if self.is_incoming else goes
        is_it = own.startswith(self.name[:-1]) if self.name.endswith("+") else own == self.name
        return is_it is not self.negated


class Rule(Struct, frozen=True, kw_only=True):
    """Packets from any of ``sources`` to any of ``destinations`` for any of ``services``, and what becomes of them.

    ``where`` is its place in the file it came from, ``text`` how it stood there, ``why`` what it is for.
    ``unsure`` says what of it could not be read: it fits some of these packets, and nobody knows which. All of
    ``interfaces`` have to fit; who knows them asks ``at``. ``besides``: what is unsure apart from them.
    """

    action: Action
    sources: Ranges
    destinations: Ranges
    services: tuple[Box, ...] = (EVERY_SERVICE,)
    where: str = ""
    text: str = ""
    why: str = ""
    unsure: str = ""
    interfaces: tuple[Interface, ...] = ()
    besides: str = ""

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

    def at(self, came: str, goes: str) -> RuleSet:
        """The set for packets between two interfaces: what it asks of them is answered."""
        rules = tuple(
            replace(rule, unsure=rule.besides, interfaces=()) if rule.interfaces else rule
            for rule in self.rules
            if all(one.fits(came, goes) for one in rule.interfaces)
        )
        return replace(self, rules=rules)

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
