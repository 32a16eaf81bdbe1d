# ruff: noqa: E501, ISC004  (XML as servers write it)
from __future__ import annotations

import pytest

from tests.collect.decode.xml import PLACE, element, values
from viguard.collect.decode.network import (
    decode_port_group,
    decode_switch,
    port_security,
    port_vlan,
    standard_port_groups,
    standard_switches,
    vmkernel_nics,
)
from viguard.model.facts import Unknown
from viguard.model.network import SecurityPolicy, Vlan

OLD_POLICY = (
    "<securityPolicy><inherited>false</inherited><allowPromiscuous><value>{0}</value></allowPromiscuous>"
    "<macChanges><value>{0}</value></macChanges><forgedTransmits><value>{0}</value></forgedTransmits></securityPolicy>"
)
NEW_POLICY = (
    "<macManagementPolicy><allowPromiscuous>{0}</allowPromiscuous><macChanges>{0}</macChanges>"
    "<forgedTransmits>{0}</forgedTransmits></macManagementPolicy>"
)
ALL, NONE = (
    SecurityPolicy(promiscuous=True, mac_changes=True, forged_transmits=True),
    SecurityPolicy(promiscuous=False, mac_changes=False, forged_transmits=False),
)


@pytest.mark.parametrize(
    ("xml", "vlan"),
    [
        (
            '<vlan xsi:type="VmwareDistributedVirtualSwitchVlanIdSpec"><inherited>false</inherited><vlanId>12</vlanId></vlan>',
            Vlan(id=12),
        ),
        (
            '<vlan xsi:type="VmwareDistributedVirtualSwitchTrunkVlanSpec"><vlanId><start>1</start><end>9</end></vlanId>'
            "<vlanId><start>20</start><end>20</end></vlanId></vlan>",
            Vlan(trunk=((1, 9), (20, 20))),
        ),
        (
            '<vlan xsi:type="VmwareDistributedVirtualSwitchPvlanSpec"><pvlanId>7</pvlanId></vlan>',
            Vlan(id=7, private=True),
        ),
    ],
)
def test_the_vlan_of_a_distributed_port(xml: str, vlan: Vlan) -> None:
    assert port_vlan(element(xml)) == vlan


@pytest.mark.parametrize(
    "xml",
    [
        '<vlan xsi:type="SomethingNew"><vlanId>1</vlanId></vlan>',
        '<vlan xsi:type="XVlanIdSpec"><vlanId>x</vlanId></vlan>',
        '<vlan xsi:type="VmwareDistributedVirtualSwitchTrunkVlanSpec"></vlan>',
    ],
)
def test_a_vlan_that_is_not_understood_is_unknown(xml: str) -> None:
    assert isinstance(port_vlan(element(xml)), Unknown)
    assert isinstance(port_vlan(None), Unknown)


def test_the_newer_policy_wins_over_its_old_copy() -> None:
    setting = element(f"<s>{OLD_POLICY.format('true')}{NEW_POLICY.format('false')}</s>")
    assert port_security(setting) == NONE
    assert port_security(element(f"<s>{OLD_POLICY.format('true')}</s>")) == ALL
    assert isinstance(port_security(element("<s/>")), Unknown)


def test_a_port_group_without_setting_is_unknown_in_both_facts() -> None:
    group = decode_port_group(PLACE, values(key="dvpg-1"))
    assert isinstance(group.vlan, Unknown)
    assert isinstance(group.security, Unknown)
    assert group.uplink is False
    tagged = decode_port_group(PLACE, values(tag="<Tag><key>SYSTEM/DVS.UPLINKPG</key></Tag>"))
    assert tagged.uplink is True


@pytest.mark.parametrize(
    ("allowed", "vlan", "security"),
    [
        ({"vlan": "false", "securityPolicy": "false", "macManagement": "false"}, False, False),
        ({"vlan": "true", "securityPolicy": "false", "macManagement": "false"}, True, False),
        ({"vlan": "false", "securityPolicy": "true", "macManagement": "false"}, False, True),
        ({"vlan": "false", "securityPolicy": "false", "macManagement": "true"}, False, True),
        ({"vlan": "false", "securityPolicy": "false"}, False, False),  # before API 6.7.1
        ({}, None, None),  # a switch of another vendor tells neither
    ],
)
def test_what_a_single_port_may_override(allowed: dict[str, str], vlan: bool | None, security: bool | None) -> None:
    policy = "".join(f"<{key}OverrideAllowed>{value}</{key}OverrideAllowed>" for key, value in allowed.items())
    group = decode_port_group(PLACE, values(config__policy=policy))
    told = [None if isinstance(fact, Unknown) else fact for fact in (group.vlan_override, group.security_override)]
    assert told == [vlan, security]


def test_overrides_are_unknown_where_the_policy_was_not_told() -> None:
    group = decode_port_group(PLACE, values(key="dvpg-1"))
    assert isinstance(group.vlan_override, Unknown)
    assert isinstance(group.security_override, Unknown)


def test_a_distributed_switch_with_mirrors_and_members() -> None:
    config = (
        '<uuid>u-1</uuid><host><config><host type="HostSystem">host-9</host><backing><pnicSpec><pnicDevice>vmnic1</pnicDevice>'
        "</pnicSpec></backing></config></host>"
        f"<defaultPortConfig>{NEW_POLICY.format('true')}</defaultPortConfig>"
        "<vspanSession><name>tap</name><enabled>true</enabled><destinationPort><ipAddress>10.0.0.1</ipAddress></destinationPort></vspanSession>"
    )
    switch = decode_switch(PLACE, values(config=config))
    assert (switch.uuid, switch.security) == ("u-1", ALL)
    assert [(m.name, m.enabled, m.destinations) for m in switch.mirrors] == [("tap", True, ("10.0.0.1",))]  # type: ignore[union-attr]
    assert [(m.host, m.uplinks) for m in switch.members] == [("s:host-9", ("vmnic1",))]  # type: ignore[union-attr]
    assert isinstance(decode_switch(PLACE, values()).members, Unknown)


def test_standard_switches_and_port_groups_of_a_host() -> None:
    switch = "<v><name>vSwitch0</name><spec><bridge><nicDevice>vmnic0</nicDevice></bridge><policy><security><allowPromiscuous>false</allowPromiscuous></security></policy></spec></v>"
    group = (
        "<g><spec><name>a/b%</name><vlanId>12</vlanId><vswitchName>vSwitch0</vswitchName><policy/></spec>"
        "<computedPolicy><security><allowPromiscuous>true</allowPromiscuous><macChanges>true</macChanges>"
        "<forgedTransmits>true</forgedTransmits></security><nicTeaming><nicOrder><activeNic>vmnic0</activeNic>"
        "<standbyNic>vmnic1</standbyNic></nicOrder></nicTeaming></computedPolicy></g>"
    )
    (found,) = standard_switches(PLACE, element(f"<val>{switch}</val>"))
    assert (found.id, found.uplinks) == ("s:1/switch/vSwitch0", ("vmnic0",))
    assert found.security == SecurityPolicy(promiscuous=False)
    (port_group,) = standard_port_groups(PLACE, element(f"<val>{group}</val>"))
    assert (port_group.id, port_group.path) == ("s:1/portgroup/a%2fb%25", "/s/one/a%2fb%25")
    assert (port_group.vlan, port_group.security, port_group.uplinks) == (Vlan(id=12), ALL, ("vmnic0", "vmnic1"))
    bare = "<g><spec><name>n</name><vlanId>12</vlanId><vswitchName>vSwitch0</vswitchName><policy/></spec></g>"
    (port_group,) = standard_port_groups(PLACE, element(f"<val>{bare}</val>"))
    assert isinstance(port_group.uplinks, Unknown), "not told, so the ones of its switch count"


def test_a_vmkernel_nic_on_a_distributed_port() -> None:
    nic = "<n><device>vmk1</device><spec><ip><ipAddress>10.0.0.2</ipAddress><subnetMask>255.0.0.0</subnetMask></ip><distributedVirtualPort><portgroupKey>dvportgroup-3</portgroupKey></distributedVirtualPort></spec></n>"
    (found,) = vmkernel_nics(element(f"<val>{nic}</val>"))
    assert (found.device, found.port_group, found.dv_port_group, found.address) == (
        "vmk1",
        "",
        "dvportgroup-3",
        "10.0.0.2",
    )
