"""Numbers that every rule treats alike, as one class: what makes the space of all packets small."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from viguard.network.addresses import Range, Ranges, joined

Bits = NDArray[np.uint64]
"""Sets of small numbers, one a row: bit ``k`` of word ``k // 64``."""


class Classes:
    """The numbers from 0 to ``top`` in classes: two are in one class when each of ``members`` has both or neither.

    ``bits[c]`` are the members that class ``c`` is in; ``least[c]`` is its smallest number.
    """

    def __init__(self, members: Sequence[Iterable[Range]], top: int) -> None:
        spans = [[(one.first, one.last + 1) for one in member] for member in members]
        self._bounds = sorted({0, *(bound for member in spans for span in member for bound in span)} - {top + 1})
        place = {bound: at for at, bound in enumerate(self._bounds)}
        place[top + 1] = len(self._bounds)
        self._top = top
        atoms = np.zeros((len(self._bounds), words(len(members))), np.uint64)
        for number, member in enumerate(spans):
            word, bit = number >> 6, np.uint64(1 << (number & 63))
            for first, end in member:
                atoms[place[first] : place[end], word] |= bit
        first_atoms, self._class_of_atom = alike(atoms)
        self.bits: Bits = atoms[first_atoms]
        self.least = [self._bounds[atom] for atom in first_atoms]
        self.count = len(self.least)

    def of(self, number: int) -> int:
        """The class of a number."""
        return int(self._class_of_atom[bisect_right(self._bounds, number) - 1])

    def inside(self, some: Iterable[Range]) -> NDArray[np.intp]:
        """The classes that have a number in any of the ranges, in order."""
        atoms = [
            self._class_of_atom[bisect_right(self._bounds, one.first) - 1 : bisect_right(self._bounds, one.last)]
            for one in some
        ]
        return np.unique(np.concatenate(atoms)) if atoms else np.empty(0, np.intp)

    def ranges(self, some: NDArray[np.bool_]) -> Ranges:
        """The numbers of classes that are given by a flag each."""
        ends = [*self._bounds[1:], self._top + 1]
        atoms = np.flatnonzero(some[self._class_of_atom])
        return joined(Range(self._bounds[atom], ends[atom] - 1) for atom in atoms)


def words(members: int) -> int:
    """How many words hold a bit for each; one at least."""
    return max((members + 63) // 64, 1)


def packed(flags: NDArray[np.bool_]) -> Bits:
    """Rows of flags as bits."""
    rows, width = flags.shape
    wide = np.zeros((rows, words(width) * 64), bool)
    wide[:, :width] = flags
    return np.packbits(wide, axis=1, bitorder="little").view(np.uint64)


def numbers(row: Bits) -> list[int]:
    """The numbers in one set."""
    return [int(n) for n in np.flatnonzero(np.unpackbits(np.ascontiguousarray(row).view(np.uint8), bitorder="little"))]


def alike(rows: Bits) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The first of each kind of row, and the number of its kind for every row."""
    mixer = np.random.default_rng(1).integers(1, 1 << 63, rows.shape[1], dtype=np.uint64) | np.uint64(1)
    mixed = (rows * mixer).sum(axis=1, dtype=np.uint64)
    _, first, kind = np.unique(mixed ^ (mixed >> np.uint64(29)), return_index=True, return_inverse=True)
    if not np.array_equal(rows, rows[first][kind]):  # two kinds had one sum
        raw = np.ascontiguousarray(rows).view(np.dtype((np.void, rows.shape[1] * 8))).ravel()
        _, first, kind = np.unique(raw, return_index=True, return_inverse=True)
    order = np.argsort(first)  # in the order in which they come
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return first[order], rank[kind]
