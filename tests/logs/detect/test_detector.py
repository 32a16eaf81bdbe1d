"""The engine: the same stream makes the same alerts, nothing hostile leaves, and nothing grows without bound."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.logs.detect.tell import START, event
from viguard.logs.detect.detector import Detector
from viguard.logs.detect.intent import Hours, Intent
from viguard.logs.detect.reading import load, shipped
from viguard.logs.detect.rules import RuleSet
from viguard.model.event import Alert, Event, EventSeverity

RULES = shipped()


def failures(count: int, start: float = 0) -> list[Event]:
    return [
        event("login.failure.ssh", start + n, f"sshd: {start + n}", user="root", source_ip="192.0.2.7")
        for n in range(count)
    ]


STREAM = [
    *failures(12),
    event("login.success.ssh", 20, "in", user="root", source_ip="192.0.2.7"),
    event("firewall.disabled", 30, "off"),
    *(event("vm.poweroff", 40 + n, f"{n}", vm=f"web{n}") for n in range(6)),
]


class TestReplay:
    def test_the_same_stream_makes_the_same_alerts(self) -> None:
        assert Detector(RULES).feed(STREAM) == Detector(RULES).feed(STREAM)

    @given(st.lists(st.integers(0, len(STREAM)), max_size=6))
    def test_however_it_is_cut(self, cuts: list[int]) -> None:
        engine, found = Detector(RULES), []
        places = sorted({0, len(STREAM), *cuts})
        for start, end in pairwise(places):
            found += engine.feed(STREAM[start:end])
        assert found == Detector(RULES).feed(STREAM)

    def test_ids_differ_between_alerts_and_do_not_hang_on_the_time_of_the_run(self) -> None:
        found = Detector(RULES).feed(STREAM)
        assert len({alert.id for alert in found}) == len(found)
        assert {"bruteforce", "login.after-failures", "login.root", "firewall.disabled", "vm.mass-stop"} <= {
            alert.rule for alert in found
        }

    def test_what_is_received_again_later_makes_the_same_ids(self) -> None:
        """An archive that is read again has the times of receipt of then."""
        later = Detector(RULES)
        later.feed(failures(3, start=-90_000))
        again = [a.id for a in later.feed(STREAM)]
        assert again == [a.id for a in Detector(RULES).feed(STREAM)]


class TestTime:
    def test_a_wrong_clock_does_not_move_an_event_in_its_window(self) -> None:
        """Ten failures in five minutes by receipt, although the host says that they were years ago and apart."""
        wrong = [
            msgspec.structs.replace(e, time=START - timedelta(days=900 - 10 * n)) for n, e in enumerate(failures(10))
        ]
        assert "bruteforce" in {a.rule for a in Detector(RULES).feed(wrong)}

    def test_an_event_without_any_time_counts_with_the_last(self) -> None:
        timeless = msgspec.structs.replace(event("firewall.disabled"), time=None, received_at=None)
        (alert,) = Detector(RULES).feed([timeless])
        assert alert.time.year == 1970
        both = Detector(RULES).feed([event("vm.poweron", 5), timeless])
        assert both[0].time == START + timedelta(seconds=5)


class TestHostileValues:
    EVIL = "ro\x1b[31mot\x07\u202e\nx" + "a" * 1000

    def test_control_characters_and_length_stay_inside(self) -> None:
        told = event("login.failure.ssh", user=self.EVIL, source_ip="192.0.2.7", host="esx\r\n1")
        (alert,) = Detector(RULES).feed([told])
        for text in (alert.key, alert.text, alert.title, *alert.zones):
            assert not any(ord(char) < 32 or char in "\x7f\u202e" for char in text)
            assert len(text) < 1500

    def test_a_name_cannot_pose_as_another_key(self) -> None:
        one = event("login.failure.ssh", user="x source_ip=192.0.2.1")
        other = event("login.failure.ssh", user="x", source_ip="192.0.2.1")
        first, second = Detector(RULES).feed([one, other])
        assert first.key != second.key

    def test_a_line_cannot_say_that_trouble_is_over(self) -> None:
        found = Detector(RULES).feed([event("firewall.disabled", state="resolved")])
        assert [a.resolved for a in found] == [False]

    @given(st.text(max_size=50), st.text(max_size=50), st.text(max_size=30))
    def test_nothing_is_thrown_whatever_lines_hold(self, user: str, command: str, address: str) -> None:
        told = [
            event("shell.command", user=user, command=command, host=address),
            event("login.failure.ssh", user=user, source_ip=address, sender=address),
            event("console.ticket.issued", user=user, vm=command, vm_path=user),
            event("console.count", vm=command, count=user),
            event("maintenance.mode", host=user, line=command),
        ]
        Detector(RULES, Intent(networks=("192.0.2.0/24",), addresses={"esx1": ("192.0.2.1",)})).feed(told)


class TestQuiet:
    def test_one_alert_of_a_key_in_the_time_that_the_rule_says(self) -> None:
        told = [event("firewall.disabled", at, host=host) for at in (0, 100, 299, 301) for host in ("esx1", "esx2")]
        engine = Detector(RULES)
        assert [a.key for a in engine.feed(told)] == ["host=esx1", "host=esx2", "host=esx1", "host=esx2"]
        assert engine.counters.suppressed == 4

    def test_logins_are_each_told(self) -> None:
        assert len(Detector(RULES).feed([event("login.success.dcui", n, f"{n}", user="root") for n in range(5)])) == 5


class TestFlood:
    def test_many_keys_stay_within_bounds(self) -> None:
        engine = Detector(RULES, keys=100)
        for start in range(0, 20_000, 1000):
            engine.feed(
                event("login.failure.ssh", n / 1000, user=f"u{n}", source_ip=f"2001:db8::{n:x}", host=f"h{n}")
                for n in range(start, start + 1000)
            )
        counters = engine.counters
        assert counters.events == 20_000
        assert counters.evicted_groups > 0
        assert all(len(windows) <= 100 for windows in engine._windows)
        assert len(engine._quiet) <= 400

    def test_unknown_classes_of_events_are_not_remembered_for_ever(self) -> None:
        engine = Detector(RULES)
        engine.feed(event(f"made.up.{n}") for n in range(10_000))
        assert len(engine._of_class) <= 4096


class TestIntent:
    def test_zone_of_the_guest_or_the_host(self) -> None:
        intent = Intent(zones={"web1": "dmz", "ESX1": "management"})
        engine = Detector(RULES, intent)
        (of_guest,) = engine.feed([event("vm.escape.denied", vm="web1")])
        (of_host,) = engine.feed([event("firewall.disabled")])
        assert (of_guest.zones, of_host.zones) == (("dmz",), ("management",))

    @pytest.mark.parametrize(
        ("asked", "holds"),
        [
            ({"zone": "dmz"}, True),
            ({"zone": "LAN"}, True),
            ({"zone|endswith": "an"}, True),
            ({"zone": "prod"}, False),
            ({"zone": None}, False),
            ({"zone|fieldref": "source_zone"}, True),
        ],
    )
    def test_a_rule_by_zone_sees_each_zone_of_a_guest(self, asked: dict[str, str], holds: bool) -> None:
        intent = Intent(zones={"web1": ("dmz", "lan")}, subnets={"192.0.2.0/24": "lan"})
        rule = {"title": "By zone", "name": "own.zone", "level": "low", "logsource": {"product": "vmware"}}
        rule |= {"detection": {"selection": asked, "condition": "selection"}}
        found = Detector(load([("own.yml", yaml.safe_dump(rule))]), intent).feed(
            [event("vm.escape.denied", vm="web1", source_ip="192.0.2.7")]
        )
        assert [alert.zones for alert in found] == ([("dmz", "lan")] if holds else [])

    def test_what_is_undecided_is_said(self) -> None:
        assert len(Intent().undecided) == 3
        full = Intent(networks=("192.0.2.0/24",), hours=(Hours(),), addresses={"esx1": ("192.0.2.1",)})
        assert full.undecided == ()

    def test_vcenter_tells_of_the_host_that_it_names(self) -> None:
        told = [
            event("vm.poweroff", n, vm=f"web{n}", host="vcenter", on_host=f"esx{n}.example.org", program="vpxd")
            for n in range(5)
        ]
        assert Detector(RULES).feed(told) == []  # five hosts, one guest each
        same = [msgspec.structs.replace(e, fields={"on_host": "esx1.example.org"}) for e in told]
        assert [a.key for a in Detector(RULES).feed(same)] == ["host=esx1.example.org"]


class TestSilence:
    def silent(self, engine: Detector) -> list[Alert]:
        for minute in range(10):
            engine.heard("esx1", START + timedelta(minutes=minute))
        return engine.tick(START + timedelta(minutes=20))

    def test_told_once_and_again_when_it_is_back(self) -> None:
        engine = Detector(RULES)
        (alert,) = self.silent(engine)
        assert (alert.rule, alert.key, alert.severity) == ("log.silence", "host=esx1", EventSeverity.HIGH)
        assert engine.tick(START + timedelta(minutes=40)) == []
        (back,) = engine.heard("esx1", START + timedelta(minutes=41))
        assert (back.rule, back.key, back.resolved) == ("log.silence", "host=esx1", True)
        assert self.silent(engine) == []  # times of before say nothing

    def test_names_that_somebody_invents_do_not_drive_out_hosts(self) -> None:
        engine = Detector(RULES)
        for minute in range(10):
            engine.heard("esx1", START + timedelta(minutes=minute))
        for number in range(12_000):
            engine.heard(f"h{number}", START)
        assert engine.counters.evicted_hosts == 0
        assert len(engine.tick(START + timedelta(minutes=20))) == 1


class TestRules:
    def test_no_rules_no_alerts(self) -> None:
        assert Detector(RuleSet()).feed(STREAM) == []

    @pytest.mark.parametrize(
        ("name", "left"),
        [("console.multiple", ["log.silence"]), ("log.silence", ["console.multiple", "console.multiple"])],
    )
    def test_a_site_may_leave_a_detection_out(self, name: str, left: list[str]) -> None:
        rest = RuleSet(tuple(r for r in RULES.rules if r.about.name != name), RULES.correlations)
        engine = Detector(rest)
        found = engine.feed([event("console.count", at, vm="web1", count=n) for at, n in ((0, 1), (10, 2), (20, 1))])
        for minute in range(10):
            engine.heard("esx1", START + timedelta(minutes=minute))
        found += engine.tick(START + timedelta(minutes=20))
        assert [a.rule for a in found] == left

    def test_a_rule_of_the_site_stands_beside_ours(self) -> None:
        own = (
            "title: Root by night\nname: own.night\nlevel: critical\nlogsource: {product: vmware}\n"
            "detection: {one: {event|startswith: login.success, user: root, hour|lt: 11}, condition: one}\n"
        )
        both = load([("own.yml", own)])
        engine = Detector(RuleSet((*RULES.rules, *both.rules), RULES.correlations))
        assert [a.rule for a in engine.feed([event("login.success.dcui", user="root")])] == ["login.root", "own.night"]
