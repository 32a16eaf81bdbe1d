"""`rules test`: the cases that stand beside each rule, and how long rules take over hostile values."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from viguard.errors import InputError
from viguard.logs.detect.detector import Detector
from viguard.logs.detect.intent import Intent, Sight
from viguard.logs.detect.rules import About, RuleSet
from viguard.logs.detect.seen import Seen
from viguard.model.event import Alert, Channel, Event, Outcome

START = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
"""When a case begins: a Monday."""
MOST_EVENTS = 20_000
SLOW_MS = 10.0
"""What a rule may take for one line."""
_CHANNELS = {
    "api": Channel.API,
    "dcui": Channel.DCUI,
    "ssh": Channel.SSH,
    "shell": Channel.TECHSUPPORT,
    "sso": Channel.SSO,
}
_OUTCOMES = {"success": Outcome.SUCCESS, "failure": Outcome.FAILURE}
_OWN = ("user", "source_ip", "host", "program", "pid", "vm", "session", "sender")


class CaseError(ValueError):
    """A case that cannot be run; the message says why."""


class Result(NamedTuple):
    """What came of one case of a rule: alerts of this rule that it wants and that there were."""

    rule: str
    case: str
    wanted: int
    found: int
    where: str
    problem: str = ""

    @property
    def is_met(self) -> bool:
        """Whether the case came out as it says."""
        return not self.problem and self.wanted == self.found


class Timing(NamedTuple):
    """The longest that a rule took for one hostile line, in milliseconds of CPU."""

    rule: str
    worst_ms: float

    @property
    def is_slow(self) -> bool:
        """Whether that is more than a rule may take."""
        return self.worst_ms > SLOW_MS


def run(rules: RuleSet, name: str = "") -> list[Result]:
    """Runs the cases of every detection, or of one."""
    some = [about for about in rules.abouts() if not name or about.name == name]
    return [_run_one(rules, about, case) for about in some for case in about.cases]


def timings(rules: RuleSet) -> list[Timing]:
    """How long each rule takes over hostile values at most, the slowest first. A report: a busy machine shows more."""
    sight = Sight(Intent())
    samples = [Seen(event, sight) for event in hostile(rules)]
    found = []
    for rule in rules.rules:
        worst = 0
        for seen in samples:
            started = time.thread_time_ns()
            rule.condition.holds(seen)
            worst = max(worst, time.thread_time_ns() - started)
        found.append(Timing(rule.about.name, worst / 1e6))
    return sorted(found, key=lambda one: -one.worst_ms)


def hostile(rules: RuleSet) -> list[Event]:
    """Events with values of 16 KiB that make careless patterns slow, of every class that the rules' cases name."""
    size = 16_384
    texts = ["a" * size, "a " * (size // 2), "/" * size, "-" * size, ";" * size, " " * size, "a" * (size - 1) + "!"]
    texts += ["esxcli " * (size // 7), "\u2028" * (size // 3), "x=1 " * (size // 4), "chmod /tmp/" * (size // 11)]
    kinds = {str(step.get("event")) for case in _all_cases(rules) for step in _steps(case) if "event" in step}
    return [_hostile(kind, text) for kind in sorted(kinds) for text in texts]


def events_of(case: Any) -> Iterator[tuple[str, Any]]:
    """The steps of a case in the order of time: ("event", Event), ("heard", (host, time)) or ("tick", time).

    Raises: CaseError.
    """
    steps: list[tuple[float, int, str, Any]] = []
    for step in _steps(case):
        repeat, each = int(step.get("repeat", 1)), float(step.get("each", 0))
        if repeat + len(steps) > MOST_EVENTS:
            raise CaseError(f"more than {MOST_EVENTS} events")
        for n in range(repeat):
            at = float(step.get("at", step.get("tick", 0))) + n * each
            steps.append((at, len(steps), *_step(step, at, n)))
    for _, _, kind, value in sorted(steps, key=lambda one: one[:2]):
        yield kind, value


def _run_one(rules: RuleSet, about: About, case: Any) -> Result:
    title = str(case.get("name", "")) if isinstance(case, dict) else ""
    wanted = case.get("alerts") if isinstance(case, dict) else None
    if not isinstance(wanted, int) or isinstance(wanted, bool):
        return Result(about.name, title, -1, 0, about.where, "a case says how many alerts it wants")
    try:
        detector = Detector(rules, msgspec.convert(case.get("intent", {}), Intent))
        found = sum(alert.rule == about.name and not alert.resolved for alert in _alerts(detector, case))
    except (ValueError, TypeError, InputError) as error:  # CaseError, and what an intent cannot mean
        return Result(about.name, title, wanted, 0, about.where, str(error))
    return Result(about.name, title, wanted, found, about.where)


def _alerts(detector: Detector, case: Any) -> list[Alert]:
    out: list[Alert] = []
    for kind, value in events_of(case):
        match kind:
            case "event":
                out += detector.feed([value])
            case "heard":
                out += detector.heard(*value)
            case _:
                out += detector.tick(value)
    return out


def _steps(case: Any) -> list[dict[str, Any]]:
    steps = case.get("events") if isinstance(case, dict) else None
    if not isinstance(steps, list) or not all(isinstance(step, dict) for step in steps):
        raise CaseError("events is a list of tables")
    return steps


def _step(step: dict[str, Any], at: float, n: int) -> tuple[str, Any]:
    if "tick" in step:
        return "tick", START + timedelta(seconds=float(step["tick"]))
    time_ = START + timedelta(seconds=at)
    if "heard" in step:
        return "heard", (str(step["heard"]), time_)
    return "event", _event({key: _numbered(value, n) for key, value in step.items()}, time_)


def _numbered(value: Any, n: int) -> Any:
    return value.replace("{n}", str(n)) if isinstance(value, str) else value


def _event(step: dict[str, Any], at: datetime) -> Event:
    told = {key: value for key, value in step.items() if key not in {"at", "repeat", "each", "received", "line"}}
    kind = told.pop("event", None)
    if not isinstance(kind, str):
        raise CaseError("a step is an event, heard or tick")
    words = kind.split(".")
    login = len(words) == 3 and words[0] == "login"
    own = {key: told.pop(key) for key in _OWN if key in told}
    return Event(
        event=kind,
        time=at,
        received_at=at + timedelta(seconds=float(step.get("received", 0))),
        outcome=_OUTCOMES.get(words[1], Outcome.UNKNOWN) if login else Outcome(told.pop("outcome", "unknown")),
        channel=_CHANNELS.get(words[2]) if login else None,
        lines=(str(step["line"]),) if "line" in step else (f"{kind} {at.isoformat()}",),
        fields=told,
        **{"host": "esx1", **own},
    )


def _all_cases(rules: RuleSet) -> Iterator[Any]:
    for about in rules.abouts():
        for case in about.cases:
            if isinstance(case, dict) and isinstance(case.get("events"), list):
                yield case


def _hostile(kind: str, text: str) -> Event:
    fields: dict[str, str | int] = dict.fromkeys(
        ("command", "ruleset", "operation", "key", "value", "role", "new"), text
    )
    return Event(event=kind, time=START, user=text, source_ip=text, host=text, vm=text, fields=fields, lines=(text,))
