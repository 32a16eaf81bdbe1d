"""Access lists of Cisco IOS and NX-OS, as rule sets."""

from __future__ import annotations

import time
from contextlib import suppress
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viguard.errors import InputError
from viguard.network.addresses import Family, Range
from viguard.network.parse.cisco import parse
from viguard.network.rules import Action, Packet, RuleSet
from viguard.network.services import TCP, UDP, box

IN, OUT = "10.0.0.1", "11.0.0.1"
IOS = """\
hostname edge
!
object-group network servers
 host 10.0.0.1
 10.1.0.0 255.255.0.0
 range 10.9.0.1 10.9.0.7
 group-object more
!
object-group network more
 10.5.0.0 /16
!
object-group service web
 tcp eq www
 tcp source range 1000 2000 eq 8080
 udp 53
 icmp 8
!
interface Vlan20
 ip address 10.20.0.1 255.255.255.0
 ip access-group servers-in in
 ip access-group 10 out
!
interface GigabitEthernet0/1.30
 encapsulation dot1Q 30
 ip access-group gone in
!
ip access-list extended servers-in
 remark the shop
 permit tcp any object-group servers eq 443
 permit object-group web 192.0.2.0 0.0.0.255 any
 deny   ip any any log
!
access-list 10 remark only us
access-list 10 permit 10.0.0.0 0.255.255.255
access-list 10 permit 192.0.2.9
line vty 0 4
 access-class 10 in
"""


def permits(one: RuleSet, source: str, destination: str, protocol: int, port: int, *more: int) -> bool:
    packet = Packet(int(ip_address(source)), int(ip_address(destination)), protocol, *(more or (40000,)), port)
    return one.decides(packet)[0] is Action.PERMIT


def entries(
    *lines: str, head: str = "ip access-list extended x", family: Family = Family.V4, more: str = ""
) -> RuleSet:
    text = f"{more}{head}\n" + "".join(f" {line}\n" for line in lines)
    (point,) = parse(text, "fw").points
    assert point.rules.family is family
    return point.rules


def test_a_configuration_of_ios() -> None:
    found = parse(IOS, "fw")
    assert [(p.place, p.direction, p.vlan, p.addresses) for p in found.points] == [
        ("Vlan20", "in", 20, ("10.20.0.1/255.255.255.0",)),
        ("Vlan20", "out", 20, ("10.20.0.1/255.255.255.0",)),
        ("GigabitEthernet0/1.30", "in", 30, ()),
        ("line vty 0 4", "in", None, ()),
    ]
    (inward,) = found.at("in", Family.V4, "Vlan20")
    first = inward.rules[0]
    assert (first.where, first.text, first.why) == ("fw:29", "permit tcp any object-group servers eq 443", "the shop")
    assert first.services == (box(TCP, 443),)
    assert not inward.stateful
    for packet, passes in [
        ((OUT, "10.1.2.3", TCP, 443), True),
        ((OUT, "10.9.0.7", TCP, 443), True),
        ((OUT, "10.9.0.8", TCP, 443), False),
        ((OUT, "10.5.0.8", TCP, 443), True),
        (("192.0.2.1", OUT, TCP, 80), True),
        (("192.0.2.1", OUT, TCP, 8080, 1500), True),
        (("192.0.2.1", OUT, TCP, 8080, 2500), False),
        (("192.0.2.1", OUT, UDP, 53), True),
        (("192.0.2.1", OUT, 1, 8 << 8), True),
        (("192.0.3.1", OUT, TCP, 80), False),
    ]:
        assert permits(inward, *packet) is passes, packet
    (outward,) = found.at("out", Family.V4)
    assert permits(outward, "10.3.3.3", OUT, UDP, 9)
    assert permits(outward, "192.0.2.9", OUT, UDP, 9)
    assert not permits(outward, "192.0.2.8", OUT, UDP, 9)
    assert outward.rules[0].why == "only us"


def test_a_list_that_is_not_there_lets_everything_pass_with_ios() -> None:
    found = parse(IOS, "fw")
    (gone,) = found.at("in", Family.V4, "GigabitEthernet0/1.30")
    assert gone.default is Action.PERMIT
    assert found.notes == ("fw:25: the list gone is not there or empty, so everything passes",)


def test_a_configuration_of_nx_os() -> None:
    text = """\
switchname core
object-group ip address hosts
  10 host 10.0.0.1
  20 10.2.0.0/16
  30 10.3.0.0 0.0.0.255
object-group ip port ports
  10 eq 22
  20 range 80 90
ip access-list web
  statistics per-entry
  20 deny ip any any
  10 permit tcp 192.0.2.0/24 addrgroup hosts portgroup ports
interface Ethernet1/1-2
  ip port access-group web in
interface Vlan7
  ip access-group gone out
"""
    found = parse(text, "core")
    assert [point.place for point in found.points] == ["Ethernet1/1", "Ethernet1/2", "Vlan7"]
    one = found.points[0].rules
    assert [rule.where for rule in one.rules] == ["core:12", "core:11"]
    assert permits(one, "192.0.2.1", "10.3.0.9", TCP, 85)
    assert not permits(one, "192.0.2.1", "10.3.1.9", TCP, 85)
    assert not permits(one, "192.0.2.1", "10.3.0.9", TCP, 91)
    gone = found.points[2].rules
    assert [permits(gone.bound(upper=upper), IN, OUT, TCP, 1) for upper in (False, True)] == [False, True]


MAP = """\
ip access-list extended telnet
 deny tcp host 10.0.0.9 any eq telnet
 permit tcp any any eq telnet
ip access-list extended ours
 permit ip 10.0.0.0 0.255.255.255 any
vlan access-map guard 20
 match ip address ours
 action forward
vlan access-map guard 10
 match ip address telnet
 action drop
vlan filter guard vlan-list 5,7-8
"""


def test_vlan_maps_filter_what_stays_within_a_vlan() -> None:
    found = parse(MAP, "sw")
    assert [(point.place, point.direction, point.vlan) for point in found.points] == [
        ("VLAN 5", "vlan", 5),
        ("VLAN 7", "vlan", 7),
        ("VLAN 8", "vlan", 8),
    ]
    one = found.points[0].rules
    for packet, passes in [
        ((IN, OUT, TCP, 23), False),
        (("10.0.0.9", OUT, TCP, 23), True),  # the list denies it, so the next entry is asked
        ((IN, OUT, TCP, 80), True),
        ((OUT, IN, TCP, 80), False),  # no entry wants it
    ]:
        assert permits(one, *packet) is passes, packet
    assert found.notes == ("of VLAN maps only IPv4 is looked at",)


def test_vlan_maps_with_something_missing() -> None:
    gone = parse(MAP.replace("address ours", "address gone"), "sw").points[0].rules
    assert [permits(gone.bound(upper=upper), IN, OUT, TCP, 80) for upper in (False, True)] == [False, True]
    all_of_it = parse(MAP.replace(" match ip address ours\n", ""), "sw").points[0].rules
    assert permits(all_of_it, OUT, IN, TCP, 80)
    with pytest.raises(InputError, match="sw:12: there is no map 'other'"):
        parse(MAP.replace("filter guard", "filter other"), "sw")


def test_an_ipv6_list_lets_neighbours_find_each_other() -> None:
    one = entries(
        "sequence 20 deny ipv6 any any",
        "permit tcp 2001:db8::/32 host 2001:db8:1::1 eq 443",
        "sequence 10 permit icmp any any echo-request",
        head="ipv6 access-list six",
        family=Family.V6,
    )
    assert [rule.where for rule in one.rules] == ["fw:4", "fw:2", "fw:3", "fw:1"]
    free = entries("permit tcp 2001:db8::/32 any eq 22", head="ipv6 access-list six", family=Family.V6)
    assert permits(free, "2001:db8::1", "2001:db8::2", 58, 135 << 8)
    assert permits(free, "2001:db8::1", "2001:db8::2", TCP, 22)
    assert not permits(free, "2001:db8::1", "2001:db8::2", 58, 128 << 8)


@pytest.mark.parametrize(
    ("line", "passing", "stopped"),
    [
        ("permit tcp host 10.0.0.1 any eq www ftp", (IN, OUT, TCP, 21), (IN, OUT, TCP, 22)),
        ("permit tcp any neq 22 any", (IN, OUT, TCP, 1), (IN, OUT, TCP, 1, 22)),
        ("permit udp any any lt 10", (IN, OUT, UDP, 9), (IN, OUT, UDP, 10)),
        ("permit udp any any gt 10", (IN, OUT, UDP, 11), (IN, OUT, UDP, 10)),
        ("permit udp any gt 1023 any range snmp snmptrap", (IN, OUT, UDP, 162), (IN, OUT, UDP, 162, 1023)),
        ("permit udp any any neq 10", (IN, OUT, UDP, 11), (IN, OUT, UDP, 10)),
        ("permit ip 10.0.1.0 0.255.0.255 any", ("10.9.1.7", OUT, UDP, 1), ("10.9.2.7", OUT, UDP, 1)),
        ("permit ip 10.0.0.0 0.0.0.254 any", ("10.0.0.2", OUT, UDP, 1), ("10.0.0.3", OUT, UDP, 1)),
        ("permit icmp any any echo", (IN, OUT, 1, 8 << 8), (IN, OUT, 1, 0)),
        ("permit icmp any any 3 4", (IN, OUT, 1, 3 << 8 | 4), (IN, OUT, 1, 3 << 8)),
        ("permit icmp any any port-unreachable log", (IN, OUT, 1, 3 << 8 | 3), (IN, OUT, 1, 3 << 8)),
        ("permit esp any any", (IN, OUT, 50, 0), (IN, OUT, 51, 0)),
        ("permit 51 any any", (IN, OUT, 51, 0), (IN, OUT, 50, 0)),
        ("permit tcp any any established", None, (IN, OUT, TCP, 1)),
        ("permit tcp any any ack", None, (IN, OUT, TCP, 1)),
        ("permit tcp any any syn", (IN, OUT, TCP, 1), None),
        ("permit tcp any any match-all +syn -ack", (IN, OUT, TCP, 1), (IN, OUT, UDP, 1)),
        ("permit tcp any any match-all +syn +ack", None, (IN, OUT, TCP, 1)),
        ("permit ip any any fragments", None, (IN, OUT, TCP, 1)),
        ("permit ip any any log-input tag-1", (IN, OUT, TCP, 1), None),
        ("permit tcp any any eq 22 reflect back timeout 60", (IN, OUT, TCP, 22), (IN, OUT, TCP, 23)),
    ],
)
def test_what_entries_look_at(
    line: str, passing: tuple[str, str, int, int] | None, stopped: tuple[str, str, int, int] | None
) -> None:
    one = entries(line)
    assert not any(rule.unsure for rule in one.rules)
    assert passing is None or permits(one, *passing)
    assert stopped is None or not permits(one, *stopped)


@pytest.mark.parametrize(
    "line",
    [
        "permit ip any any time-range night",
        "permit ip any any dscp ef",
        "permit ip any any precedence critical",
        "permit ip any any ttl 5",
        "permit tcp any any something-new",
        "permit ip 10.0.0.0 85.85.85.84 any",
        "permit tcp any any ack syn",
    ],
)
def test_what_no_packet_shows_gives_two_bounds(line: str) -> None:
    one = entries(line)
    assert [permits(one.bound(upper=upper), IN, OUT, TCP, 80) for upper in (False, True)] == [False, True]


def test_a_mask_with_holes_is_told_exactly() -> None:
    (rule,) = entries("permit ip 10.0.1.0 0.1.0.255 any").rules
    assert rule.sources == tuple(
        Range(int(ip_address(f"10.{n}.1.0")), int(ip_address(f"10.{n}.1.255"))) for n in (0, 1)
    )


def test_answers_of_reflexive_lists_and_other_kinds_of_lists_are_noted() -> None:
    text = """\
ip access-list extended x
 permit tcp any any reflect back
 evaluate forth
access-list 700 permit 0000.0000.0000
mac access-list extended y
"""
    assert parse(text, "fw").notes == (
        "fw:4: the list 700 is not of IP and not looked at",
        "fw:5: mac access-list extended y is not looked at",
        "fw:2: answers to it pass where the list back is evaluated",
        "fw:3: answers that the reflexive list forth knows pass",
    )


@pytest.mark.parametrize("mark", ["^C", "#"])
def test_a_banner_may_say_anything(mark: str) -> None:
    banner = f"banner motd {mark}\nip access-list extended y\n permit ip any any\n{mark}\nbanner exec {mark}hi{mark}\n"
    one = entries("permit tcp any any", more=banner)
    assert [rule.text for rule in one.rules] == ["permit tcp any any"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("allow ip any any", "fw:2: 'allow' is neither permit nor deny"),
        ("permit tcp any", "fw:2: it ends too early"),
        ("permit tcp any 10.0.0.300 0.0.0.255", "fw:2: '10.0.0.300' does not appear"),
        ("permit tcp any any eq nosuch", "fw:2: 'nosuch' is no port"),
        ("permit tcp any any eq 70000", "fw:2: '70000' is no port"),
        ("permit tcp any any range 90 80", "fw:2: ports from 90 to 80"),
        ("permit ip any any eq 80", "fw:2: ports of a protocol that has none"),
        ("permit nosuch any any", "fw:2: 'nosuch' is no protocol"),
        ("permit tcp any object-group nosuch", "fw:2: there is no group 'nosuch'"),
        ("permit tcp 2001:db8::1 0.0.0.0 any", "fw:2: 2001:db8::1 is no address of this family"),
    ],
)
def test_mistakes_have_a_place(line: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        entries(line)
    assert str(caught.value).startswith(said)


USES_A = "ip access-list extended x\n permit ip object-group a any\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ip access-list extended x\n 10 permit ip any any\n 10 deny ip any any\n", "fw:3: the number 10 stands twice"),
        (f"object-group network a\n group-object a\n{USES_A}", "fw:4: the group 'a' holds itself"),
        (f"object-group network a\n 10.0.0.300 /8\n{USES_A}", "fw:2: '10.0.0.300/8'"),
        ("interface Gi1\n ip access-group x up\n", "fw:2: 'up' is neither in nor out"),
        ("access-list 5 permit 10.0.0.1 0.0.0.0 any\n", "fw:1: a standard list looks at sources alone"),
    ],
)  # fmt: skip
def test_mistakes_in_sections_have_a_place(text: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(text, "fw")
    assert str(caught.value).startswith(said)


WORDS = ["ip", "access-list", "extended", "x", "permit", "tcp", "any", "host", "10.0.0.1", "eq", "80", "object-group"]
WORDS += ["network", "service", "\n", "\n ", "interface", "access-group", "in", "remark", "access-list 5", "range", "é"]


@given(st.lists(st.sampled_from(WORDS), max_size=25))
def test_whatever_stands_there_is_read_or_refused(words: list[str]) -> None:
    with suppress(InputError):
        parse(" ".join(words), "fw")


def test_twenty_thousand_lines_take_seconds() -> None:
    text = "ip access-list extended x\n" + "".join(
        f" permit tcp host 10.{n >> 8}.{n & 255}.1 object-group g eq 80\n" for n in range(20_000)
    )
    group = "object-group network g\n" + "".join(f" host 11.{n >> 8}.{n & 255}.1\n" for n in range(20_000))
    start = time.monotonic()
    (point,) = parse(group + text, "fw").points
    assert len(point.rules.rules) == 20_000
    assert time.monotonic() - start < 8
