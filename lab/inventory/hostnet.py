"""A host's network in vSphere's words: adapters, switches, port groups, kernel interfaces."""

from __future__ import annotations

import ipaddress
import re
from typing import Any

from lab.inventory.ids import stable_mac
from lab.inventory.merge import merged
from lab.inventory.source import read

_SHAPING = {"enabled": False, "averageBandwidth": 102400000, "peakBandwidth": 102400000, "burstSize": 104857600}


def blade_number(name: str) -> int:
    """5 for esxblade5.fw.belnet.be; 50 for a host without a number."""
    found = re.search(r"(\d+)", name.split(".", maxsplit=1)[0])
    return int(found.group(1)) if found else 50


def address(zone: str, number: int) -> tuple[str, str]:
    """The number-th address of a zone and its mask."""
    net = ipaddress.ip_network(read("zones")["zones"][zone]["ipv4"])
    return str(net.network_address + number), str(net.netmask)


def switches(cluster: str, facts: dict[str, Any]) -> dict[str, Any]:
    """Switch -> port groups of a host: management and vMotion, storage, and the guest networks of its cluster."""
    zones = read("zones")
    vlan = {z: row["vlan"] for z, row in zones["zones"].items()}
    label = {z: row["portgroup"] for z, row in zones["zones"].items()}
    guests = {label[z]: {"vlan": vlan[z]} for z in zones["clusters"][cluster]}
    plain = {
        "vSwitch0": {
            "portgroups": {
                label["management"]: {"vlan": vlan["management"]},
                label["vmotion"]: {"vlan": vlan["vmotion"]},
            }
        },
        "vSwitch1": {"portgroups": guests},
        "vSwitch2": {"portgroups": {label["san"]: {"vlan": vlan["san"]}}},
    }
    if "proxy" in facts:
        del plain["vSwitch1"]  # a distributed switch carries the guests
    return merged(plain, facts.get("switches", {}))


def policy(security: dict[str, bool], uplinks: list[str]) -> dict[str, Any]:
    """HostNetworkPolicy with everything set."""
    return {
        "security": security,
        "nicTeaming": {
            "policy": "loadbalance_srcid",
            "reversePolicy": True,
            "notifySwitches": True,
            "rollingOrder": False,
            "failureCriteria": {
                "checkSpeed": "minimum",
                "speed": 10,
                "checkDuplex": False,
                "fullDuplex": False,
                "checkErrorPercent": False,
                "percentage": 0,
                "checkBeacon": False,
            },
            "nicOrder": {"activeNic": uplinks[:1], "standbyNic": uplinks[1:]},
        },
        "offloadPolicy": {"csumOffload": True, "tcpSegmentation": True, "zeroCopyXmit": True},
        "shapingPolicy": dict(_SHAPING),
    }


def network_info(name: str, cluster: str, facts: dict[str, Any]) -> dict[str, Any]:
    """HostNetworkInfo."""
    rows = switches(cluster, facts)
    vswitches, portgroups = [], []
    for switch, row in rows.items():
        uplinks = facts["uplinks"].get(switch, [])
        security = merged(facts["security"], row.get("security", {}))
        vswitches.append(
            {
                "name": switch,
                "key": f"key-vim.host.VirtualSwitch-{switch}",
                "numPorts": 128,
                "numPortsAvailable": 100,
                "mtu": 1500,
                "portgroup": [f"key-vim.host.PortGroup-{pg}" for pg in row["portgroups"]],
                "pnic": [f"key-vim.host.PhysicalNic-{u}" for u in uplinks],
                "spec": {
                    "numPorts": 128,
                    "mtu": 1500,
                    "policy": policy(security, uplinks),
                    "bridge": {
                        "_type": "HostVirtualSwitchBondBridge",
                        "nicDevice": uplinks,
                        "linkDiscoveryProtocolConfig": {"protocol": "cdp", "operation": "listen"},
                    },
                },
            }
        )
        for pg, spec in row["portgroups"].items():
            own = spec.get("security", {})
            portgroups.append(
                {
                    "key": f"key-vim.host.PortGroup-{pg}",
                    "vswitch": f"key-vim.host.VirtualSwitch-{switch}",
                    "spec": {
                        "name": pg,
                        "vlanId": spec["vlan"],
                        "vswitchName": switch,
                        "policy": {"security": own} if own else {},
                    },
                    "computedPolicy": policy(merged(security, own), uplinks),
                }
            )
    nics = sorted({u for us in facts["uplinks"].values() for u in us})
    return {
        "proxySwitch": proxies(facts),
        "vswitch": vswitches,
        "portgroup": portgroups,
        "pnic": [pnic(name, n, i) for i, n in enumerate(nics)],
        "vnic": [vnic(name, *row) for row in kernel_nics(facts)],
        "consoleVnic": [vnic(name, *row) for row in console_nics(facts)],
        "dnsConfig": {
            "dhcp": False,
            "hostName": name.split(".", maxsplit=1)[0],
            "domainName": "fw.belnet.be",
            "address": ["193.190.198.10", "193.190.198.11"],
            "searchDomain": ["belnet.be"],
        },
        "ipRouteConfig": {"defaultGateway": address("management", 1)[0]},
        "atBootIpV6Enabled": False,
        "ipV6Enabled": False,
    }


def pnic(host: str, device: str, index: int) -> dict[str, Any]:
    """PhysicalNic."""
    return {
        "key": f"key-vim.host.PhysicalNic-{device}",
        "device": device,
        "pci": f"0000:{4 + index:02x}:00.{index % 2}",
        "driver": "bnx2",
        "linkSpeed": {"speedMb": 1000, "duplex": True},
        "spec": {"linkSpeed": {"speedMb": 1000, "duplex": True}},
        "wakeOnLanSupported": True,
        "mac": stable_mac(host, device),
    }


def classic(facts: dict[str, Any]) -> bool:
    """True on ESX with a service console."""
    return facts["product"]["productLineId"] == "esx"


def kernel_nics(facts: dict[str, Any]) -> list[tuple[str, str, str]]:
    """(device, port group, zone) of the kernel interfaces."""
    rows = [("vMotion", "vmotion"), ("SAN", "san")]
    if not classic(facts):
        rows.insert(0, ("Management", "management"))
    plain = {f"vmk{i}": {"portgroup": pg, "zone": zone} for i, (pg, zone) in enumerate(rows)}
    laid = merged(plain, facts.get("kernel_nics", {}))
    return [(device, row["portgroup"], row["zone"]) for device, row in laid.items()]


def console_nics(facts: dict[str, Any]) -> list[tuple[str, str, str]]:
    """The service console's interface, on classic ESX."""
    return [("vswif0", "Management", "management")] if classic(facts) else []


def vnic(host: str, device: str, portgroup: str, zone: str) -> dict[str, Any]:
    """HostVirtualNic."""
    ip, mask = address(zone, 4 + blade_number(host) % 26 if zone == "management" else 100 + blade_number(host))
    return {
        "device": device,
        "key": f"key-vim.host.VirtualNic-{device}",
        "portgroup": portgroup,
        "port": f"key-vim.host.PortGroup.Port-{device}",
        "spec": {
            "ip": {"dhcp": False, "ipAddress": ip, "subnetMask": mask},
            "mac": stable_mac(host, device),
            "mtu": 1500,
            "portgroup": portgroup,
        },
    }


def nic_services(facts: dict[str, Any]) -> dict[str, list[str]]:
    """Which interfaces carry management, vMotion and storage."""
    of = {pg: device for device, pg, _ in kernel_nics(facts) + console_nics(facts)}
    plain = {
        "management": [of["Management"]],
        "vmotion": [of["vMotion"]],
        "faultToleranceLogging": [],
        "vSphereReplication": [],
    }
    return merged(plain, facts.get("nic_services", {}))


def nic_manager(name: str, facts: dict[str, Any]) -> dict[str, Any]:
    """HostVirtualNicManagerInfo."""
    nics = [vnic(name, *row) for row in kernel_nics(facts) + console_nics(facts)]
    return {
        "netConfig": [
            {
                "nicType": kind,
                "multiSelectAllowed": kind == "management",
                "candidateVnic": nics,
                "selectedVnic": [f"{kind}.{n['key']}" for n in nics if n["device"] in devices],
            }
            for kind, devices in nic_services(facts).items()
        ]
    }


def proxies(facts: dict[str, Any]) -> list[dict[str, Any]]:
    """The host's end of its distributed switch."""
    if "proxy" not in facts:
        return []
    proxy = facts["proxy"]
    return [
        {
            "dvsUuid": proxy["uuid"],
            "dvsName": proxy["name"],
            "key": f"key-vim.host.HostProxySwitch-{proxy['uuid']}",
            "numPorts": 512,
            "numPortsAvailable": 480,
            "pnic": [f"key-vim.host.PhysicalNic-{u}" for u in proxy["uplinks"]],
            "spec": {
                "backing": {
                    "_type": "DistributedVirtualSwitchHostMemberPnicBacking",
                    "pnicSpec": [{"pnicDevice": u} for u in proxy["uplinks"]],
                }
            },
        }
    ]
