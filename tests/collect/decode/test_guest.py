# ruff: noqa: E501  (XML as servers write it)
from __future__ import annotations

import pytest

from tests.collect.decode.xml import PLACE, values
from viguard.collect.decode.guest import decode_guest
from viguard.collect.decode.values import Values
from viguard.model.facts import Reason, Settings, Unknown
from viguard.model.guest import Device
from viguard.model.resources import Allocation

DEVICES = """
<VirtualDevice xsi:type="VirtualFloppy"><key>8000</key><deviceInfo><label>Floppy drive 1</label><summary>s</summary></deviceInfo>
  <backing xsi:type="B"/><connectable><startConnected>true</startConnected><connected>false</connected></connectable></VirtualDevice>
<VirtualDevice xsi:type="vim25:VirtualVmxnet3"><key>4000</key><deviceInfo><label>Network adapter 1</label></deviceInfo>{}
  <connectable><startConnected>true</startConnected><connected>true</connected></connectable><macAddress>00:50:56:AB:CD:EF</macAddress>
</VirtualDevice>
"""
STANDARD = "<backing><deviceName>VM Network</deviceName></backing>"


def guest_values(**more: str) -> Values:
    content = {
        "runtime__connectionState": "connected",
        "config__uuid": "u-1",
        "config__version": "vmx-21",
        "config__template": "false",
        "config__hardware__device": DEVICES.format(STANDARD),
    }
    return values(**{**content, **more})


def test_devices_and_nics() -> None:
    guest = decode_guest(PLACE, guest_values())
    floppy = Device(key=8000, type="VirtualFloppy", label="Floppy drive 1", connected=False, start_connected=True)
    assert guest.devices[0] == floppy  # type: ignore[index]
    assert [d.type for d in guest.devices] == ["VirtualFloppy", "VirtualVmxnet3"]  # type: ignore[union-attr]
    (nic,) = guest.nics  # type: ignore[misc]
    assert (nic.port_group, nic.dv_port_group, nic.mac, nic.connected) == ("VM Network", "", "00:50:56:ab:cd:ef", True)


@pytest.mark.parametrize(
    ("backing", "standard", "distributed"),
    [
        (
            "<backing><port><switchUuid>u</switchUuid><portgroupKey>dvportgroup-1</portgroupKey></port></backing>",
            "",
            "dvportgroup-1",
        ),
        ("<backing><port><switchUuid>u</switchUuid><portKey>9</portKey></port></backing>", "", "port 9 of switch u"),
        ("<backing><opaqueNetworkId>nsx-1</opaqueNetworkId></backing>", "nsx-1", ""),
        ("", "", ""),
    ],
)
def test_what_a_nic_is_plugged_into(backing: str, standard: str, distributed: str) -> None:
    guest = decode_guest(PLACE, guest_values(config__hardware__device=DEVICES.format(backing)))
    (nic,) = guest.nics  # type: ignore[misc]
    assert (nic.port_group, nic.dv_port_group) == (standard, distributed)


def test_options_keep_the_types_of_the_api() -> None:
    options = (
        '<O><key>a</key><value xsi:type="xsd:string">10</value></O><O><key>b</key><value xsi:type="xsd:long">10</value></O>'
        '<O><key>c</key><value xsi:type="xsd:boolean">true</value></O><O><key>d</key><value xsi:type="xsd:string"/></O>'
    )
    guest = decode_guest(PLACE, guest_values(config__extraConfig=options))
    assert guest.extra_config == Settings(values={"a": "10", "b": 10, "c": True, "d": ""})


def test_no_extra_option_is_a_fact_but_no_configuration_is_not() -> None:
    assert decode_guest(PLACE, guest_values()).extra_config == Settings()
    bare = decode_guest(PLACE, values(runtime__connectionState="connected"))
    for field in ("extra_config", "devices", "nics", "annotation", "max_consoles", "version", "template"):
        fact = getattr(bare, field)
        assert isinstance(fact, Unknown), field
        assert fact.reason is Reason.UNREACHABLE, field


@pytest.mark.parametrize("state", ["disconnected", "inaccessible", "orphaned", "invalid"])
def test_what_is_only_remembered_of_a_guest_is_unknown(state: str) -> None:
    guest = decode_guest(PLACE, guest_values(runtime__connectionState=state))
    assert isinstance(guest.devices, Unknown)
    assert isinstance(guest.power, Unknown)
    assert (guest.uuid, guest.template, guest.connection) == ("u-1", False, state)


def test_a_property_that_may_not_be_read_loses_what_is_below_it() -> None:
    lost = Unknown(reason=Reason.NO_PERMISSION, detail="no")
    guest = decode_guest(PLACE, values({"config": lost}, runtime__connectionState="connected"))
    assert (guest.devices, guest.extra_config, guest.instance_uuid) == (lost, lost, lost)


def test_an_unlimited_allocation_has_no_limit() -> None:
    cpu = "<reservation>5</reservation><limit>-1</limit><shares><shares>1000</shares><level>normal</level></shares>"
    guest = decode_guest(
        PLACE, guest_values(config__cpuAllocation=cpu, config__memoryAllocation=cpu.replace("-1", "64"))
    )
    assert guest.cpu == Allocation(reservation=5, limit=None, shares=1000, level="normal")
    assert guest.memory == Allocation(reservation=5, limit=64, shares=1000, level="normal")


def test_a_value_that_cannot_be_read_is_unknown_and_takes_nothing_else() -> None:
    guest = decode_guest(PLACE, guest_values(config__hardware__numCPU="many", config__modified="yesterday"))
    assert isinstance(guest.cpus, Unknown)
    assert isinstance(guest.modified, Unknown)
    assert guest.uuid == "u-1"
