"""Which networks have rules at their borders."""

from __future__ import annotations

from viguard.model.borders import Border
from viguard.model.facts import Reason, Unknown
from viguard.network.reach.ground import INTERNET, Ground, Network, Router


def borders(ground: Ground) -> tuple[Border, ...]:
    """The border of every network with addresses; isolated ones, which no router is in, have none."""
    inside = [one for one in ground.networks.values() if one.addresses and one.name != INTERNET]
    return tuple(_border(ground, one) for one in inside if one.name not in ground.isolated)


def _border(ground: Ground, network: Network) -> Border:
    """A router's rules count for a network when they look at what comes from it or goes to it, in each family of it."""
    here = [one for one in ground.routers if network.name in one.joins]
    routers = [one for one in here if set(one.families) & set(network.addresses)]
    names = tuple(one.name for one in routers)
    bare = tuple(one.name for one in routers if not one.unread and _is_bare(one, network))
    unread = [f"{one.name}: {one.unread}" for one in routers if one.unread]
    alone = set(network.addresses) - {family for one in routers for family in one.families}
    unread += [f"no point joins {network.name} in IPv{family.value}" for family in sorted(alone)]
    return Border(
        network=network.name, devices=names, bare=_unknown("; ".join(unread)) if unread and not bare else bare
    )


def _is_bare(router: Router, network: Network) -> bool:
    families = set(router.families) & set(network.addresses)
    listed = {family for name, _, family in router.lists if name == network.name} | {*router.forward}
    return not families <= listed


def _unknown(detail: str) -> Unknown:
    return Unknown(reason=Reason.NOT_READ, detail=detail)
