"""Virtual devices that a guest does not need. Source: report, Guests, "Firewalling": disable unused virtual devices."""

from __future__ import annotations

from fnmatch import fnmatchcase

from viguard.assess.context import Context
from viguard.assess.kind import expect
from viguard.assess.tally import Tally, listed
from viguard.assess.verdict import Verdict, unknown
from viguard.model.facts import Resource, Unknown
from viguard.model.guest import Device, Guest
from viguard.policy.policy import Policy

REMOVABLE = frozenset({"VirtualFloppy", "VirtualCdrom"})
"""Drives: fine while they are empty and unplugged."""

PRESENT = frozenset(
    {
        "VirtualSerialPort",
        "VirtualParallelPort",
        "VirtualUSB",
        "VirtualUSBController",
        "VirtualUSBXHCIController",
        "VirtualSoundCard",
        "VirtualEnsoniq1371",
        "VirtualHdAudioCard",
        "VirtualSoundBlaster16",
    }
)
"""Devices that the guest can use whenever they are there."""


def unused(subject: Resource, context: Context) -> Verdict:
    """No drive is connected now or at power-on, and there is no serial or parallel port, USB controller or sound card.

    What a guest needs stands in the policy (``approved.devices``). A drive that does not tell its state is unknown.
    """
    guest = expect(Guest, subject)
    if isinstance(guest.devices, Unknown):
        return unknown(guest.devices, context.evidence(guest, "devices"))
    tally = Tally("approved.devices")
    offending: list[str] = []
    for device in guest.devices:
        if device.type not in REMOVABLE | PRESENT:
            continue
        evidence = context.evidence(guest, "devices", _told(device), part=f"[{device.key}]<{device.type}>")
        found = "approved" if _approved(guest, device, context.policy) else _state(guest, device)
        if found == "usable":
            offending.append(device.label or device.type)
        if found == "untold":
            tally.miss(f"{listed([device.label or device.type])} does not tell whether it is connected", evidence)
        else:
            tally.see(evidence)
    if offending:
        tally.fail(f"not needed: {listed(offending)}")
    tally.see(context.evidence(guest, "devices", len(guest.devices), part=".count"))
    return tally.verdict()


def _state(guest: Guest, device: Device) -> str:
    if device.type in PRESENT or device.connected or device.start_connected:
        return "usable"
    off = guest.power == "poweredOff" or guest.template is True  # connected means nothing then
    told = device.start_connected is not None and (device.connected is not None or off)
    return "unplugged" if told else "untold"


def _told(device: Device) -> str:
    return f"connected {_word(device.connected)}, at power-on {_word(device.start_connected)}"


def _word(value: bool | None) -> str:  # noqa: FBT001  (it is the fact itself)
    return "not told" if value is None else str(value).lower()


def _approved(guest: Guest, device: Device, policy: Policy) -> bool:
    pairs = (entry.rpartition(":") for entry in policy.approved.devices)
    return any(type_ == device.type and fnmatchcase(guest.name, pattern) for pattern, _, type_ in pairs)
