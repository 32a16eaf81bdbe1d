"""One pair of eyes on the stream: recognises lines, joins those of one fact, and judges. No I/O; time is handed in."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec

from viguard import content
from viguard.logs.block import Block, Run
from viguard.logs.classify import Classifier, Hit
from viguard.logs.detect.detector import Detector
from viguard.logs.detect.intent import Intent
from viguard.logs.detect.rules import RuleSet
from viguard.logs.fields import event_of
from viguard.logs.merge import Merger
from viguard.model.event import Alert, Event

HOLD = timedelta(seconds=1)
"""How long an event waits for its neighbours before it is judged: an alert is due within two seconds."""
SELF_TEST = "logs/selftest.yaml"
_TEST_HOST = "viguard-self-test"


class Seen(NamedTuple):
    """What blocks came to: events that are complete, and the alerts they raise."""

    events: list[Event]
    alerts: list[Alert]


class Watch:
    """Looks at blocks in the order of their receipt. Not for several threads at a time.

    ``detector`` may be asked for its figures; ``classifier`` says which engine it has.
    """

    def __init__(self, rules: RuleSet, intent: Intent | None = None, classifier: Classifier | None = None) -> None:
        self.classifier = classifier or Classifier()
        self.detector = Detector(rules, intent)
        self._merger = Merger(grace=HOLD)

    def look(self, block: Block) -> list[Hit]:
        """The lines of a block that say something."""
        return self.classifier.block(block.data)

    def judge(self, block: Block, hits: Sequence[Hit]) -> Seen:
        """What the recognised lines of a block mean, with what has waited long enough."""
        complete = self._merger.feed(events_of(block, hits))
        return self._judged(complete + self._merger.advance(moment(block.received_at)))

    def tick(self, now: datetime, heard: Mapping[str, datetime] | None = None) -> Seen:
        """Time has passed: what waited long enough, and who is silent of those that were ``heard``."""
        seen = self._judged(self._merger.advance(now))
        for host, at in (heard or {}).items():
            seen.alerts.extend(self.detector.heard(host, at))
        seen.alerts.extend(self.detector.tick(now))
        return seen

    def flush(self) -> Seen:
        """Everything that still waits."""
        return self._judged(self._merger.flush())

    def _judged(self, events: list[Event]) -> Seen:
        return Seen(events, self.detector.feed(events))


def events_of(block: Block, hits: Sequence[Hit]) -> list[Event]:
    """The event of each recognised line, with its sender."""
    received_at, data = moment(block.received_at), block.data
    starts = [run.start for run in block.runs]
    return [
        event_of(hit, data[hit.start : hit.end], received_at, block.runs[bisect_right(starts, hit.start) - 1].sender)
        for hit in hits
    ]


def self_test(rules: RuleSet) -> dict[str, bool]:
    """Whether each way in with each outcome raises an alert: the lines of the report, in a stream of their own."""
    cases = msgspec.yaml.decode(content.text(SELF_TEST), type=dict[str, list[str]])
    return {way: _raises(rules, lines) for way, lines in cases.items()}


def moment(seconds: float) -> datetime:
    """Seconds since 1970 as a time in UTC."""
    return datetime.fromtimestamp(seconds, UTC)


def _raises(rules: RuleSet, lines: Sequence[str]) -> bool:
    watch = Watch(rules)
    at = datetime(2026, 1, 5, 12, tzinfo=UTC)
    data = "".join(f"<86>{at:%b} {at.day:2d} {at:%H:%M:%S} {_TEST_HOST} {line}\n" for line in lines).encode()
    block = Block(data, at.timestamp(), (Run("192.0.2.1", "tcp", 0, len(data)),))
    seen = watch.judge(block, watch.look(block))
    return bool(seen.alerts or watch.flush().alerts)
