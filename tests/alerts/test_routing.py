from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.alerts.samples import alert, settings
from viguard.alerts.routing import receivers_of, silenced_until
from viguard.model.event import EventSeverity

RECEIVERS = """
fallback: rest
time_zone: Europe/Brussels
receivers:
- {name: day, smstools: {outgoing: /s, numbers: ["32475123456"]}}
- {name: night, smstools: {outgoing: /s, numbers: ["32475123456"]}}
- {name: rest, smstools: {outgoing: /s, numbers: ["32475123456"]}}
"""


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-03-02T06:59", "night"),  # 07:59 in Brussels (winter)
        ("2026-03-02T07:00", "day"),
        ("2026-03-02T16:59", "day"),
        ("2026-03-02T17:00", "night"),
        ("2026-03-02T23:30", "night"),  # after midnight there
        ("2026-07-06T06:00", "day"),  # summer time: 08:00
        ("2026-07-06T16:00", "night"),
    ],
)
def test_hours_are_those_of_the_time_zone(now: str, expected: str) -> None:
    text = RECEIVERS + 'routes: [{receivers: [day], hours: "08:00-18:00"}, {receivers: [night], hours: "18:00-08:00"}]'
    assert receivers_of(settings(text), alert(), utc(now)) == (expected,)


@pytest.mark.parametrize(("now", "expected"), [("2026-03-01T22:59", "day"), ("2026-03-01T23:00", "rest")])
def test_weekdays_are_those_of_the_time_zone(now: str, expected: str) -> None:
    text = RECEIVERS + "routes: [{receivers: [day], weekdays: [sun]}]"
    assert receivers_of(settings(text), alert(), utc(now)) == (expected,)


@pytest.mark.parametrize(
    ("route", "matches"),
    [
        ("at_least: high", True),
        ("at_least: critical", False),
        ("zones: [manage*]", True),
        ("zones: [prod]", False),
        ("rules: [brute*]", True),
        ("rules: [spray]", False),
        ('keys: ["*@esx5"]', True),
        ('keys: ["*@esx6"]', False),
        ("zones: [manage*], rules: [spray]", False),
    ],
)
def test_every_condition_of_a_route_holds(route: str, matches: bool) -> None:
    text = RECEIVERS + f"routes: [{{receivers: [day, night], {route}}}]"
    expected = ("day", "night") if matches else ("rest",)
    assert receivers_of(settings(text), alert(severity=EventSeverity.HIGH), utc("2026-03-02T12:00")) == expected


@pytest.mark.parametrize(
    ("patterns", "matches"),
    [
        ("[dmz]", True),
        ("[lan]", True),
        ('["d*"]', True),
        ("[dmz, lan]", True),
        ("[prod]", False),
        ('["dmz, lan"]', False),
    ],
)
def test_a_guest_in_several_zones_is_in_each(patterns: str, matches: bool) -> None:
    text = RECEIVERS + f"routes: [{{receivers: [day], zones: {patterns}}}]"
    expected = ("day",) if matches else ("rest",)
    assert receivers_of(settings(text), alert(zones=("dmz", "lan")), utc("2026-03-02T12:00")) == expected


@pytest.mark.parametrize(
    ("zones", "matches"), [(("dmz", "lan"), False), (("dmz",), True), (("dmz", "dmz-test"), True), ((), False)]
)
def test_a_silence_of_one_zone_does_not_hide_a_guest_from_another(zones: tuple[str, ...], matches: bool) -> None:
    text = RECEIVERS + 'silences: [{owner: A, reason: b, until: "2026-03-02T13:00+01:00", zones: ["dmz*"]}]'
    found = silenced_until(settings(text).silences, alert(zones=zones), utc("2026-03-02T11:00"))
    assert (found is not None) == matches


def test_what_is_in_no_known_zone_matches_every_zone_and_no_name() -> None:
    text = RECEIVERS + 'routes: [{receivers: [day], zones: ["*"]}, {receivers: [night], zones: [dmz]}]'
    assert receivers_of(settings(text), alert(zones=()), utc("2026-03-02T12:00")) == ("day",)


def test_all_routes_that_match_count_and_name_a_receiver_once() -> None:
    text = RECEIVERS + "routes: [{receivers: [night]}, {receivers: [day, night]}]"
    assert receivers_of(settings(text), alert(), utc("2026-03-02T12:00")) == ("night", "day")


def test_a_silence_holds_until_its_end_and_only_for_what_it_names() -> None:
    text = RECEIVERS + 'silences: [{owner: A, reason: b, until: "2026-03-02T13:00+01:00", rules: [bruteforce]}]'
    silences = settings(text).silences
    assert silenced_until(silences, alert(), utc("2026-03-02T11:59")) == utc("2026-03-02T12:00")
    assert silenced_until(silences, alert(), utc("2026-03-02T12:00")) is None
    assert silenced_until(silences, alert(rule="spray"), utc("2026-03-02T11:59")) is None
