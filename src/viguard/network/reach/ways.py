"""The ways that packets take from network to network.

They take one with the fewest routers. Where several have as few, nobody knows which.
"""

from __future__ import annotations

from typing import NamedTuple

from viguard.network.addresses import Family
from viguard.network.reach.ground import INTERNET, Ground, Router

MOST = 64
"""How many ways are looked at; of more nobody says what passes."""


class Hop(NamedTuple):
    """A router on the way, the network it gets a packet from, and the one it hands it on to."""

    router: Router
    came: str
    goes: str


def ways(ground: Ground, source: str, destination: str, family: Family) -> list[tuple[Hop, ...]]:
    """The shortest ways from one network to another, one more than ``MOST`` at most.

    None: no router that is known leads there, or one of them is not known. The internet leads nowhere else: whoever is
    in it and wants to get in has to come through it as its end.
    """
    if not source or not destination:
        return []
    if source == destination:
        return [()]
    ends: dict[str, list[tuple[Hop, ...]]] = {source: [()]}
    seen = {source}
    while ends and destination not in ends:
        further: dict[str, list[tuple[Hop, ...]]] = {}
        for network, found in ends.items():
            if network == INTERNET != source:
                continue
            for router in (one for one in ground.routers if family in one.families):
                for other in router.joins if network in router.joins else ():
                    if other not in seen:
                        longer = [(*way, Hop(router, network, other)) for way in found[: MOST + 1]]
                        further.setdefault(other, []).extend(longer)
        seen |= further.keys()
        ends = further
    return ends.get(destination, [])[: MOST + 1]
