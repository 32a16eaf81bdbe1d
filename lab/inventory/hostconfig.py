"""A host's configuration in vSphere's words."""

from __future__ import annotations

from typing import Any

from lab.inventory import firewall, hostnet
from lab.inventory.hoststorage import file_systems, storage_device
from lab.inventory.merge import merged

_DIAGNOSTIC_PARTITION = {
    "storageType": "directAttached",
    "diagnosticType": "singleHost",
    "slots": -15,
    "id": {"diskName": "mpx.vmhba0:C0:T0:L0", "partition": 7},
}
_AUTHENTICATION = {
    "authConfig": [
        {"_type": "HostLocalAuthenticationInfo", "enabled": True},
        {
            "_type": "HostActiveDirectoryInfo",
            "enabled": True,
            "joinedDomain": "belnet.be",
            "domainMembershipStatus": "ok",
        },
    ]
}


def config(name: str, cluster: str, facts: dict[str, Any], stores: list[dict[str, Any]]) -> dict[str, Any]:
    """HostConfigInfo; ``stores`` are the datastores that the host has mounted."""
    net = hostnet.network_info(name, cluster, facts)
    out = {
        "host": "HostSystem:x",
        "product": facts["product"],
        **_lockdown(facts),
        "hyperThread": {
            "available": facts["hardware"]["threads"] > facts["hardware"]["cores"],
            "active": False,
            "config": False,
        },
        "network": net,
        "vmotion": _vmotion(facts, net["vnic"]),
        "virtualNicManagerInfo": hostnet.nic_manager(name, facts),
        "service": {"service": firewall.services(facts["services"])},
        "firewall": firewall.firewall(facts),
        "option": _options(facts),
        "dateTimeInfo": {
            "timeZone": {"key": "UTC", "name": "UTC", "description": "UTC", "gmtOffset": 0},
            "ntpConfig": {"server": facts["ntp"]},
            "systemClockProtocol": "ntp",
        },
        "storageDevice": storage_device(name, cluster, facts, stores),
        "fileSystemVolume": file_systems(stores),
        "activeDiagnosticPartition": _DIAGNOSTIC_PARTITION,
        "authenticationManagerInfo": _AUTHENTICATION,
        "flags": {"backgroundSnapshotsEnabled": False},
    }
    return {key: value for key, value in merged(out, facts.get("config", {})).items() if value is not None}


def _lockdown(facts: dict[str, Any]) -> dict[str, Any]:
    """adminDisabled before 6.0, lockdownMode since; both are set, the server shows what its version has."""
    mode = facts["lockdown"]
    if isinstance(mode, bool):
        mode = "lockdownNormal" if mode else "lockdownDisabled"
    return {"lockdownMode": mode, "adminDisabled": mode != "lockdownDisabled"}


def _vmotion(facts: dict[str, Any], nics: list[dict[str, Any]]) -> dict[str, Any] | None:
    """HostVMotionInfo, or None on a host where no kernel interface carries vMotion."""
    nic = next((n for n in nics if n["device"] in hostnet.nic_services(facts)["vmotion"]), None)
    if nic is None:
        return None
    return {
        "netConfig": {"candidateVnic": nics, "selectedVnic": f"VMotionConfig.vmotion.{nic['key']}"},
        "ipConfig": nic["spec"]["ip"],
    }


def _options(facts: dict[str, Any]) -> list[dict[str, Any]]:
    """OptionValue list."""
    return [
        {"_type": "OptionValue", "key": key, "value": _option_value(value)}
        for key, value in sorted(facts["options"].items())
    ]


def _option_value(value: Any) -> Any:
    """An option's value with the wire type that servers use: whole numbers are long."""
    return {"long": value} if isinstance(value, int) and not isinstance(value, bool) else value
