"""log-received-fresh, log-filter-size, event-login-coverage, monitor-hooks."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.assess.checks.estate import LOST, NOW, VC8, but, host, world
from viguard.assess.checks.logs import WAYS, noticed, reached, received, volume
from viguard.assess.targets import ESTATE
from viguard.model.access import Access, Alarm
from viguard.model.coverage import Coverage, Heard, Told, Volume
from viguard.model.derived import Derived
from viguard.model.network import VmkernelNic
from viguard.model.result import Status
from viguard.model.server import Server
from viguard.policy.policy import Limits, Policy, Profile

MINUTE = timedelta(minutes=1)
HOST = but(
    host("h5"),
    name="esxblade5.fw.belnet.be",
    dns_name="blade5.mgmt.belnet.be",
    vmkernel=(VmkernelNic(device="vmk0", address="10.1.0.5"),),
    console_nics=(),
)


def told(*hosts: Heard, ago: timedelta = MINUTE, **more: object) -> Derived:
    written = NOW - ago
    return Derived(logs=Coverage(written_at=written, started_at=written - timedelta(days=30), hosts=hosts, **more))  # type: ignore[arg-type]


def heard(name: str, minutes: int = 1, **more: object) -> Heard:
    return Heard(name=name, last=NOW - MINUTE - timedelta(minutes=minutes), **more)  # type: ignore[arg-type]


def kept(*bytes_: int) -> dict[str, Volume]:
    return {f"2026-11-{day:02d}": Volume(received=9_000_000, kept=some) for day, some in enumerate(bytes_, 1)}


@pytest.mark.parametrize(
    ("one", "status"),
    [
        (heard("esxblade5.fw.belnet.be"), Status.PASS),
        (heard("ESXBLADE5.fw.belnet.be."), Status.PASS),
        (heard("esxblade5"), Status.PASS),
        (heard("blade5.mgmt.belnet.be"), Status.PASS),
        (heard("localhost", senders=("10.1.0.5",)), Status.PASS),
        (heard("10.1.0.5"), Status.PASS),
        (heard("esxblade5.fw.belnet.be", 30), Status.PASS),
        (heard("esxblade5.fw.belnet.be", 31), Status.FAIL),
        (heard("esxblade5.other.example"), Status.FAIL),
        (heard("esxblade50.fw.belnet.be"), Status.FAIL),
        (heard("localhost", senders=("10.1.0.50",)), Status.FAIL),
    ],
)
def test_a_line_of_this_host_within_half_an_hour(one: Heard, status: Status) -> None:
    assert received(HOST, world(HOST, derived=told(one))).status is status


def test_a_host_that_was_never_heard_fails() -> None:
    found = received(HOST, world(HOST, derived=told()))
    assert found.status is Status.FAIL
    assert "never heard" in found.reason


@pytest.mark.parametrize("check", [received, volume, noticed, reached])
def test_without_a_log_server_or_with_old_news_of_it_nothing_is_known(check: object) -> None:
    for derived in (Derived(), told(heard(HOST.name), ago=timedelta(minutes=31))):
        for subject in (HOST, ESTATE):
            found = check(subject, world(HOST, derived=derived))  # type: ignore[operator]
            assert found.status is Status.UNKNOWN
            assert found.evidence


@pytest.mark.parametrize(
    ("days", "status"),
    [
        (kept(2_200_000), Status.PASS),
        (kept(1, 2_200_001), Status.FAIL),
        (kept(2_200_001, 1, 1, 1, 1, 1, 1, 1), Status.PASS),  # more than seven days ago
        (kept(), Status.UNKNOWN),
    ],
)
def test_the_budget_of_the_report(days: dict[str, Volume], status: Status) -> None:
    context = world(HOST, derived=told(heard(HOST.name, days=days)), profile=Profile.REPORT_2010)
    assert volume(HOST, context).status is status


def test_one_host_under_two_names_has_one_budget() -> None:
    two = (heard(HOST.name, days=kept(1_200_000)), heard("10.1.0.5", days=kept(1_200_000)))
    context = world(HOST, derived=told(*two), profile=Profile.REPORT_2010)
    assert volume(HOST, context).status is Status.FAIL


def test_today_the_owner_decides_the_budget() -> None:
    derived = told(heard(HOST.name, days=kept(50_000_000)))
    assert volume(HOST, world(HOST, derived=derived, profile=Profile.MODERN)).status is Status.UNKNOWN
    for allowed, status in ((50_000_000, Status.PASS), (49_999_999, Status.FAIL)):
        policy = Policy(limits=Limits(log_bytes_per_host_day=allowed))
        found = volume(HOST, world(HOST, derived=derived, profile=Profile.MODERN, policy=policy))
        assert (found.status, found.policy) == (status, "limits.log_bytes_per_host_day")


def test_each_of_twelve_ways_in_raised_an_alert() -> None:
    assert len(WAYS) == 12
    every = dict.fromkeys(WAYS, True)
    cases = [
        (every, Status.PASS),
        ({**every, "ssh/unknown-user": False}, Status.FAIL),
        ({way: True for way in WAYS if way != "dcui/wrong-password"}, Status.UNKNOWN),
        ({"ssh/unknown-user": False}, Status.FAIL),
    ]
    for found, status in cases:
        assert noticed(ESTATE, world(derived=told(noticed=found))).status is status


@pytest.mark.parametrize(
    ("receivers", "status"),
    [
        ({"duty": Told(kind="e-mail", last=NOW - timedelta(days=7))}, Status.PASS),
        ({"duty": Told(kind="e-mail", last=NOW - timedelta(days=7, minutes=2))}, Status.FAIL),
        ({"duty": Told(kind="e-mail")}, Status.FAIL),
        ({"duty": Told(kind="e-mail", last=NOW, failing="refused")}, Status.FAIL),
        ({"duty": Told(kind="e-mail", last=NOW), "nagios": Told(kind="nagios")}, Status.FAIL),
        ({}, Status.FAIL),
    ],
)
def test_alerts_reach_somebody(receivers: dict[str, Told], status: Status) -> None:
    assert reached(ESTATE, world(derived=told(receivers=receivers))).status is status


def test_a_host_whose_interfaces_are_unknown_is_known_by_its_name() -> None:
    blind = but(host("h1"), name="esx1", vmkernel=LOST)
    assert received(blind, world(blind, derived=told(heard("esx1")))).status is Status.PASS


ALARM = Alarm(name="Failed login", enabled=True, actions=("SendEmailAction",))
DUTY = told(receivers={"duty": Told(kind="e-mail", last=NOW)})


@pytest.mark.parametrize(
    ("alarms", "status"),
    [
        ((ALARM,), Status.PASS),
        ((but(ALARM, enabled=False),), Status.FAIL),
        ((but(ALARM, actions=()),), Status.FAIL),
        ((), Status.FAIL),
        (LOST, Status.UNKNOWN),
    ],
)
def test_each_vcenter_has_an_alarm_that_does_something(alarms: object, status: Status) -> None:
    server = Server(id="vc", name="vc", path="/vc", server="vc", product=VC8)
    access = Access(id="vc:access", name="vc", path="/vc", server="vc", alarms=alarms)  # type: ignore[arg-type]
    found = reached(ESTATE, world(server, access, derived=DUTY))
    assert found.status is status
    without = reached(ESTATE, world(server, access))
    assert without.status is (Status.FAIL if status is Status.FAIL else Status.UNKNOWN)
