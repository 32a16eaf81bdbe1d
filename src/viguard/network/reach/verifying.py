"""Every pair of networks of an estate against what has to pass."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from viguard.network.addresses import Family, without
from viguard.network.exact.sweep import Sweep
from viguard.network.reach.ground import INTERNET, Ground, private
from viguard.network.reach.judging import Against, End, Judged, Sides, judge
from viguard.network.rules import RuleSet


def verify(bare: Ground, whole: Ground, sweep: Sweep, needed: Mapping[Family, RuleSet]) -> Iterator[Judged]:
    """Where an estate lets through more than what has to pass, or less.

    More: by the points of the policy alone (``bare``), as a network that leaves it to its hosts is not closed. Less:
    with the firewalls of hosts, too (``whole``). What passes within a zone is nobody's need, so it is never too much.
    """
    for family, policy in needed.items():
        wide, narrow = ([*_ends(one, family, is_public=one is whole)] for one in (bare, whole))
        closed, opened = (Against(policy=policy, sides=sides) for sides in (Sides.NARROW, Sides.WIDE))
        for there in narrow:
            found = judge(whole, sweep, closed, there, _others(narrow, there))
            other = next(end for end in wide if end.name == there.name)
            more = judge(bare, sweep, opened, other, _others(wide, there))
            for one, another in zip(found, more, strict=True):
                is_one_zone = whole.networks[one.source].zone == whole.networks[one.destination].zone
                is_all = one.is_all and another.is_all
                yield replace(one, wide=() if is_one_zone else another.wide, is_all=is_all)


def _others(ends: list[End], there: End) -> list[End]:
    return [end for end in ends if end.name != there.name]


def _ends(ground: Ground, family: Family, *, is_public: bool) -> Iterator[End]:
    for one in ground.networks.values():
        addresses = one.addresses.get(family, ())
        if one.name == INTERNET and is_public:  # a list may refuse the others there
            addresses = without(addresses, private(family))
        if addresses:
            yield End(name=one.name, network=one.name, addresses={family: addresses})
