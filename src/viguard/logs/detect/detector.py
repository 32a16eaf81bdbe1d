"""The engine: events in, alerts out. It reads nothing; the same events and ticks make the same alerts."""

from __future__ import annotations

import hashlib
import json
import re
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec

from viguard.logs.detect import consoles, silence, skew
from viguard.logs.detect.consoles import Consoles
from viguard.logs.detect.intent import Intent, Sight
from viguard.logs.detect.offsets import Advice
from viguard.logs.detect.rules import About, Correlation, Rule, RuleSet
from viguard.logs.detect.seen import Seen, moment
from viguard.logs.detect.silence import Silence
from viguard.logs.detect.skew import Skews
from viguard.logs.detect.windows import Heard, Made, Windows
from viguard.logs.telling import host_of
from viguard.model.event import Alert, Event, EventSeverity

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DERIVED = {consoles.EVENT, silence.EVENT, skew.EVENT}
_MAINTENANCE = timedelta(hours=2)
"""How long a host may be in maintenance before guests that stop count again."""
_KEYS = 10_000
_CLASSES = 4096
_SKEW_TOLD_S = 60
_LEFT = re.compile(r"exit|left|cancel|fail", re.IGNORECASE)
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
_SAID = ("user", "source_ip", "host", "vm", "channel", "reason", "target_user", "principal", "role", "command", "key")
_SAID_MORE = ("old", "new", "value", "count", "limit", "users", "source_ips", "last_seen", "sender")


class _Cause(NamedTuple):
    """What an alert is raised for: events of a window, from when, and when it was complete."""

    start: datetime
    time: datetime
    events: tuple[Event, ...]


class Counters(msgspec.Struct, kw_only=True):
    """What the engine has done, and what it has forgotten for want of room."""

    events: int = 0
    alerts: int = 0
    suppressed: int = 0
    evicted_groups: int = 0
    evicted_consoles: int = 0
    evicted_hosts: int = 0
    evicted_quiet: int = 0


class Detector:
    """Judges a stream of merged events. Not for several threads at a time.

    ``keys`` bounds the groups that each correlation remembers. ``undecided`` of the intent says what is not judged.
    """

    def __init__(self, rules: RuleSet, intent: Intent | None = None, *, keys: int = _KEYS) -> None:
        self.intent = intent or Intent()
        self._sight, self._rules, self._keys = Sight(self.intent), rules, keys
        self._about = {about.name: about for about in rules.abouts()}
        self._windows = [Windows(one, keys=keys) for one in rules.correlations]
        self._called: dict[str, list[Windows]] = {}
        for windows in self._windows:
            for name in dict.fromkeys(windows.correlation.rules):
                self._called.setdefault(name, []).append(windows)
        self._of_class: dict[str, tuple[Rule, ...]] = {}
        self._quiet: OrderedDict[tuple[str, str], datetime] = OrderedDict()
        self._maintained: OrderedDict[str, datetime] = OrderedDict()
        self._last = _EPOCH
        self.consoles = Consoles(self.intent.console_sessions)
        self.silence = Silence()
        self.skews = Skews(Advice(self.intent.time_zones, self.intent.time_zone))
        self._counters = Counters()

    @property
    def counters(self) -> Counters:
        """What has been done and forgotten so far."""
        return msgspec.structs.replace(
            self._counters,
            evicted_groups=sum(windows.evicted for windows in self._windows),
            evicted_consoles=self.consoles.evicted,
            evicted_hosts=self.silence.evicted + self.skews.evicted,
        )

    def feed(self, events: Iterable[Event]) -> list[Alert]:
        """What events mean, in their order."""
        out: list[Alert] = []
        for event in events:
            self._counters.events += 1
            self._note_maintenance(event)
            derived = [*self.consoles.take(event), *self.skews.take(event)]
            self._judge(event, out)
            for one in derived:
                self._judge(one, out)
        self._counters.alerts += len(out)
        return out

    def heard(self, host: str, at: datetime) -> list[Alert]:
        """A host sent something at that time. Events alone do not show it: most lines are none."""
        return self._feed_derived(self.silence.heard(host, at))

    def tick(self, now: datetime) -> list[Alert]:
        """The clock of the receiver; who is silent shows only by it."""
        return self._feed_derived([*self.silence.tick(now), *self.skews.tick(now)])

    def sample(self, line: Event) -> list[Alert]:
        """A line that tells no event, but when its host thinks it was written."""
        return self._feed_derived(self.skews.sample(line))

    def console_figures(self, counts: Mapping[str, int], at: datetime) -> list[Alert]:
        """The API's own figures of open consoles by name of guest."""
        return self._feed_derived(self.consoles.figures(counts, at))

    def _feed_derived(self, events: list[Event]) -> list[Alert]:
        out: list[Alert] = []
        for event in events:
            self._judge(event, out)
        self._counters.alerts += len(out)
        return out

    def _judge(self, event: Event, out: list[Alert]) -> None:
        if event.event in _DERIVED and event.fields.get("state") == "resolved":
            if event.event not in self._about:
                return
            out.append(self._resolved(self._about[event.event], event))
            return
        rules = self._rules_of(event.event)
        if not rules:
            return
        time = moment(event) or self._last
        self._last = max(self._last, time) if moment(event) else self._last
        seen = Seen(event, self._sight, is_maintained=self._is_maintained(host_of(event), time))
        for rule in rules:
            if rule.condition.holds(seen):
                if rule.alerts:
                    self._raise(rule.about, seen, _Cause(time, time, (event,)), out)
                self._tell(Heard(rule.about.name, time, seen, (event,)), out)

    def _tell(self, heard: Heard, out: list[Alert]) -> None:
        for windows in self._called.get(heard.rule, ()):
            made = windows.take(heard)
            if made is not None:
                correlation = windows.correlation
                if correlation.alerts:
                    self._raise_made(correlation, made, out)
                self._tell(Heard(correlation.about.name, heard.time, heard.seen, made.evidence), out)

    def _raise_made(self, correlation: Correlation, made: Made, out: list[Alert]) -> None:
        about = correlation.about
        span = max(correlation.span_s, about.every_s)
        key = " ".join(f"{name}={_quoted(value)}" for name, value in zip(correlation.group, made.group, strict=True))
        cause = _Cause(made.start, made.heard.time, made.evidence)
        self._raise(about, made.heard.seen, cause, out, key=key, every_s=span)

    def _raise(  # noqa: PLR0913  (two of them are seldom given)
        self,
        about: About,
        seen: Seen,
        cause: _Cause,
        out: list[Alert],
        *,
        key: str | None = None,
        every_s: float | None = None,
    ) -> None:
        key = _key(about, seen) if key is None else key
        if self._is_quiet(about.name, key, cause.time, about.every_s if every_s is None else every_s):
            self._counters.suppressed += 1
            return
        line = seen.event.lines[0] if seen.event.lines and len(cause.events) == 1 else ""
        out.append(
            Alert(
                id=_id(about.name, key, cause.start.isoformat(), line, _told_count(seen)),
                rule=about.name,
                title=about.title,
                severity=about.severity,
                key=key,
                time=cause.time,
                events=cause.events,
                attack=about.attack,
                steps=about.steps,
                zones=seen.zones,
                text=_text(seen, cause.events),
            )
        )

    def _resolved(self, about: About, event: Event) -> Alert:
        seen = Seen(event, self._sight)
        time = moment(event) or self._last
        key = _key(about, seen)
        self._quiet.pop((about.name, key), None)
        return Alert(
            id=_id(about.name, key, time.isoformat(), "resolved", _told_count(seen)),
            rule=about.name,
            title=about.title,
            severity=EventSeverity.INFO,
            key=key,
            time=time,
            events=(event,),
            zones=seen.zones,
            text=_text(seen, (event,)),
            resolved=True,
        )

    def _rules_of(self, event: str) -> tuple[Rule, ...]:
        """The rules that a class of events could fulfil."""
        rules = self._of_class.get(event)
        if rules is None:
            rules = tuple(rule for rule in self._rules.rules if rule.condition.could(event) is not False)
            if len(self._of_class) < _CLASSES:
                self._of_class[event] = rules
        return rules

    def _is_quiet(self, rule: str, key: str, time: datetime, every_s: float) -> bool:
        """Whether the rule has spoken of the key already; else it is noted that it does now."""
        if not every_s:
            return False
        spoken = self._quiet.get((rule, key))
        if spoken is not None and abs(time - spoken) <= timedelta(seconds=every_s):
            return True
        self._quiet[rule, key] = time
        self._quiet.move_to_end((rule, key))
        if len(self._quiet) > self._keys * 4:
            self._quiet.popitem(last=False)
            self._counters.evicted_quiet += 1
        return False

    def _note_maintenance(self, event: Event) -> None:
        if event.event != "maintenance.mode":
            return
        host = host_of(event).casefold()
        told = str(event.fields.get("state", "")) or " ".join(event.lines)
        if _LEFT.search(told):
            self._maintained.pop(host, None)
            return
        self._maintained[host] = moment(event) or self._last
        if len(self._maintained) > self._keys:
            self._maintained.popitem(last=False)

    def _is_maintained(self, host: str, time: datetime) -> bool:
        since = self._maintained.get(host.casefold())
        return since is not None and time - since <= _MAINTENANCE


def _key(about: About, seen: Seen) -> str:
    found = ((name, seen.get(name)) for name in about.key)
    return " ".join(f"{name}={_quoted(value)}" for name, value in found if value not in {None, ""})


def _id(*parts: str) -> str:
    return hashlib.sha256("\x00".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _told_count(seen: Seen) -> str:
    return str(seen.event.fields.get("count", ""))


def _text(seen: Seen, events: tuple[Event, ...]) -> str:
    told = [(name, seen.get(name)) for name in (*_SAID, *_SAID_MORE)]
    wrong_s = seen.get("clock_skew_s")
    if isinstance(wrong_s, float) and wrong_s > _SKEW_TOLD_S:
        told.append(("clock wrong by seconds", round(wrong_s)))
    said = ", ".join(f"{name} {_clean(value)}" for name, value in told if value not in {None, ""})
    if seen.event.event == skew.EVENT and "hint" in seen.event.fields:
        said = f"{said}: {_clean(seen.event.fields['hint'], 600)}"
    return f"{said} ({len(events)} events)" if len(events) > 1 else said


def _quoted(value: object) -> str:
    """A value of a key, in quotes where it could be taken for more than one."""
    text = _clean(value)
    return json.dumps(text, ensure_ascii=False) if set(text) & set(' ="') else text


def _clean(value: object, most: int = 200) -> str:
    """A value of a line for people: without what could steer a terminal or turn text round, and not too long."""
    text = str(value)[: most * 2]
    if not text.isprintable():
        text = _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)
    return text if len(text) <= most else f"{text[:most]}…"
