"""What detections take from a policy and the estate."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from viguard.logs.detect.intent import Hours, Intent, Sight, address_of, intent_of
from viguard.logs.detect.seen import image_of
from viguard.policy.load import loads

POLICY = """\
zones:
- name: management
  purpose: management
  match: {subnets: [192.0.2.0/24, "2001:db8::/64"]}
- name: dmz
  match: {subnets: [198.51.100.0/24]}
- name: web
  match: {subnets: [198.51.100.128/25]}
limits:
  console_sessions: 3
"""


def test_a_policy_says_consoles_networks_and_zones() -> None:
    intent = intent_of(loads(POLICY, "policy.yaml"))
    assert intent.console_sessions == 3
    assert intent.networks == ("192.0.2.0/24", "2001:db8::/64")
    sight = Sight(intent)
    assert sight.zone_of_address("198.51.100.200") == "web"  # the smaller network
    assert sight.zone_of_address("198.51.100.2") == "dmz"
    assert sight.zone_of_address("203.0.113.1") is None


def test_a_policy_says_when_people_work_where_they_work() -> None:
    text = """
working_hours:
  time_zone: Europe/Brussels
  windows:
    - {days: [mon, fri], start: 7, end: 19}
    - {days: [sat], end: 12}
"""
    sight = Sight(intent_of(loads(text, "policy.yaml")))
    told = {
        datetime(2026, 11, 23, 6, tzinfo=UTC): True,  # Monday, 7 in Brussels
        datetime(2026, 11, 23, 5, 59, tzinfo=UTC): False,
        datetime(2026, 11, 23, 18, tzinfo=UTC): False,  # 19
        datetime(2026, 7, 20, 5, tzinfo=UTC): True,  # a Monday in summer, 7
        datetime(2026, 11, 24, 10, tzinfo=UTC): False,  # Tuesday
        datetime(2026, 11, 27, 23, 30, tzinfo=UTC): True,  # Saturday, half past midnight
        datetime(2026, 11, 28, 11, tzinfo=UTC): False,  # 12
    }
    assert {time: sight.is_time_allowed(time) for time in told} == told
    assert not any("when people may log in" in one for one in sight.intent.undecided)


def test_without_a_policy_nothing_is_allowed_or_forbidden() -> None:
    sight = Sight(intent_of())
    assert sight.intent.console_sessions == 1
    assert sight.is_source_allowed("203.0.113.1") is None
    assert sight.is_time_allowed(datetime(2026, 11, 23, 3, tzinfo=UTC)) is None
    assert sight.is_sender_known("esx1", "203.0.113.1") is None


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("192.0.2.7", True),
        ("::ffff:192.0.2.7", True),
        ("2001:db8::7%vmk0", True),
        ("203.0.113.1", False),
        ("127.0.0.1", None),  # the host itself
        ("0.0.0.0", None),  # noqa: S104  (as the report prints it)
        ("vcenter.example.org", None),
        ("", None),
        (None, None),
    ],
)
def test_from_where_people_may_log_in(source: str | None, wanted: object) -> None:
    assert Sight(Intent(networks=("192.0.2.0/24", "2001:db8::/64"))).is_source_allowed(source) is wanted


@pytest.mark.parametrize(
    ("time", "wanted"),
    [
        (datetime(2026, 11, 23, 6, 30, tzinfo=UTC), True),  # Monday, 7:30 in Brussels
        (datetime(2026, 11, 23, 5, 30, tzinfo=UTC), False),
        (datetime(2026, 11, 23, 18, 0, tzinfo=UTC), False),  # 19:00: over
        (datetime(2026, 11, 28, 10, 0, tzinfo=UTC), False),  # Saturday
    ],
)
def test_when_people_may_log_in_is_local_time(time: datetime, wanted: object) -> None:
    intent = Intent(hours=(Hours(days=(0, 1, 2, 3, 4), start=7, end=19),), time_zone="Europe/Brussels")
    assert Sight(intent).is_time_allowed(time) is wanted


def test_addresses_of_hosts_and_relays() -> None:
    sight = Sight(Intent(addresses={"ESX1": ("192.0.2.21",)}, relays=("192.0.2.5",)))
    assert sight.is_sender_known("esx1", "192.0.2.21") is True
    assert sight.is_sender_known("esx1", "::ffff:192.0.2.5") is True
    assert sight.is_sender_known("esx1", "203.0.113.1") is False
    assert sight.is_sender_known("esx2", "203.0.113.1") is None
    assert sight.is_sender_known("esx1", "") is None


def test_addresses_that_are_none() -> None:
    assert [address_of(text) for text in ("", None, "x", "1.2.3", "256.1.1.1", "fe80::1%eth0%x")][:5] == [None] * 5


@pytest.mark.parametrize(
    ("command", "image"),
    [
        ("esxcli vm process list", "/bin/esxcli"),
        ("/bin/esxcli x", "/bin/esxcli"),
        ("./esxcli x", "/bin/esxcli"),
        ("A=b sudo esxcli x", "/bin/esxcli"),
        ("nohup /tmp/x &", "/tmp/x"),  # noqa: S108
        ("", None),
        ("sudo", None),
    ],
)
def test_the_program_of_a_command_is_a_path(command: str, image: str | None) -> None:
    assert image_of(command) == image
