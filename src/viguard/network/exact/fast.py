"""The same as ``sweep.Plain``, compiled by numba: one pair of classes after the other, one word at a time.

Importing it compiles, or reads what was compiled before from the directory that ``NUMBA_CACHE_DIR`` names.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from viguard.network.exact.classes import Bits
from viguard.network.exact.space import Compiled

_ZERO, _ONE = np.uint64(0), np.uint64(1)


class Fast:
    """See ``sweep.Sweep``."""

    name = "numba"

    def row(self, rules: Compiled, source: int, hits: NDArray[np.int64] | None = None) -> Bits:
        """See ``Sweep``."""
        passed = np.zeros((len(rules.destinations), rules.services.shape[1]), np.uint64)
        counted = np.zeros(len(rules.permits), np.int64) if hits is None else hits
        _row(rules.sources[source], rules.destinations, rules.services, rules.permits, passed, counted)
        return passed

    def used(self, rules: Compiled, source: int, hits: NDArray[np.int64], needed: NDArray[np.int64]) -> None:
        """See ``Sweep``."""
        _used(rules.sources[source], rules.destinations, rules.services, rules.permits, hits, needed)


def _compiled(function: Any) -> Any:
    return njit(cache=True, nogil=True)(function)


@_compiled
def _lowest(word: Any) -> Any:
    """The number of the lowest bit that is set."""
    at = 0
    if word & np.uint64(0xFFFFFFFF) == _ZERO:
        at += 32
        word >>= np.uint64(32)
    if word & np.uint64(0xFFFF) == _ZERO:
        at += 16
        word >>= np.uint64(16)
    if word & np.uint64(0xFF) == _ZERO:
        at += 8
        word >>= np.uint64(8)
    if word & np.uint64(0xF) == _ZERO:
        at += 4
        word >>= np.uint64(4)
    if word & np.uint64(0x3) == _ZERO:
        at += 2
        word >>= np.uint64(2)
    if word & np.uint64(0x1) == _ZERO:
        at += 1
    return at


@_compiled
def _row(source: Any, destinations: Any, services: Any, permits: Any, passed: Any, hits: Any) -> None:
    width = services.shape[1]
    busy = np.flatnonzero(source)
    left = np.zeros(width, np.uint64)
    for there in range(destinations.shape[0]):
        left[:] = ~_ZERO
        done = False
        for word in busy:
            some = source[word] & destinations[there, word]
            while some != _ZERO:
                rule = word * 64 + _lowest(some)
                some &= some - _ONE
                any_left = any_here = _ZERO
                for k in range(width):
                    here = left[k] & services[rule, k]
                    if permits[rule]:
                        passed[there, k] |= here
                    left[k] &= ~here
                    any_left |= left[k]
                    any_here |= here
                if any_here != _ZERO:
                    hits[rule] += 1
                if any_left == _ZERO:
                    done = True
                    break
            if done:
                break


@_compiled
def _used(source: Any, destinations: Any, services: Any, permits: Any, hits: Any, needed: Any) -> None:
    width = services.shape[1]
    busy = np.flatnonzero(source)
    left = np.zeros(width, np.uint64)
    below = np.zeros(width, np.uint64)
    fitting = np.zeros(len(busy) * 64, np.int64)
    decided = np.zeros((len(busy) * 64, width), np.uint64)
    for there in range(destinations.shape[0]):
        left[:] = ~_ZERO
        count = 0
        for word in busy:
            some = source[word] & destinations[there, word]
            while some != _ZERO:
                rule = word * 64 + _lowest(some)
                some &= some - _ONE
                fitting[count] = rule
                any_here = _ZERO
                for k in range(width):
                    here = left[k] & services[rule, k]
                    decided[count, k] = here
                    left[k] &= ~here
                    any_here |= here
                if any_here != _ZERO:
                    hits[rule] += 1
                count += 1
        below[:] = _ZERO
        for at in range(count - 1, -1, -1):
            rule = fitting[at]
            changes = _ZERO
            for k in range(width):
                if permits[rule]:
                    changes |= decided[at, k] & ~below[k]
                    below[k] |= services[rule, k]
                else:
                    changes |= decided[at, k] & below[k]
                    below[k] &= ~services[rule, k]
            if changes != _ZERO:
                needed[rule] += 1
