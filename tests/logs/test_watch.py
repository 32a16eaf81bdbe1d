"""The eyes: what they tell of time, figures and new detections. What lines mean is tested beside detections."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from viguard.logs.block import Block, Run
from viguard.logs.classify import Classifier
from viguard.logs.detect.intent import Intent
from viguard.logs.detect.reading import shipped
from viguard.logs.detect.rules import RuleSet
from viguard.logs.watch import HOLD, Seen, Watch, self_test
from viguard.model.event import Alert
from viguard.policy.policy import TimeZone

AT = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
VMX = "/vmfs/volumes/a/web1/web1.vmx"


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier()


@pytest.fixture
def watch(classifier: Classifier) -> Watch:
    return Watch(shipped(), classifier=classifier)


def see(watch: Watch, *texts: str, at: datetime = AT) -> Seen:
    data = "".join(f"<86>{at:%b} {at.day:2} {at:%H:%M:%S} esx1 {text}\n" for text in texts).encode()
    block = Block(data, at.timestamp(), (Run("192.0.2.1", "tcp", 0, len(data)),))
    return watch.judge(block, watch.look(block))


def test_an_event_waits_for_its_neighbours_and_no_longer(watch: Watch) -> None:
    assert see(watch, "DCUI: authentication of user berry failed").alerts == []
    assert watch.settle(AT + HOLD).alerts == []
    (alert,) = watch.settle(AT + HOLD + timedelta(milliseconds=1)).alerts
    assert alert.rule == "login.dcui.wrong-password"
    assert watch.flush() == Seen([], [])


def test_a_neighbour_in_the_next_block_belongs_to_it(watch: Watch) -> None:
    see(watch, "DCUI: pam_unix(dcui:auth): check pass; user unknown")
    see(watch, "DCUI: authentication of user berry failed", at=AT + timedelta(milliseconds=300))
    (alert,) = watch.flush().alerts
    assert alert.rule == "login.dcui.nonexistent-user"


def count(number: int) -> str:
    return f"Hostd: [2026-11-23 10:00:00.000 48C9CDC0 verbose 'vm:{VMX}'] New MKS connection count: {number}"


def test_figures_of_a_server_leave_guests_alone_that_it_does_not_know(watch: Watch) -> None:
    """A host without a vCenter tells of its guests by lines alone: no figure may put them back to none."""
    see(watch, count(1))
    watch.flush()
    assert watch.figures([{"other": 0}], AT + timedelta(minutes=1)).alerts == []
    see(watch, count(2), at=AT + timedelta(minutes=2))
    (alert,) = watch.flush().alerts
    assert (alert.rule, alert.key) == ("console.multiple", "vm=web1")


def test_figures_count_where_lines_were_silent_and_say_when_it_is_over(watch: Watch) -> None:
    (alert,) = watch.figures([{"web1": 2, "web2": 1}], AT).alerts
    assert (alert.key, alert.resolved) == ("vm=web1", False)
    (over,) = watch.figures([{"web1": 0, "web2": 1}], AT + timedelta(minutes=1)).alerts
    assert (over.key, over.resolved) == ("vm=web1", True)


def test_of_two_servers_with_a_guest_of_one_name_the_most_counts(watch: Watch) -> None:
    assert len(watch.figures([{"web1": 2}, {"web1": 0}], AT).alerts) == 1
    assert watch.figures([{"web1": 0}, {"web1": 2}], AT + timedelta(minutes=1)).alerts == []


def test_new_detections_know_the_open_consoles(watch: Watch) -> None:
    see(watch, count(1))
    watch.flush()
    watch.renew(shipped(), Intent(console_sessions=2))
    see(watch, count(2), at=AT + timedelta(minutes=1))
    assert watch.flush().alerts == []
    see(watch, count(3), at=AT + timedelta(minutes=2))
    assert [alert.rule for alert in watch.flush().alerts] == ["console.multiple"]


def test_new_detections_bring_new_time_zones(watch: Watch) -> None:
    """11:00 in Brussels, first as nobody has said so, then as the policy does."""
    local = AT + timedelta(hours=1)
    text = f"<86>{local:%b %d %H:%M:%S} esx1 dropbear[7]: PAM password auth succeeded for 'root' from 192.0.2.7:6\n"
    block = Block(text.encode(), AT.timestamp(), (Run("192.0.2.1", "tcp", 0, len(text)),))
    found = []
    for zones in ((), (TimeZone(hosts=("esx*",), zone="Europe/Brussels"),), ()):
        watch.renew(shipped(), Intent(time_zones=zones))
        found += [event.time for event in [*watch.judge(block, watch.look(block)).events, *watch.flush().events]]
    assert found == [local, AT, local]


def refused(at: datetime) -> str:
    """A login that a vCenter refused, as its API tells of it."""
    when = at.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    event = "[vim.event.BadUsernameSessionEvent] [info] [root] [Brussels] [501] [Cannot login root@198.51.100.9]"
    said = '[viguard@32473 ip="198.51.100.9"]'
    return f"<14>1 {when} vc.example.org vpxd - - {said} Event [501] [1-1] [{when}] {event}\n"


def asked(watch: Watch, times: list[datetime], transport: str) -> list[Alert]:
    """What they raise, all received in one block at AT."""
    data = "".join(map(refused, times)).encode()
    block = Block(data, AT.timestamp(), (Run("192.0.2.8", transport, 0, len(data)),))
    return [*watch.judge(block, watch.look(block)).alerts, *watch.flush().alerts]


def test_events_that_a_server_is_asked_for_count_when_they_happened(watch: Watch) -> None:
    """At the first start and after an outage an hour of them comes in one block: no attack, no wrong clock."""
    slow = [AT - timedelta(minutes=4 * number) for number in range(12, 0, -1)]
    alerts = asked(watch, slow, "api")
    assert {alert.rule for alert in alerts} == {"login.api.wrong-password"}
    assert [alert.time for alert in alerts] == slow


def test_an_attack_of_an_hour_ago_is_one_when_it_was(watch: Watch) -> None:
    began = AT - timedelta(hours=1)
    alerts = asked(watch, [began + timedelta(seconds=10 * number) for number in range(12)], "api")
    found = {alert.rule: alert.time for alert in alerts if alert.rule.startswith("bruteforce")}
    assert found == dict.fromkeys(("bruteforce", "bruteforce.account"), began + timedelta(seconds=90))


def test_a_vcenter_that_sends_with_a_wrong_clock_is_told(watch: Watch) -> None:
    assert "log.clock-skew" in {alert.rule for alert in asked(watch, [AT - timedelta(hours=1)], "tcp")}


def test_who_goes_silent_is_told_and_who_is_back(watch: Watch) -> None:
    for minute in range(5):
        watch.tick(AT + timedelta(minutes=minute), {"esx1": AT + timedelta(minutes=minute)})
    assert watch.tick(AT + timedelta(minutes=13)).alerts == []
    (silent,) = watch.tick(AT + timedelta(minutes=15)).alerts
    assert silent.rule == "log.silence"
    back = AT + timedelta(minutes=16)
    (over,) = watch.tick(back, {"esx1": back}).alerts
    assert over.resolved


def test_twelve_ways_in_are_noticed_and_none_without_detections(classifier: Classifier) -> None:
    ways = {
        f"{channel}/{outcome}"
        for channel in ("api", "dcui", "ssh", "techsupport")
        for outcome in ("right-password", "wrong-password", "unknown-user")
    }
    assert self_test(shipped(), classifier) == dict.fromkeys(ways, True)
    assert self_test(RuleSet(), classifier) == dict.fromkeys(ways, False)


def quiet(watch: Watch, minute: float, claimed: datetime, sender: str = "192.0.2.1", host: str = "esx1") -> list[Alert]:
    """The alerts of a block of lines that tell no event, received that many minutes after AT."""
    data = f"<166>{claimed:%b} {claimed.day:2} {claimed:%H:%M:%S} {host} Hostd: nothing\n".encode() * 3
    block = Block(data, (AT + timedelta(minutes=minute)).timestamp(), (Run(sender, "udp", 0, len(data)),))
    hits = watch.look(block)
    assert hits == []
    return watch.judge(block, hits).alerts


def test_the_clock_of_a_host_shows_by_lines_that_tell_nothing(watch: Watch) -> None:
    found = [a for n in range(180) for a in quiet(watch, n, AT + timedelta(minutes=n + 60))]
    assert [(a.rule, a.key) for a in found] == [("log.clock-skew", "host=esx1 sender=192.0.2.1")]
    assert "its stamps look like UTC+1 (local time)" in found[0].text
    (over,) = [a for n in range(180, 200) for a in quiet(watch, n, AT + timedelta(minutes=n))]
    assert over.resolved


def test_the_policy_dates_lines_that_tell_nothing_too(watch: Watch) -> None:
    watch.renew(shipped(), Intent(time_zones=(TimeZone(hosts=("esx*",), zone="Europe/Brussels"),)))
    assert [a for n in range(10) for a in quiet(watch, n, AT + timedelta(minutes=n + 60))] == []


def test_a_zone_that_is_told_by_a_reload_ends_the_alert(watch: Watch) -> None:
    assert [a.resolved for n in range(5) for a in quiet(watch, n, AT + timedelta(minutes=n + 60))] == [False]
    watch.renew(shipped(), Intent(time_zones=(TimeZone(hosts=("esx*",), zone="Europe/Brussels"),)))
    found = [a for n in range(5, 30) for a in quiet(watch, n, AT + timedelta(minutes=n + 60))]
    assert [(a.key, a.resolved) for a in found] == [("host=esx1 sender=192.0.2.1", True)]


def test_a_sender_is_looked_at_once_a_minute_and_a_relay_more_often(watch: Watch) -> None:
    seen: list[datetime] = []
    watch.renew(shipped(), Intent(relays=("192.0.2.9",)))
    watch.detector.sample = lambda event: seen.append(event.received_at) or []
    for sender in ("192.0.2.1", "192.0.2.9"):
        for second in range(0, 120, 5):
            quiet(watch, second / 60, AT, sender)
    assert len(seen) == 2 + 24
