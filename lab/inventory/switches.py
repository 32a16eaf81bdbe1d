"""Distributed switches in vSphere's words."""

from __future__ import annotations

from typing import Any

from lab.inventory.estate import Estate
from lab.inventory.ids import stable_uuid
from lab.inventory.merge import merged
from lab.inventory.source import read


def port_setting(vlan: Any, security: dict[str, bool]) -> dict[str, Any]:
    """VMwareDVSPortSetting with VLAN, security policy and MAC management."""
    if isinstance(vlan, list):
        spec = {
            "_type": "VmwareDistributedVirtualSwitchTrunkVlanSpec",
            "inherited": False,
            "vlanId": [{"start": a, "end": b} for a, b in vlan],
        }
    else:
        spec = {"_type": "VmwareDistributedVirtualSwitchVlanIdSpec", "inherited": False, "vlanId": vlan}
    flag = {key: {"inherited": False, "value": value} for key, value in security.items()}
    return {
        "_type": "VMwareDVSPortSetting",
        "blocked": {"inherited": False, "value": False},
        "vlan": spec,
        "securityPolicy": {"inherited": False, **flag},
        "macManagementPolicy": {
            "inherited": False,
            **security,
            "macLearningPolicy": {"inherited": False, "enabled": False},
        },
        "ipfixEnabled": {"inherited": False, "value": False},
        "lacpPolicy": {"inherited": False, "enable": {"inherited": False, "value": False}},
        "uplinkTeamingPolicy": {
            "inherited": False,
            "policy": {"inherited": False, "value": "loadbalance_srcid"},
            "uplinkPortOrder": {"inherited": False, "activeUplinkPort": ["uplink1"], "standbyUplinkPort": ["uplink2"]},
        },
    }


_SAFE = {"allowPromiscuous": False, "forgedTransmits": False, "macChanges": False}
_PLAIN = {
    "blockOverrideAllowed": True,
    "shapingOverrideAllowed": False,
    "vendorConfigOverrideAllowed": False,
    "livePortMovingAllowed": False,
    "portConfigResetAtDisconnect": True,
    "networkResourcePoolOverrideAllowed": False,
    "trafficFilterOverrideAllowed": False,
    "vlanOverrideAllowed": False,
    "uplinkTeamingOverrideAllowed": False,
    "securityPolicyOverrideAllowed": False,
    "ipfixOverrideAllowed": False,
    "macManagementOverrideAllowed": False,
}


def portgroup(
    estate: Estate,
    name: str,
    vlan: Any,
    row: dict[str, Any],
    switch: str,
    folder: str,
    hosts: list[str],
    ref: str,
    kind: str = "",
) -> None:
    """One distributed port group."""
    key = ref.split(":")[1]
    estate.add(
        "DistributedVirtualPortgroup",
        name,
        folder,
        {
            "key": key,
            "portKeys": [str(i) for i in range(8)],
            "host": hosts,
            "vm": [],
            "tag": [{"key": "SYSTEM/DVS.UPLINKPG"}] if kind == "uplink" else [],
            "summary": {"_type": "NetworkSummary", "name": name, "accessible": True, "ipPoolName": ""},
            "config": {
                "key": key,
                "name": name,
                "numPorts": 8,
                "distributedVirtualSwitch": switch,
                "type": "earlyBinding",
                "autoExpand": True,
                "configVersion": "1",
                "defaultPortConfig": port_setting(vlan, merged(_SAFE, row.get("security", {}))),
                "policy": {"_type": "VMwareDVSPortgroupPolicy", **merged(_PLAIN, row.get("policy", {}))},
                **({"uplink": True} if kind == "uplink" else {"uplink": False}),
            },
        },
        ref=ref,
    )


def distributed(
    estate: Estate,
    cluster: str,
    row: dict[str, Any],
    folder: str,
    hosts: dict[str, str],
    kids: dict[str, list[str]],
    ports: dict[str, Any],
) -> None:
    """A distributed switch that carries the guest networks of a cluster."""
    zones = read("zones")
    name = row["name"]
    switch = estate.ids.make("VmwareDistributedVirtualSwitch")
    uuid = stable_uuid("dvs", estate.name, name)
    refs = list(hosts.values())
    made: dict[str, str] = {}
    groups = {zones["zones"][z]["portgroup"]: {"vlan": zones["zones"][z]["vlan"]} for z in zones["clusters"][cluster]}
    for pg, spec in merged(groups, row.get("portgroups", {})).items():
        made[pg] = estate.ids.make("DistributedVirtualPortgroup")
        portgroup(estate, pg, spec["vlan"], spec, switch, folder, refs, made[pg])
        ports[pg] = {"ref": made[pg], "hosts": refs, "switch_uuid": uuid}
        kids["network"].append(made[pg])
    uplink = estate.ids.make("DistributedVirtualPortgroup")
    portgroup(estate, f"{name}-DVUplinks", [[0, 4094]], {}, switch, folder, refs, uplink, "uplink")
    kids["network"] += [uplink, switch]
    members = [
        {
            "runtimeState": {"currentMaxProxySwitchPorts": 512},
            "config": {
                "host": h,
                "maxProxySwitchPorts": 512,
                "backing": {
                    "_type": "DistributedVirtualSwitchHostMemberPnicBacking",
                    "pnicSpec": [
                        {"pnicDevice": p, "uplinkPortKey": str(i), "uplinkPortgroupKey": uplink.split(":")[1]}
                        for i, p in enumerate(row["uplinks"])
                    ],
                },
            },
        }
        for h in refs
    ]
    estate.add(
        "VmwareDistributedVirtualSwitch",
        name,
        folder,
        {
            "uuid": uuid,
            "portgroup": [*made.values(), uplink],
            "overallStatus": "green",
            "capability": {
                "dvsOperationSupported": True,
                "dvPortGroupOperationSupported": True,
                "dvPortOperationSupported": True,
            },
            "summary": {
                "name": name,
                "uuid": uuid,
                "numPorts": 64,
                "hostMember": refs,
                "vm": [],
                "host": refs,
                "portgroupName": [*made, f"{name}-DVUplinks"],
                "productInfo": {"name": "DVS", "vendor": "VMware, Inc.", "version": "8.0.0"},
            },
            "config": {
                "_type": "VMwareDVSConfigInfo",
                "uuid": uuid,
                "name": name,
                "numStandalonePorts": 0,
                "numPorts": 64,
                "maxPorts": 2147483647,
                "configVersion": "1",
                "uplinkPortPolicy": {"_type": "DVSNameArrayUplinkPortPolicy", "uplinkPortName": ["uplink1", "uplink2"]},
                "uplinkPortgroup": [uplink],
                "defaultPortConfig": port_setting(0, merged(_SAFE, row.get("security", {}))),
                "host": members,
                "maxMtu": 1500,
                "productInfo": {"name": "DVS", "vendor": "VMware, Inc.", "version": "8.0.0"},
                "createTime": -86400 * 300,
                "policy": {"autoPreInstallAllowed": False, "autoUpgradeAllowed": False, "partialUpgradeAllowed": False},
                "networkResourceManagementEnabled": row.get("nioc", True),
                "lacpApiVersion": "multipleLag",
                "linkDiscoveryProtocolConfig": {"protocol": "lldp", "operation": row.get("discovery", "none")},
                "ipfixConfig": row.get(
                    "ipfix",
                    {"activeFlowTimeout": 60, "idleFlowTimeout": 15, "samplingRate": 0, "internalFlowsOnly": False},
                ),
                "healthCheckConfig": [
                    {
                        "_type": "VMwareDVSVlanMtuHealthCheckConfig",
                        "enable": row.get("health_check", False),
                        "interval": 1,
                    },
                    {"_type": "VMwareDVSTeamingHealthCheckConfig", "enable": False, "interval": 1},
                ],
                "vspanSession": [
                    {
                        "key": s["name"],
                        "name": s["name"],
                        "enabled": True,
                        "normalTrafficAllowed": False,
                        "stripOriginalVlan": False,
                        "sessionType": s["type"],
                        "destinationPort": {"ipAddress": [s["to"]]},
                        "sourcePortReceived": {"portKey": ["1"]},
                        "sourcePortTransmitted": {"portKey": ["1"]},
                    }
                    for s in row.get("mirrors", [])
                ],
            },
        },
        ref=switch,
    )
