"""What passes between groups of addresses, and how well each rule does."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from viguard.model.facts import Struct
from viguard.network.exact.classes import Bits
from viguard.network.exact.space import Space
from viguard.network.exact.sweep import Sweep


class Between(Struct, frozen=True):
    """Services between groups, as bits by group of sources and group of destinations.

    ``some`` pass between a pair of addresses at least, ``every`` between all of them.
    """

    some: Bits
    every: Bits


class Use(Struct, frozen=True):
    """How a rule set uses its rules, the default last: in how many pairs of classes each decides anything, and in how
    many its going would change what passes."""

    hits: NDArray[np.int64]
    needed: NDArray[np.int64]


def between(space: Space, sweep: Sweep, path: Sequence[int] = (0,), hits: NDArray[np.int64] | None = None) -> Between:
    """What passes between all groups of a space when every rule set of ``path`` has to let it through.

    ``hits``, for a path of one rule set, counts for each rule the pairs of classes in which it decides anything, also
    those of no group: a rule without any is shadowed.
    """
    members = [space.members(group) for group in range(len(space.groups))]
    groups, width = len(members), space.services.words
    some = np.zeros((groups, groups, width), np.uint64)
    every = np.full((groups, groups, width), ~np.uint64(0), np.uint64)
    columns = [there for _, there in members]
    sizes = [len(there) for there in columns]
    flat = np.concatenate([*columns, np.empty(0, np.intp)])
    starts = np.cumsum([0, *sizes[:-1]]) if groups else np.empty(0, np.intp)
    of_source: dict[int, list[int]] = {}
    for group, (here, _) in enumerate(members):
        for source in here:
            of_source.setdefault(int(source), []).append(group)
    for source in range(space.sources.count) if hits is not None else list(of_source):
        its = of_source.get(source, ())
        whole = (
            passing(space, sweep, source, path) if hits is None else sweep.row(space.compiled[path[0]], source, hits)
        )
        if not its:
            continue
        row = whole[flat]
        one, all_of_it = np.bitwise_or.reduceat(row, starts), np.bitwise_and.reduceat(row, starts)
        for group in its:
            some[group] |= one
            every[group] &= all_of_it
    return Between(some, every)


def passing(space: Space, sweep: Sweep, source: int, path: Sequence[int] = (0,)) -> Bits:
    """What passes from a class of sources to each class of destinations through every rule set of a path."""
    rows = [sweep.row(space.compiled[point], source) for point in path]
    return np.bitwise_and.reduce(rows) if len(rows) > 1 else rows[0]


def use(space: Space, sweep: Sweep, point: int = 0) -> Use:
    """How one rule set uses its rules."""
    rules = space.compiled[point]
    hits, needed = (np.zeros(len(rules.permits), np.int64) for _ in range(2))
    for source in range(space.sources.count):
        sweep.used(rules, source, hits, needed)
    return Use(hits, needed)
