"""A host system in vSphere's words."""

from __future__ import annotations

from typing import Any

from lab.inventory.hostconfig import config
from lab.inventory.ids import stable_uuid
from lab.inventory.merge import merged

_CAPABILITY = {
    "recursiveResourcePoolsSupported": True,
    "rebootSupported": True,
    "shutdownSupported": True,
    "vmotionSupported": True,
    "standbySupported": True,
    "ipmiSupported": True,
    "maxSupportedVMs": 1024,
    "maxRunningVMs": 0,
    "maxSupportedVcpus": 1024,
    "datastorePrincipalSupported": False,
    "sanSupported": True,
    "nfsSupported": True,
    "iscsiSupported": True,
    "vlanTaggingSupported": True,
    "nicTeamingSupported": True,
    "highGuestMemSupported": True,
    "maintenanceModeSupported": True,
    "suspendedRelocateSupported": True,
    "restrictedSnapshotRelocateSupported": True,
    "perVmSwapFiles": True,
    "localSwapDatastoreSupported": True,
    "unsharedSwapVMotionSupported": True,
    "backgroundSnapshotsSupported": False,
    "preAssignedPCIUnitNumbersSupported": True,
    "screenshotSupported": True,
    "scaledScreenshotSupported": True,
}


def properties(name: str, cluster: str, facts: dict[str, Any], stores: list[dict[str, Any]]) -> dict[str, Any]:
    """Everything but the references to other objects; ``stores`` are the datastores that the host has mounted."""
    uuid = stable_uuid("host", name)
    return {
        "name": name,
        "overallStatus": "green",
        "configStatus": "green",
        "summary": _summary(name, uuid, facts),
        "runtime": _runtime(facts),
        "capability": _capability(facts),
        "hardware": _hardware(uuid, facts["hardware"]),
        "config": config(name, cluster, facts, stores),
    }


def _summary(name: str, uuid: str, facts: dict[str, Any]) -> dict[str, Any]:
    """HostListSummary."""
    hw = facts["hardware"]
    out = {
        "hardware": _hardware_summary(uuid, hw),
        "config": {
            "name": name,
            "port": 443,
            "product": facts["product"],
            "vmotionEnabled": True,
            "faultToleranceEnabled": False,
            "sslThumbprint": _thumbprint(uuid),
        },
        "quickStats": {
            "overallCpuUsage": hw["cpu_mhz"] * hw["cores"] // 5,
            "overallMemoryUsage": hw["memory_gb"] * 512,
            "uptime": 86400 * 40,
        },
        "overallStatus": "green",
        "rebootRequired": False,
        "managementServerIp": "193.190.198.30",
    }
    if facts.get("tpm"):
        out["tpmAttestation"] = {"time": -3600, "status": facts["tpm"]}
    return out


def _thumbprint(uuid: str) -> str:
    return ":".join(uuid.replace("-", "")[i : i + 2].upper() for i in range(0, 32, 2)) + ":00:11:22:33"


def _hardware_summary(uuid: str, hw: dict[str, Any]) -> dict[str, Any]:
    return {
        "vendor": hw["vendor"],
        "model": hw["model"],
        "uuid": uuid,
        "memorySize": hw["memory_gb"] << 30,
        "cpuModel": hw["cpu_model"],
        "cpuMhz": hw["cpu_mhz"],
        "numCpuPkgs": hw["packages"],
        "numCpuCores": hw["cores"],
        "numCpuThreads": hw["threads"],
        "numNics": 6,
        "numHBAs": 2,
    }


def _hardware(uuid: str, hw: dict[str, Any]) -> dict[str, Any]:
    """HostHardwareInfo."""
    return {
        "systemInfo": {
            "vendor": hw["vendor"],
            "model": hw["model"],
            "uuid": uuid,
            "serialNumber": uuid[:7].upper(),
        },
        "cpuInfo": {
            "numCpuPackages": hw["packages"],
            "numCpuCores": hw["cores"],
            "numCpuThreads": hw["threads"],
            "hz": hw["cpu_mhz"] * 1000000,
        },
        "memorySize": hw["memory_gb"] << 30,
        "biosInfo": {"biosVersion": str(hw["bios"]), "releaseDate": "2009-10-30T00:00:00Z", "vendor": hw["vendor"]},
    }


def _runtime(facts: dict[str, Any]) -> dict[str, Any]:
    """HostRuntimeInfo."""
    out = {
        "connectionState": "connected",
        "powerState": "poweredOn",
        "inMaintenanceMode": False,
        "bootTime": -86400 * 40,
        "standbyMode": "none",
        "cryptoState": "incapable",
    }
    if facts.get("tpm"):
        out["stateEncryption"] = merged(
            {"protectionMode": "tpm", "requireSecureBoot": True, "requireExecInstalledOnly": True},
            facts.get("state_encryption", {}),
        )
    return out


def _capability(facts: dict[str, Any]) -> dict[str, Any]:
    """The capabilities that an audit reads."""
    tpm = facts.get("tpm")
    out = {
        **_CAPABILITY,
        "tpmSupported": bool(tpm),
        "txtEnabled": bool(tpm),
        "uefiSecureBoot": facts.get("secure_boot", True),
    }
    if tpm:
        out["tpmVersion"] = facts.get("tpm_version", "2.0")
    return out
