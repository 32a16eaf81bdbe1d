"""Firewall filters of Junos, as rule sets."""

from __future__ import annotations

import time
from contextlib import suppress
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viguard.errors import InputError
from viguard.network.addresses import Family
from viguard.network.parse.juniper import parse
from viguard.network.rules import Action, Packet, RuleSet
from viguard.network.services import TCP, UDP

IN, OUT = "10.0.0.1", "11.0.0.1"
BRACES = """\
## Last commit: today
interfaces {
    ge-0/0/0 {
        unit 20 {
            vlan-id 20;
            family inet {
                filter {
                    input web; /* the door
                    of the shop */
                    output-list [ quick web ];
                }
                address 10.20.0.1/24;
            }
        }
    }
}
policy-options {
    prefix-list servers {
        10.1.0.0/16;
        10.2.0.9/32;
    }
}
firewall {
    family inet {
        filter web {
            term known {
                from {
                    protocol tcp;
                    tcp-established;
                }
                then accept;
            }
            term shop {
                from {
                    source-address {
                        192.0.2.0/24;
                        192.0.2.128/25 except;
                        192.0.2.200/32;
                    }
                    destination-prefix-list {
                        servers;
                    }
                    protocol [ tcp udp ];
                    destination-port [ http 8000-8010 ];
                }
                then {
                    count shop;
                    accept;
                }
            }
            inactive: term old {
                then accept;
            }
            term rest {
                then {
                    log;
                    discard;
                }
            }
        }
        filter quick {
            term pass {
                from { destination-address 198.51.100.0/24; }
                then { count x; next term; }
            }
            term ping {
                from { protocol icmp; icmp-type echo-request; }
                then count pings;
            }
        }
    }
}
"""
SET = """\
set interfaces ge-0/0/0 unit 20 vlan-id 20
set interfaces ge-0/0/0 unit 20 family inet filter input web
set interfaces ge-0/0/0 unit 20 family inet filter output-list quick
set interfaces ge-0/0/0 unit 20 family inet filter output-list web
set interfaces ge-0/0/0 unit 20 family inet address 10.20.0.1/24
set policy-options prefix-list servers 10.1.0.0/16
set policy-options prefix-list servers 10.2.0.9/32
set firewall family inet filter web term known from protocol tcp
set firewall family inet filter web term known from tcp-established
set firewall family inet filter web term known then accept
set firewall family inet filter web term shop from source-address 192.0.2.0/24
set firewall family inet filter web term shop from source-address 192.0.2.128/25 except
set firewall family inet filter web term shop from source-address 192.0.2.200/32
set firewall family inet filter web term shop from destination-prefix-list servers
set firewall family inet filter web term shop from protocol tcp
set firewall family inet filter web term shop from protocol udp
set firewall family inet filter web term shop from destination-port [ http 8000-8010 ]
set firewall family inet filter web term shop then count shop
set firewall family inet filter web term shop then accept
set firewall family inet filter web term old then accept
deactivate firewall family inet filter web term old
set firewall family inet filter web term rest then log
set firewall family inet filter web term rest then discard
set firewall family inet filter quick term pass from destination-address 198.51.100.0/24
set firewall family inet filter quick term pass then next term
set firewall family inet filter quick term ping from protocol icmp
set firewall family inet filter quick term ping from icmp-type echo-request
set firewall family inet filter quick term ping then count pings
"""


def permits(one: RuleSet, source: str, destination: str, protocol: int, port: int) -> bool:
    packet = Packet(int(ip_address(source)), int(ip_address(destination)), protocol, 40000, port)
    return one.decides(packet)[0] is Action.PERMIT


def term(*lines: str, family: str = "inet", more: str = "") -> RuleSet:
    text = "".join(f"set firewall family {family} filter x term t {line}\n" for line in lines)
    (point,) = parse(text + more, "fw").points
    return point.rules


@pytest.mark.parametrize("text", [BRACES, SET], ids=["braces", "set"])
def test_a_configuration_in_both_styles(text: str) -> None:
    found = parse(text, "fw")
    assert [(p.place, p.direction, p.vlan, p.addresses) for p in found.points] == [
        ("ge-0/0/0.20", "in", 20, ("10.20.0.1/24",)),
        ("ge-0/0/0.20", "out", 20, ("10.20.0.1/24",)),
    ]
    assert any("deactivated" in note for note in found.notes)
    inward, outward = (point.rules for point in found.points)
    assert not inward.stateful
    assert [rule.why for rule in inward.rules] == ["shop", "rest"]
    for packet, passes in [
        (("192.0.2.1", "10.1.5.5", TCP, 80), True),
        (("192.0.2.1", "10.2.0.9", UDP, 8005), True),
        (("192.0.2.1", "10.2.0.8", TCP, 80), False),
        (("192.0.2.1", "10.1.5.5", TCP, 81), False),
        (("192.0.2.129", "10.1.5.5", TCP, 80), False),  # excepted
        (("192.0.2.200", "10.1.5.5", TCP, 80), True),  # and the longest network decides
        ((IN, OUT, 1, 8 << 8), False),
    ]:
        assert permits(inward, *packet) is passes, packet
    assert permits(outward, IN, OUT, 1, 8 << 8)  # without an action a term accepts
    assert not permits(outward, IN, OUT, 1, 0)
    assert permits(outward, "192.0.2.1", "10.1.5.5", TCP, 80)


def test_a_rule_knows_its_place() -> None:
    assert parse(BRACES, "fw").points[0].rules.rules[0].where == "fw:36"
    assert parse(SET, "fw").points[0].rules.rules[0].where == "fw:11"


@pytest.mark.parametrize(
    ("lines", "passing", "stopped"),
    [
        (("from protocol-except tcp",), (IN, OUT, UDP, 1), (IN, OUT, TCP, 1)),
        (("from protocol tcp", "from destination-port-except ssh"), (IN, OUT, TCP, 23), (IN, OUT, TCP, 22)),
        (("from protocol tcp", "from tcp-initial"), (IN, OUT, TCP, 1), (IN, OUT, UDP, 1)),
        (("from protocol tcp", 'from tcp-flags "syn & !ack"'), (IN, OUT, TCP, 1), (IN, OUT, UDP, 1)),
        (("from protocol tcp", 'from tcp-flags "ack | rst"'), None, (IN, OUT, TCP, 1)),
        (("from protocol icmp", "from icmp-type unreachable", "from icmp-code 4"), (IN, OUT, 1, 772), (IN, OUT, 1, 0)),
        (("from protocol tcp", "from port bgp"), (IN, OUT, TCP, 179), (IN, OUT, TCP, 180)),
        (("from address 10.0.0.0/8",), (OUT, IN, TCP, 1), (OUT, "12.0.0.1", TCP, 1)),
        (("from is-fragment",), None, (IN, OUT, TCP, 1)),
        (("from source-address 10.0.0.0/8", "then routing-instance other"), (IN, OUT, TCP, 1), (OUT, IN, TCP, 1)),
        (("then reject tcp-reset",), None, (IN, OUT, TCP, 1)),
    ],
)  # fmt: skip
def test_what_terms_look_at(
    lines: tuple[str, ...], passing: tuple[str, str, int, int] | None, stopped: tuple[str, str, int, int]
) -> None:
    one = term(*lines)
    assert not any(rule.unsure for rule in one.rules)
    assert passing is None or permits(one, *passing)
    assert not permits(one, *stopped)


def test_a_filter_of_ipv6() -> None:
    one = term("from next-header icmp6", "from icmp-type neighbor-solicit", family="inet6")
    assert one.family is Family.V6
    assert permits(one, "2001:db8::1", "2001:db8::2", 58, 135 << 8)
    assert not permits(one, "2001:db8::1", "2001:db8::2", 58, 136 << 8)


@pytest.mark.parametrize(
    "lines",
    [
        ("from dscp ef",),
        ("from ttl 5",),
        ("from interface ge-0/0/1.0",),
        ("from source-address 12.0.0.0/8 except",),
        ("from source-prefix-list dynamic",),
        ('from tcp-flags "(syn & !ack) | rst"',),
        ("then policer slow", "then accept"),
        ("then decapsulate gre",),
        ("filter other",),
    ],
)
def test_what_no_packet_shows_gives_two_bounds(lines: tuple[str, ...]) -> None:
    one = term(*lines, more="set policy-options prefix-list dynamic apply-path x\n")
    assert [permits(one.bound(upper=upper), IN, OUT, TCP, 80) for upper in (False, True)] == [False, True]


def test_ports_without_a_protocol_are_sure_where_there_are_ports() -> None:
    one = term("from destination-port 80")
    for packet, bounds in [((IN, OUT, TCP, 80), [True, True]), ((IN, OUT, 47, 0), [False, True])]:
        assert [permits(one.bound(upper=upper), *packet) for upper in (False, True)] == bounds
    assert not permits(one.bound(upper=True), IN, OUT, TCP, 81)


def test_what_is_not_looked_at_is_noted() -> None:
    text = "set firewall family mpls filter x term t then accept\nset groups g system\nset apply-groups g\n"
    assert parse(text, "fw").notes == (
        "filters of the family mpls are not looked at",
        "groups and logical systems are not looked at",
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SET + "show version\n", "fw:29: 'show' is no line of a saved configuration"),
        (SET.replace("http 8000-8010", "http 8010-8000"), "fw:11: term shop: '8010-8000' does not go from a lower"),
        (SET.replace("192.0.2.0/24", "192.0.2.0/44"), "fw:11: term shop: '192.0.2.0/44' does not appear"),
        (SET.replace("prefix-list servers 10", "prefix-list others 10"), "fw:11: term shop: there is no prefix list"),
        (SET.replace("filter input web", "filter input nosuch"), "fw:2: there is no filter 'nosuch'"),
        (SET.replace("protocol udp", "protocol nosuch"), "fw:11: term shop: 'nosuch' is no protocol"),
        (BRACES + "}\n", "fw:73: a brace that closes nothing"),
        (BRACES[:-2], "fw:71: it ends in the middle"),
        ("firewall { x }", "fw:1: a statement without ';'"),
        ('firewall { x "y; }', "fw:1: a quote that does not end"),
        ("{" * 200, "fw:1: too many braces"),
        ("a ];", "fw:1: a bracket that closes nothing"),
    ],
)
def test_mistakes_have_a_place(text: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(text, "fw")
    assert str(caught.value).startswith(said)


WORDS = [
    "firewall",
    "family",
    "inet",
    "filter",
    "x",
    "term",
    "t",
    "from",
    "then",
    "accept",
    "{",
    "}",
    ";",
    "[",
    "]",
    '"',
]
WORDS += ["protocol", "tcp", "source-address", "10.0.0.0/8", "except", "\n", "set", "/*", "*/", "#", "deactivate", "é"]


@given(st.lists(st.sampled_from(WORDS), max_size=25))
def test_whatever_stands_there_is_read_or_refused(words: list[str]) -> None:
    with suppress(InputError):
        parse(" ".join(words), "fw")


def test_twenty_thousand_lines_take_seconds() -> None:
    head = "set firewall family inet filter x term"
    text = "".join(
        f"{head} t{n} from source-address 10.{n >> 8}.{n & 255}.0/24\n{head} t{n} from protocol tcp\n"
        f"{head} t{n} from source-prefix-list all\n"
        for n in range(10_000)
    )
    lists = "".join(f"set policy-options prefix-list all 11.{n >> 8}.{n & 255}.0/24\n" for n in range(100))
    start = time.monotonic()
    (point,) = parse(text + lists, "fw").points
    assert len(point.rules.rules) == 10_000
    assert time.monotonic() - start < 10


def test_what_is_deleted_was_never_set() -> None:
    text = """set firewall family inet filter a term one then accept
set firewall family inet filter b term one then discard
delete firewall family inet filter a
set firewall family inet filter a term two from protocol tcp
set firewall family inet filter a term two then accept
"""
    sets = {point.rules.name: point.rules for point in parse(text, "j.set").points}
    (a,) = (rules for name, rules in sets.items() if name.endswith(" a") or name == "a")
    assert [rule.where for rule in a.rules if rule.action.value == "permit"] == ["j.set:4"]
