"""Goes through a rule set for one class of sources and every class of destinations at once: numba when it may keep what
it has compiled, else numpy, with the same answers."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryFile
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from viguard.network.exact.classes import Bits, numbers
from viguard.network.exact.space import Compiled

_ZERO = np.uint64(0)


class Sweep(Protocol):
    """What goes through a rule set. ``name`` says how."""

    name: str

    def row(self, rules: Compiled, source: int, hits: NDArray[np.int64] | None = None) -> Bits:
        """The services that pass, for each class of destinations; ``hits`` counts as in ``used``."""
        ...

    def used(self, rules: Compiled, source: int, hits: NDArray[np.int64], needed: NDArray[np.int64]) -> None:
        """Counts for each rule the classes of destinations in which it decides anything (``hits``), and those in which
        its going would change what passes (``needed``)."""
        ...


class Plain:
    """With numpy alone: all destinations of a rule at a time."""

    name = "numpy"

    def row(self, rules: Compiled, source: int, hits: NDArray[np.int64] | None = None) -> Bits:
        """See ``Sweep``."""
        count, width = len(rules.destinations), rules.services.shape[1]
        left = np.full((count, width), ~_ZERO, np.uint64)
        passed = np.zeros((count, width), np.uint64)
        for rule in numbers(rules.sources[source]):
            at = _fitting(rules, rule)
            here = left[at] & rules.services[rule]
            if rules.permits[rule]:
                passed[at] |= here
            left[at] &= ~here
            if hits is not None:
                hits[rule] += int(np.count_nonzero(here.any(axis=1)))
        return passed

    def used(self, rules: Compiled, source: int, hits: NDArray[np.int64], needed: NDArray[np.int64]) -> None:
        """See ``Sweep``."""
        count, width = len(rules.destinations), rules.services.shape[1]
        left = np.full((count, width), ~_ZERO, np.uint64)
        decided = []
        for rule in numbers(rules.sources[source]):
            at = _fitting(rules, rule)
            here = left[at] & rules.services[rule]
            left[at] &= ~here
            hits[rule] += int(np.count_nonzero(here.any(axis=1)))
            decided.append((rule, at, here))
        below = np.zeros((count, width), np.uint64)  # what passes when only later rules are asked
        for rule, at, here in reversed(decided):
            if rules.permits[rule]:
                needed[rule] += int(np.count_nonzero((here & ~below[at]).any(axis=1)))
                below[at] |= rules.services[rule]
            else:
                needed[rule] += int(np.count_nonzero((here & below[at]).any(axis=1)))
                below[at] &= ~rules.services[rule]


def _fitting(rules: Compiled, rule: int) -> NDArray[np.intp]:
    return np.flatnonzero(rules.destinations[:, rule >> 6] & np.uint64(1 << (rule & 63)))


def choose(cache: Path | None) -> tuple[Sweep, str]:
    """What goes through rule sets here, and a sentence that says why. ``cache`` is a directory for what is compiled.

    Nothing is compiled without such a directory: it would take longer than most questions, each time anew.
    """
    if cache is None:
        return Plain(), "numpy: no directory for compiled parts was named"
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=cache):
            pass
    except OSError as error:
        return Plain(), f"numpy: nothing can be kept in {cache} ({error.strerror})"
    os.environ.setdefault("NUMBA_CACHE_DIR", str(cache))
    try:
        from viguard.network.exact.fast import Fast  # noqa: PLC0415  (an optional part, and slow to import)
    except ImportError:
        return Plain(), "numpy: numba is not installed"
    except RuntimeError as error:  # numba finds its directory at import
        return Plain(), f"numpy: numba cannot start ({str(error)[:200]})"
    return Fast(), "numba"
