"""Which zones something is in, and what showed it."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from viguard.model.facts import Struct, Unknown


class Rule(StrEnum):
    """Which of a zone's recognition rules matched."""

    VLAN = "vlans"
    PORT_GROUP = "port_groups"
    SUBNET = "subnets"
    TAG = "tags"
    FOLDER = "folders"


class Match(Struct, frozen=True, kw_only=True):
    """Why something is in a zone: ``found`` matched ``wanted`` of the zone's ``rule``; ``at`` is the NIC, if one.

    ``line`` is where the zone stands in the policy.
    """

    zone: str
    rule: Rule
    wanted: str
    found: str
    at: str = ""
    line: int = 0


class Membership(Struct, frozen=True, kw_only=True):
    """The zones something is in, each with its matches. ``unread``: facts that could show another zone."""

    matches: tuple[Match, ...] = ()
    unread: tuple[Unknown, ...] = ()

    @property
    def zones(self) -> tuple[str, ...]:
        """Names of the zones, each once, in the order found."""
        return tuple(dict.fromkeys(m.zone for m in self.matches))

    @property
    def certain(self) -> bool:
        """Whether every fact that could show a zone was read."""
        return not self.unread


class Coverage(Struct, frozen=True, kw_only=True):
    """How a policy's zones cover the guests of an estate, as guest ids."""

    total: int
    in_one: int
    in_none: tuple[str, ...] = ()
    in_several: tuple[str, ...] = ()
    uncertain: tuple[str, ...] = ()  # a fact that could show another zone was not read; also in one of the above


def merged(parts: Iterable[Membership]) -> Membership:
    """Several memberships as one; each match and each unread fact once, in the order found."""
    kept = list(parts)
    matches = dict.fromkeys(m for part in kept for m in part.matches)
    unread = dict.fromkeys(u for part in kept for u in part.unread)
    return Membership(matches=tuple(matches), unread=tuple(unread))
