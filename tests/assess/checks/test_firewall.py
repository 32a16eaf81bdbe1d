"""fw-host-table-closed, fw-host-restrict-sources. The table: 443/tcp in; report-2010 also 2050-2250/tcp both ways."""

from __future__ import annotations

import pytest

from tests.assess.checks.estate import ESX35, ESXI8, but, host, lost, world
from viguard.assess.checks.firewall import restrict_sources, table_closed
from viguard.content.tables import load_tables
from viguard.model.host import Firewall, Host, Port, Ruleset
from viguard.model.result import Status
from viguard.model.tables import Tables
from viguard.policy.policy import Profile

API = Ruleset(key="vSphereClient", enabled=True, ports=(Port(start=443, end=443, direction="inbound", protocol="tcp"),))


def walled(*rulesets: Ruleset, incoming: bool | None = True, outgoing: bool | None = True, **facts: object) -> Host:
    wall = Firewall(incoming_blocked=incoming, outgoing_blocked=outgoing, rulesets=rulesets)
    return host(**{"firewall": wall, **facts})  # type: ignore[arg-type]


def opening(
    start: int, end: int, direction: str = "inbound", protocol: str = "tcp", *, enabled: bool = True
) -> Ruleset:
    return Ruleset(
        key="extra", enabled=enabled, ports=(Port(start=start, end=end, direction=direction, protocol=protocol),)
    )


# fw-host-table-closed


def test_closed_but_for_the_table() -> None:
    found = table_closed(walled(API), world())
    assert found.status is Status.PASS
    assert {e.property for e in found.evidence} >= {"config.firewall.defaultPolicy.incomingBlocked"}


@pytest.mark.parametrize(
    ("ruleset", "status"),
    [
        (opening(23, 23), Status.FAIL),
        (opening(443, 0), Status.PASS),  # servers send 0 for one port
        (opening(443, 444), Status.FAIL),
        (opening(443, 443, "outbound"), Status.FAIL),
        (opening(443, 443, protocol="udp"), Status.FAIL),
        (opening(23, 23, enabled=False), Status.PASS),
        (opening(0, 65535, "outbound"), Status.FAIL),
    ],
)
def test_what_a_ruleset_opens_stands_in_the_table(ruleset: Ruleset, status: Status) -> None:
    assert table_closed(walled(API, ruleset), world()).status is status


def test_a_rule_by_source_port_opens_every_port() -> None:
    rule = Port(start=443, end=443, direction="inbound", protocol="tcp", type="src")
    found = table_closed(walled(API, Ruleset(key="replies", enabled=True, ports=(rule,))), world())
    assert found.status is Status.FAIL
    assert "inbound tcp source port 443" in found.reason


@pytest.mark.parametrize(
    ("port", "direction", "protocol", "status"),
    [
        (53, "inbound", "udp", Status.PASS),  # answers to DNS, which the table lets out
        (9999, "inbound", "udp", Status.FAIL),  # answers to nothing that is let out
        (53, "inbound", "tcp", Status.FAIL),  # TCP keeps state: nothing is needed for answers
        (53, "outbound", "udp", Status.FAIL),
    ],
)
def test_answers_to_what_the_table_lets_out(port: int, direction: str, protocol: str, status: Status) -> None:
    rule = Port(start=port, end=port, direction=direction, protocol=protocol, type="src")
    host = walled(API, Ruleset(key="dns", enabled=True, ports=(rule,)))
    assert table_closed(host, world(tables=load_tables())).status is status


def test_each_profile_has_its_table() -> None:
    ha = opening(2050, 2250)
    assert table_closed(walled(ha), world(profile=Profile.REPORT_2010)).status is Status.PASS
    assert table_closed(walled(ha), world(profile=Profile.MODERN)).status is Status.FAIL
    assert table_closed(walled(API), world(tables=Tables())).status is Status.UNKNOWN


@pytest.mark.parametrize(
    ("incoming", "outgoing", "status"),
    [
        (False, True, Status.FAIL),
        (True, False, Status.FAIL),
        (None, True, Status.UNKNOWN),
        (True, None, Status.UNKNOWN),
        (None, False, Status.FAIL),
    ],
)
def test_both_defaults_are_told_and_block(incoming: bool | None, outgoing: bool | None, status: Status) -> None:
    assert table_closed(walled(API, incoming=incoming, outgoing=outgoing), world()).status is status


def test_which_hosts_have_a_firewall() -> None:
    for judge in (table_closed, restrict_sources):
        assert judge(walled(API, product=but(ESXI8, version="4.1.0")), world()).status is Status.NOT_APPLICABLE
        assert judge(walled(API, product=but(ESXI8, line="gsx")), world()).status is Status.NOT_APPLICABLE
    assert table_closed(walled(API, product=ESX35), world()).status is Status.PASS
    first = but(ESXI8, version="5.0.0")
    assert table_closed(walled(API, product=first), world()).status is Status.PASS
    assert restrict_sources(walled(but(API, all_addresses=True), product=first), world()).status is Status.FAIL


@pytest.mark.parametrize("fact", ["firewall", "product"])
def test_unknown_without_a_fact(fact: str) -> None:
    for judge in (table_closed, restrict_sources):
        assert judge(lost(walled(API), fact), world()).status is Status.UNKNOWN
        assert judge(host(firewall=None), world()).status is Status.UNKNOWN


def test_the_reports_figure_two_is_in_our_table() -> None:
    """Port, protocol and way of Figure 2, typed from the report."""
    wanted = [
        (21, "tcp", "inbound"), (22, "tcp", "inbound"), (53, "udp", "outbound"), (123, "udp", "outbound"),
        (161, "udp", "inbound"), (162, "udp", "outbound"), (427, "tcp", "inbound"), (443, "tcp", "inbound"),
        (902, "tcp", "outbound"), (902, "udp", "outbound"), (2050, "tcp", "inbound"), (2250, "tcp", "outbound"),
        (3260, "tcp", "outbound"), (5989, "tcp", "inbound"), (8042, "tcp", "inbound"), (8045, "tcp", "outbound"),
    ]  # fmt: skip
    rulesets = [opening(port, port, way, protocol) for port, protocol, way in wanted]
    context = world(profile=Profile.REPORT_2010, tables=load_tables())
    assert table_closed(walled(*rulesets), context).status is Status.PASS
    for port in (20, 23, 25, 80, 2049, 2251, 5988, 8041, 8046):
        assert table_closed(walled(opening(port, port)), context).status is Status.FAIL


# fw-host-restrict-sources


@pytest.mark.parametrize(
    ("ruleset", "status"),
    [
        (but(API, all_addresses=False, addresses=("10.0.0.0/24",)), Status.PASS),
        (but(API, all_addresses=False, addresses=("0.0.0.0/0",)), Status.FAIL),
        (but(API, all_addresses=False, addresses=("0.0.0.0/1", "10.0.0.1", "128.0.0.0/1")), Status.FAIL),
        (but(API, all_addresses=False, addresses=("::/1", "8000::/1")), Status.FAIL),
        (but(API, all_addresses=False, addresses=("0.0.0.0/1", "::/1")), Status.PASS),
        (but(API, all_addresses=False, addresses=("::/0",)), Status.FAIL),
        (but(API, all_addresses=True), Status.FAIL),
        (but(API, all_addresses=True, addresses_configurable=False), Status.PASS),
        (but(API, all_addresses=True, enabled=False), Status.PASS),
        (but(API, all_addresses=None), Status.UNKNOWN),
    ],
)
def test_enabled_rulesets_name_their_sources(ruleset: Ruleset, status: Status) -> None:
    assert restrict_sources(walled(ruleset), world()).status is status


def test_old_versions_cannot_name_sources() -> None:
    assert restrict_sources(walled(API, product=ESX35), world()).status is Status.NOT_APPLICABLE
