"""san-vlan-isolated, san-authorisation-per-host. The storage network is VLAN 40, 10.4.0.0/24."""

from __future__ import annotations

from typing import Any

import pytest

from tests.assess.checks.estate import but, group, guest, host, lost, named, tree, vmk, world
from viguard.assess.checks.storage import authorisation, vlan_isolated
from viguard.model.facts import UNREAD, Resource
from viguard.model.guest import Guest
from viguard.model.network import DistributedSwitch, DvMember, DvPortGroup, StandardPortGroup, Vlan
from viguard.model.result import Status
from viguard.model.server import Cluster
from viguard.model.storage import Datastore, IscsiAdapter, IscsiTarget
from viguard.policy.policy import Policy, Purpose, Recognition, Zone

SAN = IscsiAdapter(device="vmhba33", software=True, targets=(IscsiTarget(address="10.4.0.200"),))

# san-vlan-isolated


def wired(*more: StandardPortGroup, plug: str = "web", storage: int | Vlan = 40, **facts: Any) -> list[Resource]:
    """A host with vmk1 on the storage port group and one guest on VLAN 10 or where it is plugged."""
    groups = [group("san", storage), group("web", 10), *more]
    held: dict[str, Any] = {
        "guests": ("g1",),
        "iscsi": (SAN,),
        "vmkernel": (vmk("vmk1", "san", "10.4.0.1"),),
        "port_groups": tuple(g.name for g in groups),
        **facts,
    }
    return [host(**held), *groups, guest(plug=plug)]


def isolated(records: list[Resource], **more: Any) -> Status:
    return vlan_isolated(records[0], world(*records, **more)).status


def test_a_network_for_storage_alone_passes() -> None:
    assert isolated(wired()) is Status.PASS


@pytest.mark.parametrize(
    ("other", "status"),
    [
        (group("more", 40), Status.FAIL),
        (group("more", 41), Status.PASS),
        (group("more", 4095), Status.FAIL),
        (group("more", 4095, switch="vSwitch1"), Status.UNKNOWN),
        (group("more", 40, switch="vSwitch1"), Status.FAIL),
        (group("more", Vlan(trunk=((30, 45),))), Status.FAIL),
        (group("more", Vlan(trunk=((50, 60),))), Status.PASS),
    ],
)
def test_a_port_group_for_guests_on_the_storage_network(other: StandardPortGroup, status: Status) -> None:
    assert isolated(wired(other)) is status


def test_a_guest_plugged_into_the_storage_port_group_fails() -> None:
    found = vlan_isolated(wired()[0], world(*wired(plug="san")))
    assert (found.status, found.reason) == (Status.FAIL, "guests on the network of vmk1: g1")


def test_untagged_storage_on_two_switches_may_be_one_network() -> None:
    assert isolated(wired(group("more", 0, switch="vSwitch1"), storage=0)) is Status.UNKNOWN
    assert isolated(wired(group("more", 0, switch="vSwitch0"), storage=0)) is Status.FAIL


def test_a_zone_for_storage_shows_the_interface_too() -> None:
    zone = Zone(name="san", match=Recognition(vlans=(40,)), purpose=Purpose.STORAGE)
    routed = wired(group("more", 40), iscsi=())
    assert isolated(routed, policy=Policy(zones=(zone,))) is Status.FAIL
    assert isolated(routed) is Status.NOT_APPLICABLE


def test_targets_that_no_interface_reaches_are_unknown() -> None:
    assert isolated(wired(vmkernel=(vmk("vmk1", "san", "10.5.0.1"),))) is Status.UNKNOWN


def test_every_target_must_be_reached_by_an_interface_that_was_judged() -> None:
    far = but(SAN, targets=(*SAN.targets, IscsiTarget(address="10.9.0.1")))
    assert isolated(wired(iscsi=(far,))) is Status.UNKNOWN
    six = but(SAN, targets=(IscsiTarget(address="2001:db8::200"),))
    assert isolated(wired(iscsi=(six,))) is Status.UNKNOWN
    nic = but(vmk("vmk1", "san", "10.4.0.1"), ipv6=("2001:db8::1/64",))
    assert isolated(wired(iscsi=(six,), vmkernel=(nic,))) is Status.PASS
    assert isolated(wired(group("more", 40), iscsi=(six,), vmkernel=(nic,))) is Status.FAIL


def test_a_distributed_port_group_for_guests_on_the_storage_network() -> None:
    switch = named(DistributedSwitch, "dvs", members=(DvMember(host="vc:h1", uplinks=("vmnic2",)),))
    free = named(DvPortGroup, "free", key="dp1", switch="vc:dvs", vlan=Vlan(id=40))
    assert isolated([*wired(), switch, free]) is Status.FAIL
    assert isolated([*wired(), switch, but(free, vlan=Vlan(id=41))]) is Status.PASS
    assert isolated([*wired(), switch, but(free, uplink=True)]) is Status.PASS
    elsewhere = but(switch, members=(DvMember(host="vc:h2"),))
    assert isolated([*wired(), elsewhere, free]) is Status.PASS
    assert isolated([*wired(), lost(switch, "members"), free]) is Status.UNKNOWN
    theirs = host("h2", vmkernel=(but(vmk("vmk1", "", "10.4.0.2"), dv_port_group="dp1"),))
    assert isolated([*wired(), switch, free, theirs]) is Status.PASS


def test_around_a_private_vlan_nothing_is_known_to_be_apart() -> None:
    assert isolated(wired(storage=Vlan(id=40, private=True))) is Status.UNKNOWN
    assert isolated(wired(group("more", Vlan(id=41, private=True)))) is Status.UNKNOWN


def test_a_service_console_on_the_storage_network_is_no_guest() -> None:
    assert isolated(wired(group("console", 40), console_nics=(vmk("vswif1", "console", "10.4.0.2"),))) is Status.PASS


@pytest.mark.parametrize("fact", ["iscsi", "vmkernel", "guests", "port_groups"])
def test_isolated_is_unknown_without_a_fact_of_the_host(fact: str) -> None:
    records = wired()
    assert isolated([lost(records[0], fact), *records[1:]]) is Status.UNKNOWN


def test_isolated_is_unknown_without_a_fact_of_a_guest_or_group() -> None:
    records = wired()
    assert isolated([lost(r, "nics") if isinstance(r, Guest) else r for r in records]) is Status.UNKNOWN
    assert isolated([lost(r, "vlan") if isinstance(r, StandardPortGroup) else r for r in records]) is Status.UNKNOWN
    for name in ("san", "web", "g1"):
        assert isolated([r for r in records if r.name != name]) is Status.UNKNOWN
    classic = lost(but(records[0], product=but(host().product, line="esx")), "console_nics")
    assert isolated([classic, *records[1:]]) is Status.UNKNOWN


# san-authorisation-per-host


def volume(*hosts: str, **facts: Any) -> Datastore:
    held: dict[str, Any] = {"hosts": tuple(f"vc:{h}" for h in hosts), "shared": True, "volume": "v1", **facts}
    return named(Datastore, "vol", **held)  # type: ignore[no-any-return]


def mounted(store: Datastore, **facts: Any) -> list[Resource]:
    """h1 and h2 in cluster c1, h3 in c2; a guest on h1 uses the volume."""
    user = guest(**{"datastores": ("vc:vol",), **facts})
    other = named(Cluster, "c2", hosts=("vc:h3",))
    return [store, *tree(), other, host("h1"), host("h2"), host("h3", cluster="vc:c2"), user]


def authorised(records: list[Resource]) -> Status:
    return authorisation(records[0], world(*records)).status


def test_a_mount_beyond_the_cluster_that_uses_it_fails() -> None:
    found = authorisation(volume("h1", "h2", "h3"), world(*mounted(volume("h1", "h2", "h3"))))
    assert (found.status, found.reason) == (Status.FAIL, "mounted by hosts whose guests do not use it: h3")


def test_within_the_cluster_the_array_has_the_last_word() -> None:
    found = authorisation(volume("h1", "h2"), world(*mounted(volume("h1", "h2"))))
    assert (found.status, found.reason) == (Status.UNKNOWN, "no source yet: the access list of the array")


def test_a_volume_is_one_whichever_server_lists_it() -> None:
    twin = Datastore(id="vb:d", name="twin", path="/vb/twin", server="vb", hosts=("vb:h9",), shared=True, volume="v1")
    far = host("h9", of="vb", cluster="")
    assert authorised([*mounted(volume("h1")), twin, far]) is Status.FAIL


def test_a_local_datastore_is_not_judged() -> None:
    assert authorised(mounted(volume("h1", shared=False))) is Status.NOT_APPLICABLE


@pytest.mark.parametrize("iscsi", [(IscsiAdapter(device="a", targets=(IscsiTarget(address="10.0.0.1"),)),), UNREAD])
def test_a_volume_of_one_host_that_may_stand_on_an_array_is_unknown(iscsi: Any) -> None:
    records = mounted(volume("h1", shared=False))
    with_array = [but(r, iscsi=iscsi) if r.name == "h1" else r for r in records]
    assert authorised(with_array) is Status.UNKNOWN


@pytest.mark.parametrize("facts", [{"datastores": ()}, {"host": "vc:gone"}], ids=["unused", "host not read"])
def test_authorisation_is_unknown_without_a_known_user(facts: dict[str, Any]) -> None:
    records = mounted(volume("h1", "h3"), **facts)
    found = authorisation(records[0], world(*records))
    assert found.status is Status.UNKNOWN
    why = "the host of a guest on it was not read" if "host" in facts else "no guest uses it, so which hosts need it"
    assert found.reason.startswith(why)


def test_authorisation_is_unknown_without_a_fact() -> None:
    records = mounted(volume("h1", "h3"))
    assert authorised(records) is Status.FAIL
    assert authorised([lost(records[0], "hosts"), *records[1:]]) is Status.UNKNOWN
    assert authorised([lost(r, "datastores") if isinstance(r, Guest) else r for r in records]) is Status.UNKNOWN
