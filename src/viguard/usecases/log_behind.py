"""What is in the archive and could not be judged when it came: from where on it is read back and judged."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from viguard.logs.archive.reading import Tell, between
from viguard.logs.archive.segments import Stored, number_of, segments
from viguard.logs.block import Block
from viguard.model.facts import Struct

START = Stored(0, 0)
_WHOLE = 1 << 62
"""An offset after every block of a segment."""


class Mark(Struct, frozen=True, kw_only=True):
    """Everything from this place of the archive on is still to be judged: some ``lines``, received from ``at`` on."""

    segment: int
    offset: int
    at: datetime
    lines: int = 0

    @property
    def place(self) -> Stored:
        """Where it stands."""
        return Stored(self.segment, self.offset)


class Behind:
    """Which blocks of an archive are still to be judged. Memory is bounded: only where they begin and end is kept.

    While there are any, every block that comes is one of them, so that the order stays. Not for several threads.
    """

    def __init__(self, directory: Path | None = None) -> None:
        self._directory = directory
        self._first, self._last, self._at, self.lines = START, START, 0.0, 0
        self._judged: set[Stored] = set()

    @property
    def is_some(self) -> bool:
        """Whether there are any."""
        return self._first <= self._last and self._last != START

    @property
    def mark(self) -> Mark | None:
        """What is to be remembered over a restart."""
        if not self.is_some:
            return None
        at = datetime.fromtimestamp(self._at, UTC)
        return Mark(segment=self._first.segment, offset=self._first.offset, at=at, lines=self.lines)

    def restore(self, mark: Mark) -> None:
        """What a run before has left: everything from its mark to the end of the archive as it is now."""
        numbers = map(number_of, segments(self._directory)) if self._directory else ()
        self._first, self._last = mark.place, Stored(max(numbers, default=mark.segment), _WHOLE)
        self._at, self.lines = mark.at.timestamp(), mark.lines

    def skip(self, place: Stored, received_at: float, lines: int) -> None:
        """A block that cannot be judged now."""
        if not self.is_some:
            self._first, self._at, self.lines = place, received_at, 0
        self._last = max(self._last, place)
        self.lines += lines

    def judged(self, place: Stored) -> None:
        """A block that is judged all the same, as it was accepted before it was on disk."""
        if self.is_some and place >= self._first:
            self._judged.add(place)

    def blocks(self, tell: Tell) -> Iterator[tuple[Stored, Block]]:
        """Those that are to be judged as far as they are known now, oldest first; read in the thread that asks."""
        if self._directory is None:
            return iter(())
        end, judged = Stored(self._last.segment, self._last.offset + 1), self._judged
        found = between(self._directory, self._first, end, tell=tell)
        return ((place, block) for place, block in found if place not in judged)

    @property
    def last(self) -> Stored:
        """The last of them that is known now."""
        return self._last

    def reach(self, place: Stored, received_at: float, lines: int) -> None:
        """Everything up to this place is judged, or cannot be read; ``lines`` of it were."""
        self._first, self._at = Stored(place.segment, place.offset + 1), max(self._at, received_at)
        self.lines = max(0, self.lines - lines)
        self._judged = {one for one in self._judged if one > place} if self.is_some else set()
        if not self.is_some:
            self._first = self._last = START
            self.lines = 0

    def end(self, place: Stored) -> int:
        """What is left up to this place cannot be read: it is damaged, or deleted for its age. Lines, if known."""
        if not self.is_some or self._first > place:
            return 0
        lost = self.lines if self._last == place else 0
        self.reach(place, self._at, lost)
        return lost

    def told(self) -> str:
        """How it is, for the status; "" when all is judged."""
        if not self.is_some:
            return ""
        since = datetime.fromtimestamp(self._at, UTC)
        text = "lines came faster than they can be judged: {:,} are in the archive and raised no alert yet; they are"
        return f"{text.format(self.lines)} caught up with, from those received at {since:%Y-%m-%d %H:%M:%S} UTC on"
