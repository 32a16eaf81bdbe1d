"""A guest in vSphere's words."""

from __future__ import annotations

from typing import Any

from lab.inventory.guestconfig import config
from lab.inventory.guestinfo import guest_info
from lab.inventory.guestrow import Guest

_SUMMED_UP = (
    "guestId",
    "guestFullName",
    "toolsStatus",
    "toolsVersionStatus2",
    "toolsRunningStatus",
    "hostName",
    "ipAddress",
)


def properties(guest: Guest, ports: dict[str, Any]) -> dict[str, Any]:
    """Everything but the references to other objects; ``ports`` are the port groups by name."""
    configured, told, runtime = config(guest, ports), guest_info(guest), _runtime(guest)
    return {
        "name": guest.name,
        "overallStatus": "green",
        "configStatus": "green",
        "config": configured,
        "guest": told,
        "runtime": runtime,
        "guestHeartbeatStatus": "green" if guest.on else "gray",
        "layout": {},
        "summary": {
            "runtime": runtime,
            "overallStatus": "green",
            "guest": {key: told[key] for key in _SUMMED_UP if key in told},
            "config": _config_summary(guest, configured),
            "storage": {
                "committed": guest.row["disk_gb"] << 30,
                "uncommitted": 0,
                "unshared": guest.row["disk_gb"] << 30,
                "timestamp": -3600,
            },
            "quickStats": _quick_stats(guest),
        },
    }


def _runtime(guest: Guest) -> dict[str, Any]:
    """VirtualMachineRuntimeInfo."""
    out: dict[str, Any] = {
        "connectionState": "connected",
        "powerState": "poweredOn" if guest.on else "poweredOff",
        "maxCpuUsage": guest.host["cpu_mhz"] * guest.row["cpus"],
        "maxMemoryUsage": guest.row["memory_mb"],
        "numMksConnections": guest.row.get("mks", 0),
        "faultToleranceState": "notConfigured",
        "toolsInstallerMounted": False,
        "recordReplayState": "inactive",
        "consolidationNeeded": False,
    }
    if guest.on:
        out["bootTime"] = -86400 * 20
    return out


def _config_summary(guest: Guest, configured: dict[str, Any]) -> dict[str, Any]:
    """VirtualMachineConfigSummary of a configuration."""
    return {
        "name": guest.name,
        "template": guest.template,
        "vmPathName": configured["files"]["vmPathName"],
        "memorySizeMB": guest.row["memory_mb"],
        "numCpu": guest.row["cpus"],
        "numEthernetCards": len(guest.networks),
        "numVirtualDisks": 1,
        "uuid": configured["uuid"],
        "instanceUuid": configured["instanceUuid"],
        "guestId": configured["guestId"],
        "guestFullName": configured["guestFullName"],
        "annotation": configured["annotation"],
    }


def _quick_stats(guest: Guest) -> dict[str, Any]:
    """VirtualMachineQuickStats."""
    return {
        "overallCpuUsage": guest.host["cpu_mhz"] // 12 if guest.on else 0,
        "guestMemoryUsage": guest.row["memory_mb"] // 4 if guest.on else 0,
        "hostMemoryUsage": guest.row["memory_mb"] if guest.on else 0,
        "guestHeartbeatStatus": "green" if guest.on else "gray",
    }
