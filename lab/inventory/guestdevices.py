"""A guest's virtual devices in vSphere's words."""

from __future__ import annotations

from typing import Any

from lab.inventory.guestrow import Guest
from lab.inventory.merge import merged

Device = dict[str, Any]


def devices(guest: Guest, ports: dict[str, Any]) -> list[Device]:
    """Controllers, disk, adapters, CD-ROM and what the row adds; ``ports`` are the port groups by name."""
    out = [*_controllers(guest), _disk(guest)]
    out += [_adapter(guest, i, network, ports[network]) for i, network in enumerate(guest.networks)]
    if guest.row.get("cdrom", guest.number % 3 == 0):
        out.append(_cdrom(bool(guest.row.get("cdrom"))))
    for i, device in enumerate(guest.row.get("devices", ())):
        out.append(merged({"key": 9000 + i, "controllerKey": 400}, device))
    for device in out:
        device.setdefault("deviceInfo", _described(device))
    return out


def _controllers(guest: Guest) -> list[Device]:
    return [
        {"_type": "VirtualIDEController", "key": 200, "busNumber": 0},
        {"_type": "VirtualIDEController", "key": 201, "busNumber": 1},
        {"_type": "VirtualPS2Controller", "key": 300, "busNumber": 0},
        {"_type": "VirtualPCIController", "key": 100, "busNumber": 0},
        {"_type": "VirtualSIOController", "key": 400, "busNumber": 0},
        {"_type": "VirtualKeyboard", "key": 600, "controllerKey": 300},
        {"_type": "VirtualPointingDevice", "key": 700, "controllerKey": 300},
        {"_type": "VirtualMachineVideoCard", "key": 500, "controllerKey": 100, "videoRamSizeInKB": 4096},
        {
            "_type": "VirtualLsiLogicController" if not guest.today else "ParaVirtualSCSIController",
            "key": 1000,
            "controllerKey": 100,
            "unitNumber": 3,
            "busNumber": 0,
            "sharedBus": "noSharing",
            "scsiCtlrUnitNumber": 7,
        },
    ]


def _disk(guest: Guest) -> Device:
    return {
        "_type": "VirtualDisk",
        "key": 2000,
        "controllerKey": 1000,
        "unitNumber": 0,
        "capacityInKB": guest.row["disk_gb"] << 20,
        "backing": {
            "_type": "VirtualDiskFlatVer2BackingInfo",
            "fileName": f"[{guest.datastore}] {guest.name}/{guest.name}.vmdk",
            "diskMode": guest.row.get("disk_mode", "persistent"),
            "thinProvisioned": False,
        },
    }


def _adapter(guest: Guest, index: int, network: str, port: dict[str, Any]) -> Device:
    """One virtual network adapter; ``port`` says whether its port group is distributed."""
    kind = "VirtualVmxnet3" if guest.today else "VirtualVmxnet2" if guest.hardware == "vmx-07" else "VirtualPCNet32"
    if "switch_uuid" in port:
        backing = {
            "_type": "VirtualEthernetCardDistributedVirtualPortBackingInfo",
            "port": {
                "switchUuid": port["switch_uuid"],
                "portgroupKey": port["ref"].split(":")[1],
                "portKey": str(guest.number * 4 + index),
            },
        }
    else:
        backing = {"_type": "VirtualEthernetCardNetworkBackingInfo", "deviceName": network, "network": port["ref"]}
    return {
        "_type": kind,
        "key": 4000 + index,
        "controllerKey": 100,
        "unitNumber": 7 + index,
        "backing": backing,
        "addressType": "assigned",
        "macAddress": guest.mac(index),
        "wakeOnLanEnabled": True,
        "connectable": {"startConnected": True, "connected": guest.on, "allowGuestControl": True},
        "deviceInfo": {"_type": "Description", "label": f"Network adapter {index + 1}", "summary": network},
    }


def _cdrom(on: bool) -> Device:
    return {
        "_type": "VirtualCdrom",
        "key": 3000,
        "controllerKey": 200,
        "unitNumber": 0,
        "backing": {
            "_type": "VirtualCdromRemotePassthroughBackingInfo",
            "deviceName": "",
            "exclusive": False,
        },
        "connectable": {"startConnected": on, "connected": on, "allowGuestControl": True},
    }


def _described(device: Device) -> dict[str, str]:
    kind = device["_type"]
    return {"_type": "Description", "label": f"{kind.replace('Virtual', '')} {device['key']}", "summary": kind}
