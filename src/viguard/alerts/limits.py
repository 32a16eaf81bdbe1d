"""How many notices a receiver gets in an hour; what is more is held back and told in one digest. No clock."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from viguard.alerts.group import State
from viguard.alerts.notice import Kind, Notice, rank
from viguard.alerts.settings import Receiver

HOUR = timedelta(hours=1)
SHOWN = 10


class Limits:
    """The limits of the receivers, by name."""

    def __init__(self, state: State, receivers: Mapping[str, Receiver]) -> None:
        self.state, self._by_name = state, receivers

    def may(self, name: str, notice: Notice, now: datetime) -> bool:
        """Whether the receiver's limit lets it through; otherwise it is kept for the digest."""
        receiver = self._by_name[name]
        if not receiver.most_per_hour:
            return True
        if self._room(receiver, now):
            self.state.sent.setdefault(name, []).append(now)
            return True
        titles = self.state.held.setdefault(name, [])
        if len(titles) < SHOWN:
            titles.append(f"{notice.kind} {notice.severity}: {notice.title}: {notice.key}")
        self.state.held_count[name] = self.state.held_count.get(name, 0) + 1
        before = self.state.held_severity.get(name, notice.severity)
        self.state.held_severity[name] = max(before, notice.severity, key=rank)
        return False

    def _room(self, receiver: Receiver, now: datetime) -> bool:
        recent = [t for t in self.state.sent.get(receiver.name, []) if t > now - HOUR]
        self.state.sent[receiver.name] = recent
        return len(recent) < receiver.most_per_hour

    def digests(self, now: datetime) -> list[tuple[str, Notice]]:
        """What was held back, for receivers that may be told again."""
        out = []
        for name in [n for n in self.state.held if n in self._by_name and self._room(self._by_name[n], now)]:
            titles, count = self.state.held.pop(name), self.state.held_count.pop(name)
            self.state.sent.setdefault(name, []).append(now)
            self.state.number += 1
            notice = Notice(
                id=f"digest-{self.state.number}",
                kind=Kind.DIGEST,
                title=f"{count} notices were held back: more than this receiver takes in an hour",
                severity=self.state.held_severity.pop(name),
                at=now,
                count=count,
                text="The first of them:",
                lines=tuple(titles),
            )
            out.append((name, notice))
        return out

    def next_due(self) -> list[datetime]:
        """When digests may be told."""
        return [self.state.sent[n][0] + HOUR for n in self.state.held if self.state.sent.get(n)]
