"""What waits to be delivered to one receiver, and what became of the rest. No I/O, no clock.

Tries back off from a second to five minutes and end after a day. A notice that was refused is tried after those that
were not, so that one that can never be delivered blocks nobody; notices of one group keep their order.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from viguard.alerts.notice import Kind, Notice
from viguard.model.text import visible

MOST_WAITING = 1_000
GIVE_UP = timedelta(hours=24)
LONGEST_PAUSE_S = 300
ESCALATE_AFTER = 3
"""So many failed tries of one notice, and the fallback gets it too."""


class Delivery(msgspec.Struct, kw_only=True):
    """One notice on its way."""

    notice: Notice
    since: datetime
    tries: int = 0
    escalated: bool = False


class Outbox(msgspec.Struct, kw_only=True):
    """The queue of one receiver. ``failures`` counts failed tries since the last that succeeded."""

    waiting: list[Delivery] = []
    next_at: datetime | None = None
    failures: int = 0
    failing_since: datetime | None = None
    error: str = ""
    delivered: int = 0
    delivered_at: datetime | None = None
    dropped: int = 0
    given_up: int = 0
    lost_at: datetime | None = None

    def push(self, notice: Notice, now: datetime) -> Notice | None:
        """Add a notice; returned is the one that had no room, which may be this one (a heartbeat replaces itself)."""
        if notice.kind is Kind.HEARTBEAT:
            self.waiting = [d for d in self.waiting if d.notice.kind is not Kind.HEARTBEAT]
        if len(self.waiting) >= MOST_WAITING:
            self.dropped += 1
            self.lost_at = now
            return notice
        self.waiting.append(Delivery(notice=notice, since=now))
        return None

    def next(self, now: datetime) -> Delivery | None:
        """What to try now, or None: nothing waits, or the pause after a failure lasts."""
        if not self.waiting or (self.next_at is not None and self.next_at > now):
            return None
        heads: dict[str, Delivery] = {}
        for delivery in self.waiting:
            heads.setdefault(delivery.notice.group or delivery.notice.id, delivery)
        return min(heads.values(), key=lambda d: (d.tries, d.since))

    def succeeded(self, delivery: Delivery, now: datetime) -> None:
        """It was taken."""
        self.waiting.remove(delivery)
        self.delivered += 1
        self.delivered_at = now
        self.failures, self.failing_since, self.error, self.next_at = 0, None, "", None

    def failed(self, delivery: Delivery, error: str, now: datetime) -> Notice | None:
        """It was not taken: when to try again. Returned is the notice when the fallback has to get it now."""
        delivery.tries += 1
        self.failures += 1
        self.failing_since = self.failing_since or now
        self.error = visible(error)
        self.next_at = now + timedelta(seconds=min(2 ** min(self.failures - 1, 16), LONGEST_PAUSE_S))
        escalate = delivery.tries >= ESCALATE_AFTER and not delivery.escalated
        delivery.escalated = delivery.escalated or escalate
        if now - delivery.since >= GIVE_UP:
            self.waiting.remove(delivery)
            self.given_up += 1
            self.lost_at = now
        return delivery.notice if escalate else None
