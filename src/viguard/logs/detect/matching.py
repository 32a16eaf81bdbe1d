"""What a rule asks of an event, as a tree of small tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol, TypeAlias

from viguard.logs.detect.seen import Seen, Value

Asks: TypeAlias = Callable[[Value], bool]
"""Whether a value is what a rule asks for. A field that is not there has the value None."""


class Condition(Protocol):
    """A part of a rule's condition."""

    def holds(self, seen: Seen) -> bool:
        """Whether an event fulfils it."""

    def could(self, event: str) -> bool | None:
        """What the event's class alone decides; None: it depends on the rest."""


class Field(NamedTuple):
    """A field has a value that the rule asks for."""

    name: str
    asks: Asks

    def holds(self, seen: Seen) -> bool:
        """See Condition."""
        return any(map(self.asks, seen.values(self.name)))

    def could(self, event: str) -> bool | None:
        """See Condition."""
        return self.asks(event) if self.name == "event" else None


class SameField(NamedTuple):
    """A field has the value of another one, or begins or ends with it."""

    name: str
    other: str
    is_start: bool = False
    is_end: bool = False

    def holds(self, seen: Seen) -> bool:
        """See Condition."""
        return any(self._is_same(one, other) for one in seen.values(self.name) for other in seen.values(self.other))

    def _is_same(self, one: Value, other: Value) -> bool:
        if one is None or other is None:
            return False
        here, there = str(one).lower(), str(other).lower()
        if self.is_start and self.is_end:
            return there in here
        if self.is_start:
            return here.startswith(there)
        return here.endswith(there) if self.is_end else here == there

    def could(self, event: str) -> bool | None:  # noqa: ARG002
        """See Condition."""
        return None


class Keyword(NamedTuple):
    """A text stands anywhere in the lines."""

    asks: Asks

    def holds(self, seen: Seen) -> bool:
        """See Condition."""
        return any(self.asks(line) for line in seen.event.lines)

    def could(self, event: str) -> bool | None:  # noqa: ARG002
        """See Condition."""
        return None


class Every(NamedTuple):
    """All parts hold."""

    parts: tuple[Condition, ...]

    def holds(self, seen: Seen) -> bool:
        """See Condition."""
        return all(part.holds(seen) for part in self.parts)

    def could(self, event: str) -> bool | None:
        """See Condition."""
        answers = [part.could(event) for part in self.parts]
        return False if False in answers else None if None in answers else True


class Some(NamedTuple):
    """One part holds."""

    parts: tuple[Condition, ...]

    def holds(self, seen: Seen) -> bool:
        """See Condition."""
        return any(part.holds(seen) for part in self.parts)

    def could(self, event: str) -> bool | None:
        """See Condition."""
        answers = [part.could(event) for part in self.parts]
        return True if True in answers else None if None in answers else False


class Not(NamedTuple):
    """The part does not hold."""

    part: Condition

    def holds(self, seen: Seen) -> bool:
        """See Condition."""
        return not self.part.holds(seen)

    def could(self, event: str) -> bool | None:
        """See Condition."""
        answer = self.part.could(event)
        return None if answer is None else not answer


class Process(NamedTuple):
    """One command of a shell line fulfils a rule that was written for processes."""

    part: Condition

    def holds(self, seen: Seen) -> bool:
        """See Condition."""
        return any(self.part.holds(one) for one in seen.processes())

    def could(self, event: str) -> bool | None:
        """See Condition."""
        return None if event == "shell.command" else False
