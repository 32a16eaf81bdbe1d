"""What could not be read, kept short however much it was."""

from __future__ import annotations

from collections import Counter

from viguard.model.facts import Reason, Resource, Unknown
from viguard.model.snapshot import Gap

LIMIT = 1000
"""Gaps that are listed one by one; the rest is counted by kind."""

LOST = {Reason.NO_PERMISSION, Reason.UNREACHABLE, Reason.FAILED}
"""Reasons by which a collection is incomplete. Others say that there was nothing to read."""


class Gaps:
    """Gaps of one collection."""

    def __init__(self) -> None:
        self._listed: list[Gap] = []
        self._more: Counter[tuple[str, str]] = Counter()

    def __bool__(self) -> bool:
        return bool(self._listed)

    def add(self, path: str, what: str, reason: str) -> None:
        """Note something that could not be read."""
        if len(self._listed) < LIMIT:
            self._listed.append(Gap(path=path, what=what, reason=reason))
        else:
            self._more[what, reason] += 1

    def of(self, record: Resource) -> bool:
        """Note every fact of a record that was lost. Whether there was any."""
        lost: dict[Unknown, list[str]] = {}
        for field in record.__struct_fields__:
            value = getattr(record, field)
            if isinstance(value, Unknown) and value.reason in LOST:
                lost.setdefault(value, []).append(field)
        for why, fields in lost.items():
            self.add(record.path, ", ".join(fields), str(why))
        return bool(lost)

    def all(self) -> tuple[Gap, ...]:
        """Every gap; those beyond the limit as one for each kind."""
        more = [Gap(path="", what=what, reason=f"{reason} ({n} more)") for (what, reason), n in self._more.items()]
        return (*self._listed, *more)
