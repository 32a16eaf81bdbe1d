"""What hosts need against what ports carry. The table of BELNET is written by hand from lab/belnet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.assess.checks.estate import LOST, READ_AT, but, group, guest, host, lost, switch, tree, vmk
from viguard.model.change import Commands
from viguard.model.facts import Resource
from viguard.model.guest import VirtualNic
from viguard.model.inventory import Inventory
from viguard.model.network import DistributedSwitch, DvMember, DvPortGroup, Neighbour, PhysicalNic, Vlan
from viguard.model.server import Cluster
from viguard.network.addresses import Range
from viguard.network.parse.cisco_ports import parse
from viguard.network.vlans.need import HostNeed, needs
from viguard.network.vlans.switchports import PortConfig
from viguard.network.vlans.trunks import State, compare, lines, steps
from viguard.store import snapshots

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "src/viguard/content/demo"
SWITCHES = ROOT / "lab/belnet/switches"

# zones.yaml says the VLAN of each zone and which zones a cluster carries; endpoints.yaml the exceptions of a host.
MANAGEMENT, STORAGE = {10, 20}, {900}
GUESTS = {
    "esxblade5": {110, 120, 130},
    "esxblade6": {110, 120, 130, 210},  # ldap-replica1, an internal guest
    "esxblade9": {110, 120},  # its DMZ DNS stands on the switch of management
    "esxblade7": {140},  # and not 150: nothing is plugged into Old DMZ
    "esxblade1": {210, 220, 230},
    "esxblade2": {210, 220, 230},
    "esxblade3": {210, 220, 230},
    "esxblade4": {210, 220, 230},
    "esxblade8": {310, 320},
    "esxblade10": {310, 320},
    "esxblade11": {230, 310},
    "esxblade12": {230, 310},
    "esxi-test": {310},
}


def belnet(name: str = "belnet") -> Inventory:
    return snapshots.load([DEMO / f"{name}.snap"])


def belnet_ports() -> list[PortConfig]:
    return [port for file in sorted(SWITCHES.glob("*.cfg")) for port in parse(file.read_text(), file.name).ports]


def short(name: str) -> str:
    return name.partition(".")[0]


def test_belnet_needs_what_was_written_by_hand() -> None:
    found = {short(n.host): {u.device: {x.vlan for x in u.uses} for u in n.uplinks} for n in needs(belnet())}
    assert found.keys() == GUESTS.keys()
    for name, vlans in GUESTS.items():
        first = MANAGEMENT | ({130} if name == "esxblade9" else set())
        of_nic = [first, first, vlans, vlans, STORAGE, STORAGE]
        assert found[name] == {f"vmnic{n}": need for n, need in enumerate(of_nic)}, name


def test_belnet_tells_apart_what_is_idle_stranded_and_open() -> None:
    found = {short(n.host): n for n in needs(belnet())}
    assert {h: [(i.port_group, i.vlan) for i in n.idle] for h, n in found.items() if n.idle} == {
        "esxblade7": [("Old DMZ", "150")]
    }
    stranded = {h: {s.port_group: s.guests for s in n.stranded} for h, n in found.items() if n.stranded}
    internal = {"Sniffer": ("netflow1",), "Backup": ("backup1",)}
    assert stranded == {
        "esxblade5": {"Internal Servers": ("ldap-replica1",)},
        "esxblade9": {"Internal Servers": ("ldap-replica1",)},
        "esxblade1": internal,
        "esxblade2": internal,
        "esxblade3": {"Backup": ("backup1",)},
        "esxblade4": {"Sniffer": ("netflow1",)},
    }
    opened = {(h, u.device, o.guests) for h, n in found.items() for u in n.uplinks for o in u.open}
    assert opened == {("esxblade3", "vmnic2", ("netflow1",)), ("esxblade3", "vmnic3", ("netflow1",))}
    assert not [n for n in found.values() if n.unsure]


def test_the_switches_of_belnet_need_no_change() -> None:
    trunks = compare(belnet(), belnet_ports())
    states = {(short(h.need.host), u.need.device): u.state for h in trunks.hosts for u in h.uplinks}
    sniffing = {("esxblade3", "vmnic2"), ("esxblade3", "vmnic3")}  # which VLANs netflow1 tags, only it knows
    assert {k for k, s in states.items() if s is not State.FINE} == sniffing
    assert {states[k] for k in sniffing} == {State.UNKNOWN}
    assert len(states) == 13 * 6
    assert steps(trunks) == []
    assert not trunks.wrong


def test_a_switch_of_belnet_that_lets_everything_through_is_pruned_to_the_need() -> None:
    ports = [but(p, allowed=None) if p.description == "esxblade7 vmnic2" else p for p in belnet_ports()]
    (step,) = steps(compare(belnet(), ports))
    assert step.call.shown() == "interface GigabitEthernet1/0/21;  switchport trunk allowed vlan 140"
    assert step.rollback is not None
    assert step.rollback.shown() == "interface GigabitEthernet1/0/21;  switchport trunk allowed vlan all"
    assert (step.before, step.after) == ("all", "140")


# A small estate: h1 and h2 with vSwitch0 on vmnic0 and vmnic1, port groups a (10) and b (20) on both.


def estate(*more: Resource, ha: bool | Any = True, swap: dict[str, Resource] | None = None) -> Inventory:
    records: list[Resource] = [but(r, ha=ha, drs=False) if isinstance(r, Cluster) else r for r in tree()]
    records += [host("h1", guests=("g1",)), host("h2", guests=("g2",))]
    records += [switch("vSwitch0", ("vmnic0", "vmnic1"), on=on) for on in ("h1", "h2")]
    records += [group(name, vlan, on=on) for on in ("h1", "h2") for name, vlan in (("a", 10), ("b", 20))]
    records += [guest("g1", on="h1", plug="a"), guest("g2", on="h2", plug="b"), *more]
    by_id = {r.id: r for r in records} | (swap or {})
    return Inventory(by_id.values(), read_at=READ_AT)


def need(inventory: Inventory, name: str = "h1") -> HostNeed:
    return next(n for n in needs(inventory) if n.host == name)


def test_each_host_of_a_cluster_carries_what_any_guest_of_it_needs() -> None:
    found = need(estate())
    uses = {u.vlan: u for u in found.uplinks[0].uses}
    assert found.vlans == (10, 20)
    assert (uses[10].guests, uses[10].failover) == (("g1",), ())
    assert (uses[20].guests, uses[20].failover) == ((), ("g2",))
    assert found.domain == "c1"


def test_without_failover_a_host_carries_its_own_and_the_rest_is_idle() -> None:
    found = need(estate(ha=False))
    assert found.vlans == (10,)
    assert [(i.port_group, i.vlan) for i in found.idle] == [("b", "20")]
    assert found.domain == ""


def test_a_cluster_of_which_it_was_not_read_counts_as_failing_over_and_is_unsure() -> None:
    found = need(estate(ha=LOST))
    assert found.vlans == (10, 20)
    assert found.unsure == ("whether c1 has HA: the host does not answer",)


def test_guests_that_are_off_count_and_templates_are_told_apart_where_they_stand() -> None:
    off = guest("g3", on="h1", plug="c", power="poweredOff")
    template = guest("t1", on="h1", plug="d", template=True)
    groups = [group(n, v, on=on) for on in ("h1", "h2") for n, v in (("c", 30), ("d", 40))]
    inventory = estate(off, template, *groups, swap={"vc:h1": host("h1", guests=("g1", "g3", "t1"))})
    uses = {u.vlan: u for u in need(inventory).uplinks[0].uses}
    assert uses[30].guests == ("g3",)
    assert (uses[40].templates, uses[40].only_templates) == (("t1",), True)
    assert need(inventory, "h2").vlans == (10, 20, 30)


def test_interfaces_need_the_vlan_of_their_port_group_on_their_own_host() -> None:
    nics = but(host("h1", guests=("g1",)), vmkernel=(vmk("vmk0", "m"),))
    inventory = estate(group("m", 99, on="h1"), swap={"vc:h1": nics})
    assert [u.interfaces for u in need(inventory).uplinks[0].uses if u.vlan == 99] == [("vmk0",)]
    assert need(inventory, "h2").vlans == (10, 20)


def test_the_uplinks_of_a_port_group_go_before_those_of_its_switch() -> None:
    pinned = but(group("a", 10, on="h1"), uplinks=("vmnic1",))
    found = {u.device: [x.vlan for x in u.uses] for u in need(estate(swap={pinned.id: pinned})).uplinks}
    assert found == {"vmnic0": [20], "vmnic1": [10, 20]}


@pytest.mark.parametrize(
    ("swap", "why"),
    [
        (lost(guest("g2", on="h2"), "nics"), "the NICs of g2: the host does not answer"),
        (group("b", LOST, on="h1"), "the VLAN of b: the host does not answer"),
        (lost(host("h2"), "guests"), "the guests of h2: the host does not answer"),
        (lost(host("h1", guests=("g1",)), "vmkernel"), "its own interfaces: the host does not answer"),
        (
            group("b", Vlan(id=20, private=True), on="h1"),
            "which primary VLAN stands around the private VLAN 20 was not read",
        ),
        (lost(switch("vSwitch0", (), on="h1"), "uplinks"), "the uplinks of vSwitch0 were not read"),
    ],
)
def test_what_was_not_read_stays_visible_and_nothing_is_pruned(swap: Resource, why: str) -> None:
    inventory = estate(swap={swap.id: swap})
    assert why in need(inventory).unsure
    trunks = compare(inventory, [port("h1 vmnic0", None), port("h1 vmnic1", None, name="Gi0/2")])
    assert steps(trunks) == []
    assert trunks.unsure
    assert not any(u.state is State.FINE for u in trunks.hosts[0].uplinks)


def test_a_guest_without_its_port_group_elsewhere_is_stranded_and_its_vlan_is_not_pruned() -> None:
    inventory = estate(
        group("only", 30, on="h1"),
        guest("g3", on="h1", plug="only"),
        swap={"vc:h1": host("h1", guests=("g1", "g3"))},
    )
    found = need(inventory, "h2")
    assert [(s.port_group, s.vlan, s.guests) for s in found.stranded] == [("only", "30", ("g3",))]
    assert found.vlans == (10, 20)
    (state,) = [u for u in compare(inventory, [port("h2 vmnic0", (10, 20, 30))]).hosts[1].uplinks if u.port]
    assert (state.state, state.surplus) == (State.FINE, ())


def test_a_trunk_to_a_guest_leaves_open_what_may_be_pruned() -> None:
    inventory = estate(
        group("t", Vlan(trunk=((100, 199),)), on="h1"),
        guest("g3", on="h1", plug="t"),
        swap={"vc:h1": host("h1", guests=("g1", "g3"))},
    )
    (one,) = [u for u in compare(inventory, [port("h1 vmnic0", (10, 20, 150, 300))]).hosts[0].uplinks if u.port]
    assert one.state is State.PRUNE
    assert one.surplus == (Range(300, 300),)
    assert one.unknown == ("g3 may use any VLAN that t lets through: 100-199",)


def test_a_distributed_port_group_is_carried_by_the_nics_that_each_host_gives() -> None:
    plugged = guest("g3", on="h1", nics=(VirtualNic(key=1, type="VirtualVmxnet3", dv_port_group="dvpg-1"),))
    dvs = DistributedSwitch(
        id="vc:dvs",
        name="dvs",
        path="/vc/dvs",
        server="vc",
        members=(DvMember(host="vc:h1", uplinks=("vmnic5",)), DvMember(host="vc:h2", uplinks=("vmnic6",))),
    )
    dvpg = DvPortGroup(
        id="vc:dvpg-1", name="dv", path="/vc/dv", server="vc", key="dvpg-1", switch="vc:dvs", vlan=Vlan(id=50)
    )
    inventory = estate(plugged, dvs, dvpg, swap={"vc:h1": host("h1", guests=("g1", "g3"))})
    assert {u.device: [x.vlan for x in u.uses] for u in need(inventory, "h1").uplinks}["vmnic5"] == [50]
    assert {u.device: [x.vlan for x in u.uses] for u in need(inventory, "h2").uplinks}["vmnic6"] == [50]


def test_a_guest_of_which_nobody_told_the_host_leaves_every_host_unsure() -> None:
    inventory = estate(lost(guest("g9", plug="b"), "host"))
    assert {n.unsure for n in needs(inventory)} == {("the host of g9: the host does not answer",)}
    assert steps(compare(inventory, [port("h1 vmnic0", None)])) == []


def test_a_trunk_that_hands_untagged_frames_too_keeps_the_native_vlan() -> None:
    inventory = estate(
        group("t", Vlan(trunk=((0, 5),)), on="h1"),
        guest("g3", on="h1", plug="t"),
        swap={"vc:h1": host("h1", guests=("g1", "g3"))},
    )
    (one,) = [u for u in compare(inventory, [port("h1 vmnic0", (10, 20, 999))]).hosts[0].uplinks if u.port]
    assert (one.surplus, one.state) == ((), State.UNKNOWN)


# Ports


def port(description: str, allowed: tuple[int, ...] | None, *, name: str = "Gi0/1", **more: Any) -> PortConfig:
    spans = None if allowed is None else tuple(Range(v, v) for v in sorted(allowed))
    return PortConfig(**{"device": "sw1", "name": name, "mode": "trunk", "native": 999, "allowed": spans,
                         "description": description, **more})  # fmt: skip


def judged(one: PortConfig, *others: PortConfig) -> Any:
    uplinks = compare(estate(), [one, *others]).hosts[0].uplinks
    return next(u for u in uplinks if u.need.device == "vmnic0")


def test_what_a_port_lacks_breaks_now_or_when_the_other_uplink_is_gone() -> None:
    other = port("h1 vmnic1", (10, 20), name="Gi0/2")
    (lack,) = judged(port("h1 vmnic0", (10,)), other).lacks
    assert (lack.vlan, lack.why, lack.now, lack.use.failover) == (20, "it is not allowed on the trunk", False, ("g2",))
    assert judged(port("h1 vmnic0", (10,)), but(other, allowed=())).lacks[0].now is True
    assert judged(port("h1 vmnic0", (10,))).lacks[0].now is None


@pytest.mark.parametrize(
    ("one", "why"),
    [
        (port("h1 vmnic0", (10, 20), shutdown=True), "the port is shut down"),
        (port("h1 vmnic0", (10, 20), mode="routed"), "the port is routed"),
        (port("h1 vmnic0", None, mode="access", access=10), "the port is an access port and takes no tags"),
        (
            port("h1 vmnic0", (10, 20), native=10),
            "it is the native VLAN of the trunk: the switch sends it without a tag",
        ),
    ],
)
def test_why_a_port_does_not_carry_a_vlan(one: PortConfig, why: str) -> None:
    found = judged(one)
    assert found.state is State.LACKS
    assert found.lacks[0].why == why
    assert found.allowed is None  # a list of VLANs mends none of these


def test_untagged_traffic_needs_the_native_vlan() -> None:
    inventory = estate(swap={"vc:h1/a": group("a", 0, on="h1"), "vc:h1/b": group("b", 0, on="h1")})
    for one, state in [
        (port("h1 vmnic0", (999,)), State.FINE),
        (port("h1 vmnic0", (1,), native=None), State.FINE),
        (port("h1 vmnic0", (10,)), State.LACKS),
        (port("h1 vmnic0", None, mode="access", access=7), State.FINE),
    ]:
        assert compare(inventory, [one]).hosts[0].uplinks[0].state is state, one


def test_what_is_missing_is_added_and_what_is_too_much_is_pruned_in_one_list() -> None:
    (step,) = steps(compare(estate(), [port("h1 vmnic0", (10, 30))]))
    assert step.call.shown() == "interface Gi0/1;  switchport trunk allowed vlan 10,20"
    assert step.order == 1
    assert "h1 vmnic0" in step.reason


def test_a_bundle_decides_for_its_ports_and_is_written_once() -> None:
    bundle = port("", (10, 20, 30), name="Port-channel7")
    ports = [
        port("h1 vmnic0", None, channel="Port-channel7"),
        port("h1 vmnic1", None, name="Gi0/2", channel="Po7"),
        bundle,
    ]
    (step,) = steps(compare(estate(), ports))
    assert step.call.shown() == "interface Port-channel7;  switchport trunk allowed vlan 10,20"


@pytest.mark.parametrize(
    ("description", "why"),
    [
        ("h1", "ports name the host and not vmnic0: describe a port as 'HOST vmnic0'"),
        ("h11 vmnic0", "no port that was read is known to be its own"),
        ("h1 vmnic01", "ports name the host and not vmnic0: describe a port as 'HOST vmnic0'"),
        ("", "no port that was read is known to be its own"),
    ],
)
def test_an_uplink_without_its_port_is_unknown_and_never_fine(description: str, why: str) -> None:
    found = judged(port(description, (10, 20)))
    assert (found.state, found.unknown) == (State.UNKNOWN, (why,))


@pytest.mark.parametrize("description", ["to H1 / vmnic0", "h1-vmnic0", "h1_vmnic0", "VMNIC0@h1"])
def test_descriptions_as_people_write_them(description: str) -> None:
    assert judged(port(description, (10, 20))).state is State.FINE


def test_a_short_name_that_two_hosts_have_names_neither() -> None:
    both = {"vc:h1": but(host("h1", guests=("g1",)), name="esx1.a.org"), "vc:h2": but(host("h2"), name="esx1.b.org")}
    ports = [port("esx1 vmnic0", (10, 20)), port("esx1.b.org vmnic0", (10, 20), name="Gi0/2")]
    first, second = compare(estate(swap=both), ports).hosts
    assert first.uplinks[0].port is None
    assert second.uplinks[0].port is not None
    assert second.uplinks[0].port.name == "Gi0/2"


def test_two_ports_that_claim_one_uplink_are_neither() -> None:
    found = judged(port("h1 vmnic0", (10, 20)), port("h1 vmnic0", (10, 20), name="Gi0/2"))
    assert found.state is State.UNKNOWN
    assert found.unknown == ("several ports are described as its own: sw1 Gi0/1, sw1 Gi0/2",)


def test_what_the_switch_says_of_itself_goes_before_descriptions() -> None:
    told = PhysicalNic(device="vmnic0", neighbour=Neighbour(device="sw1.example.org", port="GigabitEthernet0/2"))
    inventory = estate(swap={"vc:h1": host("h1", guests=("g1",), nics=(told,))})
    ports = [port("h1 vmnic0", (10,)), port("", (10, 20), name="Gi0/2")]
    (one, _) = compare(inventory, ports).hosts[0].uplinks
    assert one.port is not None
    assert (one.port.name, one.state) == ("Gi0/2", State.FINE)
    elsewhere = PhysicalNic(device="vmnic0", neighbour=Neighbour(device="sw9", port="Gi0/2"))
    inventory = estate(swap={"vc:h1": host("h1", guests=("g1",), nics=(elsewhere,))})
    assert compare(inventory, ports).hosts[0].uplinks[0].unknown == (
        "it is plugged into sw9 Gi0/2, which was not read",
    )


def test_without_switches_the_need_alone_is_told() -> None:
    found = compare(estate(), [])
    assert not found.compared
    assert not found.no_change_needed
    assert {u.state for h in found.hosts for u in h.uplinks} == {State.UNKNOWN}


def test_a_long_list_is_written_in_lines_that_a_switch_takes() -> None:
    spans = tuple(Range(v, v) for v in range(100, 200, 2))
    first, *rest = lines("Gi0/1", spans)[1:]
    assert first.startswith(" switchport trunk allowed vlan 100,102,")
    assert [r.startswith(" switchport trunk allowed vlan add ") for r in rest] == [True, True]
    again = parse("interface Gi0/1\n switchport mode trunk\n" + "\n".join((first, *rest)), "x").ports[0]
    assert again.allowed == spans


# Configurations


SPANS = st.none() | st.lists(st.sampled_from([1, 10, 20, 30, 999, 4094]), unique=True).map(tuple)


@given(allowed=st.lists(SPANS, min_size=4, max_size=4), native=st.sampled_from([1, 999]))
def test_what_the_steps_say_leaves_nothing_to_change_and_takes_nothing_that_is_needed(
    allowed: list[tuple[int, ...] | None], native: int
) -> None:
    uplinks = [f"{h} {n}" for h in ("h1", "h2") for n in ("vmnic0", "vmnic1")]
    ports = [
        port(described, vlans, name=f"Gi0/{at}", native=native)
        for at, (described, vlans) in enumerate(zip(uplinks, allowed, strict=True))
    ]
    made = {s.name.removeprefix("sw1 "): s.call for s in steps(compare(estate(), ports))}
    after = []
    for one in ports:
        call = made.get(one.name)
        if isinstance(call, Commands):
            (read,) = parse("\n".join((*call.lines, " switchport mode trunk")), "x").ports
            assert read.name == one.name
            one = but(one, allowed=read.allowed)  # noqa: PLW2901
        after.append(one)
    again = compare(estate(), after)
    assert again.no_change_needed
    assert steps(again) == []
    assert {s.allowed for s in after} == {(Range(10, 10), Range(20, 20))}
