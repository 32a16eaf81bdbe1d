"""A guest from its property values."""

from __future__ import annotations

from typing import Any, NamedTuple

from viguard.collect.decode.place import NO_VALUE, Place, facts
from viguard.collect.decode.values import Values, boolean, find, integer, number, settings, text, time, truth
from viguard.model.facts import Fact, Reason, Settings, Unknown
from viguard.model.guest import Device, Guest, GuestNic, VirtualNic
from viguard.model.resources import Allocation
from viguard.vsphere.properties import sources
from viguard.vsphere.replies import TYPE, Element

NO_CONFIGURATION = Unknown(reason=Reason.UNREACHABLE, detail="the server holds no configuration of this guest")
STALE = Unknown(reason=Reason.UNREACHABLE, detail="the host of this guest does not answer its vCenter")
REACHED = "connected"
UNLIMITED = -1


def decode_guest(place: Place, values: Values) -> Guest:
    """A guest. What the vCenter only remembers of a guest that it cannot reach is unknown."""
    connection: Fact[str] = values.fact("runtime.connectionState", text, NO_VALUE)
    lost = _lost(connection, values)
    found: dict[str, Any] = dict.fromkeys((*FACTS, *HARDWARE), lost) if lost else _told(values)
    found |= facts(Guest, STANDING, values)
    return Guest(
        **place.identity,
        **found,
        connection=connection,
        datacenter=place.datacenter,
        folder=place.parent,
        host=values.fact("runtime.host", place.resource, None),
        pool=values.fact("resourcePool", place.resource, None),
        datastores=values.fact("datastore", place.resources, ()),
    )


def _lost(connection: Fact[str], values: Values) -> Unknown | None:
    """Why nothing that may have changed is known of a guest, None when it is."""
    if isinstance(connection, str) and connection != REACHED:
        return STALE
    if values.element("config.uuid") is None and values.element("config.version") is None:
        return NO_CONFIGURATION
    return None


def _told(values: Values) -> dict[str, Any]:
    """Every fact of a guest that its server reaches."""
    found: dict[str, Any] = dict(facts(Guest, FACTS, values))
    hardware: Fact[_Hardware] = values.fact(HARDWARE_PATH, _hardware, NO_VALUE)
    if isinstance(hardware, Unknown):
        return found | dict.fromkeys(HARDWARE, hardware)
    every = list(hardware.devices)
    for device in values.lifted.devices.get(HARDWARE_PATH, ()):  # read without a parser; in the server's order
        every.insert(device.place, Device(key=device.key, type=device.type, label=device.label))
    return found | {"devices": tuple(every), "nics": hardware.nics}


def allocation(element: Element) -> Allocation:
    """Shares, reservation and limit. Source: vim.ResourceAllocationInfo."""
    limit = number(find(element, "limit"), UNLIMITED)
    return Allocation(
        reservation=number(find(element, "reservation")),
        limit=None if limit == UNLIMITED else limit,
        shares=number(find(element, "shares/shares")),
        level=find(element, "shares/level") or "custom",
    )


class _Hardware(NamedTuple):
    devices: list[Device]
    nics: tuple[VirtualNic, ...]


def _hardware(element: Element) -> _Hardware:
    """Every device, and the NICs among them. Source: vim.vm.device.VirtualDevice[], VirtualEthernetCard."""
    devices = [_device(d) for d in element]
    nics = tuple(_nic(d, device) for d, device in zip(element, devices, strict=True) if device.type in ETHERNET)
    return _Hardware(devices, nics)


def _device(element: Element) -> Device:
    key, label, connected, start = 0, "", None, None
    for part in element:
        tag = part.tag
        if tag == "key":
            key = int(part.text or "")
        elif tag == "deviceInfo":
            label = part[0].text or "" if len(part) and part[0].tag == "label" else find(part, "label")
        elif tag == "connectable":
            connected, start = _plug(part)
            break  # what the model keeps stands before; the rest is long
    return Device(key=key, type=_type(element), label=label, connected=connected, start_connected=start)


def _plug(element: Element) -> tuple[bool | None, bool | None]:
    connected = start = None
    for part in element:
        if part.tag == "startConnected":
            start = truth(part.text)
        elif part.tag == "connected":
            connected = truth(part.text)
    return connected, start


def _nic(element: Element, device: Device) -> VirtualNic:
    standard, distributed = _plugged_into(element.find("backing"))
    return VirtualNic(
        key=device.key,
        type=device.type,
        label=device.label,
        mac=find(element, "macAddress").lower(),
        port_group=standard,
        dv_port_group=distributed,
        connected=device.connected,
        start_connected=device.start_connected,
    )


def _plugged_into(backing: Element | None) -> tuple[str, str]:
    """A standard port group by name and a distributed one by key.

    What is neither (an opaque network, a lone port of a switch) keeps its own name, so that it is unknown
    what it is and never taken for unplugged.
    """
    if backing is None:
        return "", ""
    port = backing.find("port")
    if port is not None:
        return "", find(port, "portgroupKey") or f"port {find(port, 'portKey')} of switch {find(port, 'switchUuid')}"
    return find(backing, "deviceName") or find(backing, "opaqueNetworkId"), ""


def guest_nics(element: Element) -> tuple[GuestNic, ...]:
    """The NICs that VMware Tools report. Source: vim.vm.GuestInfo.NicInfo[]."""
    return tuple(
        GuestNic(network=find(n, "network"), mac=find(n, "macAddress").lower(), addresses=_addresses(n))
        for n in element
    )


def _addresses(nic: Element) -> tuple[str, ...]:
    told = tuple(f"{find(a, 'ipAddress')}/{find(a, 'prefixLength')}" for a in nic.iterfind("ipConfig/ipAddress"))
    return told or tuple(a.text or "" for a in nic.iterfind("ipAddress"))


def _type(element: Element) -> str:
    return (element.get(TYPE) or "").rpartition(":")[2]


HARDWARE = ("devices", "nics")
HARDWARE_PATH = sources(Guest)["devices"].path
ETHERNET = frozenset(
    {
        "VirtualE1000",
        "VirtualE1000e",
        "VirtualEthernetCard",
        "VirtualPCNet32",
        "VirtualSriovEthernetCard",
        "VirtualVmxnet",
        "VirtualVmxnet2",
        "VirtualVmxnet3",
        "VirtualVmxnet3Vrdma",
    }
)

STANDING: dict[str, tuple[object, object]] = {
    "template": (boolean, NO_CONFIGURATION),
    "uuid": (text, NO_CONFIGURATION),
    "instance_uuid": (text, None),
}
"""What stays true of a guest that cannot be reached."""

FACTS: dict[str, tuple[object, object]] = {
    "power": (text, NO_VALUE),
    "os": (text, NO_VALUE),
    "os_id": (text, NO_VALUE),
    "version": (text, NO_VALUE),
    "modified": (time, NO_VALUE),
    "change_version": (text, NO_VALUE),
    "annotation": (text, None),
    "file": (text, NO_VALUE),
    "cpus": (integer, NO_VALUE),
    "memory_mib": (integer, NO_VALUE),
    "extra_config": (settings, Settings()),
    "cpu": (allocation, NO_VALUE),
    "memory": (allocation, NO_VALUE),
    "max_consoles": (integer, None),
    "consoles": (integer, NO_VALUE),
    "max_cpu_mhz": (integer, None),
    "addresses": (guest_nics, ()),
    "host_name": (text, None),
    "tools": (text, None),
    "tools_version_status": (text, None),
}
"""Decoder of each fact, and the fact when the server holds no value."""
