"""Zone recognition: which zone, why, and what could not be read."""

from __future__ import annotations

from datetime import UTC, datetime
from ipaddress import ip_address, ip_network
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from viguard.model.facts import Reason, Resource, Settings, Unknown
from viguard.model.guest import Guest, GuestNic, VirtualNic
from viguard.model.inventory import Inventory
from viguard.model.network import DvPortGroup, StandardPortGroup, Vlan
from viguard.model.server import Datacenter, Folder
from viguard.policy.membership import Match, Rule
from viguard.policy.policy import Policy, Purpose, Recognition, Zone
from viguard.policy.zones import Zones

READ_AT = datetime(2026, 3, 4, tzinfo=UTC)
LOST = Unknown(reason=Reason.UNREACHABLE, detail="lost")
OLD = Unknown(reason=Reason.NOT_IN_VERSION)


def guest(name: str = "g1", plug: str = "", **facts: Any) -> Guest:
    nics = (VirtualNic(key=1, type="VirtualE1000", label="NIC 1", mac="00:50:56:00:00:01", port_group=plug),)
    held: dict[str, Any] = {
        "host": "vc:h1",
        "template": False,
        "nics": nics if plug else (),
        "addresses": (),
        "tags": (),
        "custom": Settings(),
        **facts,
    }
    return Guest(id=f"vc:{name}", name=name, path=f"/vc/dc/{name}", server="vc", **held)


def group(name: str, vlan: Vlan | int | Unknown) -> StandardPortGroup:
    found = Vlan(id=vlan) if isinstance(vlan, int) else vlan
    return StandardPortGroup(
        id=f"vc:h1/{name}", name=name, path=f"/vc/{name}", server="vc", host="vc:h1", switch="s", vlan=found
    )


def zone(name: str, line: int = 0, purpose: Purpose = Purpose.GUESTS, **match: Any) -> Zone:
    return Zone(name=name, line=line, purpose=purpose, match=Recognition(**match))


def zones(*wanted: Zone, records: tuple[Resource, ...] = ()) -> Zones:
    return Zones(Inventory(records, read_at=READ_AT), Policy(zones=wanted))


# each rule


@pytest.mark.parametrize(("vlan", "found"), [(12, ("web",)), (13, ()), (0, ())])
def test_by_vlan(vlan: int, found: tuple[str, ...]) -> None:
    known = zones(zone("web", vlans=(12,)), records=(group("pg", vlan),))
    assert known.of_guest(guest(plug="pg")).zones == found
    assert known.of_vlan(Vlan(id=vlan)).zones == found


@pytest.mark.parametrize(
    ("vlan", "found"),
    [(Vlan(id=4095), ("a", "b")), (Vlan(trunk=((10, 20),)), ("a",)), (Vlan(trunk=((1, 9), (21, 30))), ("b",))],
)
def test_a_trunk_lets_through_every_zone_in_its_ranges(vlan: Vlan, found: tuple[str, ...]) -> None:
    assert zones(zone("a", vlans=(10,)), zone("b", vlans=(30,))).of_vlan(vlan).zones == found


def test_a_trunk_is_in_the_zones_of_its_own_switch_and_open_for_others() -> None:
    wanted = (zone("a", vlans=(10,)), zone("b", vlans=(30,)))
    all_ = group("all", 4095)
    near, far = group("near", 10), msgspec.structs.replace(group("far", 30), switch="other")
    found = zones(*wanted, records=(all_, near, far)).of_port_group(all_)
    assert (found.zones, found.certain) == (("a",), False)
    found = zones(wanted[0], records=(all_, near)).of_port_group(all_)
    assert (found.zones, found.certain) == (("a",), True)
    by_name = zones(*wanted, zone("c", port_groups=("all",)), records=(all_, near, far)).of_port_group(all_)
    assert (by_name.zones, by_name.certain) == (("c", "a"), False)
    some = group("some", Vlan(trunk=((40, 50),)))
    assert zones(*wanted, records=(some, near)).of_port_group(some).certain


def test_by_port_group_name_standard_and_distributed() -> None:
    dv = DvPortGroup(id="vc:dv", name="DMZ web", path="/vc/dv", server="vc", key="k", vlan=Vlan(id=5))
    known = zones(zone("dmz", port_groups=("DMZ *",)), records=(group("DMZ mail", 6), dv))
    assert known.of_guest(guest(plug="DMZ mail")).zones == ("dmz",)
    plugged = guest("g2", nics=(VirtualNic(key=1, type="VirtualVmxnet3", dv_port_group="k"),))
    assert known.of_guest(plugged).zones == ("dmz",)
    assert known.of_guest(guest("g3", plug="dmz mail")).zones == ()  # case counts


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("10.1.0.7/24", ("a",)),
        ("10.1.5.7", ("b",)),
        ("10.2.0.7/24", ()),
        ("2001:db8::7/64", ("six",)),
        ("fe80::1%eth0", ()),
        ("hostile", ()),
    ],
)
def test_by_subnet(address: str, found: tuple[str, ...]) -> None:
    known = zones(
        zone("a", subnets=("10.1.0.0/24",)),
        zone("b", subnets=("10.1.4.0/22",)),
        zone("six", subnets=("2001:db8::/32",)),
    )
    assert known.of_guest(guest(addresses=(GuestNic(addresses=(address,)),))).zones == found
    assert known.of_address(address).zones == found


@pytest.mark.parametrize(
    ("facts", "found"),
    [
        ({"tags": ("zone:dmz",)}, ("dmz",)),
        ({"tags": ("owner:dmz",)}, ()),
        ({"custom": Settings(values={"zone": "dmz"})}, ("dmz",)),
        ({"tags": OLD, "custom": Settings(values={"zone": "dmz"})}, ("dmz",)),
    ],
)
def test_by_tag_or_custom_attribute(facts: dict[str, Any], found: tuple[str, ...]) -> None:
    membership = zones(zone("dmz", tags=("zone:d*",))).of_guest(guest(**facts))
    assert membership.zones == found
    assert membership.certain


def test_by_folder_and_the_folders_above_it() -> None:
    dc = Datacenter(id="vc:dc", name="Main", path="/vc/Main", server="vc")
    top = Folder(id="vc:f1", name="DMZ", path="/vc/Main/DMZ", server="vc", parent="vc:dc")
    low = Folder(id="vc:f2", name="web", path="/vc/Main/DMZ/web", server="vc", parent="vc:f1")
    inside = guest(folder="vc:f2")
    for pattern, found in (
        ("DMZ", ("z",)),
        ("web", ("z",)),
        ("/vc/Main/DMZ", ("z",)),
        ("/vc/Main/web", ()),
        ("dmz", ()),
    ):
        known = zones(zone("z", folders=(pattern,)), records=(dc, top, low))
        assert known.of_guest(inside).zones == found, pattern
    broken = zones(zone("z", folders=("nothing",)), records=(low,))
    assert not broken.of_guest(inside).certain


def test_folders_in_a_circle_end() -> None:
    one = Folder(id="vc:f1", name="a", path="/a", server="vc", parent="vc:f2")
    two = Folder(id="vc:f2", name="b", path="/b", server="vc", parent="vc:f1")
    assert zones(zone("z", folders=("a",)), records=(one, two)).of_guest(guest(folder="vc:f1")).zones == ("z",)


# why, and several


def test_why_a_guest_is_in_its_zone() -> None:
    known = zones(zone("web", line=12, vlans=(20,), subnets=("10.1.0.0/24",)), records=(group("pg", 20),))
    found = known.of_guest(guest(plug="pg", addresses=(GuestNic(network="pg", addresses=("10.1.0.7/24",)),)))
    assert found.matches == (
        Match(zone="web", rule=Rule.VLAN, wanted="20", found="20", at="pg", line=12),
        Match(zone="web", rule=Rule.SUBNET, wanted="10.1.0.0/24", found="10.1.0.7/24", at="pg", line=12),
    )
    assert found.zones == ("web",)


def test_each_nic_has_its_own_zones() -> None:
    nics = tuple(
        VirtualNic(key=k, type="VirtualE1000", mac=f"00:50:56:00:00:0{k}", port_group=p)
        for k, p in ((1, "a"), (2, "b"))
    )
    told = tuple(GuestNic(mac=f"00:50:56:00:00:0{k}", addresses=(a,)) for k, a in ((1, "10.1.0.1"), (2, "10.2.0.1")))
    both = guest(nics=nics, addresses=told)
    known = zones(
        zone("a", vlans=(10,)), zone("b", vlans=(20,)), zone("s", subnets=("10.2.0.0/24",)),
        records=(group("a", 10), group("b", 20)),
    )  # fmt: skip
    assert [known.of_nic(both, nic).zones for nic in nics] == [("a",), ("b", "s")]
    assert known.of_guest(both).zones == ("a", "b", "s")


def test_purposes() -> None:
    known = zones(zone("san", purpose=Purpose.STORAGE), zone("web"))
    assert known.having(Purpose.STORAGE) == ("san",)
    assert known.purpose("web") is Purpose.GUESTS


# what was not read


@pytest.mark.parametrize(
    ("match", "facts"),
    [
        ({"vlans": (1,)}, {"nics": LOST}),
        ({"port_groups": ("x",)}, {"nics": LOST}),
        ({"vlans": (1,)}, {"plug": "pg", "host": LOST}),
        ({"vlans": (1,)}, {"plug": "gone"}),
        ({"vlans": (1,)}, {"plug": "unread"}),
        ({"subnets": ("10.0.0.0/8",)}, {"addresses": LOST}),
        ({"tags": ("x",)}, {"tags": LOST}),
        ({"tags": ("x",)}, {"custom": LOST}),
        ({"folders": ("x",)}, {"folder": "vc:gone"}),
    ],
)
def test_a_fact_that_a_rule_needs_makes_it_uncertain(match: dict[str, Any], facts: dict[str, Any]) -> None:
    known = zones(zone("z", **match), records=(group("pg", 2), group("unread", LOST)))
    found = known.of_guest(guest(**facts))
    assert found.zones == ()
    assert not found.certain


@pytest.mark.parametrize("fact", ["nics", "addresses", "tags", "custom", "host"])
def test_a_fact_that_no_rule_needs_does_not(fact: str) -> None:
    known = zones(zone("z", folders=("x",)))
    if fact in {"tags", "custom"}:
        known = zones(zone("z", vlans=(1,)))
    assert known.of_guest(msgspec.structs.replace(guest(), **{fact: LOST})).certain


def test_no_policy_is_not_decided() -> None:
    known = Zones(Inventory((), read_at=READ_AT), Policy())
    assert not known.decided
    assert zones().decided
    assert known.of_guest(guest(plug="pg")).zones == ()


# coverage


def test_coverage_names_guests_in_none_and_in_several() -> None:
    records = (
        group("web", 20), group("mail", 21), group("odd", 99),
        guest("one", "web"), guest("none", "odd"), guest("lost", nics=LOST),
        guest("several", "web", addresses=(GuestNic(addresses=("10.1.0.1",)),)),
        guest("template", "odd", template=True),
    )  # fmt: skip
    known = zones(zone("web", vlans=(20,)), zone("net", subnets=("10.1.0.0/24",)), records=records)
    found = known.coverage()
    assert (found.total, found.in_one) == (4, 1)
    assert found.in_none == ("vc:none", "vc:lost")
    assert found.in_several == ("vc:several",)
    assert found.uncertain == ("vc:lost",)


# properties and speed


@given(st.ip_addresses(v=4), st.integers(min_value=0, max_value=32), st.ip_addresses(v=4))
def test_a_subnet_holds_what_the_standard_library_says(base: object, length: int, address: object) -> None:
    net = ip_network(f"{base}/{length}", strict=False)
    found = zones(zone("z", subnets=(str(net),))).of_address(str(address)).zones
    assert (found == ("z",)) is (ip_address(str(address)) in net)


@given(st.text(max_size=40))
def test_any_name_is_only_text(name: str) -> None:
    known = zones(zone("z", port_groups=("*",), tags=("*",)), records=(group(name, 3),))
    assert known.of_guest(guest(name=name, plug=name, tags=(name,))).zones == ("z",)


def test_ten_thousand_guests_and_two_hundred_subnets() -> None:
    wanted = [zone(f"z{i}", vlans=(i,), subnets=(f"10.{i}.0.0/24",)) for i in range(200)]
    guests = [
        guest(f"g{n}", f"pg{n % 200}", addresses=(GuestNic(addresses=(f"10.{n % 200}.0.7",)),)) for n in range(10_000)
    ]
    known = zones(*wanted, records=(*(group(f"pg{i}", i) for i in range(200)), *guests))
    assert known.coverage().in_one == 10_000
