"""dmz-physical-nic, dmz-same-zone-host. VLAN 10 is inside, 20 and 21 are DMZs, 30 is management."""

from __future__ import annotations

from typing import Any

import pytest

from tests.assess.checks.estate import LOST, but, group, guest, host, lost, named, switch, tree, vmk, world
from viguard.assess.checks.zoning import physical_nic, same_zone_host
from viguard.model.facts import Resource
from viguard.model.guest import Guest, VirtualNic
from viguard.model.host import Host
from viguard.model.network import DistributedSwitch, DvMember, DvPortGroup, StandardPortGroup, StandardSwitch, Vlan
from viguard.model.result import Status
from viguard.policy.policy import PairRule, Policy, Purpose, Recognition, Sharing, Zone

ZONES = (
    Zone(name="inside", match=Recognition(vlans=(10,))),
    Zone(name="dmz", match=Recognition(vlans=(20,)), purpose=Purpose.DMZ),
    Zone(name="dmz2", match=Recognition(vlans=(21,)), purpose=Purpose.DMZ),
    Zone(name="management", match=Recognition(vlans=(30,)), purpose=Purpose.MANAGEMENT),
)


def policy(*pairs: tuple[str, str, Sharing], default: Sharing | None = None) -> Policy:
    rules = tuple(PairRule(zones=(a, b), sharing=s) for a, b, s in pairs)
    return Policy(zones=ZONES, pairs=rules, pairs_default=default)


# dmz-physical-nic


def wired(*vlans: tuple[int, str], uplinks: dict[str, tuple[str, ...]] | None = None, **facts: Any) -> list[Resource]:
    """A host with a port group for each (VLAN, switch); vSwitch0 leaves by vmnic0, vSwitch1 by vmnic1."""
    wires = uplinks or {"vSwitch0": ("vmnic0",), "vSwitch1": ("vmnic1",)}
    groups = [group(f"pg{vlan}", vlan, switch=name) for vlan, name in vlans]
    one = host(port_groups=tuple(g.name for g in groups), **facts)
    return [one, *groups, *(switch(name, devices) for name, devices in wires.items())]


def nic(records: list[Resource], intended: Policy | None = None) -> Status:
    return physical_nic(records[0], world(*records, policy=intended or policy())).status


def test_the_dmz_on_its_own_adapter_passes() -> None:
    assert nic(wired((10, "vSwitch0"), (20, "vSwitch1"))) is Status.PASS
    assert nic(wired((10, "vSwitch0"), (20, "vSwitch1"), (21, "vSwitch1"))) is Status.PASS


def test_the_dmz_on_a_shared_adapter_fails() -> None:
    assert nic(wired((10, "vSwitch0"), (20, "vSwitch0"))) is Status.FAIL
    shared = {"vSwitch0": ("vmnic0", "vmnic1"), "vSwitch1": ("vmnic1",)}
    assert nic(wired((10, "vSwitch0"), (20, "vSwitch1"), uplinks=shared)) is Status.FAIL


def test_a_port_groups_own_adapters_count_before_its_switchs() -> None:
    records = wired((10, "vSwitch0"), (20, "vSwitch0"), uplinks={"vSwitch0": ("vmnic0", "vmnic1")})
    own = {"pg10": ("vmnic0",), "pg20": ("vmnic1",)}
    apart = [but(r, uplinks=own[r.name]) if isinstance(r, StandardPortGroup) else r for r in records]
    assert nic(apart) is Status.PASS


def test_an_interface_beside_the_dmz_fails() -> None:
    records = wired((20, "vSwitch0"), (30, "vSwitch0"), vmkernel=(vmk("vmk0", "pg30", "10.3.0.1"),))
    assert nic(records) is Status.FAIL


def test_what_is_in_no_zone_beside_the_dmz_is_unknown() -> None:
    assert nic(wired((20, "vSwitch0"), (99, "vSwitch0"))) is Status.UNKNOWN
    assert nic(wired((20, "vSwitch1"), (99, "vSwitch0"))) is Status.PASS


def test_a_host_without_a_dmz_is_not_judged() -> None:
    assert nic(wired((10, "vSwitch0"), (30, "vSwitch0"))) is Status.NOT_APPLICABLE


def test_zones_that_need_an_own_adapter_are_judged_too() -> None:
    apart = policy(("inside", "management", Sharing.SHARE_OWN_NIC))
    assert nic(wired((10, "vSwitch0"), (30, "vSwitch0")), apart) is Status.FAIL
    assert nic(wired((10, "vSwitch0"), (30, "vSwitch1")), apart) is Status.PASS


def test_a_distributed_switch_shares_the_adapter() -> None:
    def dv(uplink: str) -> list[Resource]:
        one = named(DistributedSwitch, "dvs", members=(DvMember(host="vc:h1", uplinks=(uplink,)),))
        pg = named(DvPortGroup, "dvdmz", key="k1", switch="vc:dvs", vlan=Vlan(id=20))
        web = guest("web", nics=(VirtualNic(key=4000, type="VirtualVmxnet3", dv_port_group="k1"),))
        return [*wired((10, "vSwitch0"), guests=("web",)), one, pg, web]

    assert nic(dv("vmnic1")) is Status.PASS
    assert nic(dv("vmnic0")) is Status.FAIL
    assert nic([lost(r, "members") if isinstance(r, DistributedSwitch) else r for r in dv("vmnic1")]) is Status.UNKNOWN
    assert nic([r for r in dv("vmnic1") if r.name != "dvs"]) is Status.UNKNOWN


@pytest.mark.parametrize("fact", ["port_groups", "guests", "vmkernel"])
def test_physical_nic_is_unknown_without_a_fact_of_the_host(fact: str) -> None:
    records = wired((10, "vSwitch0"), (20, "vSwitch1"))
    assert nic([lost(records[0], fact), *records[1:]]) is Status.UNKNOWN


def test_physical_nic_is_unknown_without_switch_group_or_zones() -> None:
    records = wired((10, "vSwitch0"), (20, "vSwitch1"))
    assert nic([lost(r, "uplinks") if isinstance(r, StandardSwitch) else r for r in records]) is Status.UNKNOWN
    assert nic([lost(r, "vlan") if isinstance(r, StandardPortGroup) else r for r in records]) is Status.UNKNOWN
    for name in ("vSwitch1", "pg20"):
        assert nic([r for r in records if r.name != name]) is Status.UNKNOWN
    assert nic(records, Policy()) is Status.UNKNOWN


# dmz-same-zone-host


def housed(*where: tuple[str, int, str], **facts: Any) -> list[Resource]:
    """Guests by (name, VLAN, host), each on a port group of its VLAN."""
    guests = [guest(name, on=on, plug=f"pg{vlan}", **facts) for name, vlan, on in where]
    groups = [group(f"pg{vlan}", vlan, on=on) for _, vlan, on in where]
    hosts = [host(h, guests=tuple(n for n, _, on in where if on == h)) for h in ("h1", "h2")]
    return [*hosts, *tree(), *groups, *guests]


def same(records: list[Resource], *pairs: tuple[str, str, Sharing], default: Sharing | None = None) -> Status:
    return same_zone_host(records[0], world(*records, policy=policy(*pairs, default=default))).status


MIXED = housed(("app", 10, "h1"), ("web", 20, "h1"))


@pytest.mark.parametrize(
    ("sharing", "status"),
    [
        (Sharing.SHARE, Status.PASS),
        (Sharing.SHARE_OWN_NIC, Status.PASS),
        (Sharing.SEPARATE_HOST, Status.FAIL),
        (Sharing.SEPARATE_CLUSTER, Status.FAIL),
    ],
)
def test_the_pair_matrix_decides(sharing: Sharing, status: Status) -> None:
    assert same(MIXED, ("dmz", "inside", sharing)) is status
    assert same(MIXED, default=sharing) is status


def test_one_zone_alone_passes_and_an_undecided_pair_is_unknown() -> None:
    assert same(housed(("app", 10, "h1"), ("db", 10, "h1"))) is Status.PASS
    assert same(MIXED) is Status.UNKNOWN


def test_separate_clusters_are_judged_across_hosts() -> None:
    across = housed(("app", 10, "h1"), ("web", 20, "h2"))
    assert same(across, ("dmz", "inside", Sharing.SEPARATE_CLUSTER)) is Status.FAIL
    assert same(across, ("dmz", "inside", Sharing.SEPARATE_HOST)) is Status.PASS


def test_guests_that_are_off_count() -> None:
    off = [but(r, power="poweredOff") if isinstance(r, Guest) else r for r in MIXED]
    assert same(off, ("dmz", "inside", Sharing.SEPARATE_HOST)) is Status.FAIL


def test_a_guest_in_no_zone_leaves_it_open() -> None:
    assert same(housed(("app", 10, "h1"), ("odd", 99, "h1"))) is Status.UNKNOWN


def test_same_zone_is_unknown_without_a_fact() -> None:
    fine = housed(("app", 10, "h1"))
    assert same(fine) is Status.PASS
    assert same([lost(fine[0], "guests"), *fine[1:]]) is Status.UNKNOWN
    assert same([lost(r, "nics") if isinstance(r, Guest) else r for r in fine]) is Status.UNKNOWN
    assert same([lost(r, "vlan") if isinstance(r, StandardPortGroup) else r for r in fine]) is Status.UNKNOWN
    assert same([r for r in fine if r.name != "app"]) is Status.UNKNOWN
    undecided = same_zone_host(fine[0], world(*fine))
    assert (undecided.status, undecided.policy) == (Status.UNKNOWN, "zones")


def test_a_guest_that_names_no_host_counts_on_the_one_that_lists_it() -> None:
    adrift = [lost(r, "host") if isinstance(r, Guest) else r for r in MIXED]
    assert same(adrift, ("dmz", "inside", Sharing.SEPARATE_HOST)) is Status.UNKNOWN  # its port group hangs on its host
    tagged = [but(r, host=LOST, nics=(), tags=(f"zone:{r.name}",)) if isinstance(r, Guest) else r for r in MIXED]
    zones = (
        Zone(name="dmz", purpose=Purpose.DMZ, match=Recognition(tags=("zone:web",))),
        Zone(name="inside", match=Recognition(tags=("zone:app",))),
    )
    apart = but(policy(("dmz", "inside", Sharing.SEPARATE_HOST)), zones=zones)
    assert same_zone_host(tagged[0], world(*tagged, policy=apart)).status is Status.FAIL


APART = ("dmz", "inside", Sharing.SEPARATE_CLUSTER)


def test_the_rest_of_the_cluster_must_be_known_where_zones_need_clusters_of_their_own() -> None:
    fine = housed(("app", 10, "h1"), ("db", 10, "h2"))
    assert same(fine, APART) is Status.PASS
    for blind in (
        [lost(r, "guests") if r.name == "h2" else r for r in fine],
        [lost(r, "nics") if r.name == "db" else r for r in fine],
        [lost(r, "hosts") if r.name == "c1" else r for r in fine],
        [r for r in fine if r.name != "h2"],
        [r for r in fine if r.name != "c1"],
    ):
        assert same(blind, APART) is Status.UNKNOWN
        assert same(blind, ("dmz", "inside", Sharing.SEPARATE_HOST)) is Status.PASS


def test_a_host_without_guests_passes_with_evidence() -> None:
    empty: Host = host()
    found = same_zone_host(empty, world(empty, policy=policy()))
    assert found.status is Status.PASS
    assert found.evidence
