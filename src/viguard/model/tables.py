"""Tables of facts about products and protocols that controls look up: ports that may be open, ends of support."""

from __future__ import annotations

from datetime import date

import msgspec

from viguard.model.facts import Struct


class PortRow(Struct, frozen=True, kw_only=True):
    """Ports that a host firewall may open. ``ports`` are inclusive ranges; ``tables`` are profile names.

    ``directions`` are inbound and outbound as the host sees them. ``rulesets`` of ESXi are made for these ports though
    their rule is every port.
    """

    id: str
    ports: tuple[tuple[int, int], ...]
    protocols: tuple[str, ...]
    directions: tuple[str, ...]
    tables: tuple[str, ...]
    purpose: str
    rulesets: tuple[str, ...] = ()


class FlowRow(Struct, frozen=True, kw_only=True):
    """Who opens connections to whom. ``services`` as ``tcp/902``; ``initiators`` and ``responders`` are roles.

    ``network``: the network of hosts that the row is for. ``need``: what has to be in use for it, "" for nothing.
    """

    id: str
    levels: tuple[str, ...]
    services: tuple[str, ...]
    initiators: tuple[str, ...] = msgspec.field(name="from")
    responders: tuple[str, ...] = msgspec.field(name="to")
    network: str = "management"
    need: str = ""
    why: str


class SupportEnd(Struct, frozen=True, kw_only=True):
    """The day that general support of a version ends: ``line`` is a productLineId, ``version`` a branch (6.7)."""

    line: str
    version: str
    ends: date


class Tables(Struct, frozen=True, kw_only=True):
    """Every table. Empty: not handed in, so what looks them up stays unknown."""

    ports: tuple[PortRow, ...] = ()
    support: tuple[SupportEnd, ...] = ()


NO_TABLES = Tables()
"""No table was handed in."""
