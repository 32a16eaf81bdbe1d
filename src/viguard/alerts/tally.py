"""Counts of what events say, for the status file. Names come from log lines, so they are made safe and bounded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime

from viguard.model.event import NOISE, Event
from viguard.model.text import visible

MOST_NAMES = 5_000
OTHERS = "(others)"


class Tally:
    """Takes events as they come; ``counters``, ``consoles`` and ``hosts`` are as in ``Status``.

    ``consoles`` holds how many are open: a host that counts them itself (console.count) is believed over our own sum.
    """

    def __init__(self) -> None:
        self.counters: Counter[str] = Counter(
            dict.fromkeys(("log_lines", "log_bytes", "events", "event_lines", "logins", "failures", "consoles"), 0)
        )
        self.consoles: Counter[str] = Counter()
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
            if event.vm and event.event.startswith("console."):
                self._console(event, self._name(event.vm, self.consoles))

    def _console(self, event: Event, guest: str) -> None:
        count = event.fields.get("count")
        if event.event == "console.connected":
            self.counters["consoles"] += 1
            self.consoles[guest] += 1
        elif event.event == "console.disconnected":
            self.consoles[guest] = max(0, self.consoles[guest] - 1)
        elif event.event == "console.count" and isinstance(count, int):
            self.consoles[guest] = max(0, count)

    def seen(self, host: str, now: datetime) -> None:
        """A host was heard; "" is none."""
        if host:
            self.hosts[self._name(host, self.hosts)] = now.astimezone(UTC)

    def _name(self, name: str, known: Counter[str] | dict[str, datetime]) -> str:
        shown = visible(name)
        return shown if shown in known or len(known) < MOST_NAMES else OTHERS
