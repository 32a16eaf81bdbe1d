"""Detections as the engine runs them: rules over one event, and correlations over several."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from viguard.logs.detect.matching import Condition
from viguard.model.event import EventSeverity

KEY = ("host", "user", "source_ip", "vm")
"""What an alert is about when its rule names nothing else."""


@dataclass(frozen=True, slots=True)
class About:
    """What a detection says of itself.

    ``name`` is what alerts call it; ``key`` names the fields that an alert is about; of one key there is at most one
    alert in ``every_s`` seconds (0: each counts). ``where`` is ``file:line:column``. ``cases`` are its own tests, as
    the file has them.
    """

    name: str
    id: str
    title: str
    severity: EventSeverity
    where: str
    attack: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    key: tuple[str, ...] = KEY
    every_s: float = 0
    cases: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """A detection over one event. Without ``alerts`` it only serves correlations."""

    about: About
    condition: Condition
    alerts: bool = True


@dataclass(frozen=True, slots=True)
class Correlation:
    """A detection over several events of one group.

    ``kind`` is event_count, value_count, temporal or temporal_ordered; ``rules`` the names of what it counts;
    ``count`` how many make it (of events, different values, or different rules), ``exactly`` when not more;
    ``fields`` those whose values are counted; ``names`` gives a field of the group its name in the events of a rule.
    ``needs`` decides a temporal one by the names of the rules that were heard in ``span_s`` seconds.
    """

    about: About
    kind: str
    rules: tuple[str, ...]
    group: tuple[str, ...]
    span_s: float
    count: int
    exactly: bool = False
    fields: tuple[str, ...] = ()
    names: dict[tuple[str, str], str] | None = None
    needs: Callable[[frozenset[str]], bool] | None = None
    alerts: bool = True


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Every detection; correlations stand after those that they refer to.

    ``left_out`` says of each rule that is for logs that viguard does not hear where it stands, and which logs.
    """

    rules: tuple[Rule, ...] = ()
    correlations: tuple[Correlation, ...] = ()
    left_out: tuple[str, ...] = ()

    def abouts(self) -> tuple[About, ...]:
        """What each detection says of itself."""
        return (*(rule.about for rule in self.rules), *(one.about for one in self.correlations))
