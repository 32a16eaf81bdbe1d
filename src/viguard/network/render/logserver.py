"""The lines that let logs into the central log server, for the table ``filter`` of iptables.

Source: report, Central logging (514/TCP); RFC 5425 (6514); ports of ESXi (1514 for TLS).
"""

from __future__ import annotations

import re
from typing import Final, Literal, TypeAlias

from viguard.model.facts import Struct
from viguard.network.addresses import Family, Ranges, networks
from viguard.network.render.iptables import lines
from viguard.network.render.written import Rendered
from viguard.network.rules import Action, Rule, RuleSet
from viguard.network.services import TCP, UDP, Box, box

Profile: TypeAlias = Literal["report-2010", "modern"]
REPORT: Final = "-A INPUT -p tcp -m tcp --dport 514 -j ACCEPT"
OPEN: Final = "everyone may connect: the rule of the report names no sources"
_WAYS: Final[dict[str, tuple[Box, str]]] = {
    "udp": (box(UDP, 514), "UDP"),
    "tcp": (box(TCP, 514), "TCP"),
    "tls": (box(TCP, 6514), "TLS"),
    "tls_of_esxi": (box(TCP, 1514), "TLS from ESXi"),
}


class Senders(Struct, frozen=True, kw_only=True):
    """Who sends logs, by transport; of one family. ``tls`` is port 6514, ``tls_of_esxi`` port 1514."""

    udp: Ranges = ()
    tcp: Ranges = ()
    tls: Ranges = ()
    tls_of_esxi: Ranges = ()


def transports(version: str) -> tuple[str, ...]:
    """What ESX or ESXi of a version can send logs over: before 5.0 UDP only. Empty: not a version."""
    major = re.match(r"\d+", version)
    if major is None:
        return ()
    return ("udp",) if int(major[0]) < 5 else ("udp", "tcp", "tls_of_esxi")


def render(senders: Senders, family: Family, profile: Profile) -> Rendered:
    """The lines, to stand in the chain INPUT before what closes it."""
    if profile == "report-2010":
        unheard = [
            f"who sends logs over {told} is not heard: {', '.join(_told(some, family))}"
            for key, (_, told) in _WAYS.items()
            if key != "tcp" and (some := getattr(senders, key))
        ]
        return Rendered(f"{REPORT}\n", (OPEN, *unheard))
    rules = tuple(
        Rule(
            action=Action.PERMIT, sources=some, destinations=family.every, services=(service,), why=f"logs over {told}"
        )
        for key, (service, told) in _WAYS.items()
        if (some := getattr(senders, key))
    )
    said, residual = lines(RuleSet(name="log server", family=family, rules=rules), "INPUT")
    return Rendered("".join(f"{line}\n" for line in said), tuple(residual))


def _told(some: Ranges, family: Family) -> list[str]:
    return [str(one).removesuffix(f"/{one.max_prefixlen}") for one in networks(some, family)]
