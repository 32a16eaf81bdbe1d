"""One pair of eyes on the stream: recognises lines, joins those of one fact, and judges. No I/O; time is handed in."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec

from viguard import content
from viguard.logs.block import API, Block, Run
from viguard.logs.classify import Classifier, Hit
from viguard.logs.clocks import ALL_UTC, Clocks
from viguard.logs.detect.consoles import Holder
from viguard.logs.detect.detector import Detector
from viguard.logs.detect.intent import Intent
from viguard.logs.detect.rules import RuleSet
from viguard.logs.fields import event_of, text, time_of
from viguard.logs.merge import Merger
from viguard.model.event import NOISE, Alert, Event

HOLD = timedelta(seconds=0.5)
"""How long an event waits for its neighbours before it is judged: alerts are gathered for a second after that, and
are due within two."""
SAMPLE_S, RELAY_S = 60.0, 1.0
"""How often the clock of a sender is looked at, whatever it sends."""
_SENDERS = 10_000
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
        self._clocks = Clocks(self.detector.intent.time_zones)
        self._merger = Merger(grace=HOLD)
        self._sampled: dict[str, float] = {}
        self._relays = frozenset(self.detector.intent.relays)

    def look(self, block: Block) -> list[Hit]:
        """The lines of a block that say something."""
        return self.classifier.block(block.data)

    def judge(self, block: Block, hits: Sequence[Hit]) -> Seen:
        """What the recognised lines of a block mean, with what has waited long enough."""
        complete = self._merger.feed(events_of(block, hits, self._clocks))
        seen = self._judged(complete + self._merger.advance(moment(block.received_at)))
        for line in self._samples(block):
            seen.alerts.extend(self.detector.sample(line))
        return seen

    def settle(self, now: datetime) -> Seen:
        """No line received before ``now`` is still to come: what waited long enough is judged."""
        return self._judged(self._merger.advance(now))

    def tick(self, now: datetime, heard: Mapping[str, datetime] | None = None) -> Seen:
        """Time has passed: who is silent of those that were ever ``heard``, each with the time when it was last."""
        alerts: list[Alert] = []
        for host, at in (heard or {}).items():
            alerts.extend(self.detector.heard(host, at))
        alerts.extend(self.detector.tick(now))
        return Seen([], alerts)

    def figures(self, told: Iterable[Mapping[str, int]], at: datetime) -> Seen:
        """Open consoles by name of guest, as the API of each server tells them now.

        A guest that no server knows keeps the count that its lines told; of a name that several know the most counts.
        """
        counts = {name: count for name, (count, _) in self.detector.consoles.now().items()}
        known: dict[str, int] = {}
        for one in told:
            for name, count in one.items():
                known[name] = max(count, known.get(name, 0))
        return Seen([], self.detector.console_figures(counts | known, at))

    def consoles(self) -> dict[str, tuple[int, tuple[Holder, ...]]]:
        """Guests with an open console: how many, and who holds them as far as lines told."""
        return self.detector.consoles.now()

    def flush(self) -> Seen:
        """Everything that still waits."""
        return self._judged(self._merger.flush())

    def renew(self, rules: RuleSet, intent: Intent | None = None) -> None:
        """Other detections from now on. Open consoles and who was heard stay known; windows of counts begin anew."""
        before, self.detector = self.detector, Detector(rules, intent)
        self._clocks = Clocks(self.detector.intent.time_zones)
        self._relays = frozenset(self.detector.intent.relays)
        before.consoles.limit = self.detector.consoles.limit
        before.skews.advice = self.detector.skews.advice
        self.detector.consoles, self.detector.silence = before.consoles, before.silence
        self.detector.skews = before.skews

    def _samples(self, block: Block) -> Iterator[Event]:
        """A line of each sender a minute, with its time: most senders write few lines that tell an event.

        A relay sends for many hosts: of it one a second.
        """
        at, seen = block.received_at, self._sampled
        for run in block.runs:
            if abs(at - seen.get(run.sender, 0.0)) < (RELAY_S if run.sender in self._relays else SAMPLE_S):
                continue
            if len(seen) >= _SENDERS:
                seen.clear()
            seen[run.sender] = at
            if run.transport != API and (line := self._dated(block, run)) is not None:
                yield line

    def _dated(self, block: Block, run: Run) -> Event | None:
        """The first line of a run."""
        end = block.data.find(b"\n", run.start, run.end)
        line = block.data[run.start : end if end >= 0 else run.end]
        header = self.classifier.header(line)
        if header is None or not header.found["time"]:
            return None
        received_at, host = moment(block.received_at), header.found["host"]
        return Event(
            event=NOISE,
            time=time_of(header.found, received_at, self._clocks.of(host, run.sender)),
            host=text(host or b""),
            program=header.program,
            lines=(text(line),),
            sender=run.sender,
            received_at=received_at,
        )

    def _judged(self, events: list[Event]) -> Seen:
        return Seen(events, self.detector.feed(events))


def events_of(block: Block, hits: Sequence[Hit], clocks: Clocks = ALL_UTC) -> list[Event]:
    """The event of each recognised line, with its sender."""
    received_at, data = moment(block.received_at), block.data
    starts = [run.start for run in block.runs]
    out = []
    for hit in hits:
        run = block.runs[bisect_right(starts, hit.start) - 1]
        event = event_of(hit, data[hit.start : hit.end], received_at, run.sender, clocks)
        out.append(msgspec.structs.replace(event, transport=API) if run.transport == API else event)
    return out


def self_test(rules: RuleSet, classifier: Classifier | None = None) -> dict[str, bool]:
    """Whether each way in with each outcome raises an alert: the lines of the report, each way in a stream of its own.

    ``classifier`` is one that nobody else uses meanwhile.
    """
    cases = msgspec.yaml.decode(content.text(SELF_TEST), type=dict[str, list[str]])
    classifier = classifier or Classifier()
    return {way: _raises(Watch(rules, classifier=classifier), lines) for way, lines in cases.items()}


def moment(seconds: float) -> datetime:
    """Seconds since 1970 as a time in UTC."""
    return datetime.fromtimestamp(seconds, UTC)


def _raises(watch: Watch, lines: Sequence[str]) -> bool:
    at = datetime(2026, 1, 5, 12, tzinfo=UTC)
    data = "".join(f"<86>{at:%b} {at.day:2d} {at:%H:%M:%S} {_TEST_HOST} {line}\n" for line in lines).encode()
    block = Block(data, at.timestamp(), (Run("192.0.2.1", "tcp", 0, len(data)),))
    seen = watch.judge(block, watch.look(block))
    return bool(seen.alerts or watch.flush().alerts)
