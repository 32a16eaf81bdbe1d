"""Addresses that are alike where a mask says so; the mask may have holes."""

from __future__ import annotations

from viguard.network.addresses import Family, Range, Ranges, joined

MOST_RANGES = 4096
"""How many ranges a mask with holes may come to."""


def masked(value: int, mask: int, family: Family) -> Ranges | None:
    """Addresses whose bits under ``mask`` are those of ``value``; None: more ranges than anybody wants to hold."""
    free = family.top & ~mask
    low = (free & ~(free + 1)) if free & 1 else 0  # the free bits at the end, which make one range
    holes = [1 << bit for bit in range(family.top.bit_length()) if (free & ~low) >> bit & 1]
    if 1 << len(holes) > MOST_RANGES:
        return None
    firsts = [value & mask]
    for hole in holes:
        firsts += [first | hole for first in firsts]
    return joined(Range(first, first + low) for first in firsts)
