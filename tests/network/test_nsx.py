"""The distributed firewall of NSX, as rule sets."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viguard.errors import InputError
from viguard.network.addresses import Family
from viguard.network.parse.imported import Imported
from viguard.network.parse.nsx import parse
from viguard.network.rules import Action, Packet
from viguard.network.services import TCP, UDP

WEB, DB, OTHER = "10.1.0.5", "10.2.0.5", "10.9.0.1"
YES, NO, MAYBE = (True, True), (False, False), (False, True)
GROUPS = "/infra/domains/default/groups"


def bounds(found: Imported, direction: str, packet: tuple[str, str, int, int]) -> tuple[bool, bool]:
    source, destination, protocol, port = packet
    (one,) = found.at(direction, Family(ip_address(source).version))
    asked = Packet(int(ip_address(source)), int(ip_address(destination)), protocol, 40000, port)
    least, most = (one.bound(upper=upper).decides(asked)[0] is Action.PERMIT for upper in (False, True))
    return least, most


def group(name: str, *expressions: object) -> dict[str, object]:
    return {"resource_type": "Group", "id": name, "path": f"{GROUPS}/{name}", "expression": list(expressions)}


def addresses(*some: str) -> dict[str, object]:
    return {"resource_type": "IPAddressExpression", "ip_addresses": list(some)}


TAG = {"resource_type": "Condition", "key": "Tag", "value": "web"}
OR = {"resource_type": "ConjunctionOperator", "conjunction_operator": "OR"}
AND = {"resource_type": "ConjunctionOperator", "conjunction_operator": "AND"}


def service(name: str, *entries: object) -> dict[str, object]:
    return {"resource_type": "Service", "id": name, "path": f"/infra/services/{name}", "service_entries": list(entries)}


def ports(*some: str, protocol: str = "TCP") -> dict[str, object]:
    return {"resource_type": "L4PortSetServiceEntry", "l4_protocol": protocol, "destination_ports": list(some)}


def rule(action: str = "ALLOW", sequence: int = 10, **more: object) -> dict[str, object]:
    said = {"resource_type": "Rule", "id": "r", "display_name": "a rule", "action": action, "sequence_number": sequence}
    any_of = {key: ["ANY"] for key in ("source_groups", "destination_groups", "services", "profiles", "scope")}
    return {**said, **any_of, "direction": "IN_OUT", "ip_protocol": "IPV4_IPV6", **more}


def policy(category: str, *rules: object, sequence: int = 1, **more: object) -> dict[str, object]:
    name = f"{category}-{sequence}"
    said = {"resource_type": "SecurityPolicy", "id": name, "path": f"/infra/domains/default/security-policies/{name}"}
    return {**said, "category": category, "sequence_number": sequence, "rules": list(rules), **more}


DEFAULT = policy("Application", rule("DROP", is_default=True), sequence=999_999)
KNOWN = (
    group("web", addresses("10.1.0.0/16", "2001:db8:1::/48")),
    group("db", addresses("10.2.0.1-10.2.0.9")),
    group("both", {"resource_type": "PathExpression", "paths": [f"{GROUPS}/web", f"{GROUPS}/db"]}),
    group("tagged", TAG),
    group("some", addresses("10.1.0.5"), OR, TAG),
    group("two", addresses("10.1.0.5"), AND, TAG),
    group("loop", {"resource_type": "PathExpression", "paths": [f"{GROUPS}/loop"]}),
    service("sql", ports("5432", "6000-6010")),
    service("all", {"resource_type": "NestedServiceServiceEntry", "nested_service_path": "/infra/services/sql"}),
    service("ping", {"resource_type": "ICMPTypeServiceEntry", "protocol": "ICMPv4", "icmp_type": 8}),
    service("gre", {"resource_type": "IPProtocolServiceEntry", "protocol_number": 47}),
    service("ftp", {"resource_type": "ALGTypeServiceEntry", "alg": "FTP", "destination_ports": ["21"]}),
    service("arp", {"resource_type": "EtherTypeServiceEntry", "ether_type": 2054}),
)


def read(*policies: object, members: Mapping[str, Sequence[str]] | None = None, default: bool = True) -> Imported:
    everything = {"results": [*policies, *([DEFAULT] if default else []), *KNOWN]}
    return parse(json.dumps(everything), "nsx", members)


def to_db(**more: object) -> dict[str, object]:
    said = {
        "source_groups": [f"{GROUPS}/web"],
        "destination_groups": [f"{GROUPS}/db"],
        "services": ["/infra/services/sql"],
    }
    return rule(**{**said, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("more", "packet", "passes"),
    [
        ({}, (WEB, DB, TCP, 6005), YES),
        ({}, (WEB, DB, TCP, 6011), NO),
        ({}, (OTHER, DB, TCP, 6005), NO),
        ({"services": ["/infra/services/all"]}, (WEB, DB, TCP, 5432), YES),
        ({"services": ["/infra/services/ping"]}, (WEB, DB, 1, 8 << 8), YES),
        ({"services": ["/infra/services/gre"]}, (WEB, DB, 47, 0), YES),
        ({"services": ["/infra/services/ftp"]}, (WEB, DB, TCP, 21), YES),
        ({"services": ["/infra/services/arp"]}, (WEB, DB, TCP, 21), MAYBE),
        ({"services": ["/infra/services/nosuch"]}, (WEB, DB, TCP, 21), MAYBE),
        ({"services": ["ANY"], "service_entries": [ports("99", protocol="UDP")]}, (WEB, DB, UDP, 99), YES),
        ({"services": [], "service_entries": [ports("99")]}, (WEB, DB, UDP, 99), NO),
        ({"source_groups": [f"{GROUPS}/both"]}, (DB, DB, TCP, 5432), YES),
        ({"source_groups": ["10.9.0.0/24"]}, (OTHER, DB, TCP, 5432), YES),
        ({"source_groups": [f"{GROUPS}/tagged"]}, (WEB, DB, TCP, 5432), MAYBE),
        ({"source_groups": [f"{GROUPS}/nosuch"]}, (WEB, DB, TCP, 5432), MAYBE),
        ({"source_groups": [f"{GROUPS}/loop"]}, (WEB, DB, TCP, 5432), MAYBE),
        ({"source_groups": [f"{GROUPS}/two"]}, (WEB, DB, TCP, 5432), MAYBE),
        ({"source_groups": [f"{GROUPS}/some"]}, (WEB, DB, TCP, 5432), YES),
        ({"source_groups": [f"{GROUPS}/some"]}, (OTHER, DB, TCP, 5432), MAYBE),
        ({"sources_excluded": True}, (WEB, DB, TCP, 5432), NO),
        ({"sources_excluded": True}, (OTHER, DB, TCP, 5432), YES),
        ({"scope": [f"{GROUPS}/web"]}, (WEB, DB, TCP, 5432), MAYBE),
        ({"profiles": ["/infra/context-profiles/DNS"]}, (WEB, DB, TCP, 5432), MAYBE),
        ({"disabled": True}, (WEB, DB, TCP, 5432), NO),
        ({"direction": "OUT"}, (WEB, DB, TCP, 5432), NO),
        ({"direction": "IN"}, (WEB, DB, TCP, 5432), YES),
        ({"ip_protocol": "IPV6"}, (WEB, DB, TCP, 5432), NO),
        ({"destination_groups": ["ANY"]}, ("2001:db8:1::5", "2001:db8:9::1", TCP, 5432), YES),
    ],
)
def test_what_a_rule_looks_at(
    more: dict[str, object], packet: tuple[str, str, int, int], passes: tuple[bool, bool]
) -> None:
    assert bounds(read(policy("Application", to_db(**more))), "in", packet) == passes


def test_categories_and_numbers_give_the_order() -> None:
    found = read(
        policy("Application", rule("ALLOW", 20), rule("DROP", 10, source_groups=["10.1.0.1"]), sequence=2),
        policy("Application", rule("ALLOW", source_groups=["10.1.0.2"]), sequence=1),
        policy("Environment", rule("JUMP_TO_APPLICATION", 1, source_groups=["10.1.0.0/30"]), rule("DROP", 2)),
        policy("Emergency", rule("DROP", source_groups=["10.1.0.3"])),
    )
    for source, passes in (("10.1.0.1", NO), ("10.1.0.2", YES), ("10.1.0.3", NO), ("10.1.0.9", NO)):
        assert bounds(found, "out", (source, DB, TCP, 1)) == passes


def test_the_default_and_what_ethernet_may_block() -> None:
    assert bounds(read(policy("Application"), default=False), "in", (WEB, DB, TCP, 1)) == MAYBE
    assert (
        bounds(read(policy("Ethernet", rule("DROP")), policy("Application", rule())), "in", (WEB, DB, TCP, 1)) == MAYBE
    )
    assert (
        bounds(read(policy("Ethernet", rule("ALLOW")), policy("Application", rule())), "in", (WEB, DB, TCP, 1)) == YES
    )


def test_members_that_nsx_was_asked_for() -> None:
    one = policy("Application", to_db(source_groups=[f"{GROUPS}/tagged"]))
    found = read(one, members={f"{GROUPS}/tagged": ["10.1.0.5"]})
    assert bounds(found, "in", (WEB, DB, TCP, 5432)) == YES
    assert bounds(found, "in", (OTHER, DB, TCP, 5432)) == NO


def test_a_tree_of_infra_is_read_alike_and_knows_its_places() -> None:
    inner = {**policy("Application"), "children": [{"resource_type": "ChildRule", "Rule": rule("ALLOW")}]}
    tree = {"resource_type": "Infra", "children": [{"Domain": {"children": [{"SecurityPolicy": inner}]}}]}
    (one,) = parse(json.dumps(tree), "nsx").at("in", Family.V4)
    path = "nsx.children[0].Domain.children[0].SecurityPolicy.children[0].Rule"
    assert (one.rules[0].where, one.rules[0].why) == (path, "a rule")


def test_two_policies_of_one_id_are_both_read() -> None:
    one, two = (policy("Application", rule("ALLOW", source_groups=[source])) for source in (WEB, OTHER))
    del one["path"], two["path"]
    found = read(one, two)
    assert bounds(found, "in", (WEB, DB, TCP, 1)) == bounds(found, "in", (OTHER, DB, TCP, 1)) == YES


def test_policies_without_a_state_are_noted() -> None:
    found = read(policy("Application", stateful=False))
    assert not any(point.rules.stateful for point in found.points)
    assert "some policies keep no state: answers need rules of their own" in found.notes


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"action": "MAYBE"}, "nsx.results[0].rules[0]: there is no action 'MAYBE'"),
        ({"direction": "UP"}, "nsx.results[0].rules[0]: its direction"),
        ({"source_groups": ["10.0.0.300"]}, "nsx.results[0].rules[0].source_groups: '10.0.0.300' does not"),
        ({"service_entries": [ports("90-80")]}, "nsx.results[0].rules[0].service_entries[0]: ports from 90 to 80"),
        ({"service_entries": [ports("x")]}, "nsx.results[0].rules[0].service_entries[0]: 'x' is no port"),
        ({"service_entries": 5}, "nsx.results[0].rules[0].service_entries: no list of objects"),
        ({"sequence_number": "x"}, "nsx.results[0].rules[0]: a sequence number that is none"),
    ],
)
def test_mistakes_have_a_place(more: dict[str, object], said: str) -> None:
    with pytest.raises(InputError) as caught:
        read(policy("Application", to_db(**more)))
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hello", "nsx: this is no JSON"),
        ("[" * 100_000, "nsx: this is no JSON"),
        ("[" * 100 + "]" * 100, "nsx: too many objects within each other"),
        ("{}", "nsx: there is no security policy in it"),
        (json.dumps([policy("Other")]), "nsx[0]: there is no category 'Other'"),
    ],
)
def test_a_file_that_is_something_else(text: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(text, "nsx")
    assert str(caught.value).startswith(said)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(list(rule())), st.sampled_from(list(group("x"))), values)
def test_whatever_stands_there_is_read_or_refused(key: str, other: str, value: object) -> None:
    broken = {**group("web", addresses("10.1.0.0/16")), other: value}
    with suppress(InputError):
        parse(json.dumps([policy("Application", to_db(**{key: value})), broken, *KNOWN[1:]]), "nsx")


def test_twenty_thousand_rules_take_seconds() -> None:
    rules = [to_db(sequence_number=n, source_groups=[f"10.{n >> 8}.{n & 255}.0/24"]) for n in range(20_000)]
    text = json.dumps([policy("Application", *rules), DEFAULT, *KNOWN])
    start = time.monotonic()
    parse(text, "nsx")
    assert time.monotonic() - start < 20
