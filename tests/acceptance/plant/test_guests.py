"""Consoles, logs and devices of guests."""

from __future__ import annotations

from typing import Any

import pytest
from pyVmomi import vim

from tests.acceptance.plant.harness import Bench, proves

pytestmark = pytest.mark.real("lab")


def extra(key: str, value: str) -> list[Any]:
    """One setting of extraConfig; an empty text takes it away."""
    return [vim.option.OptionValue(key=key, value=value)]


def setting(control: str, key: str, bad: str, good: str) -> Any:
    return pytest.param(control, key, bad, good, marks=proves(control), id=f"{control}-{bad or 'unset'}")


@pytest.mark.parametrize(
    ("control", "key", "bad", "good"),
    [
        setting("vm-log-rotate-size", "log.rotateSize", "", "100000"),
        setting("vm-log-rotate-size", "log.rotateSize", "102401", "100000"),
        setting("vm-log-keep-old", "log.keepOld", "", "10"),
        setting("vm-log-keep-old", "log.keepOld", "50", "10"),
        setting("vm-max-mks-connections", "RemoteDisplay.maxConnections", "", "1"),
        setting("vm-max-mks-connections", "RemoteDisplay.maxConnections", "5", "1"),
    ],
)
def test_setting(main: Bench, control: str, key: str, bad: str, good: str) -> None:
    main.check(
        {control: ["www1"]},
        plant=lambda: main.reconfigure("www1", extraConfig=extra(key, bad)),
        mend=lambda: main.reconfigure("www1", extraConfig=extra(key, good)),
    )


@proves("vm-max-mks-connections")
def test_consoles_allowed(today: Bench) -> None:
    today.check(
        {"vm-max-mks-connections": ["www1"]},
        plant=lambda: today.reconfigure("www1", maxMksConnections=2),
        mend=lambda: today.reconfigure("www1", maxMksConnections=1),
    )


@proves("console-session-threshold")
def test_consoles_open(today: Bench) -> None:
    guest = today.guest("www1")

    def open_two() -> None:  # the API gives tickets; a console is opened with one, past the API
        for number in (1, 2):
            today.endpoint.control("console", guest="www1", user=f"user{number}", client=f"10.23.0.{number}")

    today.check(
        {"console-session-threshold": ["www1"]},
        plant=open_two,
        mend=lambda: guest.DropConnections(guest.QueryConnections()),
    )


def device(operation: str, part: Any) -> Any:
    """A change of one device."""
    return vim.vm.device.VirtualDeviceSpec(operation=operation, device=part)


def devices(bench: Bench, guest: str, kind: Any) -> list[Any]:
    return [d for d in bench.guest(guest).config.hardware.device if isinstance(d, kind)]


def take_away(bench: Bench, guest: str, kind: Any, keep: int = 0) -> None:
    """Remove the devices of a kind but the first ones."""
    found = devices(bench, guest, kind)[keep:]
    bench.reconfigure(guest, deviceChange=[device("remove", d) for d in found])


@proves("vm-unused-devices")
def test_connected_floppy(main: Bench) -> None:
    floppy = vim.vm.device.VirtualFloppy(
        key=-1,
        backing=vim.vm.device.VirtualFloppy.RemoteDeviceBackingInfo(deviceName=""),
        connectable=vim.vm.device.VirtualDevice.ConnectInfo(
            startConnected=True, connected=True, allowGuestControl=True
        ),
    )
    main.check(
        {"vm-unused-devices": ["www1"]},
        plant=lambda: main.reconfigure("www1", deviceChange=[device("add", floppy)]),
        mend=lambda: take_away(main, "www1", vim.vm.device.VirtualFloppy),
    )


@proves("vm-unused-devices")
def test_serial_port(today: Bench) -> None:
    port = vim.vm.device.VirtualSerialPort(
        key=-1,
        yieldOnPoll=True,
        backing=vim.vm.device.VirtualSerialPort.DeviceBackingInfo(deviceName="/dev/char/serial/uart0"),
    )
    today.check(
        {"vm-unused-devices": ["www1"]},
        plant=lambda: today.reconfigure("www1", deviceChange=[device("add", port)]),
        mend=lambda: take_away(today, "www1", vim.vm.device.VirtualSerialPort),
    )


@proves("vm-no-passthrough")
@pytest.mark.parametrize(("release", "guest"), [("four", "vs-linux1"), ("today", "www1")])
def test_passthrough(request: pytest.FixtureRequest, release: str, guest: str) -> None:
    bench: Bench = request.getfixturevalue(release)
    card = vim.vm.device.VirtualPCIPassthrough(
        key=-1,
        backing=vim.vm.device.VirtualPCIPassthrough.DeviceBackingInfo(
            id="0000:3b:00.0", deviceId="10fb", systemId="s", vendorId=-32634, deviceName="82599"
        ),
    )
    bench.check(
        {"vm-no-passthrough": [guest]},
        plant=lambda: bench.reconfigure(guest, deviceChange=[device("add", card)]),
        mend=lambda: take_away(bench, guest, vim.vm.device.VirtualPCIPassthrough),
    )


def card_on(name: str) -> Any:
    """A new adapter on a standard port group."""
    return vim.vm.device.VirtualPCNet32(
        key=-1,
        addressType="generated",
        backing=vim.vm.device.VirtualEthernetCard.NetworkBackingInfo(deviceName=name),
        connectable=vim.vm.device.VirtualDevice.ConnectInfo(
            startConnected=True, connected=True, allowGuestControl=True
        ),
    )


@proves("vm-vnic-count-limit")
def test_five_adapters(main: Bench) -> None:
    main.check(
        {"vm-vnic-count-limit": ["www1"]},
        plant=lambda: main.reconfigure("www1", deviceChange=[device("add", card_on("DMZ Web")) for _ in range(4)]),
        mend=lambda: take_away(main, "www1", vim.vm.device.VirtualEthernetCard, keep=1),
    )


@proves("vm-one-vlan-per-vnic")
def test_adapter_on_a_trunk(main: Bench) -> None:
    main.check(
        {"vm-one-vlan-per-vnic": ["mysql1"]},  # its host fails already: the port group is a fault of the demo
        plant=lambda: main.reconfigure("mysql1", deviceChange=[device("add", card_on("Sniffer"))]),
        mend=lambda: take_away(main, "mysql1", vim.vm.device.VirtualEthernetCard, keep=1),
    )


@proves("dmz-same-zone-host")
def test_guest_in_two_zones_that_need_own_hosts(main: Bench) -> None:
    network = main.host(1).configManager.networkSystem
    web = vim.host.PortGroup.Specification(
        name="DMZ Web", vlanId=110, vswitchName="vSwitch1", policy=vim.host.NetworkPolicy()
    )

    def plant() -> None:
        network.AddPortGroup(web)
        main.reconfigure("dhcp1", deviceChange=[device("add", card_on("DMZ Web"))])

    def mend() -> None:
        take_away(main, "dhcp1", vim.vm.device.VirtualEthernetCard, keep=1)
        network.RemovePortGroup("DMZ Web")

    name = "esxblade1.fw.belnet.be"
    findings = {"dmz-same-zone-host": [name], "dmz-physical-nic": [name]}  # one adapter carries DMZ and internal
    main.check(findings, plant=plant, mend=mend)
