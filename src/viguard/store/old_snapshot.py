"""What a collection takes over from an earlier snapshot: lines, never objects."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from viguard.store.snapshot_format import HASH_AT, encode, line_key
from viguard.store.snapshot_lines import SnapshotLines


class OldSnapshot:
    """An earlier snapshot, read beside a new collection: its lines by what they were made from, never objects.

    Read once and let go of (Windows does not replace an open file); lines that were taken are forgotten.
    """

    def __init__(self, path: Path) -> None:
        """Read and check the whole file.

        Raises:
            SnapshotError: it is truncated, altered, or of another schema.
        """
        self._lines: dict[bytes, list[bytes]] = {}
        everything = SnapshotLines(path)
        for line in everything:
            self._lines.setdefault(line_key(line), []).append(line)
        self._seals = everything.trailer.seals

    def take(self, of: str, digest: str) -> list[bytes]:
        """The lines made from ``of``, when ``digest`` is the one they carry, else none."""
        lines = self._lines.pop(encode(of), [])
        return lines if digest and lines and lines[0].startswith(digest.encode(), HASH_AT) else []

    def take_sealed(self, seal: str) -> tuple[Sequence[str], list[bytes]] | None:
        """The objects that were made from what ``seal`` stands for, and their lines; None when one is missing."""
        of = self._seals.get(seal)
        keys = [encode(o) for o in of or ()]
        if of is None or not all(key in self._lines for key in keys):
            return None
        return of, [line for key in keys for line in self._lines.pop(key)]
