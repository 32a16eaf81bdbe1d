"""Which receivers an alert goes to, and whether it is silenced."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Protocol

from viguard.alerts.notice import rank
from viguard.alerts.settings import Route, Settings, Silence
from viguard.alerts.times import end_of, hours_of, within
from viguard.model.event import EventSeverity
from viguard.policy.policy import Day
from viguard.policy.time_zones import zone_of

_DAYS = tuple(Day)


class About(Protocol):
    """What routes and silences look at."""

    @property
    def rule(self) -> str: ...  # noqa: D102
    @property
    def key(self) -> str: ...  # noqa: D102
    @property
    def zones(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def severity(self) -> EventSeverity: ...  # noqa: D102


def receivers_of(settings: Settings, about: About, now: datetime) -> tuple[str, ...]:
    """Names of the receivers, each once, in the order of the routes; the fallback where no route matches."""
    names = [n for r in settings.routes if _leads(r, about, now, settings.time_zone) for n in r.receivers]
    if not names and settings.fallback:
        names = [settings.fallback]
    return tuple(dict.fromkeys(names))


def silenced_until(silences: Iterable[Silence], about: About, now: datetime) -> datetime | None:
    """The last end of the silences that hold now, None when there is none."""
    ends = [end for s in silences if (end := end_of(s.until)) and end > now and _silences(s, about)]
    return max(ends, default=None)


def _silences(silence: Silence, about: About) -> bool:
    """Only where every zone is silenced: whoever minds another one is told."""
    return all(_one_of(silence.zones, zone) for zone in about.zones or ("",)) and _matches(silence, about)


def _leads(route: Route, about: About, now: datetime, time_zone: str) -> bool:
    is_there = any(_one_of(route.zones, zone) for zone in about.zones or ("",))
    if rank(about.severity) < rank(route.at_least) or not is_there or not _matches(route, about):
        return False
    local = now.astimezone(zone_of(route.time_zone or time_zone))
    if route.weekdays and _DAYS[local.weekday()] not in route.weekdays:
        return False
    hours = hours_of(route.hours)
    return hours is None or within(local.time(), *hours)


def _matches(of: Route | Silence, about: About) -> bool:
    return _one_of(of.rules, about.rule) and _one_of(of.keys, about.key)


def _one_of(patterns: tuple[str, ...], name: str) -> bool:
    return not patterns or any(fnmatchcase(name, p) for p in patterns)
