"""The planted paths in the recordings: all found, no others of those kinds, and gone without what they need."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.attack.conftest import GONE, with_records
from tests.attack.planted import differences, ends, resources, walks, ways
from viguard.attack.build import build
from viguard.attack.reached import Reached
from viguard.attack.supplied import UNJUDGED
from viguard.model.inventory import Inventory
from viguard.policy.policy import Policy

ESTATES = ("belnet", "today")


@pytest.mark.parametrize("estate", ESTATES)
def test_every_planted_path_is_found_and_no_other(
    estate: str, policy: Policy, reached: dict[str, Reached], request: pytest.FixtureRequest
) -> None:
    inventory: Inventory = request.getfixturevalue(estate)
    graph = build(inventory, policy, reached[estate])
    assert differences(graph, inventory, estate) == []
    for way in ways(estate):
        reached = {walk[-1].target for found in walks(graph, inventory, way).values() for walk in found}
        assert reached == ends(graph, inventory, way), way["to"]


@pytest.mark.parametrize("estate", ESTATES)
def test_without_a_fact_that_it_needs_a_path_is_gone(
    estate: str, policy: Policy, reached: dict[str, Reached], request: pytest.FixtureRequest
) -> None:
    inventory: Inventory = request.getfixturevalue(estate)
    for way in ways(estate):
        for need in way["needs"]:
            name, _, field = need.partition(": ")
            found = [i for i in resources(inventory, name) if hasattr(inventory.by_id[i], field)]
            assert len(found) == 1, f"{need}: {found}"
            without = with_records(inventory, replace(inventory.by_id[found[0]], **{field: GONE}))
            left = walks(build(without, policy, reached[estate]), without, way)
            assert not any(left.values()), f"{way['from']} to {way['to']} stands without {need}"


def test_without_the_rules_of_a_router_a_path_through_it_is_possible_only(
    belnet: Inventory, policy: Policy, reached: dict[str, Reached]
) -> None:
    shown, unread = (
        {(e.source, e.target): e for e in build(belnet, policy, reach).edges if e.kind == "permitted"}
        for reach in (reached["belnet"], UNJUDGED)
    )
    iscsi = shown["zone:110", "service:zone:900:tcp/3260:10.90.0.15"]
    assert iscsi.real
    assert "firewalls/core.cfg:69: permit ip 193.190.110.0 0.0.0.255 10.90.0.0 0.0.0.255" in iscsi.evidence[0].value
    assert ("zone:120", "service:zone:900:tcp/3260:10.90.0.15") not in shown  # the router refuses the mail servers
    assert not unread["zone:110", "service:zone:900:tcp/3260"].real


def test_a_path_too_many_and_one_too_few_are_told(today: Inventory, policy: Policy) -> None:
    told = differences(build(today, policy), today, "belnet")
    assert any(line.startswith("not found: backup1 to ['vc-main']") for line in told)
    assert any(line.startswith("not planted: trunk_nic from ids1 to ") for line in told)


def test_an_address_that_is_in_another_zone_than_its_vlan_is_not_called_closed(reached: dict[str, Reached]) -> None:
    ask = reached["belnet"].way
    source, mail = frozenset({"110", "dmz-web"}), frozenset({"120", "dmz-mail"})
    assert ask(source, mail, "tcp/443", ("193.190.120.22",)).is_open is False
    assert ask(source, mail, "tcp/443", ("10.22.0.9",)).is_open is None
    assert ask(source, mail, "tcp/443", ("172.16.0.1",)).is_open is None


def test_one_family_is_enough_and_what_is_unknown_says_its_own_reason(reached: dict[str, Reached]) -> None:
    ask, dns = reached["belnet"].way, frozenset({"130", "dmz-dns"})
    management = frozenset({"230", "management"})
    names = ask(dns, management, "any", ())  # answers of name servers pass the router's list, from port 53
    assert names.is_open
    assert "firewalls/core.cfg:82" in names.told
    nobody = ask(frozenset({"120", "dmz-mail"}), management, "tcp/443", ())
    assert (nobody.is_open, nobody.told) == (None, "no point joins these networks in IPv6")
