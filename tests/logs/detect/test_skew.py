"""Clocks that are wrong: told once, over when they are right, and known for local time where they look like it."""

from __future__ import annotations

from datetime import timedelta

import pytest
import yaml

from tests.logs.detect.tell import START
from viguard.logs.detect import cases
from viguard.logs.detect.detector import Detector
from viguard.logs.detect.intent import Intent
from viguard.logs.detect.lint import lint
from viguard.logs.detect.offsets import quarters, utc
from viguard.logs.detect.reading import load, shipped
from viguard.logs.detect.skew import CALM, Skews
from viguard.model.event import NOISE, Alert, Event
from viguard.policy.policy import TimeZone

RULES = shipped()
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
BARE = "<86>Nov 23 11:00:00 esx1 Hostd: text"
ZONED = "<86>1 2026-11-23T11:00:00Z esx1 Hostd - - - text"


def line(ahead: timedelta, at: timedelta = timedelta(), *, host: str = "esx1", text: str = BARE) -> Event:
    """A line that came ``at`` after the start and claims to be that much later."""
    received = START + at
    return Event(event=NOISE, time=received + ahead, received_at=received, host=host, sender="192.0.2.1", lines=(text,))


def raised(detector: Detector, *events: Event) -> list[Alert]:
    return [alert for alert in detector.feed(events) if alert.rule == "log.clock-skew"]


def hint(ahead: timedelta, intent: Intent | None = None, *, text: str = BARE, host: str = "esx1") -> str:
    (alert,) = raised(Detector(RULES, intent), line(ahead, text=text, host=host))
    return alert.text.partition(f"clock wrong by seconds {round(abs(ahead).total_seconds())}")[2].removeprefix(": ")


@pytest.mark.parametrize(
    ("ahead_s", "expected_s"),
    [
        (3600, 3600),
        (3655, 3600),
        (3661, None),
        (3539, None),
        (-3600, -3600),
        (-18055, -18000),
        (19800, 19800),
        (900, 900),
        (840, 900),
        (839, None),
        (600, None),
        (60, None),
        (0, None),
    ],
)
def test_whole_quarter_hours_to_the_minute(ahead_s: int, expected_s: int | None) -> None:
    found = quarters(timedelta(seconds=ahead_s))
    assert found == (None if expected_s is None else timedelta(seconds=expected_s))


@pytest.mark.parametrize(
    ("hours", "expected"),
    [(0, "UTC"), (1, "UTC+1"), (-5, "UTC-5"), (5.75, "UTC+5:45"), (-3.5, "UTC-3:30"), (14, "UTC+14")],
)
def test_offsets_are_written_as_people_do(hours: float, expected: str) -> None:
    assert utc(timedelta(hours=hours)) == expected


@pytest.mark.parametrize(
    ("hours", "offset", "zone"),
    [
        (1, "UTC+1", "Etc/GMT-1"),
        (-5, "UTC-5", "Etc/GMT+5"),
        (5.5, "UTC+5:30", "AREA/CITY"),
        (14, "UTC+14", "Etc/GMT-14"),
    ],
)
def test_local_time_is_called_so_with_the_line_that_mends_it(hours: float, offset: str, zone: str) -> None:
    assert hint(timedelta(hours=hours)) == (
        f"its stamps look like {offset} (local time): tell its zone under time_zones in the policy, "
        f"or make it send UTC / RFC 5424; e.g. time_zones: [{{hosts: [esx1], zone: {zone}}}]"
    )


def test_the_line_that_is_offered_mends_it() -> None:
    offered = yaml.safe_load(hint(HOUR).partition("e.g. ")[2])["time_zones"]
    assert offered == [{"hosts": ["esx1"], "zone": "Etc/GMT-1"}]


def test_the_zone_of_the_owner_is_offered_where_it_fits() -> None:
    owner = Intent(time_zone="Europe/Brussels")
    assert hint(HOUR, owner).endswith("time_zones: [{hosts: [esx1], zone: Europe/Brussels}]")
    assert hint(-5 * HOUR, owner).endswith("time_zones: [{hosts: [esx1], zone: Etc/GMT+5}]")


def test_a_host_that_calls_itself_a_pattern_is_offered_for_itself_alone() -> None:
    assert 'hosts: ["[*]"]' in hint(HOUR, host="*")
    assert "hosts: [192.0.2.1]" in hint(HOUR, host="")


def test_an_entry_of_the_policy_that_is_wrong_is_named() -> None:
    policy = Intent(time_zones=(TimeZone(hosts=("esx*",), zone="Europe/Brussels"),))
    assert hint(-HOUR, policy) == (
        "its stamps look like UTC, not Europe/Brussels: mend its entry under time_zones in the policy"
    )


def test_what_names_its_zone_is_not_mended_by_the_policy() -> None:
    assert hint(HOUR, text=ZONED).startswith("its stamps name their zone, but look like UTC+1: ")


@pytest.mark.parametrize(
    "ahead", [timedelta(minutes=7), timedelta(hours=15), timedelta(days=-400), timedelta(seconds=61)]
)
def test_a_clock_that_is_just_wrong_gets_no_advice(ahead: timedelta) -> None:
    assert hint(ahead) == ""


def test_it_is_told_once_and_over_when_it_was_right_for_a_while() -> None:
    detector = Detector(RULES)
    day = [line(HOUR, n * 10 * MINUTE) for n in range(144)]
    (alert,) = raised(detector, *day)
    assert (alert.key, alert.resolved) == ("host=esx1 sender=192.0.2.1", False)
    last = 1430 * MINUTE
    assert raised(detector, line(timedelta(), last + CALM - MINUTE)) == [], "a program of the host may be right"
    (over,) = raised(detector, line(timedelta(), last + CALM))
    assert (over.key, over.resolved) == (alert.key, True)
    assert raised(detector, line(timedelta(), last + 2 * CALM)) == []


def test_another_difference_is_told_again_but_not_more_than_once_an_hour() -> None:
    detector = Detector(RULES)
    summer = [line(HOUR), *(line(2 * HOUR, n * MINUTE) for n in range(10, 180))]
    first, second = raised(detector, *summer)
    assert "UTC+1 " in first.text
    assert "UTC+2 " in second.text
    assert first.key == second.key
    assert second.time == START + 60 * MINUTE


class TestSamples:
    def test_one_line_that_was_held_up_says_nothing_and_two_that_agree_do(self) -> None:
        skews = Skews()
        assert skews.sample(line(HOUR)) == []
        assert skews.sample(line(HOUR, MINUTE / 2)) == []
        (told,) = skews.sample(line(HOUR, MINUTE))
        assert told.lines == (BARE,)
        assert skews.sample(line(HOUR, 2 * MINUTE)) == []

    def test_lines_that_waited_and_come_faster_than_they_were_written_say_nothing(self) -> None:
        skews = Skews()
        late = [line(timedelta(minutes=5 * n - 60), n * MINUTE) for n in range(12)]
        assert [told for one in late for told in skews.sample(one)] == []

    def test_a_line_that_is_right_begins_anew(self) -> None:
        skews = Skews()
        some = [line(HOUR), line(timedelta(), MINUTE), line(HOUR, 2 * MINUTE)]
        assert [told for one in some for told in skews.sample(one)] == []

    def test_they_say_that_it_is_over(self) -> None:
        skews = Skews()
        skews.take(line(HOUR))
        (over,) = skews.sample(line(timedelta(), CALM))
        assert over.fields == {"state": "resolved"}


class TestBounds:
    def test_whoever_invents_names_opens_no_more_than_are_followed(self) -> None:
        skews = Skews(hosts=10)
        told = [one for n in range(100) for one in skews.take(line(HOUR, n * MINUTE, host=f"h{n}"))]
        opened = [one.host for one in told if "state" not in one.fields]
        over = [one.host for one in told if "state" in one.fields]
        assert opened == [f"h{n}" for n in range(100)]
        assert over == [f"h{n}" for n in range(90)]
        assert skews.evicted == 90
        for n in range(100):
            skews.sample(line(HOUR, n * MINUTE, host=f"s{n}"))
        assert len(skews._samples) == 10

    def test_a_host_that_never_comes_back_is_over_after_a_day(self) -> None:
        skews = Skews()
        skews.take(line(HOUR))
        assert skews.tick(START + timedelta(days=1)) == []
        (over,) = skews.tick(START + timedelta(days=1, seconds=1))
        assert (over.host, over.fields) == ("esx1", {"state": "resolved"})
        assert skews.tick(START + timedelta(days=2)) == []

    def test_after_a_restart_people_are_not_told_again_and_hear_that_it_is_over(self) -> None:
        skews = Skews()
        skews.restore([("ESX1", "192.0.2.1")], START)
        assert skews.take(line(HOUR, MINUTE)) == []
        (over,) = skews.take(line(timedelta(), MINUTE + CALM))
        assert (over.host, over.sender) == ("ESX1", "192.0.2.1")


def test_rules_may_ask_by_how_much_a_clock_is_ahead() -> None:
    rule = """
title: far ahead
logsource: {product: vmware}
detection: {selection: {event: log.clock-skew, ahead_s|gt: 7200}, condition: selection}
level: high
name: site.far-ahead
tests:
- {name: three hours, alerts: 1, events: [{event: vm.poweron, received: -10800}]}
- {name: behind, alerts: 0, events: [{event: vm.poweron, received: 10800}]}
"""
    assert lint([("a.yml", rule)]) == ()
    assert [result.found for result in cases.run(load([("a.yml", rule)]))] == [1, 0]
