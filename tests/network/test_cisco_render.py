"""Access lists of Cisco IOS and NX-OS, as they were written by hand."""

from __future__ import annotations

import pytest

from tests.network.office import ANY, BOTH, OFFICE, OFFICE6, golden, rule
from viguard.network.addresses import Family
from viguard.network.render import cisco
from viguard.network.render.cisco import Dialect, Target
from viguard.network.rules import Action, RuleSet

FLAGS = "TCP answers are told by their flags: with ACK or RST a packet passes back whether it was asked for or not"
ERRORS = "errors that ICMP reports about permitted flows do not pass back, unless a rule permits them"
FRAGMENTS = "later fragments carry no ports: they are decided by addresses alone, and a permit lets them in"


@pytest.mark.parametrize("one", [OFFICE, OFFICE6], ids=["v4", "v6"])
@pytest.mark.parametrize("dialect", Dialect)
def test_the_office(dialect: Dialect, one: RuleSet) -> None:
    told = cisco.render(one, Target(dialect=dialect, inside="Vlan10", outside="Vlan20"))
    assert told.text == golden(f"cisco/{dialect}-v{int(one.family)}.txt")


def test_what_a_list_without_memory_cannot_say_is_named() -> None:
    assert cisco.render(OFFICE).residual == (
        FLAGS,
        "rule 3: udp from port 53 passes back whether it was asked for or not",
        "rule 5: icmp/0 passes back whether it was asked for or not",
        ERRORS,
        FRAGMENTS,
    )
    neighbours = "neighbour discovery passes, as without it the interface would be cut off"
    assert cisco.render(OFFICE6).residual[-1] == neighbours


def test_a_set_that_knows_no_flows_has_no_answers() -> None:
    one = RuleSet(name="a", family=Family.V4, rules=OFFICE.rules[:1], stateful=False)
    told = cisco.render(one)
    assert "return" not in told.text
    assert told.residual == (FRAGMENTS,)


def test_answers_to_any_service_are_tcp_by_flags_echo_and_the_rest() -> None:
    one = RuleSet(name="a", family=Family.V4, rules=(rule(Action.PERMIT, "10.1.0.1", ANY, "any"),))
    answers = cisco.render(one).text.split("ip access-list extended a-return\n")[1].split("!")[0]
    assert answers.splitlines() == [
        " permit tcp any host 10.1.0.1 established",
        " deny tcp any host 10.1.0.1",
        " permit icmp any host 10.1.0.1 0",
        " permit icmp any host 10.1.0.1 14",
        " permit icmp any host 10.1.0.1 16",
        " permit icmp any host 10.1.0.1 18",
        " deny icmp any host 10.1.0.1",
        " permit ip any host 10.1.0.1",
        " deny ip any any",
    ]


def test_what_is_open_by_default_stays_so() -> None:
    one = RuleSet(name="a", family=Family.V4, rules=OFFICE.rules[:1], default=Action.PERMIT)
    here, answers = cisco.render(one).text.split("!\n! Rule set a: answers")
    assert here.splitlines()[-1] == " permit ip any any"
    assert answers.splitlines()[2:5] == [
        " remark the printer asks nobody",
        " deny ip any host 10.1.0.66",
        " permit tcp any any established",
    ]
    assert " permit ip any any\n!" in answers


def test_ports_of_other_protocols_are_left() -> None:
    one = RuleSet(name="a", family=Family.V4, rules=(rule(Action.PERMIT, ANY, "10.0.0.1", "132/80", "47"),))
    told = cisco.render(one)
    assert "rule 1: ports of protocol 132; left out" in told.residual
    assert " permit 47 any host 10.0.0.1\n" in told.text
    assert "132" not in told.text


def test_names_and_interfaces_cannot_break_out() -> None:
    one = RuleSet(name="x\nno ip routing", family=Family.V4, rules=())
    told = cisco.render(one, Target(inside="Vlan1\nreload", outside="Gi1/0/1.5"))
    assert {line.split(" ")[0] for line in told.text.splitlines()} <= {"!", "ip", ""}
    assert "\nreload" not in told.text
    assert "! interface Gi1/0/1.5\n" in told.text


def test_new_flows_both_ways_need_one_list() -> None:
    told = cisco.render(BOTH, Target(inside="Vlan10", outside="Vlan20", is_one_list=True))
    assert told.text == golden("cisco/ios-one-list.txt")
    assert told.residual == (
        FLAGS,
        "rule 2: udp from port 53 passes back whether it was asked for or not",
        ERRORS,
        FRAGMENTS,
    )


def test_in_one_list_answers_to_any_service_open_no_tcp_and_no_strange_protocol() -> None:
    one = RuleSet(name="a", family=Family.V4, rules=(rule(Action.PERMIT, "10.1.0.1", ANY, "any"),))
    told = cisco.render(one, Target(is_one_list=True))
    assert told.text.splitlines()[2:8] == [
        " permit tcp any host 10.1.0.1 established",
        " permit icmp any host 10.1.0.1 0",
        " permit icmp any host 10.1.0.1 14",
        " permit icmp any host 10.1.0.1 16",
        " permit icmp any host 10.1.0.1 18",
        " permit udp any host 10.1.0.1",
    ]
    assert "rule 1: answers of other protocols than TCP, UDP and ICMP do not pass back" in told.residual


def test_a_remark_of_blanks_is_none() -> None:
    one = RuleSet(name="a", family=Family.V4, rules=(rule(Action.PERMIT, ANY, "10.0.0.1", "tcp/80", why="  "),))
    assert "remark" not in cisco.render(one).text
