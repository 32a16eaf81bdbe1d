from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.assess.checks.estate import LOST, READ_AT, group, guest, host, lost, serving, vmk
from viguard.model.facts import Resource
from viguard.model.inventory import Inventory
from viguard.model.network import Vlan
from viguard.network.vlans.draw import SHOWN, draw
from viguard.network.vlans.members import Kind, Network, Vlans, vlans
from viguard.policy.load import load
from viguard.policy.zones import Zones
from viguard.store import snapshots

DEMO = Path(__file__).parents[2] / "src/viguard/content/demo"
SVG = "{http://www.w3.org/2000/svg}"


def found(*records: Resource) -> Vlans:
    return vlans(Inventory(records, read_at=READ_AT))


def network(of: Vlans, name: str) -> Network:
    return next(n for n in of.networks if n.name == name)


def belnet() -> Vlans:
    inventory = snapshots.load([DEMO / "belnet.snap"])
    return vlans(inventory, Zones(inventory, load(DEMO / "policy.yaml")))


def test_the_servers_and_services_of_belnet_by_vlan() -> None:
    one = belnet()
    names = [n.name for n in one.networks]
    tagged = [f"VLAN {v}" for v in (10, 20, 110, 120, 130, 140, 150, 210, 220, 230, 310, 320, 900)]
    assert names == [*tagged, "VLAN trunk 1-4094"]
    dns = network(one, "VLAN 130")
    assert dns.zones == ("dmz-dns",)
    assert {m.name: m.services for m in dns.members} == {
        "ns1": ("dns",),
        "ns2": ("dns",),
        "resolver1": ("dns resolver",),
        "resolver2": ("dns resolver",),
        "ntp1": ("ntp",),
        "radius1": ("radius proxy",),
        "www-proxy1": ("reverse proxy",),
        "www-proxy2": ("reverse proxy",),
    }
    storage = network(one, "VLAN 900")
    assert storage.port_groups == ("SAN", "Backup")
    assert [m.name for m in storage.members if m.kind == "guest"] == ["backup1"]
    assert len([m for m in storage.members if m.kind == "interface"]) == 13
    assert network(one, "VLAN 150").members == ()
    assert {(o.what, o.wrong) for o in one.odd} == {
        ("VLAN 900 has several names: SAN, Backup", False),
        ("Sniffer hands several VLANs tagged (1-4094) to netflow1", False),
    }
    assert one.unknown == ()


def test_one_name_for_two_vlans_is_a_finding() -> None:
    (odd,) = found(host("h1"), host("h2"), group("web", 10, on="h1"), group("web", 20, on="h2")).odd
    assert odd.wrong
    assert odd.what == "the port group web is not one network: VLAN 10 on h1; VLAN 20 on h2"


def test_networks_that_are_no_single_vlan_stand_apart() -> None:
    one = found(
        host("h1", guests=("g1",)),
        group("plain", 0),
        group("inside", Vlan(id=5, private=True)),
        group("all", 4095),
        guest("g1", plug="all"),
    )
    assert [(n.name, n.kind) for n in one.networks] == [
        ("private VLAN 5", Kind.PRIVATE),
        ("untagged", Kind.UNTAGGED),
        ("VLAN trunk 1-4094", Kind.TRUNK),
    ]
    assert [o.what for o in one.odd] == [
        "private VLAN 5: which primary VLAN stands around it was not read",
        "untagged, so the physical port decides the network: plain",
        "all hands several VLANs tagged (1-4094) to g1",
    ]


@pytest.mark.parametrize(
    ("record", "why"),
    [
        (lost(guest("g1"), "nics"), "the NICs of g1: the host does not answer"),
        (lost(host("h1"), "vmkernel"), "the interfaces of h1: the host does not answer"),
        (group("web", LOST), "the VLAN of web: the host does not answer"),
        (guest("g1", plug="gone"), "g1: its port group was not read"),
        (host("h1", vmkernel=(vmk("vmk0", "gone"),)), "h1: the port group of vmk0 was not read"),
    ],
)
def test_what_was_not_read_is_told_and_not_left_out(record: Resource, why: str) -> None:
    others = [host("h1")] if record.id != "vc:h1" else []
    assert found(*others, record).unknown == (why,)


def test_a_guest_with_two_nics_in_a_vlan_stands_there_once_and_interfaces_say_their_services() -> None:
    nic = guest("g1", plug="web").nics
    one = found(
        host("h1", vmkernel=(vmk("vmk0", "web"),), vmkernel_services=serving(management="vmk0")),
        group("web", 10),
        guest("g1", nics=(*nic, *nic), annotation="web\nmore"),  # type: ignore[misc]
    )
    (member, interface) = network(one, "VLAN 10").members
    assert (member.name, member.services) == ("g1", ("web",))
    assert (interface.kind, interface.services) == ("interface", ("management",))


def texts(picture: str) -> list[str]:
    return ["".join(e.itertext()) for e in ElementTree.fromstring(picture).iter(f"{SVG}text")]  # noqa: S314


def test_the_picture_of_belnet_names_every_server_in_its_box() -> None:
    one = belnet()
    told = texts(draw(one, "BELNET"))
    for net in one.networks:
        for member in net.members:
            name = member.name if member.kind != "interface" else member.host.partition(".")[0]
            assert name in told
    assert "VLAN 130 · dmz-dns" in told
    assert "Sniffer hands several VLANs tagged (1-4094) to netflow1" in told


def test_a_name_cannot_break_out_of_the_picture() -> None:
    evil = '</text><script>alert("x")</script>\u202e&'
    one = found(host("h1", guests=("g1",)), group(evil, 10), guest("g1", plug=evil, annotation=evil))
    picture = draw(one, evil)
    kinds = {e.tag.removeprefix(SVG) for e in ElementTree.fromstring(picture).iter()}  # noqa: S314
    assert kinds == {"svg", "g", "title", "rect", "path", "text"}
    assert "\u202e" not in picture


def test_a_box_of_a_thousand_guests_counts_the_rest() -> None:
    guests = [guest(f"g{n}", plug="web") for n in range(1000)]
    told = texts(draw(found(host("h1"), group("web", 10), *guests), ""))
    assert f"and {1000 - SHOWN} more" in told
