"""What has to pass in the estate of the report, against what its description in lab/belnet says."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from importlib import resources
from ipaddress import ip_address
from pathlib import Path

import msgspec
import pytest

from viguard.content.tables import load_flows
from viguard.errors import InputError
from viguard.model.inventory import Inventory
from viguard.network.addresses import Family, Range, Ranges, joined, read
from viguard.network.closed.derive import Derived, Level, Point, Way, derive
from viguard.network.rules import Action, Packet, RuleSet
from viguard.network.services import TCP, UDP
from viguard.network.services import read as service
from viguard.policy.load import load, loads
from viguard.policy.policy import Firewall, Flow, Policy, Separation
from viguard.store import snapshots

DEMO = Path(str(resources.files("viguard"))) / "content" / "demo"
VCENTERS = "10.23.0.11", "10.23.0.43"
BLADE5, BLADE6 = "193.190.198.9", "193.190.198.10"
LOG_SERVER = "10.23.0.47"
CLIENT, SNMP = "193.190.198.20", "193.190.198.21"


@cache
def estate() -> Inventory:
    return snapshots.read(DEMO / "belnet.snap")


@cache
def intended() -> Policy:
    """The zones and the rest; who plays which role, and the flows, each test says itself."""
    return msgspec.structs.replace(load(DEMO / "policy.yaml"), firewall=Firewall())


def with_roles(**roles: tuple[str, ...]) -> Policy:
    return msgspec.structs.replace(intended(), firewall=Firewall(roles=roles))


@cache
def found(level: Level = Level.CORRECTED) -> Derived:
    policy = with_roles(vsphere_client=(CLIENT,), ssh_client=(CLIENT,), snmp_server=(SNMP,))
    return derive(estate(), policy, load_flows(), level)


def everywhere(level: Level = Level.CORRECTED) -> RuleSet:
    return found(level).rule_set("all", Family.V4, Point())


def passes(rules: RuleSet, source: str, destination: str, protocol: int, port: int) -> bool:
    packet = Packet(int(ip_address(source)), int(ip_address(destination)), protocol, 50000, port)
    return rules.decides(packet)[0] is Action.PERMIT


@pytest.mark.parametrize(
    ("source", "destination", "what", "printed", "corrected"),
    [
        (VCENTERS[0], BLADE5, "tcp/902", False, True),  # the figure lets the host open it
        (BLADE5, VCENTERS[0], "tcp/902", True, False),
        (CLIENT, BLADE5, "tcp/902", False, True),  # consoles
        (CLIENT, BLADE5, "tcp/443", True, True),
        (CLIENT, VCENTERS[0], "tcp/443", False, True),
        (SNMP, BLADE5, "udp/161", False, True),
        (BLADE5, SNMP, "udp/161", True, False),
        (BLADE5, SNMP, "udp/162", True, True),
        (BLADE5, LOG_SERVER, "tcp/514", True, True),
        (BLADE5, LOG_SERVER, "udp/514", False, True),  # all that ESX 3 and 4 can send
        (BLADE5, CLIENT, "udp/902", True, False),
        (BLADE5, BLADE6, "tcp/2050", True, True),
        (BLADE5, BLADE6, "tcp/2049", False, False),
        ("10.20.0.105", "10.20.0.106", "tcp/8000", False, True),  # vMotion, on its own network
        (BLADE5, BLADE6, "tcp/8000", False, False),
        ("10.90.0.105", "10.90.0.10", "tcp/3260", True, True),
        ("193.190.110.10", BLADE5, "tcp/902", False, False),  # a guest of the DMZ
        ("193.190.110.10", "10.90.0.10", "tcp/3260", False, False),
    ],
)
def test_the_figures_as_printed_and_put_right(
    source: str, destination: str, what: str, *, printed: bool, corrected: bool
) -> None:
    box = service(what)
    for level, expected in ((Level.PRINTED, printed), (Level.CORRECTED, corrected)):
        assert passes(everywhere(level), source, destination, box.protocol.first, box.port.first) is expected, level


def test_every_row_of_the_figures_is_there_once() -> None:
    rows = [row.id for row in load_flows() if "printed" in row.levels]
    figure_2 = [f"F2-{n:02}" for n in range(1, 15)]
    figure_3 = [f"F3-{n:02}" for n in range(1, 8)]
    assert sorted(rows) == sorted([*figure_2, *figure_3, "T-514"])


def test_who_is_not_known_keeps_a_row_closed_and_is_said() -> None:
    bare = derive(estate(), intended(), load_flows(), Level.CORRECTED)
    closed = {(one.row, one.role) for one in bare.closed}
    assert ("F2-08", "vsphere_client") in closed
    assert ("F2-05c", "snmp_server") in closed
    assert any("ntp2.belnet.be is a name that nothing here resolves" in note for note in bare.notes)
    assert not passes(bare.rule_set("all", Family.V4, Point()), CLIENT, BLADE5, TCP, 443)
    assert passes(bare.rule_set("all", Family.V4, Point()), VCENTERS[0], BLADE5, TCP, 443)


def test_what_is_not_in_use_stays_closed() -> None:
    rows = {need.row for need in found(Level.MODERN).needs}
    assert "M-2233" not in rows  # no vSAN
    assert "F2-12c" in rows  # iSCSI is


def test_a_point_sees_what_crosses_its_edge() -> None:
    here = (Range(int(ip_address(BLADE5)), int(ip_address(BLADE5))),)
    inbound = found().rule_set("in", Family.V4, Point(here=here, way=Way.IN))
    outbound = found().rule_set("out", Family.V4, Point(here=here, way=Way.OUT))
    assert passes(inbound, CLIENT, BLADE5, TCP, 443)
    assert not passes(outbound, CLIENT, BLADE5, TCP, 443)
    assert passes(outbound, BLADE5, LOG_SERVER, UDP, 514)
    assert not passes(inbound, CLIENT, BLADE6, TCP, 443)  # another host's
    assert passes(inbound, BLADE6, BLADE5, TCP, 902)


def test_flows_of_guests_between_zones_addresses_and_the_internet() -> None:
    flows = (
        Flow(sources=("internet",), destinations=("dmz-web",), services=("tcp/80", "tcp/443"), why="the public site"),
        Flow(sources=("dmz-web",), destinations=("db1",), services=("tcp/5432",)),
    )
    policy = msgspec.structs.replace(intended(), firewall=Firewall(flows=flows))
    rules = derive(estate(), policy, (), Level.CORRECTED).rule_set("all", Family.V4, Point())
    (db1,) = [guest for guest in estate().guests if guest.name == "db1"]
    assert isinstance(db1.addresses, tuple)
    address = next(a.partition("/")[0] for nic in db1.addresses for a in nic.addresses if ":" not in a)
    assert passes(rules, "8.8.8.8", "193.190.110.10", TCP, 443)
    assert not passes(rules, "10.31.0.5", "193.190.110.10", TCP, 443)  # a zone is not the internet
    assert passes(rules, "193.190.110.10", address, TCP, 5432)
    assert not passes(rules, "193.190.110.10", address, TCP, 5433)


@pytest.mark.parametrize(
    ("flow", "said"),
    [
        (Flow(sources=("dmz-wep",), destinations=("any",), services=("tcp/80",), line=7), "'dmz-wep' is no zone, role"),
        (
            Flow(sources=("dmz-web",), destinations=("any",), services=("tcp/80000",), line=7),
            "'tcp/80000' is no service",
        ),
        (Flow(sources=("dmz-web",), destinations=("any",), services=("http",), line=7), "'http' is no service"),
    ],
)
def test_a_flow_that_means_nothing_is_no_flow(flow: Flow, said: str) -> None:
    policy = msgspec.structs.replace(intended(), firewall=Firewall(flows=(flow,)), file="p.yaml")
    with pytest.raises(InputError) as caught:
        derive(estate(), policy, (), Level.CORRECTED)
    assert str(caught.value).startswith(f"p.yaml:7: {said}")


def test_an_end_without_an_address_is_said() -> None:
    flow = Flow(sources=("dmz-web",), destinations=("snmp_server",), services=("udp/162",))
    policy = msgspec.structs.replace(intended(), firewall=Firewall(flows=(flow,)))
    found_now = derive(estate(), policy, load_flows(), Level.CORRECTED)
    assert ("flow 1", "no address of snmp_server is known") in {(one.row, one.why) for one in found_now.closed}


def test_addresses_are_joined() -> None:
    spans: Ranges = joined([read("10.0.0.0/25")[1], read("10.0.0.128/25")[1]])
    assert spans == (read("10.0.0.0/24")[1],)


ZONES = """zones:
  - {name: web, match: {subnets: [10.1.0.0/24]}}
  - {name: data, match: {subnets: [10.2.0.0/24]}}
firewall:
  separate:
    - {zones: [data, web]}
"""


@pytest.mark.parametrize(
    ("flow", "said"),
    [
        (
            "{from: [web], to: [data], services: [tcp/5432]}",
            "policy.yaml:8: the flow lets tcp/5432 pass from 'web' (10.1.0.0/24) to 'data' (10.2.0.0/24), which line 6",
        ),
        (
            "{from: [any], to: [10.1.0.9], services: [any]}",
            "'data' (10.2.0.0/24) to 'web' (10.1.0.9), which line 6",
        ),
        (
            "{from: [10.2.0.128/25], to: [any], services: [icmp/8]}",
            "'data' (10.2.0.128/25) to 'web' (10.1.0.0/24)",
        ),
    ],
)
def test_a_flow_between_separated_zones_is_a_mistake(flow: str, said: str) -> None:
    policy = loads(f"{ZONES}  flows:\n    - {flow}\n", "policy.yaml")
    nobody = Inventory((), read_at=datetime(2026, 1, 1, tzinfo=UTC))
    with pytest.raises(InputError, match="separates") as refused:
        derive(nobody, policy, (), Level.CORRECTED)
    assert said in str(refused.value)


def test_a_row_of_the_tables_between_separated_zones_is_a_mistake() -> None:
    apart = (Separation(zones=("internal", "management"), line=3), Separation(zones=("test", "management"), line=4))
    policy = msgspec.structs.replace(
        intended(), firewall=Firewall(roles={"vsphere_client": ("10.31.0.9",)}, separate=apart)
    )
    with pytest.raises(InputError) as refused:
        derive(estate(), policy, load_flows(), Level.CORRECTED)
    assert "row F2-08 of the port tables lets tcp/443 pass from 'test' (10.31.0.9) to 'management'" in str(
        refused.value
    )
    assert "which line 4 separates" in str(refused.value)
    assert "'internal'" not in str(refused.value)


def test_separated_zones_that_no_flow_joins_are_fine() -> None:
    policy = loads(f"{ZONES}  flows:\n    - {{from: [internet], to: [web], services: [tcp/443]}}\n", "policy.yaml")
    nobody = Inventory((), read_at=datetime(2026, 1, 1, tzinfo=UTC))
    assert len(derive(nobody, policy, (), Level.CORRECTED).needs) == 1


def test_a_separated_zone_without_subnets_cannot_be_held_apart() -> None:
    policy = loads(ZONES.replace("subnets: [10.2.0.0/24]", "vlans: [220]"), "policy.yaml")
    with pytest.raises(InputError, match="line 6 separates 'data', of which no subnet is known"):
        derive(Inventory((), read_at=datetime(2026, 1, 1, tzinfo=UTC)), policy, (), Level.CORRECTED)
