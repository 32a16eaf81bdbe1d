"""What a check across several objects has seen, and the one verdict that follows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from viguard.assess.context import Context
from viguard.assess.verdict import Verdict, failed, passed, unknown
from viguard.model.facts import Resource, Unknown
from viguard.model.result import Evidence
from viguard.model.text import visible

NAMED = 5  # things that a reason names; it counts the rest
KEPT = 12  # pieces of evidence that a result carries from each of: against, missing, for


def listed(names: Iterable[str]) -> str:
    """The first five names, cut and made harmless, and how many more there are."""
    every = list(names)
    shown = ", ".join(visible(name, 60) for name in every[:NAMED])
    return f"{shown} and {len(every) - NAMED} more" if len(every) > NAMED else shown


def about(context: Context, other: Resource, field: str, value: object = msgspec.UNSET, *, part: str = "") -> Evidence:
    """Evidence from a resource that is not the subject: its name stands in the property."""
    found = context.evidence(other, field, value, part=part)
    return msgspec.structs.replace(found, property=f"{found.property} of {visible(other.name, 60)}")


class Tally:
    """Collects what a check sees. A proven failure wins, then an unknown, then a pass.

    ``policy`` is the dotted key of the policy that decides, if one does.
    """

    def __init__(self, policy: str = "") -> None:
        self.policy = policy
        self._for: list[Evidence] = []
        self._against: dict[str, list[Evidence]] = {}
        self._missing: dict[str, list[Evidence]] = {}

    def see(self, *evidence: Evidence) -> None:
        """A fact that speaks for the subject or that the others are compared with."""
        self._for.extend(evidence)

    def fail(self, reason: str, *evidence: Evidence) -> None:
        """A fact that proves a failure."""
        self._against.setdefault(reason, []).extend(evidence)

    def miss(self, why: Unknown | str, *evidence: Evidence) -> None:
        """A fact that is needed and not known."""
        self._missing.setdefault(str(why), []).extend(evidence)

    @property
    def clean(self) -> bool:
        """Whether nothing speaks against the subject and nothing is missing."""
        return not self._against and not self._missing

    def verdict(self, reason: str = "") -> Verdict:
        """The verdict; ``reason`` is what a pass says."""
        evidence = (*_first(self._against), *_first(self._missing), *self._for[:KEPT])
        if self._against:
            return failed(_joined(self._against), *evidence, policy=self.policy)
        if self._missing:
            return unknown(_joined(self._missing), *evidence, policy=self.policy)
        return passed(*evidence, reason=reason, policy=self.policy)


def _first(found: dict[str, list[Evidence]]) -> Sequence[Evidence]:
    return [e for pieces in found.values() for e in pieces][:KEPT]


def _joined(reasons: Iterable[str]) -> str:
    every = list(reasons)
    text = "; ".join(every[:NAMED])
    return f"{text}; and {len(every) - NAMED} more" if len(every) > NAMED else text
