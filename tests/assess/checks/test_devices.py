"""vm-unused-devices."""

from __future__ import annotations

import pytest

from tests.assess.checks.estate import but, guest, lost, world
from viguard.assess.checks.devices import unused
from viguard.model.guest import Device, Guest
from viguard.model.result import Status
from viguard.policy.policy import Approved, Policy


def having(type_: str, connected: bool | None = None, at_start: bool | None = None) -> Guest:
    return guest(devices=(Device(key=8000, type=type_, label="it", connected=connected, start_connected=at_start),))


@pytest.mark.parametrize("drive", ["VirtualFloppy", "VirtualCdrom"])
@pytest.mark.parametrize(
    ("connected", "at_start", "status"),
    [
        (False, False, Status.PASS),
        (True, False, Status.FAIL),
        (False, True, Status.FAIL),
        (True, None, Status.FAIL),
        (None, False, Status.UNKNOWN),
        (False, None, Status.UNKNOWN),
        (None, None, Status.UNKNOWN),
    ],
)
def test_a_drive_is_unplugged(drive: str, connected: bool | None, at_start: bool | None, status: Status) -> None:
    assert unused(having(drive, connected, at_start), world()).status is status


def test_a_drive_of_a_guest_that_is_off_is_judged_by_its_next_start() -> None:
    off = but(having("VirtualCdrom", None, at_start=False), power="poweredOff")
    assert unused(off, world()).status is Status.PASS
    assert unused(but(having("VirtualCdrom", None, at_start=True), power="poweredOff"), world()).status is Status.FAIL
    assert unused(lost(having("VirtualCdrom", None, at_start=False), "power"), world()).status is Status.UNKNOWN


@pytest.mark.parametrize(
    "type_",
    [
        "VirtualSerialPort",
        "VirtualParallelPort",
        "VirtualUSBController",
        "VirtualUSBXHCIController",
        "VirtualHdAudioCard",
    ],
)
def test_ports_and_controllers_are_absent(type_: str) -> None:
    found = unused(having(type_, connected=False, at_start=False), world())
    assert (found.status, found.reason) == (Status.FAIL, "not needed: it")


def test_what_is_needed_stands_in_the_policy() -> None:
    context = world(policy=Policy(approved=Approved(devices=("mo?em-*:VirtualSerialPort",))))
    assert unused(but(having("VirtualSerialPort"), name="modem-1"), context).status is Status.PASS
    assert unused(but(having("VirtualSerialPort"), name="web"), context).status is Status.FAIL
    assert unused(but(having("VirtualUSBController"), name="modem-1"), context).status is Status.FAIL


def test_other_devices_pass_and_devices_that_were_not_read_are_unknown() -> None:
    found = unused(having("VirtualDisk"), world())
    assert found.status is Status.PASS
    assert found.evidence
    assert unused(lost(guest(), "devices"), world()).status is Status.UNKNOWN
