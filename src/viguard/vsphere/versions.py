"""API versions of vSphere: which of two is newer, and which one to speak."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

NEWEST = "9.1.1.0"
"""The newest API version that viguard was written against."""
OLDEST = "2.5"
"""The oldest one: before it the namespace of the API was another."""


@cache
def version_key(version: str) -> tuple[int, ...]:
    """A version as numbers that compare: ``2.5u2`` as (2, 5, 0, 0), ``8.0.3.0`` as (8, 0, 3, 0)."""
    numbers = re.match(r"[0-9.]*", version)
    parts = [int(p) for p in (numbers.group() if numbers else "").split(".") if p][:4]
    return tuple(parts + [0] * (4 - len(parts)))


def knows(version: str, since: str) -> bool:
    """Whether a server that speaks ``version`` knows what came with ``since``."""
    return version_key(version) >= version_key(since)


def choose_version(offered: Iterable[str]) -> str:
    """The newest version that both sides know, "" when there is none."""
    usable = [v for v in offered if knows(NEWEST, v) and knows(v, OLDEST)]
    return max(usable, key=version_key, default="")
