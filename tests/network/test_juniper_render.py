"""Firewall filters of Junos, as they were written by hand."""

from __future__ import annotations

import pytest

from tests.network.office import ANY, BOTH, OFFICE, OFFICE6, golden, rule
from viguard.network.addresses import Family, Range
from viguard.network.render import juniper
from viguard.network.render.juniper import Target
from viguard.network.rules import Action, Rule, RuleSet
from viguard.network.services import ICMP, Box, box

ERRORS = "errors that ICMP reports about permitted flows do not pass back, unless a rule permits them"
FRAGMENTS = "later fragments carry no ports: a term with ports need not decide them as it decides the first one"


@pytest.mark.parametrize("one", [OFFICE, OFFICE6], ids=["v4", "v6"])
def test_the_office(one: RuleSet) -> None:
    told = juniper.render(one, Target(inside="ge-0/0/1.0", outside="ge-0/0/2.20"))
    assert told.text == golden(f"juniper/v{int(one.family)}.txt")


def test_what_a_filter_cannot_say_is_named() -> None:
    assert juniper.render(OFFICE).residual[1:] == (
        "rule 3: udp from port 53 passes back whether it was asked for or not",
        "rule 5: icmp/0 passes back whether it was asked for or not",
        ERRORS,
        FRAGMENTS,
    )
    assert juniper.render(OFFICE6).residual[-2:] == (
        "neighbour discovery passes, as without it the interface would be cut off",
        "the first header after the address is looked at: a packet with extension headers falls to the default",
    )


def test_codes_and_every_address_but_one() -> None:
    codes = Box(Range(ICMP, ICMP), port=Range(3 * 256, 3 * 256 + 1))
    but_one = (Range(0, 0x7FFFFFFF), Range(0x80000001, 0x80000001))
    one = Rule(action=Action.PERMIT, sources=but_one, destinations=Family.V4.every, services=(codes, box(47)))
    text = juniper.render(RuleSet(name="a", family=Family.V4, rules=(one,), stateful=False)).text
    term = "set firewall family inet filter a term"
    assert text.splitlines()[2:] == [
        f"{term} 1-1 from source-address 0.0.0.0/1",
        f"{term} 1-1 from source-address 128.0.0.1/32",
        f"{term} 1-1 from protocol icmp",
        f"{term} 1-1 from icmp-type 3",
        f"{term} 1-1 from icmp-code 0-1",
        f"{term} 1-1 then accept",
        f"{term} 1-2 from source-address 0.0.0.0/1",
        f"{term} 1-2 from source-address 128.0.0.1/32",
        f"{term} 1-2 from protocol 47",
        f"{term} 1-2 then accept",
        f"{term} default then discard",
        "# set interfaces INSIDE unit 0 family inet filter input a",
    ]


def test_what_is_open_by_default_stays_so_and_ports_of_other_protocols_are_left() -> None:
    rules = (rule(Action.DENY, ANY, "10.0.0.1", "132/80"),)
    told = juniper.render(RuleSet(name="a", family=Family.V4, rules=rules, default=Action.PERMIT, stateful=False))
    assert "term default then accept\n" in told.text
    assert "term 1-1 from protocol" not in told.text
    assert told.residual[0] == "rule 1: ports of protocol 132; every service is denied instead"


def test_names_cannot_break_out() -> None:
    one = RuleSet(
        name="x\ndelete system",
        family=Family.V4,
        rules=(rule(Action.PERMIT, ANY, ANY, "any", why="a\nset system root-authentication"),),
    )
    told = juniper.render(one, Target(inside="ge-0/0/0\ndelete interfaces.1"))
    starts = {" ".join(line.split(" ")[:2]) for line in told.text.splitlines()}
    assert starts <= {"set firewall", "delete firewall", "# set", "# Rule"}


def test_new_flows_both_ways_need_one_filter() -> None:
    told = juniper.render(BOTH, Target(inside="ge-0/0/1.0", outside="ge-0/0/2.20", is_one_list=True))
    assert told.text == golden("juniper/one-list.txt")
