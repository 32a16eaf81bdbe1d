"""What Linux makes of the first packet of a flow: it is new, but for kinds of ICMP that ask for nothing.

Source: net/netfilter/nf_conntrack_proto_icmp.c and nf_conntrack_proto_icmpv6.c of Linux.
"""

from __future__ import annotations

from collections.abc import Iterable

from viguard.network.addresses import Family, Range, Ranges, joined, without
from viguard.network.match import other_protocols
from viguard.network.services import ICMP, ICMP6, Box

STATES = frozenset({"new", "established", "related", "invalid", "untracked"})
OLD = frozenset({"established", "related"})
"""States of packets that belong to a known flow or to what it announced; no first packet is counted among them."""
_ASKING = {Family.V4: (8, 13, 15, 17), Family.V6: (128, 139)}
_NOT_TRACKED = {Family.V4: (), Family.V6: (130, 131, 132, 133, 134, 135, 136, 143)}


def first_packets(states: Iterable[str], family: Family) -> tuple[Box, ...]:
    """Services whose first packet is in one of some states."""
    wanted = set(states)
    protocol = ICMP if family is Family.V4 else ICMP6
    asking, loose = (_types(one[family]) for one in (_ASKING, _NOT_TRACKED))
    kinds: list[Range] = []
    if "new" in wanted:
        kinds += asking
    if "untracked" in wanted:
        kinds += loose
    if "invalid" in wanted:
        kinds += without((Range(0, 65535),), joined([*asking, *loose]))
    boxes = [Box(Range(protocol, protocol), port=span) for span in joined(kinds)]
    return (*(other_protocols(protocol) if "new" in wanted else ()), *boxes)


def _types(types: Iterable[int]) -> Ranges:
    return joined(Range(kind * 256, kind * 256 + 255) for kind in types)
