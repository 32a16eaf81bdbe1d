"""Sigma rules: what they match, and what is said of those that cannot be used."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.logs.detect.tell import event
from viguard.errors import ContentError
from viguard.logs.detect.detector import Detector
from viguard.logs.detect.intent import Intent
from viguard.logs.detect.reading import load, read
from viguard.model.event import Event, EventSeverity

HEAD = "title: A rule\nname: mine\nlevel: high\n"


def rule(detection: str, head: str = HEAD, logs: str = "{product: vmware}") -> str:
    lines = "\n".join(f"  {line}" for line in detection.splitlines())
    return f"{head}logsource: {logs}\ndetection:\n{lines}\n"


def matches(detection: str, told: Event, **more: Any) -> bool:
    found = Detector(load([("mine.yml", rule(detection, **more))]), Intent()).feed([told])
    return bool(found)


SEEN = event(
    "settings.advanced.changed",
    user="Root",
    source_ip="192.0.2.7",
    key="Config.HostAgent.x",
    number=7,
    path=r"C:\Temp\a*b",
    flag="true",
    empty="",
    words="Zm9vYmFy",
    line="Hostd: Set called with key 'Config.HostAgent.x' foo-bar",
)


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ("user: root", True),  # text is compared in any case
        ("user|cased: root", False),
        ("user|cased: Root", True),
        ("user: roo", False),
        ("user: ro*", True),
        ("user: r?ot", True),
        ("user: r?t", False),
        ("user: '*'", True),
        ("nothing: '*'", False),
        ("user|contains: oo", True),
        ("user|contains: ['x', 'oo']", True),
        ("user|contains|all: ['x', 'oo']", False),
        ("user|contains|all: ['R', 'oo']", True),
        ("user|startswith: ro", True),
        ("user|startswith: oo", False),
        ("user|endswith: OT", True),
        ("key|endswith: .x", True),
        (r"path: 'C:\\Temp\\a\*b'", True),
        (r"path: 'C:\\Temp\\a\*c'", False),
        ("path|re: '^C:.Temp'", True),
        ("path|re: '^c:.temp'", False),
        ("path|re|i: '^c:.temp'", True),
        ("path|re: 'Temp'", True),
        ("source_ip|cidr: 192.0.2.0/24", True),
        ("src_ip|cidr: ['10.0.0.0/8', '192.0.2.0/24']", True),
        ("source_ip|cidr: 2001:db8::/32", False),
        ("user|cidr: 192.0.2.0/24", False),
        ("number: 7", True),
        ("number: '7'", True),
        ("number|gt: 6", True),
        ("number|gt: 7", False),
        ("number|gte: 7", True),
        ("number|lt: 8", True),
        ("number|lte: 6", False),
        ("user|gt: 1", False),
        ("nothing|gt: 1", False),
        ("flag: true", True),
        ("flag: false", False),
        ("nothing: null", True),
        ("empty: null", True),
        ("user: null", False),
        ("nothing|exists: false", True),
        ("user|exists: true", True),
        ("user|exists: false", False),
        ("words|base64: foobar", True),
        ("words|base64offset|contains: foobar", True),
        ("user|fieldref: user", True),
        ("user|fieldref: host", False),
        ("words|fieldref|startswith: words", True),
        ("user|neq: berry", True),
        ("user|neq: root", False),
        ("time|hour: 10", True),
        ("time|hour: 11", False),
        ("time|day: 23", True),
        ("hour: 10", True),
        ("weekday: 0", True),
        ("event: settings.advanced.changed", True),
        ("event: account.locked", False),
        ("event|startswith: settings.", True),
    ],
)
def test_modifiers(asked: str, *, wanted: bool) -> None:
    assert matches(f"one:\n  {asked}\ncondition: one", SEEN) is wanted


@pytest.mark.parametrize(
    ("detection", "wanted"),
    [
        ("a: {user: root}\nb: {number: 8}\ncondition: a and b", False),
        ("a: {user: root}\nb: {number: 8}\ncondition: a or b", True),
        ("a: {user: root}\nb: {number: 8}\ncondition: a and not b", True),
        ("sel_a: {user: root}\nsel_b: {number: 8}\ncondition: 1 of sel_*", True),
        ("sel_a: {user: root}\nsel_b: {number: 8}\ncondition: all of sel_*", False),
        ("a: {user: root}\nb: {number: 7}\ncondition: all of them", True),
        ("a: {user: berry, number: 7}\ncondition: a", False),  # a table: every line
        ("a: [{user: berry}, {number: 7}]\ncondition: a", True),  # a list of tables: one of them
        ("a: {user: [berry, root]}\ncondition: a", True),  # a list of values: one of them
        ("a: {user: berry}\nb: {user: root}\ncondition: [a, b]", True),  # several conditions: one of them
        ("words: [nothing, foo-bar]\ncondition: words", True),
        ("words: ['foo*bar']\ncondition: words", True),
        ("words: [foo-baz]\ncondition: words", False),
        ("words:\n  '|all': [Set called, foo-bar]\ncondition: words", True),
        ("words:\n  '|all': [Set called, foo-baz]\ncondition: words", False),
        ("words:\n  '|re': 'foo.bar$'\ncondition: words", True),
        ("a: {user|contains: ''}\ncondition: not a", False),
    ],
)
def test_conditions(detection: str, *, wanted: bool) -> None:
    assert matches(detection, SEEN) is wanted


def test_windash() -> None:
    asked = "one:\n  command|windash|contains: ' -force'\ncondition: one"
    assert matches(asked, event("shell.command", command="esxcli x -force"))
    assert matches(asked, event("shell.command", command="esxcli x /force"))
    assert not matches(asked, event("shell.command", command="esxcli x force"))


def test_address_that_is_written_as_ipv6() -> None:
    asked = "one:\n  source_ip|cidr: 192.0.2.0/24\ncondition: one"
    assert matches(asked, event("login.success.ssh", source_ip="::ffff:192.0.2.7"))


class TestProcesses:
    """Rules in the shape of SigmaHQ's for esxcli: they want the path of a program, and its whole command."""

    KILL = (
        "title: Guests killed by esxcli\nid: 11111111-2222-4333-8444-555555555555\nstatus: test\nlevel: medium\n"
        "tags: [attack.execution, attack.t1059.012]\n"
        "logsource:\n    category: process_creation\n    product: linux\n"
        "detection:\n    selection:\n        Image|endswith: '/esxcli'\n        CommandLine|contains|all:\n"
        "            - 'vm process'\n            - 'kill'\n    condition: selection\nfalsepositives:\n    - Unknown\n"
    )
    ACCOUNT = (
        "title: Account made by esxcli\nid: 11111111-2222-4333-8444-555555555556\nlevel: medium\n"
        "logsource: {category: process_creation, product: linux}\n"
        "detection:\n  selection:\n    Image|endswith: /esxcli\n"
        "    CommandLine|contains|all: ['system ', 'account ', 'add ']\n"
        "  condition: selection\n"
    )

    def found(self, command: str, kind: str = "shell.command") -> list[str]:
        rules = load([("kill.yml", self.KILL), ("account.yml", self.ACCOUNT)])
        return [a.title for a in Detector(rules).feed([event(kind, command=command, user="root")])]

    def test_as_typed(self) -> None:
        assert self.found("esxcli vm process kill --type=force -w 42") == ["Guests killed by esxcli"]
        assert self.found("esxcli system account add -i eve -p x") == ["Account made by esxcli"]

    @pytest.mark.parametrize(
        "command",
        [
            "/bin/esxcli vm process kill -w 42",
            "cd /tmp; esxcli vm process kill -w 42",
            "true && LANG=C nohup esxcli vm process kill -w 42",
            "for i in 1 2; do echo; done | esxcli vm process kill -w 42",
        ],
    )
    def test_wherever_in_the_line(self, command: str) -> None:
        assert self.found(command) == ["Guests killed by esxcli"]

    @pytest.mark.parametrize(
        "command", ["esxcli vm process list", "echo esxcli vm process kill", "esxclix vm process kill", ""]
    )
    def test_no_other(self, command: str) -> None:
        assert self.found(command) == []

    def test_only_commands_are_processes(self) -> None:
        assert self.found("esxcli vm process kill", kind="account.locked") == []

    def test_alert_has_its_level_and_technique_and_the_id_as_name(self) -> None:
        rules = load([("kill.yml", self.KILL)])
        (alert,) = Detector(rules).feed([event("shell.command", command="esxcli vm process kill")])
        assert (alert.severity, alert.attack) == (EventSeverity.MEDIUM, ("T1059.012",))
        assert alert.rule == "11111111-2222-4333-8444-555555555555"


class TestFilters:
    def test_a_filter_of_the_site_takes_out_what_is_known(self) -> None:
        taken_out = (
            "title: Backup server\nlogsource: {product: vmware}\nfilter:\n  rules: [mine]\n"
            "  selection: {user: backup}\n  condition: not selection\n"
        )
        files = [("mine.yml", rule("one: {event: account.locked}\ncondition: one")), ("site.yml", taken_out)]
        detector = Detector(load(files))
        assert len(detector.feed([event("account.locked", user="root")])) == 1
        assert detector.feed([event("account.locked", user="backup")]) == []


MISTAKES = {
    "title: x\n  bad: [": (2, "no YAML"),
    "- a list": (1, "a rule is a table"),
    "title: x\naction: global": (2, "collections by action"),
    "title: &a x\nname: *a": (1, "aliases are not allowed"),
    "title: x\ntitle: y": (2, "is there twice"),
    rule("one: {user|what: x}\ncondition: one"): (6, "Unknown modifier"),
    rule("one:\n  user: a\n  source_ip|cidr: nonsense\ncondition: one"): (8, "Invalid CIDR"),
    rule("one:\n  user|re: '(a'\ncondition: one"): (7, "Regular expression"),
    rule("one:\n  user|re: '(?=a)b'\ncondition: one"): (7, "Regular expression"),
    rule("one: {user: a}\ncondition: one and two"): (7, "two"),
    rule("one: {user: a}\ncondition: one and and"): (7, ""),
    rule("one: {user: a}\ncondition: 1 of sel_*"): (7, "sel_*"),
    rule("one: {user|expand: '%admins%'}\ncondition: one"): (7, "placeholders"),
    rule("one: {user: a}\ncondition: one", logs="{product: vmwaer}"): (4, "no such logs: product vmwaer; did you mean"),
    rule("one: {user: a}\ncondition: one", head="title: x\nlevel: terrible\n"): (2, "level"),
    rule("one: {user: a}\ncondition: one", head="title: x\nid: 7\n"): (2, ""),
    rule("one: {user: a}\ncondition: one", head=HEAD + "steps: no list\n"): (4, "steps is a list"),
    rule("one: {user: a}\ncondition: one", head=HEAD + "viguard: {keys: [host]}\n"): (4, "every_s, key"),
    rule("one: {user: a}\ncondition: one", head=HEAD + "viguard: {every_s: -1}\n"): (4, "every_s is a number"),
    "title: x\nlogsource: {product: vmware}\n": (1, "detection"),
}


@pytest.mark.parametrize("text", MISTAKES, ids=lambda text: MISTAKES[text][1] or text[-20:].strip())
def test_a_mistake_has_its_place(text: str) -> None:
    line, said = MISTAKES[text]
    found = [m for m in read([("mine.yml", text)]).mistakes if m.is_error]
    assert found
    assert (found[0].file, found[0].line) == ("mine.yml", line)
    assert said in found[0].text
    assert str(found[0]).startswith(f"mine.yml:{line}:")
    with pytest.raises(ContentError, match=rf"mine.yml:{line}:"):
        load([("mine.yml", text)])


def correlation(
    kind: str = "event_count", rules: str = "[mine]", more: str = "condition: {gte: 3}", span: str = "5m"
) -> str:
    return (
        f"title: Many\nname: many\ncorrelation:\n  type: {kind}\n  rules: {rules}\n  group-by: [user]\n"
        f"  timespan: {span}\n  {more}\n"
    )


BASE = rule("one: {event: account.locked}\ncondition: one")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            correlation(kind="value_sum", more="condition: {gte: 3, field: number}"),
            "value_sum is not judged on a stream",
        ),
        (correlation(kind="nonsense"), "nonsense"),
        (correlation(rules="[other]"), "no usable rule is called other"),
        (correlation(more="condition: {lt: 3}"), "lt cannot be judged"),
        (correlation(more="condition: {gte: 0}"), "whole number"),
        (correlation(more="condition: {gte: 1000000}"), "whole number"),
        (correlation(span="5x"), "Timespan"),
        (correlation(span="90d"), "31 days"),
        (correlation(kind="value_count"), "field"),
        (correlation(kind="temporal_ordered", more="condition: mine and mine"), "order"),
    ],
)
def test_a_correlation_that_cannot_be_judged_is_said(text: str, said: str) -> None:
    reading = read([("base.yml", BASE), ("many.yml", text)])
    assert any(said in str(mistake) for mistake in reading.mistakes)
    assert reading.rules.correlations == ()


def test_a_correlation_of_a_rule_that_is_out_is_out_too() -> None:
    bad = rule("one: {user|what: x}\ncondition: one")
    reading = read([("base.yml", bad), ("many.yml", correlation())])
    assert len(reading.mistakes) == 2
    assert reading.rules.correlations == ()


def test_correlations_that_go_in_a_circle_are_said() -> None:
    one = correlation(rules="[other]").replace("name: many", "name: one")
    other = correlation(rules="[one]").replace("name: many", "name: other")
    assert len(read([("a.yml", one), ("b.yml", other)]).mistakes) == 2


def test_the_same_id_or_name_twice_is_said_and_the_first_counts() -> None:
    reading = read([("a.yml", BASE), ("b.yml", BASE)])
    assert [str(m) for m in reading.mistakes] == ["b.yml:2:1: name 'mine' is that of a.yml:2 already"]
    assert len(reading.rules.rules) == 1


def test_generate_lets_the_counted_rule_speak_too() -> None:
    texts = [("base.yml", BASE), ("many.yml", correlation().replace("timespan", "generate: true\n  timespan"))]
    locked = [event("account.locked", n, user="root") for n in range(3)]
    assert [a.rule for a in Detector(load(texts)).feed(locked)] == ["mine", "mine", "mine", "many"]
    assert [a.rule for a in Detector(load([texts[0], ("many.yml", correlation())])).feed(locked)] == ["many"]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from([*"ab", "a|re", "condition"]), inner, max_size=3)
        ),
        max_leaves=8,
    )
)
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_a_file_holds_nothing_is_thrown(value: Any) -> None:
    import yaml  # noqa: PLC0415

    for shape in (
        {"title": "x", "logsource": {"product": "vmware"}, "detection": value},
        {"title": "x", "correlation": value},
        {"title": value, "level": value, "tags": value, "tests": value, "viguard": value, "detection": {"a": value}},
        value,
    ):
        read([("x.yml", yaml.safe_dump(shape))])


@given(st.text(max_size=60))
def test_whatever_the_text_nothing_is_thrown(text: str) -> None:
    read([("x.yml", text)])


def test_rules_for_other_logs_are_left_out_and_said() -> None:
    """A folder of SigmaHQ holds rules for logs that do not come here; those that do count."""
    windows = "title: Group\nlevel: high\nlogsource: {product: windows, service: security}\n"
    windows += "detection:\n  some: {EventID: 4727}\n  condition: some\n"
    ours = "title: Login\nlevel: high\nlogsource: {product: vmware}\ndetection:\n  a: {event: login}\n  condition: a\n"
    rules = load([("win.yml", windows), ("own.yml", ours), ("empty.yml", "# nothing\n")])
    assert [about.title for about in rules.abouts()] == ["Login"]
    assert rules.left_out == (
        "empty.yml:1:1: no rule is in it",
        "win.yml:3:1: left out, as viguard hears no such logs: product windows",
    )
