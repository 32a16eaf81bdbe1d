"""Correlations over a stream, compared with what Sigma means by them, asked of all events at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.logs.detect.tell import event
from viguard.logs.detect.detector import Detector
from viguard.logs.detect.reading import load
from viguard.model.event import Alert, Event

KINDS = ("account.locked", "login.failure.ssh", "login.success.ssh")
NAMES = dict(zip(("a", "b", "c"), KINDS, strict=True))


def files(body: str) -> list[tuple[str, str]]:
    rules = "---\n".join(
        f"title: {name}\nname: {name}\nlogsource: {{product: vmware}}\n"
        f"detection: {{one: {{event: {kind}}}, condition: one}}\nlevel: low\n"
        for name, kind in NAMES.items()
    )
    return [("rules.yml", rules), ("many.yml", f"title: Many\nname: many\nlevel: high\ncorrelation:\n{body}")]


def detector(body: str, **more: Any) -> Detector:
    return Detector(load(files(body)), **more)


def alerts(body: str, events: Sequence[Event]) -> list[Alert]:
    return [alert for alert in detector(body).feed(events) if alert.rule == "many"]


def at(*times: float, kind: str = "a", **told: Any) -> list[Event]:
    told.setdefault("user", "root")
    return [event(NAMES[kind], time, f"{kind} {time}", **told) for time in times]


COUNT = "  type: event_count\n  rules: [a]\n  group-by: [user]\n  timespan: 1m\n  condition: {gte: 3}\n"


class TestEventCount:
    def test_so_many_within_the_span(self) -> None:
        (alert,) = alerts(COUNT, at(0, 30, 60))
        assert alert.key == "user=root"
        assert alert.time == alert.events[-1].time
        assert len(alert.events) == 3

    def test_not_when_they_are_further_apart(self) -> None:
        assert alerts(COUNT, at(0, 30, 61)) == []

    def test_not_of_several_groups(self) -> None:
        assert alerts(COUNT, [*at(0, 1), *at(2, user="berry")]) == []

    def test_an_event_without_the_group_does_not_count(self) -> None:
        assert alerts(COUNT, at(0, 1, 2, 3, user=None)) == []

    def test_once_while_it_goes_on_and_again_after_the_span(self) -> None:
        found = alerts(COUNT, at(*range(0, 130, 5)))
        assert [(a.time - found[0].time).total_seconds() for a in found] == [0, 65]
        assert len({a.id for a in found}) == 2

    def test_late_events_count_where_they_belong(self) -> None:
        assert len(alerts(COUNT, at(60, 0, 30))) == 1
        assert alerts(COUNT, at(61, 0, 30)) == []

    def test_an_event_from_the_future_hides_nothing(self) -> None:
        far = at(500)  # as far as a clock is believed
        assert len(alerts(COUNT, [*at(0), *far, *at(1, 2)])) == 1

    def test_exactly_so_many(self) -> None:
        body = COUNT.replace("gte: 3", "eq: 2")
        assert len(alerts(body, at(0, 10))) == 1
        assert alerts(COUNT.replace("gte: 3", "gt: 3"), at(0, 10, 20)) == []
        assert len(alerts(COUNT.replace("gte: 3", "gt: 3"), at(0, 10, 20, 30))) == 1

    def test_of_several_rules_and_without_groups(self) -> None:
        body = "  type: event_count\n  rules: [a, b]\n  timespan: 1m\n  condition: {gte: 3}\n"
        (alert,) = alerts(body, [*at(0, user="x"), *at(1, kind="b", user="y"), *at(2, user="z")])
        assert alert.key == ""

    def test_aliases_join_what_rules_call_differently(self) -> None:
        body = (
            "  type: temporal\n  rules: [a, b]\n  group-by: [who]\n  timespan: 1m\n"
            "  aliases: {who: {a: user, b: target_user}}\n"
        )
        same = [*at(0, user="root"), *at(1, kind="b", user="x", target_user="root")]
        assert [a.key for a in alerts(body, same)] == ["who=root"]
        assert alerts(body, [*at(0, user="root"), *at(1, kind="b", user="root", target_user="x")]) == []


class TestValueCount:
    BODY = (
        "  type: value_count\n  rules: [a]\n  group-by: [source_ip]\n  timespan: 1m\n"
        "  condition: {field: user, gte: 3}\n"
    )

    def told(self, *names: str | None, step: float = 1) -> list[Event]:
        return [e for n, name in enumerate(names) for e in at(n * step, user=name, source_ip="192.0.2.7")]

    def test_different_values(self) -> None:
        assert len(alerts(self.BODY, self.told("x", "y", "z"))) == 1
        assert alerts(self.BODY, self.told("x", "y", "x", "Y", None)) == []

    def test_within_the_span(self) -> None:
        assert alerts(self.BODY, self.told("x", "y", "z", step=31)) == []

    def test_several_fields_together(self) -> None:
        body = self.BODY.replace("field: user", "field: [user, host]")
        same = [event(KINDS[0], n, user="x", host=f"esx{n}", source_ip="192.0.2.7") for n in range(3)]
        assert len(alerts(body, same)) == 1


class TestTemporal:
    BODY = "  type: temporal\n  rules: [a, b]\n  group-by: [user]\n  timespan: 1m\n"

    def test_all_rules_in_any_order(self) -> None:
        assert len(alerts(self.BODY, [*at(0, kind="b"), *at(60)])) == 1
        assert alerts(self.BODY, [*at(0, kind="b"), *at(61)]) == []
        assert alerts(self.BODY, at(0, 1, 2)) == []

    def test_two_of_three(self) -> None:
        body = "  type: temporal\n  rules: [a, b, c]\n  group-by: [user]\n  timespan: 1m\n  condition: {gte: 2}\n"
        assert len(alerts(body, [*at(0), *at(1, kind="c")])) == 1

    def test_and_or_not(self) -> None:
        body = self.BODY.replace("[a, b]", "[a, b, c]") + "  condition: (a or b) and not c\n"
        assert len(alerts(body, at(0, kind="b"))) == 1
        assert alerts(body, [*at(0, kind="c"), *at(30, kind="b")]) == []
        assert len(alerts(body, [*at(0, kind="c"), *at(61, kind="b")])) == 1


class TestOrdered:
    BODY = "  type: temporal_ordered\n  rules: [a, b, c]\n  group-by: [user]\n  timespan: 1m\n"

    def told(self, kinds: str, step: float = 10) -> list[Event]:
        return [e for n, kind in enumerate(kinds) for e in at(n * step, kind=kind)]

    @pytest.mark.parametrize(
        ("kinds", "many"), [("abc", 1), ("aabbc", 1), ("acb", 0), ("bca", 0), ("cba", 0), ("abac", 1)]
    )
    def test_in_the_order_of_the_rules(self, kinds: str, many: int) -> None:
        assert len(alerts(self.BODY, self.told(kinds))) == many

    def test_the_latest_beginning_counts(self) -> None:
        assert len(alerts(self.BODY, [*at(0), *at(50), *at(60, kind="b"), *at(100, kind="c")])) == 1
        assert alerts(self.BODY, [*at(0), *at(30, kind="b"), *at(50), *at(61, kind="c")]) == []

    def test_evidence_is_the_whole_chain(self) -> None:
        (alert,) = alerts(self.BODY, self.told("abc"))
        assert [e.event for e in alert.events] == [NAMES[k] for k in "abc"]


class TestBounds:
    def test_groups_are_bounded_and_what_is_forgotten_is_counted(self) -> None:
        engine = detector(COUNT, keys=10)
        engine.feed([e for n in range(100) for e in at(n / 100, user=f"u{n}")])
        assert engine.counters.evicted_groups == 90
        assert len(engine._windows[0]) == 10

    def test_what_is_over_is_forgotten_without_a_word(self) -> None:
        engine = detector(COUNT, keys=10)
        engine.feed([e for n in range(100) for e in at(n * 60, user=f"u{n}")])
        assert engine.counters.evicted_groups == 0

    def test_a_flood_of_one_group_keeps_a_bounded_state(self) -> None:
        engine = detector(COUNT)
        found = engine.feed(at(*(n / 1000 for n in range(20_000))))
        assert len(found) == 1
        (state, _) = next(iter(engine._windows[0]._states.values()))
        assert len(state._times) <= 6
        assert len(state.evidence) <= 10


times = st.lists(st.tuples(st.integers(0, 200), st.sampled_from("xy"), st.sampled_from("abc")), max_size=25)


def _told(some: list[tuple[int, str, str]]) -> list[Event]:
    return [event(NAMES[kind], when, f"{n}", user=user, source_ip=kind) for n, (when, user, kind) in enumerate(some)]


@given(times)
def test_event_count_fires_when_there_is_a_window(some: list[tuple[int, str, str]]) -> None:
    found = {alert.key for alert in alerts(COUNT, _told(sorted(some)))}
    for user in "xy":
        own = sorted(when for when, who, kind in some if who == user and kind == "a")
        expected = any(own[n + 2] - own[n] <= 60 for n in range(len(own) - 2))
        assert (f"user={user}" in found) is expected


@given(times)
def test_value_count_fires_when_there_is_a_window(some: list[tuple[int, str, str]]) -> None:
    body = (
        "  type: value_count\n  rules: [a, b, c]\n  group-by: [user]\n  timespan: 1m\n"
        "  condition: {field: source_ip, gte: 3}\n"
    )
    found = {alert.key for alert in alerts(body, _told(sorted(some)))}
    for user in "xy":
        own = [(when, kind) for when, who, kind in some if who == user]
        expected = any({k for w, k in own if start <= w <= start + 60} == set("abc") for start, _ in own)
        assert (f"user={user}" in found) is expected


@given(times)
def test_order_fires_when_there_is_a_chain(some: list[tuple[int, str, str]]) -> None:
    stream = sorted(some)
    found = {alert.key for alert in alerts(TestOrdered.BODY, _told(stream))}
    for user in "xy":
        own = [(when, kind) for when, who, kind in stream if who == user]
        expected = any(
            [own[i][1], own[j][1], own[k][1]] == ["a", "b", "c"] and own[k][0] - own[i][0] <= 60
            for i in range(len(own))
            for j in range(i + 1, len(own))
            for k in range(j + 1, len(own))
        )
        assert (f"user={user}" in found) is expected
