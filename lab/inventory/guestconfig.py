"""A guest's configuration in vSphere's words."""

from __future__ import annotations

import math
from typing import Any

from lab.inventory.guestdevices import devices
from lab.inventory.guestrow import Guest
from lab.inventory.ids import stable_uuid
from lab.inventory.merge import merged

# Extra configuration of a healthy guest. The second block is read by controls of vSphere 4 and later.
_EXTRA = {
    "log.rotateSize": "100000",
    "log.keepOld": "10",
    "svga.present": "TRUE",
    "pciBridge0.present": "TRUE",
    "tools.syncTime": "FALSE",
    "isolation.tools.copy.disable": "TRUE",
    "isolation.tools.paste.disable": "TRUE",
    "isolation.tools.dnd.disable": "TRUE",
    "isolation.tools.setGUIOptions.enable": "FALSE",
    "isolation.tools.diskShrink.disable": "TRUE",
    "isolation.tools.diskWiper.disable": "TRUE",
    "isolation.device.connectable.disable": "TRUE",
    "tools.setInfo.sizeLimit": "1048576",
    "RemoteDisplay.maxConnections": "1",
}
_EXTRA_TODAY = {
    "isolation.tools.hgfsServerSet.disable": "TRUE",
    "tools.guestlib.enableHostInfo": "FALSE",
    "mks.enable3d": "FALSE",
    "bios.bootDeviceClasses": "allow:hd",
    "tools.guest.desktop.autolock": "TRUE",
}
_FLAGS = {
    "disableAcceleration": False,
    "enableLogging": True,
    "useToe": False,
    "runWithDebugInfo": False,
    "snapshotLocked": False,
}


def config(guest: Guest, ports: dict[str, Any]) -> dict[str, Any]:
    """VirtualMachineConfigInfo; ``ports`` are the port groups by name."""
    out = {
        **_identity(guest),
        "files": _files(guest),
        "tools": _tools(guest),
        "flags": _FLAGS,
        "defaultPowerOps": {"powerOffType": "soft", "suspendType": "hard", "resetType": "soft"},
        "hardware": {
            "numCPU": guest.row["cpus"],
            "numCoresPerSocket": 1,
            "memoryMB": guest.row["memory_mb"],
            "device": devices(guest, ports),
        },
        "cpuAllocation": _cpu(guest),
        "memoryAllocation": _memory(guest),
        "extraConfig": _extra_config(guest),
        "maxMksConnections": 1,
        "bootOptions": {"bootDelay": 0, "enterBIOSSetup": False, "efiSecureBootEnabled": guest.today},
        "guestAutoLockEnabled": True,
        "migrateEncryption": "required",
        "ftEncryptionMode": "ftEncryptionRequired",
        "swapPlacement": "inherit",
        "datastoreUrl": [{"name": guest.datastore, "url": f"/vmfs/volumes/{guest.datastore}"}],
    }
    return merged(out, guest.row.get("config", {}))


def _identity(guest: Guest) -> dict[str, Any]:
    return {
        "changeVersion": "2009-11-23T04:00:00.000001Z",
        "modified": -86400 * 3,
        "name": guest.name,
        "guestFullName": guest.system.full_name,
        "guestId": guest.system.guest_id,
        "version": guest.hardware,
        "uuid": stable_uuid("bios", guest.name),
        "instanceUuid": stable_uuid("instance", guest.name),
        "template": guest.template,
        "annotation": f"{guest.row['role']}",
        "firmware": "efi" if guest.today else "bios",
    }


def _files(guest: Guest) -> dict[str, str]:
    folder = f"[{guest.datastore}] {guest.name}"
    return {
        "vmPathName": f"{folder}/{guest.name}.vmx",
        "snapshotDirectory": folder,
        "suspendDirectory": folder,
        "logDirectory": folder,
    }


def _tools(guest: Guest) -> dict[str, Any]:
    return {
        "toolsVersion": 12352 if guest.today else 7302,
        "afterPowerOn": True,
        "afterResume": True,
        "beforeGuestStandby": True,
        "beforeGuestShutdown": True,
        "syncTimeWithHost": False,
    }


def _cpu(guest: Guest) -> dict[str, Any]:
    """At least 10 and at most 20 percent of the host."""
    total = guest.host["cpu_mhz"] * guest.host["cores"]
    plain = {
        "reservation": math.ceil(total * 0.10),
        "limit": math.floor(total * 0.20),
        "expandableReservation": False,
        "shares": {"level": "normal", "shares": 1000 * guest.row["cpus"]},
    }
    return merged(plain, guest.row.get("cpu", {}))


def _memory(guest: Guest) -> dict[str, Any]:
    """Half is guaranteed; the limit is what is configured."""
    size = guest.row["memory_mb"]
    plain = {
        "reservation": size // 2,
        "limit": size,
        "expandableReservation": False,
        "shares": {"level": "normal", "shares": size * 10},
    }
    return merged(plain, guest.row.get("memory", {}))


def _extra_config(guest: Guest) -> list[dict[str, Any]]:
    """OptionValue list."""
    plain = _EXTRA | (_EXTRA_TODAY if guest.today else {})
    laid = merged(plain, guest.row.get("extra", {}))
    return [{"_type": "OptionValue", "key": key, "value": value} for key, value in laid.items()]
