"""san-vlan-isolated, san-authorisation-per-host. The storage network is VLAN 40, 10.4.0.0/24."""

from __future__ import annotations

from typing import Any

import pytest

from tests.assess.checks.estate import but, group, guest, host, lost, named, tree, vmk, world
from viguard.assess.checks.storage import authorisation, vlan_isolated
from viguard.model.facts import UNREAD, Reason, Resource, Unknown
from viguard.model.guest import Guest
from viguard.model.host import VmkernelService
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


# san-vlan-isolated: vSAN, NVMe, NFS


VSAN = (VmkernelService(service="vsan", devices=("vmk1",)),)


def without_iscsi(*more: StandardPortGroup, **facts: Any) -> list[Resource]:
    """The same host without an iSCSI adapter: nothing but what is added makes vmk1 a storage interface."""
    return wired(*more, **{"iscsi": (), **facts})


def nfs(*servers: str, kind: str = "NFS", **facts: Any) -> Datastore:
    return named(Datastore, "nas", **{"type": kind, "nfs_servers": servers, **facts})  # type: ignore[no-any-return]


def on(store: Datastore, *more: StandardPortGroup, **facts: Any) -> list[Resource]:
    """The host without iSCSI, with a datastore."""
    return [*without_iscsi(*more, **{"datastores": (store.id,), **facts}), store]


@pytest.mark.parametrize("service", ["vsan", "vsanExternal", "vsanReplication", "nvmeTcp", "nvmeRdma"])
def test_an_interface_chosen_for_storage_is_a_storage_interface(service: str) -> None:
    chosen = (VmkernelService(service=service, devices=("vmk1",)),)
    assert isolated(without_iscsi()) is Status.NOT_APPLICABLE
    assert isolated(without_iscsi(vmkernel_services=chosen)) is Status.PASS
    assert isolated(without_iscsi(group("more", 40), vmkernel_services=chosen)) is Status.FAIL
    assert isolated(without_iscsi(plug="san", vmkernel_services=chosen)) is Status.FAIL


@pytest.mark.parametrize("service", ["management", "vmotion", "vsanWitness", "vSphereBackupNFC"])
def test_other_services_make_no_storage_interface(service: str) -> None:
    chosen = (VmkernelService(service=service, devices=("vmk1",)),)
    assert isolated(without_iscsi(group("more", 40), vmkernel_services=chosen)) is Status.NOT_APPLICABLE


def test_vsan_beside_iscsi_is_judged_too() -> None:
    two = (vmk("vmk1", "san", "10.4.0.1"), vmk("vmk2", "vsan", "10.5.0.1"))
    chosen = (VmkernelService(service="vsan", devices=("vmk2",)),)
    apart = wired(group("vsan", 50), vmkernel=two, vmkernel_services=chosen)
    assert isolated(apart) is Status.PASS
    beside = wired(group("vsan", 50), group("more", 50), vmkernel=two, vmkernel_services=chosen)
    found = vlan_isolated(beside[0], world(*beside))
    assert (found.status, found.reason) == (Status.FAIL, "port groups for guests on the network of vmk2: more")


def test_vsan_is_unknown_without_its_interface() -> None:
    gone = (VmkernelService(service="vsan", devices=("vmk7",)),)
    found = vlan_isolated(without_iscsi()[0], world(*without_iscsi()))
    assert found.status is Status.NOT_APPLICABLE
    records = without_iscsi(vmkernel_services=gone)
    found = vlan_isolated(records[0], world(*records))
    assert (found.status, found.reason) == (
        Status.UNKNOWN,
        "the interface chosen for storage was not read: vmk7",
    )
    assert isolated(on(nfs(kind="vsan"))) is Status.UNKNOWN
    assert isolated(on(nfs(kind="vsan"), vmkernel_services=VSAN)) is Status.PASS
    nvme = (VmkernelService(service="nvmeTcp", devices=("vmk1",)),)
    assert isolated(on(nfs(kind="vsan"), vmkernel_services=nvme)) is Status.UNKNOWN


def test_services_are_needed_where_the_server_could_tell_them() -> None:
    assert isolated([lost(wired()[0], "vmkernel_services"), *wired()[1:]]) is Status.UNKNOWN
    before = Unknown(reason=Reason.NOT_IN_VERSION, detail="known from API 4.0")
    assert isolated(wired(vmkernel_services=before)) is Status.PASS
    assert isolated(wired(group("more", 40), vmkernel_services=UNREAD)) is Status.FAIL  # proven by iSCSI


@pytest.mark.parametrize("kind", ["NFS", "NFS41"])
def test_the_interface_in_the_subnet_of_an_nfs_server(kind: str) -> None:
    assert isolated(on(nfs("10.4.0.200", kind=kind))) is Status.PASS
    assert isolated(on(nfs("10.4.0.200", kind=kind), group("more", 40))) is Status.FAIL
    assert isolated(on(nfs("10.4.0.200", kind=kind), plug="san")) is Status.FAIL
    assert isolated(on(nfs("10.4.0.200", "10.4.0.201", kind=kind))) is Status.PASS


def test_an_nfs_server_on_the_management_network_makes_it_a_storage_network() -> None:
    both = (vmk("vmk0", "mgmt", "10.1.0.1"), vmk("vmk1", "san", "10.4.0.1"))
    groups = (group("mgmt", 11), group("more", 11))
    assert isolated(on(nfs("10.1.0.200"), groups[0], vmkernel=both)) is Status.PASS
    found = on(nfs("10.1.0.200"), *groups, vmkernel=both)
    assert isolated(found) is Status.FAIL


@pytest.mark.parametrize(
    ("servers", "why"),
    [
        (("nas1.example.org",), "which interface reaches the storage at nas1.example.org is not told"),
        (("10.8.0.1",), "which interface reaches the storage at 10.8.0.1 is not told"),
        (("10.4.0.200", "10.8.0.1"), "which interface reaches the storage at 10.8.0.1 is not told"),
        ((), "the server of the NFS volume nas is not told"),
    ],
)
def test_an_nfs_server_that_no_interface_is_known_to_reach(servers: tuple[str, ...], why: str) -> None:
    records = on(nfs(*servers))
    found = vlan_isolated(records[0], world(*records))
    assert (found.status, found.reason) == (Status.UNKNOWN, why)
    assert isolated(on(nfs(*servers), group("more", 40), iscsi=(SAN,))) is Status.FAIL  # proven by iSCSI


def test_virtual_volumes_do_not_tell_their_way() -> None:
    assert isolated(on(nfs(kind="VVOL"))) is Status.UNKNOWN
    assert isolated(on(nfs(kind="VMFS"))) is Status.NOT_APPLICABLE


def test_nfs_is_unknown_without_a_fact() -> None:
    records = on(nfs("10.4.0.200"))
    assert isolated(records) is Status.PASS
    assert isolated(records[:-1]) is Status.UNKNOWN  # the datastore itself was not read
    assert isolated([lost(records[0], "datastores"), *records[1:]]) is Status.UNKNOWN
    for fact in ("type", "nfs_servers"):
        assert isolated([*records[:-1], lost(nfs("10.4.0.200"), fact)]) is Status.UNKNOWN
        assert isolated([*records[:-1], lost(nfs(kind="VMFS"), fact)]) is Status.UNKNOWN


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
