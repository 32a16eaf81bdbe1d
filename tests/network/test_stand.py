"""The ground of an estate from a policy and the files that its points saved."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from tests.network.office import addresses
from viguard.model.inventory import Inventory
from viguard.network.addresses import Family, read
from viguard.network.closed.roles import cast
from viguard.network.exact.sweep import Sweep
from viguard.network.parse import saved
from viguard.network.reach.ground import Ground
from viguard.network.reach.judging import Against, Answer, End, Judged, Sides, judge
from viguard.network.reach.stand import stand
from viguard.network.rules import Action, RuleSet
from viguard.policy.load import loads

V4 = Family.V4
NOBODY = Inventory((), read_at=datetime(2026, 1, 1, tzinfo=UTC))
ZONES = """zones:
  - {name: web, match: {vlans: [110], subnets: [10.1.0.0/24, "2001:db8:1::/64"]}}
  - {name: data, match: {vlans: [220], subnets: [10.2.0.0/24]}}
  - {name: admin, match: {vlans: [10, 230], subnets: [10.3.0.0/24, 10.4.0.0/24]}}
firewall:
  points:
"""
CORE = """hostname core
interface GigabitEthernet0/1
 ip address 192.0.2.2 255.255.255.252
 ip access-group OUTSIDE in
interface Vlan110
 ip address 10.1.0.254 255.255.255.0
 ip access-group WEB in
interface Vlan230
 ip address 10.4.0.254 255.255.255.0
 ip access-group ADMIN out
ip access-list extended WEB
 permit tcp any 10.2.0.0 0.0.0.255 eq 5432
ip access-list extended ADMIN
 permit tcp 10.3.0.0 0.0.0.255 any eq 22
ip access-list extended OUTSIDE
 permit tcp any host 10.1.0.5 eq 443
 permit tcp any host 192.0.2.9 eq 25
"""
JOINS = """    - name: core
      rules: [core.cfg]
      between: [internet, web, data, admin]
      interfaces: {GigabitEthernet0/1: internet}
"""
LOG1 = """*filter
:INPUT DROP [0:0]
:FORWARD ACCEPT [0:0]
-A INPUT -s 10.1.0.0/24 -p udp -m udp --dport 514 -j ACCEPT
COMMIT
"""


def made(points: str, files: Mapping[str, str]) -> Ground:
    policy = loads(ZONES + points, "policy.yaml")
    readings = {point.name: [saved.parse(files[n], n) for n in point.rules] for point in policy.firewall.points}
    return stand(NOBODY, policy, cast(NOBODY, policy), readings)


def asked(sweep: Sweep, ground: Ground, source: str, destination: str) -> Judged:
    """What passes between two addresses of one family."""
    ends = []
    for text in (source, destination):
        family, span = read(text)
        (network,) = ground.split((span,), family)
        ends.append(End(name=text, network=network, addresses={family: (span,)}))
    nothing = RuleSet(name="", family=family, rules=(), default=Action.DENY)
    (found,) = judge(ground, sweep, Against(policy=nothing, sides=Sides.WIDE), ends[1], [ends[0]])
    return found


def services(found: Judged) -> list[str]:
    return [str(box) for box in found.least]


def test_lists_are_met_where_their_interfaces_are(sweep: Sweep) -> None:
    ground = made(JOINS, {"core.cfg": CORE})
    assert ground.notes == ()
    assert services(asked(sweep, ground, "10.1.0.7", "10.2.0.9")) == ["tcp/5432"]
    assert asked(sweep, ground, "10.1.0.7", "10.4.0.9").answer is Answer.CLOSED
    assert services(asked(sweep, ground, "198.51.100.1", "10.1.0.5")) == ["tcp/443"]
    assert services(asked(sweep, ground, "10.2.0.9", "10.1.0.7")) == ["any"]  # no list is on the way


def test_subnets_of_one_zone_are_behind_lists_of_their_own(sweep: Sweep) -> None:
    ground = made(JOINS, {"core.cfg": CORE})
    assert services(asked(sweep, ground, "10.3.0.1", "10.4.0.1")) == ["tcp/22"]
    assert services(asked(sweep, ground, "10.4.0.1", "10.3.0.1")) == ["any"]


def test_a_device_without_addresses_of_a_family_hands_on_none_of_it(sweep: Sweep) -> None:
    found = asked(sweep, made(JOINS, {"core.cfg": CORE}), "2001:db8:9::1", "2001:db8:1::5")
    assert (found.answer, found.why) == (Answer.UNKNOWN, "no point joins these networks in IPv6")


def test_an_interface_that_belongs_nowhere_leaves_every_answer_open(sweep: Sweep) -> None:
    ground = made(JOINS.replace("      interfaces: {GigabitEthernet0/1: internet}\n", ""), {"core.cfg": CORE})
    found = asked(sweep, ground, "10.1.0.7", "10.2.0.9")
    assert found.answer is Answer.UNKNOWN
    (case,) = found.wide
    assert "its interface GigabitEthernet0/1 has a list" in str(case.told[0].rule)


def test_a_guest_behind_an_address_of_the_router(sweep: Sweep) -> None:
    nat = "      nat: [{on: internet, outside: 192.0.2.9, inside: 10.1.0.25}]\n"
    ground = made(JOINS + nat, {"core.cfg": CORE})
    found = asked(sweep, ground, "198.51.100.1", "10.1.0.25")
    assert services(found) == ["tcp/25"]
    assert [case.alias for case in found.wide] == [read("192.0.2.9")[1].first]


def test_a_firewall_before_one_address(sweep: Sweep) -> None:
    own = "    - {name: log1, rules: [log1.v4], before: [10.2.0.50]}\n"
    core = JOINS.replace("[core.cfg]", "[]").replace("      interfaces: {GigabitEthernet0/1: internet}\n", "")
    ground = made(core + own, {"log1.v4": LOG1})
    assert asked(sweep, ground, "10.2.0.1", "10.2.0.50").answer is Answer.CLOSED  # in the same zone, and not let in
    found = asked(sweep, ground, "10.1.0.1", "10.2.0.50")
    assert found.answer is Answer.UNKNOWN  # nobody read the rules of the router between
    assert [str(box) for box in found.most] == ["udp/514"]


def test_rules_of_one_family_say_nothing_of_the_other(sweep: Sweep) -> None:
    own = '    - {name: web1, rules: [web1.v4], before: ["2001:db8:1::5"]}\n'
    found = asked(sweep, made(own, {"web1.v4": LOG1}), "2001:db8:1::1", "2001:db8:1::5")
    assert found.answer is Answer.UNKNOWN
    assert [str(box) for box in found.most] == ["any"]


FORWARD = """# Generated by iptables-save
*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:inside - [0:0]
-A FORWARD -i eth+ -o eth2 -j inside
-A FORWARD -i eth2 ! -o eth1 -p tcp -m tcp --dport 80 -j ACCEPT
-A FORWARD -i eth1 -o eth3 -m recent --rcheck --name seen -p tcp -m tcp --dport 22 -j ACCEPT
-A inside -i eth1 -p tcp -m tcp --dport 5432 -j ACCEPT
-A inside -i eth3 -j ACCEPT
COMMIT
"""
BY_INTERFACE = """    - name: fw
      rules: [fw.v4]
      between: [web, data, admin]
      interfaces: {eth1: web, eth2: data, eth3: admin}
"""


def test_the_way_tells_the_interfaces_that_rules_ask_for(sweep: Sweep) -> None:
    ground = made(BY_INTERFACE, {"fw.v4": FORWARD})
    assert services(asked(sweep, ground, "10.1.0.7", "10.2.0.9")) == ["tcp/5432"]
    assert services(asked(sweep, ground, "10.3.0.7", "10.2.0.9")) == ["any"]
    assert asked(sweep, ground, "10.2.0.9", "10.1.0.7").answer is Answer.CLOSED  # not by eth1
    assert services(asked(sweep, ground, "10.2.0.9", "10.3.0.7")) == ["tcp/80"]
    seen = asked(sweep, ground, "10.1.0.7", "10.3.0.7")
    assert (seen.answer, [str(box) for box in seen.most]) == (Answer.UNKNOWN, ["tcp/22"])


def test_interfaces_that_the_policy_does_not_name_leave_it_open(sweep: Sweep) -> None:
    points = BY_INTERFACE.replace("      interfaces: {eth1: web, eth2: data, eth3: admin}\n", "")
    found = asked(sweep, made(points, {"fw.v4": FORWARD}), "10.1.0.7", "10.2.0.9")
    assert found.answer is Answer.UNKNOWN
    assert "any" in [str(box) for box in found.most]


NFT = """{"nftables": [
  {"table": {"family": "ip", "name": "filter"}},
  {"chain": {"family": "ip", "table": "filter", "name": "forward", "type": "filter", "hook": "forward", "prio": 0,
    "policy": "drop"}},
  {"rule": {"family": "ip", "table": "filter", "chain": "forward", "expr": [
    {"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": {"set": ["eth1", "ppp*"]}}},
    {"match": {"op": "!=", "left": {"meta": {"key": "oifname"}}, "right": "eth3"}},
    {"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 5432}},
    {"accept": null}]}},
  {"rule": {"family": "ip", "table": "filter", "chain": "forward", "expr": [
    {"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "eth3"}},
    {"limit": {"rate": 1, "per": "second"}},
    {"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 22}},
    {"accept": null}]}}
]}"""


def test_interfaces_of_nftables_too_and_what_else_is_not_sure_stays_so(sweep: Sweep) -> None:
    ground = made(BY_INTERFACE, {"fw.v4": NFT})
    assert services(asked(sweep, ground, "10.1.0.7", "10.2.0.9")) == ["tcp/5432"]
    assert asked(sweep, ground, "10.1.0.7", "10.3.0.9").answer is Answer.CLOSED  # not by eth3
    assert asked(sweep, ground, "10.2.0.7", "10.1.0.9").answer is Answer.CLOSED  # not from eth2
    rated = asked(sweep, ground, "10.3.0.7", "10.2.0.9")
    assert (rated.answer, [str(box) for box in rated.most]) == (Answer.UNKNOWN, ["tcp/22"])


def test_an_address_in_no_zone_is_nowhere_unless_it_can_be_on_the_internet(sweep: Sweep) -> None:
    ground = made(JOINS, {"core.cfg": CORE})
    found = asked(sweep, ground, "10.1.0.7", "172.16.3.4")
    assert (found.answer, found.why) == (Answer.UNKNOWN, "no zone has the address of 172.16.3.4")
    assert asked(sweep, ground, "172.16.3.4", "172.16.3.5").answer is Answer.UNKNOWN
    assert asked(sweep, ground, "10.1.0.7", "198.51.100.1").answer is Answer.CLOSED


def test_a_zone_whose_name_has_parentheses(sweep: Sweep) -> None:
    points = JOINS.replace("web", "web (old)")
    policy = loads((ZONES + points).replace("name: web,", "name: web (old),"), "policy.yaml")
    ground = stand(NOBODY, policy, cast(NOBODY, policy), {"core": [saved.parse(CORE, "core.cfg")]})
    assert ground.notes == ()
    assert services(asked(sweep, ground, "10.1.0.7", "10.2.0.9")) == ["tcp/5432"]


def test_a_list_whose_vlan_has_several_subnets_leaves_it_open(sweep: Sweep) -> None:
    """The interface has no address here: its list may be before either subnet."""
    core = CORE.replace(" ip address 10.4.0.254 255.255.255.0\n", "")
    found = asked(sweep, made(JOINS, {"core.cfg": core}), "10.3.0.1", "10.4.0.1")
    assert found.answer is Answer.UNKNOWN
    assert "which of admin (10.3.0.0/24), admin (10.4.0.0/24) is behind Vlan230 is not known" in str(found.wide[0].told)


def test_rules_of_interfaces_say_nothing_before_an_address(sweep: Sweep) -> None:
    own = "    - {name: log1, rules: [core.cfg], before: [10.2.0.50]}\n"
    found = asked(sweep, made(own, {"core.cfg": CORE}), "10.2.0.1", "10.2.0.50")
    assert found.answer is Answer.UNKNOWN
    assert "name it with 'between'" in str(found.wide[0].told)


def test_addresses_that_span_networks_are_split() -> None:
    ground = made(JOINS, {"core.cfg": CORE})
    found = ground.split(addresses("10.1.0.128-10.2.0.127", "198.51.100.0/24"), V4)
    assert found == {
        "web": addresses("10.1.0.128-10.1.0.255"),
        "data": addresses("10.2.0.0-10.2.0.127"),
        "internet": addresses("198.51.100.0/24"),
        "": addresses("10.1.1.0-10.1.255.255"),
    }


@pytest.mark.parametrize(
    ("text", "family"),
    [
        ("# Generated by iptables-save v1.8.9 (nf_tables)\n*filter\n", Family.V4),
        ("# Generated by ip6tables-save v1.8.9 (nf_tables)\n*filter\n", Family.V6),
        ("# Generated by ip6tables-nft-save v1.8.4\n*filter\n", Family.V6),
        ("*filter\n-A INPUT -p ipv6-icmp -j ACCEPT\n", Family.V6),
    ],
)
def test_the_family_of_a_file_of_iptables(text: str, family: Family) -> None:
    assert saved.family_of(text) is family
