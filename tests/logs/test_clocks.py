"""Lines without a zone: which zone counts for which host, and what a local time is in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viguard.errors import InputError
from viguard.logs.block import Block, Run
from viguard.logs.classify import Classifier, events
from viguard.logs.clocks import Clocks, everywhere
from viguard.logs.engine import Plain
from viguard.logs.fields import moment
from viguard.logs.watch import events_of
from viguard.policy.policy import TimeZone

BRUSSELS = ZoneInfo("Europe/Brussels")
NEW_YORK = ZoneInfo("America/New_York")
CLASSIFIER = Classifier(Plain)
LOGIN = "dropbear[7]: PAM password auth succeeded for 'root' from 192.0.2.7:6"


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+00:00")


@pytest.mark.parametrize(
    ("told", "received", "expected"),
    [
        ("Nov 23 10:00:00", "2026-11-23T09:00:01", "2026-11-23T09:00:00"),
        ("Jul  3 10:00:00", "2026-07-03T08:00:01", "2026-07-03T08:00:00"),
        ("2026-11-23 10:00:00.250", "2026-11-23T09:00:01", "2026-11-23T09:00:00.250"),
        ("2026-11-23T10:00:00Z", "2026-11-23T09:00:01", "2026-11-23T10:00:00"),
        ("2026-11-23T10:00:00+00:00", "2026-11-23T09:00:01", "2026-11-23T10:00:00"),
        ("2026-11-23T10:00:00-0500", "2026-11-23T15:00:01", "2026-11-23T15:00:00"),
        ("Nov 23 10:00:00 2011", "2026-11-23T09:00:01", "2011-11-23T09:00:00"),
        # over New Year
        ("Dec 31 23:30:00", "2026-12-31T22:30:01", "2026-12-31T22:30:00"),
        ("Jan  1 00:30:00", "2026-12-31T23:30:01", "2026-12-31T23:30:00"),
        ("Dec 31 23:59:59", "2026-12-31T23:00:00", "2026-12-31T22:59:59"),
        ("Dec 31 23:59:59", "2027-01-01T08:00:00", "2026-12-31T22:59:59"),
        ("Feb 29 01:00:00", "2026-11-23T09:00:00", "2024-02-29T00:00:00"),
        # on 25 October 2026 at 01:00 UTC clocks go from 03:00 back to 02:00
        ("Oct 25 02:30:00", "2026-10-25T00:30:01", "2026-10-25T00:30:00"),
        ("Oct 25 02:30:00", "2026-10-25T01:30:01", "2026-10-25T01:30:00"),
        ("Oct 25 02:05:00", "2026-10-25T00:05:02", "2026-10-25T00:05:00"),
        ("Oct 25 02:05:00", "2026-10-25T00:45:00", "2026-10-25T00:05:00"),  # held up on its way
        ("Oct 25 02:30:00", "2026-10-25T01:29:00", "2026-10-25T01:30:00"),  # a minute ahead
        ("2026-10-25T02:30:00", "2027-01-01T00:00:00", "2026-10-25T01:30:00"),
        ("Oct 25 01:59:59", "2026-10-25T00:00:00", "2026-10-24T23:59:59"),
        ("Oct 25 03:00:00", "2026-10-25T02:00:00", "2026-10-25T02:00:00"),
        # on 28 March 2027 at 01:00 UTC they go from 02:00 to 03:00: there is no 02:30
        ("Mar 28 02:30:00", "2027-03-28T01:30:01", "2027-03-28T01:30:00"),
        ("Mar 28 01:59:59", "2027-03-28T01:00:00", "2027-03-28T00:59:59"),
        ("Mar 28 03:00:00", "2027-03-28T01:00:00", "2027-03-28T01:00:00"),
    ],
)
def test_a_local_time_in_brussels(told: str, received: str, expected: str) -> None:
    assert moment(told.encode(), at(received), BRUSSELS) == at(expected)
    zones = everywhere("Europe/Brussels")
    (event,) = events(CLASSIFIER, f"{told} esx1 {LOGIN}".encode(), at(received), clocks=Clocks(zones))
    assert event.time == at(expected)


def test_the_year_of_a_place_that_is_behind() -> None:
    assert moment(b"Dec 31 19:30:00", at("2027-01-01T00:30:01"), NEW_YORK) == at("2027-01-01T00:30:00")
    assert moment(b"Jan  1 00:00:00", at("2027-01-01T05:00:01"), NEW_YORK) == at("2027-01-01T05:00:00")


@pytest.mark.parametrize(
    "told",
    [b"Foo 23 10:00:00", b"Feb 30 10:00:00", b"0001-01-01T00:00:00", b"9999-12-31T23:59:59", b"2026-11-23T25:00:00"],
)
@pytest.mark.parametrize("zone", [UTC, BRUSSELS, NEW_YORK])
def test_what_is_no_time_ends_nothing(told: bytes, zone: ZoneInfo) -> None:
    found = moment(told, at("2026-11-23T09:00:00"), zone)
    assert found is None or found.year in {1, 9999}


@given(
    st.integers(1_000_000_000, 2_100_000_000),
    st.sampled_from(["Europe/Brussels", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia"]),
)
def test_a_host_that_is_on_time_is_on_time_whatever_the_season(seconds: int, name: str) -> None:
    now = datetime.fromtimestamp(seconds, UTC)
    local = now.astimezone(ZoneInfo(name))
    told = f"{local:%b} {local.day:2} {local:%H:%M:%S}".encode()
    assert moment(told, now, ZoneInfo(name)) == now


ENTRIES = (
    TimeZone(hosts=("esx1.*", "192.0.2.*"), zone="Europe/Brussels"),
    TimeZone(hosts=("ESX*",), zone="America/New_York"),
)


@pytest.mark.parametrize(
    ("host", "sender", "expected"),
    [
        (b"esx1.example.org", "198.51.100.1", "Europe/Brussels"),
        (b"ESX1.example.org", "198.51.100.1", "Europe/Brussels"),
        (b"esx10", "192.0.2.9", "America/New_York"),
        (None, "192.0.2.9", "Europe/Brussels"),
        (b"-", "192.0.2.9", "Europe/Brussels"),
        (b"", "192.0.2.9", "Europe/Brussels"),
        (b"web", "192.0.2.9", "UTC"),
        (b"\xff\xfe", "192.0.2.9", "UTC"),
    ],
)
def test_the_first_entry_that_matches_counts(host: bytes | None, sender: str, expected: str) -> None:
    clocks = Clocks(ENTRIES)
    assert [str(clocks.of(host, sender)) for _ in range(2)] == [expected] * 2


def test_hosts_of_one_block_in_different_zones() -> None:
    received = at("2026-11-23T15:00:00")
    lines = [f"<86>Nov 23 {told} {LOGIN}\n" for told in ("16:00:00 esx1.a", "10:00:00 esx2", "15:00:00 other")]
    data = "".join(lines).encode()
    block = Block(data, received.timestamp(), (Run("198.51.100.1", "udp", 0, len(data)),))
    found = events_of(block, CLASSIFIER.block(data), Clocks(ENTRIES))
    assert [(event.host, event.time) for event in found] == [(h, received) for h in ("esx1.a", "esx2", "other")]


def test_a_line_of_one_text_has_the_time_of_its_own_host() -> None:
    """What was worked out for a stamp is remembered for one zone only."""
    received = at("2026-11-23T15:00:00")
    line = f"Nov 23 15:00:00 {{}} {LOGIN}"
    found = [
        events(CLASSIFIER, line.format(host).encode(), received, clocks=Clocks(ENTRIES))[0].time
        for host in ("other", "esx1.a", "esx2", "other")
    ]
    assert found == [received + timedelta(hours=h) for h in (0, -1, 5, 0)]


def test_a_zone_that_is_none_is_refused() -> None:
    with pytest.raises(InputError, match="there is no time zone 'Europe/Brussel'") as caught:
        Clocks(everywhere("Europe/Brussel"))
    assert "did you mean 'Europe/Brussels'?" in str(caught.value)
