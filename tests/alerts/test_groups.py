from __future__ import annotations

import msgspec
import pytest

from tests.alerts.samples import HOSTILE, TWO, alert, at, event, settings
from viguard.alerts.group import State, group_id
from viguard.alerts.groups import MOST_GROUPS, Groups
from viguard.alerts.notice import Kind, Notice
from viguard.model.event import EventSeverity

BRUTE = group_id("bruteforce", "root@esx5")


def groups(extra: str = "", text: str = TWO) -> Groups:
    return Groups(settings(text + extra))


def told(machine: Groups, minutes: float = 0, seconds: float = 0) -> list[tuple[str, Kind, int]]:
    return [(name, n.kind, n.count) for name, n in machine.tick(at(minutes, seconds))]


def test_alerts_of_one_rule_and_key_are_told_once_after_the_wait() -> None:
    machine = groups()
    for number in range(3):
        machine.take(alert(number), at(seconds=number * 0.2))
    assert told(machine, seconds=0.9) == []
    assert machine.next_due() == at(seconds=1)
    assert told(machine, seconds=1) == [("second", Kind.FIRING, 3)]
    machine.take(alert(4), at(seconds=2))
    assert told(machine, seconds=5) == []


def test_without_a_wait_the_notice_is_due_at_once() -> None:
    machine = groups("grouping: {wait_s: 0}")
    machine.take(alert(), at())
    assert told(machine) == [("second", Kind.FIRING, 1)]


def test_other_rules_and_keys_are_other_groups() -> None:
    machine = groups()
    machine.take(alert(1), at())
    machine.take(alert(2, key="root@esx6"), at())
    machine.take(alert(3, rule="spray"), at())
    assert told(machine, 1) == [("second", Kind.FIRING, 1)] * 3


def test_an_alert_that_comes_again_counts_once() -> None:
    machine = groups()
    machine.take(alert(1), at())
    machine.take(alert(1), at())
    assert told(machine, 1) == [("second", Kind.FIRING, 1)]
    assert machine.state.alerts == 1


def test_it_is_repeated_until_acknowledged() -> None:
    machine = groups("grouping: {repeat_minutes: 10, resolve_minutes: 1000}")
    machine.take(alert(), at())
    assert told(machine, 1) == [("second", Kind.FIRING, 1)]
    assert told(machine, 10) == []
    assert told(machine, 11) == [("second", Kind.FIRING, 1)]
    assert machine.acknowledge(BRUTE, "Ann")
    assert told(machine, 500) == []
    assert not machine.acknowledge("none", "Ann")


def test_worse_is_told_at_once_even_when_acknowledged() -> None:
    machine = groups()
    machine.take(alert(1), at())
    told(machine, 1)
    machine.acknowledge(BRUTE, "Ann")
    machine.take(alert(2, severity=EventSeverity.CRITICAL), at(2))
    ((_, notice),) = machine.tick(at(3))
    assert notice.severity is EventSeverity.CRITICAL
    assert machine.state.groups[BRUTE].acknowledged_by == ""
    machine.take(alert(3, severity=EventSeverity.LOW), at(4))
    assert told(machine, 5) == []


def test_quiet_ends_a_group_and_says_that_this_proves_nothing() -> None:
    machine = groups("grouping: {resolve_minutes: 30}")
    machine.take(alert(1), at())
    told(machine, 1)
    machine.take(alert(2), at(20))
    assert told(machine, 49) == []
    assert machine.next_due() == at(50)
    ((name, notice),) = machine.tick(at(50))
    assert (name, notice.kind, notice.count) == ("second", Kind.RESOLVED, 2)
    assert "does not prove" in notice.text
    assert list(machine.open()) == []


def test_a_lasting_rule_ends_only_when_its_detection_says_so() -> None:
    machine = groups("grouping: {resolve_minutes: 1, repeat_minutes: 10080, lasting: [log.silence]}")
    machine.take(alert(1, rule="log.silence"), at())
    assert told(machine, 1) == [("second", Kind.FIRING, 1)]
    assert told(machine, 1000) == []
    machine.take(alert(2, rule="log.silence", resolved=True), at(1001))
    assert told(machine, 1001) == [("second", Kind.RESOLVED, 1)]
    assert told(machine, 1002) == []


def test_what_came_and_went_within_the_wait_is_told_all_the_same() -> None:
    machine = groups()
    machine.take(alert(1), at())
    machine.take(alert(2, resolved=True), at(seconds=0.5))
    assert told(machine, seconds=0.6) == []
    assert told(machine, seconds=1) == [("second", Kind.FIRING, 1), ("second", Kind.RESOLVED, 1)]


def test_the_end_of_what_never_began_is_nothing() -> None:
    machine = groups()
    machine.take(alert(resolved=True), at())
    assert told(machine, 1) == []
    assert machine.next_due() is None


def test_a_receiver_gets_only_what_it_wants() -> None:
    machine = groups(text=TWO.replace("name: second,", "name: second, send: [firing],"))
    machine.take(alert(), at())
    assert told(machine, 1) == [("second", Kind.FIRING, 1)]
    assert told(machine, 100) == []


def test_a_silenced_group_is_counted_and_told_when_the_silence_ends_first() -> None:
    silence = 'silences: [{owner: A, reason: b, until: "2026-03-02T12:30Z", rules: ["*"]}]'
    machine = groups(silence + "\ngrouping: {resolve_minutes: 40}")
    machine.take(alert(), at())
    assert told(machine, 1) == []
    assert list(machine.open()) == []
    assert machine.state.silenced == 1
    assert told(machine, 29) == []
    assert told(machine, 30) == [("second", Kind.FIRING, 1)]
    assert len(list(machine.open())) == 1


def test_a_silenced_group_that_ends_is_told_to_nobody() -> None:
    machine = groups('silences: [{owner: A, reason: b, until: "2026-03-02T14:00Z", rules: ["*"]}]')
    machine.take(alert(), at())
    assert told(machine, 1) == []
    assert told(machine, 60) == []
    assert machine.state.groups == {}


def test_a_limit_holds_back_and_tells_how_many() -> None:
    limited = TWO.replace("name: second,", "name: second, most_per_hour: 2,")
    machine = groups("grouping: {resolve_minutes: 1000}", limited)
    for number in range(5):
        machine.take(alert(number, key=f"root@esx{number}", severity=EventSeverity.LOW), at())
    machine.take(alert(9, key="worst", severity=EventSeverity.CRITICAL), at())
    assert told(machine, 1) == [("second", Kind.FIRING, 1)] * 2
    assert told(machine, 59) == []
    assert machine.next_due() == at(61)
    ((name, digest),) = machine.tick(at(61))
    assert (name, digest.kind, digest.count, digest.severity) == ("second", Kind.DIGEST, 4, EventSeverity.CRITICAL)
    assert any("worst" in line for line in digest.lines)


def test_marks_are_kept_and_a_false_positive_ends_the_group() -> None:
    machine = groups()
    machine.take(alert(), at())
    told(machine, 1)
    assert machine.mark(BRUTE, "Ann", at(2), true_positive=True) == []
    ((name, notice),) = machine.mark(BRUTE, "Ann", at(3), true_positive=False, note="backup job")
    assert (name, notice.kind) == ("second", Kind.RESOLVED)
    assert [(m.true_positive, m.by, m.note) for m in machine.state.marks] == [
        (True, "Ann", ""),
        (False, "Ann", "backup job"),
    ]
    with pytest.raises(KeyError):
        machine.mark(BRUTE, "Ann", at(4), true_positive=True)


def test_somebody_can_say_that_it_is_over() -> None:
    machine = groups("grouping: {resolve_minutes: 1}")
    machine.take(alert(rule="log.silence"), at())
    assert told(machine, 1) == [("second", Kind.FIRING, 1)]
    assert told(machine, 1000) == [("second", Kind.FIRING, 1)], "a repeat: log.silence lasts"
    ((name, notice),) = machine.end(group_id("log.silence", "root@esx5"), "Ann", at(1001))
    assert (name, notice.kind, notice.text) == ("second", Kind.RESOLVED, "Ann says that it is over.")
    assert machine.state.groups == {}


def test_heartbeats_come_at_once_and_then_by_the_clock() -> None:
    machine = groups("heartbeats: [{receiver: first, every_minutes: 5}]")
    assert [(n, m.kind) for n, m in machine.tick(at())] == [("first", Kind.HEARTBEAT)]
    assert machine.next_due() == at(5)
    assert machine.tick(at(4)) == []
    assert [(n, m.kind) for n, m in machine.tick(at(5))] == [("first", Kind.HEARTBEAT)]
    assert [(n, m.kind) for n, m in machine.tick(at(-60))] == [("first", Kind.HEARTBEAT)], "the clock was set back"


def test_the_state_survives_a_restart() -> None:
    before = groups("grouping: {repeat_minutes: 10}")
    before.take(alert(1), at())
    told(before, 1)
    before.take(alert(2, key="other"), at(2))
    state = msgspec.json.decode(msgspec.json.encode(before.state), type=State)
    after = Groups(before.settings, state)
    after.take(alert(1), at(2.5))
    assert told(after, 3) == [("second", Kind.FIRING, 1)], "the told one is not told again, the other is"
    assert told(after, 11) == [("second", Kind.FIRING, 1)], "the repeat is on time"


def test_a_flood_of_keys_is_bounded() -> None:
    machine = groups()
    for number in range(MOST_GROUPS + 500):
        machine.take(alert(number, key=f"k{number}"), at())
    assert len(machine.state.groups) == MOST_GROUPS + 1
    assert sum(g.count for g in machine.state.groups.values()) == MOST_GROUPS + 500


def texts(notice: Notice) -> list[str]:
    return [notice.title, notice.key, notice.rule, notice.zone, notice.host, notice.text, *notice.steps, *notice.lines]


@pytest.mark.parametrize("name", HOSTILE)
def test_no_control_character_gets_into_a_notice(name: str) -> None:
    machine = groups()
    hostile = event(host=name, lines=(name,))
    fields = {"title": name, "key": name, "rule": name, "zones": (name,), "text": name, "steps": (name,)}
    machine.take(alert(events=(hostile,), **fields), at())
    ((_, notice),) = machine.tick(at(1))
    assert all(text.isprintable() for text in texts(notice))
