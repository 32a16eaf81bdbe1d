"""A proposed policy: what it says of a small estate, and that it always loads."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.policy.estate import READ_AT, group, guest, inventory
from viguard.model.inventory import Inventory
from viguard.model.network import DistributedSwitch, DvMember, DvPortGroup, Vlan
from viguard.policy.guess import purpose_by_name, sharing, words_of
from viguard.policy.import_zones import Row
from viguard.policy.load import loads
from viguard.policy.policy import NO_POLICY, Policy, Purpose, Sharing, TimeZone
from viguard.policy.propose import propose
from viguard.policy.surroundings import server_of
from viguard.policy.survey import network_of, pattern_of
from viguard.policy.zones import Zones


def decided(text: str) -> str:
    """The proposal with every offer taken."""
    return re.sub(r"(?m)^( *)#(?=[^ ])", r"\1", text)


def proposed(text: str) -> Policy:
    return loads(text, "policy.yaml")


def test_the_zones_of_the_estate() -> None:
    zones = {zone.name: zone for zone in proposed(propose(inventory())).zones or ()}
    assert {n: (z.match.vlans, z.match.port_groups, z.match.subnets, z.purpose) for n, z in zones.items()} == {
        "dmz-web": ((110,), ("DMZ-web",), ("10.0.110.0/24",), Purpose.DMZ),
        "office": ((20,), ("Office",), ("10.0.20.0/24",), Purpose.GUESTS),
        "service-console": ((5,), ("Service Console",), ("10.0.5.0/24",), Purpose.MANAGEMENT),
        "kernel-a": ((7,), ("Kernel A",), ("10.0.7.0/24",), Purpose.STORAGE),
        "kernel-b": ((8,), ("Kernel B",), ("10.0.8.0/24",), Purpose.VMOTION),
        "spare": ((99,), ("Spare",), (), Purpose.GUESTS),
    }


@pytest.mark.parametrize(
    "line",
    [
        "  # VLAN 110: 3 of 6 guests; port groups 'DMZ-web' on 2 hosts",
        "      # tag 'zone:front': 2 of 3 guests here, 1 elsewhere",
        "      # folder '/vc/dc/vm/Front': 3 of 3 guests here, 3 elsewhere",
        "  # VLAN 8: no guest, own NICs of 2 hosts; port groups 'Kernel B' on 2 hosts",
        "    purpose: dmz  # decide: guess: the name 'DMZ-web' has 'dmz'",
        "    purpose: storage  # decide: guess: it carries storage traffic of 2 hosts",
        "    purpose: guests  # decide: nothing told what it is for",
        "# decide: VLANs without any guest, are they still needed? 99",
        "# decide: subnet 192.168.9.0/24 (1 of 6 guests) lies on no network that was read",
        "# decide: these hand several VLANs to guests, no zone is proposed: 'All VLANs' on 1 host",
        "# decide: the VLAN of these could not be read: 'Mystery' on 1 host",
        "  #- {zones: [dmz-web, office], sharing: share_own_nic}  # today guests of both run on 1 host",
        "  #log_servers: [10.0.0.9]  # decide: '10.0.0.9' on 2 of 2 hosts",
        "  # decide: seen on few hosts: '2001:db8::9' on 1",
        "  #ntp_servers: [10.0.0.5]  # decide: '10.0.0.5' on 2 of 2 hosts",
        "  #datacenters: [Test Datacenter]",
        "#sites: {attribute: Site}  # decide: set on 2 hosts",
    ],
)  # fmt: skip
def test_a_line_of_the_proposal(line: str) -> None:
    assert line in propose(inventory()).splitlines()


def test_labels_that_no_other_guest_has_are_offered_together() -> None:
    more = [guest(f"s{n}", "Spare", "10.9.9.9/24", tags=("app:x", "app:y")) for n in range(3)]
    text = propose(inventory(*more))
    assert '      #tags: ["app:x", "app:y"]  # 3, 3 of 3 guests here, none elsewhere' in text.splitlines()
    zones = {z.name: z for z in proposed(decided(text)).zones or ()}
    assert zones["spare"].match.tags == ("app:x", "app:y")


def test_a_label_that_is_more_common_elsewhere_is_not_told() -> None:
    assert "zone:front" not in propose(inventory()).partition("- name: office")[2].partition("- name:")[0]


def test_a_subnet_seen_on_its_own_network_is_known() -> None:
    trunk = group("h1", "All VLANs", 4095)
    text = propose(inventory(trunk, guest("router", "All VLANs", "10.0.20.1/24")))
    assert "subnet 10.0.20.0/24 (" not in text


def test_hosts_of_a_distributed_port_group_are_the_members_of_its_switch() -> None:
    switch = DistributedSwitch(
        id="vc:dvs",
        name="dvs",
        path="/vc/dvs",
        server="vc",
        members=tuple(DvMember(host=h) for h in ("vc:h1", "vc:h2")),
    )
    ports = DvPortGroup(
        id="vc:dvp", name="Far", path="/vc/Far", server="vc", key="k", switch="vc:dvs", vlan=Vlan(id=600)
    )
    text = propose(inventory(switch, ports))
    assert "  # VLAN 600: no guest; port groups 'Far' on 2 hosts" in text.splitlines()


def test_nothing_but_recognition_is_decided_for_the_owner() -> None:
    policy = proposed(propose(inventory()))
    assert (policy.pairs, policy.pairs_default, policy.profile) == ((), None, None)
    assert (policy.approved, policy.limits, policy.people) == (NO_POLICY.approved, NO_POLICY.limits, ())
    assert policy.test is None


def test_every_offer_can_be_taken() -> None:
    policy = proposed(decided(propose(inventory())))
    assert policy.approved.ntp_servers == ("10.0.0.5",)
    assert policy.sharing("office", "dmz-web") is Sharing.SHARE_OWN_NIC
    assert policy.test is not None
    assert policy.test.datacenters == ("Test Datacenter",)
    assert policy.test.clusters == ()


def test_the_zones_recognise_the_guests_they_were_made_from() -> None:
    estate = inventory()
    zones = Zones(estate, proposed(propose(estate)))
    assert {g.name: zones.of_guest(g).zones for g in estate.guests} == {
        "web1": ("dmz-web",),
        "web2": ("dmz-web",),
        "web3": ("dmz-web",),
        "pc1": ("office",),
        "pc2": ("office",),
        "lost": (),
    }


def test_one_name_on_two_vlans_recognises_neither() -> None:
    estate = inventory(group("h3", "Office", 21))
    zones = {z.match.vlans: z for z in proposed(propose(estate)).zones or ()}
    assert zones[(20,)].match.port_groups == ()
    assert zones[(21,)].match.port_groups == ()
    assert "# decide: port groups of the same name lie on other networks, too: 'Office'" in propose(estate)


def test_a_subnet_on_two_networks_recognises_neither() -> None:
    zones = {z.name: z for z in proposed(propose(inventory(guest("x", "Spare", "10.0.20.9/24")))).zones or ()}
    assert zones["spare"].match.subnets == ()
    assert zones["office"].match.subnets == ()


def test_an_untagged_port_group_is_recognised_by_its_name_alone() -> None:
    zones = {z.name: z for z in proposed(propose(inventory(group("h1", "VM [Net] *", 0)))).zones or ()}
    assert zones["vm-net"].match.port_groups == ("VM [[]Net] [*]",)
    assert zones["vm-net"].match.vlans == ()


def test_a_private_or_trunked_vlan_loads() -> None:
    proposed(propose(inventory(group("h1", "t", Vlan(trunk=((1, 10),))), group("h1", "p", Vlan(id=300, private=True)))))


def test_an_estate_with_nothing_in_it() -> None:
    policy = proposed(propose(Inventory([], read_at=READ_AT)))
    assert policy.zones is None
    assert proposed(decided(propose(Inventory([], read_at=READ_AT)))).zones is None


def test_imported_rows_name_zones_and_owners() -> None:
    rows = (
        Row(zone="Front office", where="t.csv:2", vlan=20, owner="Ann"),
        Row(zone="Front office", where="t.csv:3", vlan=21),
        Row(zone="DMZ", where="t.csv:4", subnet="10.0.110.0/24"),
        Row(zone="spare", where="t.csv:5", vlan=400),
    )
    zones = {z.name: z for z in proposed(propose(inventory(), rows)).zones or ()}
    office = zones["Front office"]
    assert (office.match.vlans, office.match.port_groups, office.owner) == ((20, 21), ("Office",), "Ann")
    assert (zones["DMZ"].match.vlans, zones["DMZ"].match.subnets) == ((110,), ("10.0.110.0/24",))
    assert (zones["spare"].match.vlans, zones["spare-2"].match.vlans) == ((400,), (99,))
    assert "office" not in zones


HOSTILE = "\x1b[2J\r\n  - name: evil\u2028\u202e: # \"'{}[]*&!|>%@`\\\x00<script>"


def test_a_hostile_name_stays_a_name() -> None:
    text = propose(inventory(group("h1", HOSTILE, 300), guest(HOSTILE, HOSTILE, "10.9.9.9/24", tags=(HOSTILE,))))
    zones = {z.match.vlans: z for z in proposed(text).zones or ()}
    assert zones[(300,)].match.port_groups == (pattern_of(HOSTILE),)
    assert len(zones) == 7
    assert all(line.isprintable() for line in text.split("\n"))
    assert proposed(decided(text)).zones is not None


@given(st.lists(st.tuples(st.text(min_size=1, max_size=40), st.integers(0, 4095)), max_size=6))
def test_any_names_load_and_recognise_themselves(networks: list[tuple[str, int]]) -> None:
    names = {name: vlan for name, vlan in networks if name.strip()}
    estate = Inventory([group("h1", name, vlan) for name, vlan in names.items()], read_at=READ_AT)
    policy = proposed(propose(estate))
    zones = Zones(estate, policy)
    for found in estate.by_id.values():
        if names[found.name] != 4095:
            assert len(zones.of_port_group(found).zones) == 1  # type: ignore[arg-type]
    proposed(decided(propose(estate)))


@pytest.mark.parametrize(
    ("name", "purpose"),
    [
        ("vMotion", Purpose.VMOTION),
        ("Service Console", Purpose.MANAGEMENT),
        ("iSCSI-A", Purpose.STORAGE),
        ("VLAN12_SAN", Purpose.STORAGE),
        ("DMZweb", Purpose.DMZ),
        ("dmz2", Purpose.DMZ),
        ("Mail relay", Purpose.DMZ),
        ("External Test", Purpose.TEST),
        ("TestNet", Purpose.TEST),
        ("Sandwich", Purpose.GUESTS),
        ("Contest", Purpose.GUESTS),
        ("webster", Purpose.GUESTS),
        ("", Purpose.GUESTS),
    ],
)
def test_purposes_are_guessed_from_whole_words(name: str, purpose: Purpose) -> None:
    assert purpose_by_name([name]).purpose is purpose


def test_words() -> None:
    assert words_of("VLAN 12-iSCSI_storageNet") == ["vlan", "iscsi", "storage", "net"]


@pytest.mark.parametrize(
    ("one", "other", "wish"),
    [
        (Purpose.DMZ, Purpose.DMZ, Sharing.SHARE),
        (Purpose.DMZ, Purpose.GUESTS, Sharing.SHARE_OWN_NIC),
        (Purpose.GUESTS, Purpose.STORAGE, Sharing.SHARE_OWN_NIC),
        (Purpose.TEST, Purpose.GUESTS, Sharing.SEPARATE_CLUSTER),
        (Purpose.MANAGEMENT, Purpose.TEST, Sharing.SHARE_OWN_NIC),
    ],
)
def test_what_purposes_might_share(one: Purpose, other: Purpose, wish: Sharing) -> None:
    assert sharing(one, other) is wish
    assert sharing(other, one) is wish


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10.1.2.3/24", "10.1.2.0/24"),
        ("10.1.2.3/255.255.255.0", "10.1.2.0/24"),
        ("2001:db8::1/64", "2001:db8::/64"),
        ("10.1.2.3", "None"),
        ("fe80::1/64", "None"),
        ("169.254.1.1/16", "None"),
        ("127.0.0.1/8", "None"),
        ("10.1.2.3/0", "None"),
        ("x", "None"),
    ],
)
def test_networks_of_addresses(text: str, expected: str) -> None:
    assert str(network_of(text)) == expected


@pytest.mark.parametrize(
    ("target", "server"),
    [
        ("udp://10.1.1.1:514", "10.1.1.1"),
        ("10.1.1.1", "10.1.1.1"),
        ("ssl://log.example.org:1514", "log.example.org"),
        ("tcp://[2001:db8::9]:514", "2001:db8::9"),
        ("2001:db8::9", "2001:db8::9"),
        ("", ""),
    ],
)
def test_servers_of_log_targets(target: str, server: str) -> None:
    assert server_of(target) == server


def test_the_zone_of_hosts_in_local_time_is_offered() -> None:
    text = propose(Inventory([], read_at=READ_AT))
    assert "#time_zones:\n" in text
    (offered,) = re.findall(r"(?m)^#time_zones:\n(?:  #.*\n)+", text)
    assert proposed(decided(offered)).time_zones == (TimeZone(hosts=("HOST*",), zone="Europe/Brussels", line=2),)
