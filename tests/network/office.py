"""A small rule set that every renderer writes; what it becomes was written by hand, in ``goldens``."""

from __future__ import annotations

from pathlib import Path

from viguard.network.addresses import Family, Ranges, read
from viguard.network.rules import Action, Rule, RuleSet
from viguard.network.services import Box
from viguard.network.services import read as service

GOLDENS = Path(__file__).with_name("goldens")


def golden(name: str) -> str:
    """What a device is to be given, written by hand."""
    return (GOLDENS / name).read_text()


def addresses(*texts: str) -> Ranges:
    return tuple(read(text)[1] for text in texts)


def services(*texts: str) -> tuple[Box, ...]:
    return tuple(service(text) for text in texts)


def rule(action: Action, source: str, destination: str, *told: str, why: str = "") -> Rule:
    return Rule(
        action=action, sources=addresses(source), destinations=addresses(destination), services=services(*told), why=why
    )


ANY, ANY6 = "0.0.0.0/0", "::/0"
HOSTILE = 'shop\n! no ip access-list "x" ?'
OFFICE = RuleSet(
    name="office",
    family=Family.V4,
    rules=(
        rule(Action.DENY, "10.1.0.66", ANY, "any", why="the printer asks nobody"),
        rule(Action.PERMIT, "10.1.0.0/24", "10.2.0.9", "tcp/443", why=HOSTILE),
        rule(Action.PERMIT, "10.1.0.0/24", "10.2.0.53", "udp/53", "tcp/53", why="names"),
        rule(Action.PERMIT, "10.1.0.10-10.1.0.12", "10.2.0.0/24", "tcp/8000-8010"),
        rule(Action.PERMIT, "10.1.0.0/24", ANY, "icmp/8", why="echo"),
    ),
)
OFFICE6 = RuleSet(
    name="office",
    family=Family.V6,
    rules=(
        rule(Action.PERMIT, "2001:db8:1::/64", "2001:db8:2::9", "tcp/443", why="shop"),
        rule(Action.PERMIT, "2001:db8:1::/64", ANY6, "icmpv6/128", why="echo"),
    ),
)
BOTH = RuleSet(
    name="both",
    family=Family.V4,
    rules=(
        rule(Action.PERMIT, "10.1.0.0/24", "10.2.0.9", "tcp/443", why="shop"),
        rule(Action.PERMIT, "10.2.0.9", "10.1.0.53", "udp/53", why="names"),
    ),
)
