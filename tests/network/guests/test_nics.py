from __future__ import annotations

from typing import Any

import pytest

from tests.assess.checks.estate import ESX35, LOST, READ_AT, but, group, guest, host, lost, tree, vmk
from viguard.errors import InputError
from viguard.model.change import ApiCall
from viguard.model.facts import Resource
from viguard.model.guest import Guest, VirtualNic
from viguard.model.inventory import Inventory
from viguard.model.network import DistributedSwitch, DvMember, DvPortGroup, Vlan
from viguard.model.server import Cluster
from viguard.network.vlans.guests import debian
from viguard.network.vlans.guests.nics import NicPlan, nic_plan, sub_interface
from viguard.network.vlans.guests.wanted import Wanted
from viguard.network.vlans.guests.windows import powershell

DMZ = Wanted(vlan=110, addresses=("193.190.110.5/24", "2001:db8::5/64"), gateway="193.190.110.1")


def plan(*wanted: Wanted, of: Guest | None = None, more: tuple[Resource, ...] = ()) -> NicPlan:
    one = of or guest("g1", plug="web", os_id="debian5Guest")
    records = [*tree(), host("h1", guests=("g1",), vmkernel=(vmk("vmk0", "mgmt"),)), one]
    records += [group("web", 10), group("dmz", 110), group("mgmt", 20)]
    by_id = {r.id: r for r in (*records, *more)}
    return nic_plan(Inventory(by_id.values(), read_at=READ_AT), one, wanted)


def device(found: NicPlan) -> Any:
    call = found.steps[0].call
    assert isinstance(call, ApiCall)
    spec: Any = call.arguments["spec"]
    return spec["deviceChange"][0]["device"]


def test_a_linux_guest_gets_a_nic_and_an_interface_for_each_vlan_that_it_lacks() -> None:
    found = plan(Wanted(vlan=10), DMZ)
    (step,) = found.steps
    assert (step.call.method, step.property, step.after) == ("ReconfigVM_Task", "NIC in VLAN 110", "dmz")  # type: ignore[union-attr]
    assert device(found)["_type"] == "VirtualE1000"  # as the NIC that it has
    assert device(found)["backing"]["deviceName"] == "dmz"
    assert step.rollback is not None
    assert "eth1" in debian.write(found.interfaces).files["interfaces"]
    assert found.interfaces[0].addresses == DMZ.addresses
    assert (found.powershell, found.mistakes) == ((), ())


def test_a_windows_guest_gets_a_script_that_knows_the_adapter_by_its_mac() -> None:
    old = plan(DMZ, of=guest("g1", plug="web", os_id="winNetEnterpriseGuest")).powershell[0]
    assert "EnableStatic(@('193.190.110.5'), @('255.255.255.0'))" in old
    assert "# not set, Windows takes it by hand: 2001:db8::5/64" in old
    new = plan(DMZ, of=guest("g1", plug="web", os_id="windows2019srv_64Guest")).powershell[0]
    assert "-IPAddress '193.190.110.5' -PrefixLength 24 -DefaultGateway '193.190.110.1'" in new
    assert "-IPAddress '2001:db8::5' -PrefixLength 64\n" in new
    assert "param([Parameter(Mandatory = $true)][string]$Mac)" in old


def test_a_distributed_port_group_is_named_by_its_key() -> None:
    switch = DistributedSwitch(
        id="vc:dvs", name="dvs", path="/x", server="vc", uuid="50 1b", members=(DvMember(host="vc:h1"),)
    )
    dv = DvPortGroup(id="vc:dv", name="dv", path="/x", server="vc", key="dv-1", switch="vc:dvs", vlan=Vlan(id=300))
    found = plan(Wanted(vlan=300), more=(switch, dv))
    assert device(found)["backing"]["port"] == {"portgroupKey": "dv-1", "switchUuid": "50 1b"}


@pytest.mark.parametrize(
    ("more", "vlan", "why"),
    [
        ((), 999, "no NIC for VLAN 999: no port group for guests on h1 has it"),
        ((), 20, "no NIC for VLAN 20: no port group for guests on h1 has it"),  # the management interface has it
        ((group("dmz2", 110),), 110, "no NIC for VLAN 110: several port groups have it: dmz, dmz2"),
        ((lost(group("web", 10), "vlan"),), 110, "which VLANs it is in: NIC 1: the host does not answer"),
    ],
)
def test_why_there_is_no_step(more: tuple[Resource, ...], vlan: int, why: str) -> None:
    found = plan(Wanted(vlan=vlan), more=more)
    assert (found.steps, found.mistakes) == ((), (why,))


def test_a_guest_gets_no_more_nics_than_its_platform_carries() -> None:
    nic = VirtualNic(key=1, type="VirtualE1000", port_group="web")
    four = guest("g1", nics=(nic, nic, nic, nic), os_id="debian5Guest")
    assert len(plan(DMZ, of=four).steps) == 1
    old = but(four, version="vmx-04")
    assert plan(DMZ, of=old).mistakes == ("no NIC for VLAN 110: its platform carries 4",)
    on_old = plan(DMZ, of=four, more=(host("h1", guests=("g1",), product=ESX35),))
    assert on_old.mistakes == ("no NIC for VLAN 110: its platform carries 4",)


def test_a_port_group_that_other_hosts_of_the_cluster_lack_is_told() -> None:
    cluster = next(r for r in tree() if isinstance(r, Cluster))
    found = plan(DMZ, more=(but(cluster, ha=True), host("h2")))
    assert len(found.steps) == 1
    assert found.mistakes == ("it can then not be started on h2: no port group dmz",)


def test_what_is_no_vlan_or_address_is_refused() -> None:
    for wrong in (Wanted(vlan=4095), Wanted(vlan=1, addresses=("10.0.0.1/33",)), Wanted(vlan=1, gateway="'; rm")):
        with pytest.raises(InputError):
            plan(wrong)
        with pytest.raises(InputError):
            powershell(wrong, modern=True)
    with pytest.raises(InputError, match="the NICs of g1: the host does not answer"):
        plan(DMZ, of=but(guest("g1"), nics=LOST))


def test_a_guest_on_a_trunk_gets_a_sub_interface() -> None:
    one = sub_interface("eth0", Wanted(vlan=100, addresses=("10.1.0.5/24",)))
    assert (one.name, one.parent, one.vlan) == ("eth0.100", "eth0", 100)
