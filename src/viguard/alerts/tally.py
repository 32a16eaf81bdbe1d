"""Counts of what events say, for the status file. Names come from log lines, so they are made safe and bounded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from viguard.model.event import NOISE, Event
from viguard.model.text import visible

MOST_NAMES = 5_000
OTHERS = "(others)"


class Tally:
    """Takes events as they come; ``counters`` and ``hosts`` are as in ``Status``."""

    def __init__(self) -> None:
        self.counters: Counter[str] = Counter(
            dict.fromkeys(("log_lines", "log_bytes", "events", "event_lines", "logins", "failures", "consoles"), 0)
        )
        self.hosts: dict[str, datetime] = {}

    def lines(self, lines: int, size_bytes: int) -> None:
        """Count received lines."""
        self.counters["log_lines"] += lines
        self.counters["log_bytes"] += size_bytes

    def take(self, events: Iterable[Event], now: datetime) -> None:
        """Count events; noise only shows that its host is alive."""
        for event in events:
            self.seen(event.host, now)
            if event.event == NOISE:
                continue
            self.counters["events"] += 1
            self.counters["event_lines"] += len(event.lines)
            self.counters["logins"] += event.event.startswith("login.success.")
            self.counters["failures"] += event.event.startswith("login.failure.")
            self.counters["consoles"] += bool(event.vm) and event.event == "console.connected"

    def seen(self, host: str, now: datetime) -> None:
        """A host was heard; "" is none."""
        if host:
            self.hosts[bounded(host, self.hosts)] = now.astimezone(UTC)


def bounded(name: str, known: Mapping[str, object]) -> str:
    """A name that is safe to show; ``OTHERS`` for a new one when enough are known."""
    shown = visible(name)
    return shown if shown in known or len(known) < MOST_NAMES else OTHERS
