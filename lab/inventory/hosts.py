"""A host system in vSphere's words."""

from __future__ import annotations

from typing import Any

from lab.inventory import firewall, hostnet
from lab.inventory.ids import stable_mac, stable_uuid
from lab.inventory.merge import merged
from lab.inventory.source import read


def option_value(value: Any) -> Any:
    """An option's value with the wire type that servers use: whole numbers are long."""
    return {"long": value} if isinstance(value, int) and not isinstance(value, bool) else value


def options(facts: dict[str, Any]) -> list[dict[str, Any]]:
    """OptionValue list."""
    return [
        {"_type": "OptionValue", "key": key, "value": option_value(value)}
        for key, value in sorted(facts["options"].items())
    ]


def host_bus_adapter(name: str, cluster: str, facts: dict[str, Any]) -> list[dict[str, Any]]:
    """The local controller and the software iSCSI adapter with its targets."""
    iscsi, storage = facts["iscsi"], read("storage")
    authentication = chap(name, iscsi["chap"], iscsi["mutual"])
    arrays = [a for a in storage["arrays"] if a["cluster"] == cluster]
    static = []
    for a in arrays:
        over = iscsi.get("targets", {}).get(a["name"], {})
        own = chap(name, over.get("chap", iscsi["chap"]), over.get("mutual", iscsi["mutual"]))
        static.append(
            {
                "address": a["portal"],
                "port": 3260,
                "iScsiName": target_name(a),
                "discoveryMethod": "sendTargetDiscovered",
                "authenticationProperties": own | {"chapInherited": not over, "mutualChapInherited": not over},
            }
        )
    return [
        {
            "_type": "HostBlockHba",
            "key": "key-vim.host.BlockHba-vmhba0",
            "device": "vmhba0",
            "bus": 0,
            "status": "unknown",
            "model": "SAS1064E",
            "driver": "mptspi",
            "pci": "01:00.0",
        },
        {
            "_type": "HostInternetScsiHba",
            "key": f"key-vim.host.InternetScsiHba-{iscsi['adapter']}",
            "device": iscsi["adapter"],
            "bus": 33,
            "status": "online",
            "model": "iSCSI Software Adapter",
            "driver": iscsi["driver"],
            "isSoftwareBased": True,
            "canBeDisabled": True,
            "networkBindingSupport": "required",
            "iScsiName": f"iqn.1998-01.com.vmware:{name.split('.', maxsplit=1)[0]}",
            "iScsiAlias": name,
            "discoveryProperties": {
                "iSnsDiscoveryEnabled": False,
                "slpDiscoveryEnabled": False,
                "staticTargetDiscoveryEnabled": True,
                "sendTargetsDiscoveryEnabled": True,
            },
            "discoveryCapabilities": {
                "iSnsDiscoverySettable": False,
                "slpDiscoverySettable": False,
                "staticTargetDiscoverySettable": False,
                "sendTargetsDiscoverySettable": False,
            },
            "authenticationCapabilities": {
                "chapAuthSettable": True,
                "krb5AuthSettable": False,
                "srpAuthSettable": False,
                "spkmAuthSettable": False,
                "mutualChapSettable": True,
                "targetChapSettable": True,
                "targetMutualChapSettable": True,
            },
            "ipCapabilities": {
                "addressSettable": False,
                "ipConfigurationMethodSettable": False,
                "subnetMaskSettable": False,
                "defaultGatewaySettable": False,
                "primaryDnsServerAddressSettable": False,
                "alternateDnsServerAddressSettable": False,
            },
            "ipProperties": {"dhcpConfigurationEnabled": False, "mac": stable_mac(name, "iscsi")},
            "authenticationProperties": authentication,
            "configuredSendTarget": [
                {
                    "address": storage["group_address"],
                    "port": 3260,
                    "authenticationProperties": authentication | {"chapInherited": True, "mutualChapInherited": True},
                }
            ],
            "configuredStaticTarget": static,
        },
    ]


def chap(name: str, one_way: str, mutual: str) -> dict[str, Any]:
    """HostInternetScsiHbaAuthenticationProperties without its secrets: servers never return them."""
    on, both = one_way != "chapProhibited", mutual != "chapProhibited"
    out: dict[str, Any] = {
        "chapAuthEnabled": on,
        "chapAuthenticationType": one_way,
        "mutualChapAuthenticationType": mutual,
    }
    if on:
        out["chapName"] = name.split(".", maxsplit=1)[0]
    if both:
        out["mutualChapName"] = "eqlgroup"
    return out


def target_name(array: dict[str, Any]) -> str:
    """The iSCSI name of an array's volume."""
    word = stable_uuid(array["name"], array["volume"]).replace("-", "")
    return f"{read('storage')['iqn_prefix']}:0-8a0906-{word[:9]}-{word[9:25]}-{array['volume']}"


def vmfs_volume(name: str, size_gb: int) -> dict[str, Any]:
    """HostVmfsVolume: what hosts and datastores tell of the same volume."""
    return {
        "type": "VMFS",
        "name": name,
        "capacity": size_gb << 30,
        "blockSizeMb": 1,
        "maxBlocks": 62914560,
        "majorVersion": 3,
        "version": "3.33",
        "uuid": stable_uuid("vmfs", name),
        "extent": [{"diskName": f"naa.{stable_uuid('naa', name).replace('-', '')}", "partition": 1}],
        "vmfsUpgradable": False,
    }


def lockdown(facts: dict[str, Any]) -> dict[str, Any]:
    """adminDisabled before 6.0, lockdownMode since; both are set, the server shows what its version has."""
    mode = facts["lockdown"]
    if isinstance(mode, bool):
        mode = "lockdownNormal" if mode else "lockdownDisabled"
    return {"lockdownMode": mode, "adminDisabled": mode != "lockdownDisabled"}


def config(name: str, cluster: str, facts: dict[str, Any], datastores: list[dict[str, Any]]) -> dict[str, Any]:
    """HostConfigInfo."""
    adapters = host_bus_adapter(name, cluster, facts)
    net = hostnet.network_info(name, cluster, facts)
    vmotion = next((n for n in net["vnic"] if n["device"] in hostnet.nic_services(facts)["vmotion"]), None)
    out = {
        "host": "HostSystem:x",
        "product": facts["product"],
        **lockdown(facts),
        "hyperThread": {
            "available": facts["hardware"]["threads"] > facts["hardware"]["cores"],
            "active": False,
            "config": False,
        },
        "network": net,
        "vmotion": {
            "netConfig": {"candidateVnic": net["vnic"], "selectedVnic": f"VMotionConfig.vmotion.{vmotion['key']}"},
            "ipConfig": vmotion["spec"]["ip"],
        }
        if vmotion
        else None,
        "virtualNicManagerInfo": hostnet.nic_manager(name, facts),
        "service": {"service": firewall.services(facts["services"])},
        "firewall": firewall.firewall(facts),
        "option": options(facts),
        "dateTimeInfo": {
            "timeZone": {"key": "UTC", "name": "UTC", "description": "UTC", "gmtOffset": 0},
            "ntpConfig": {"server": facts["ntp"]},
            "systemClockProtocol": "ntp",
        },
        "storageDevice": {
            "softwareInternetScsiEnabled": True,
            "hostBusAdapter": adapters,
            "scsiTopology": {
                "adapter": [
                    {
                        "key": f"key-vim.host.ScsiTopology.Interface-{a['device']}",
                        "adapter": a["key"],
                        "target": [
                            {
                                "key": f"key-target-{d['name']}",
                                "target": i,
                                "transport": {
                                    "_type": "HostInternetScsiTargetTransport",
                                    "iScsiName": d["iqn"],
                                    "iScsiAlias": "",
                                    "address": [d["portal"] + ":3260"],
                                },
                            }
                            for i, d in enumerate(datastores)
                            if "iqn" in d
                        ]
                        if "iScsiName" in a
                        else [],
                    }
                    for a in adapters
                ]
            },
        },
        "fileSystemVolume": {
            "volumeTypeList": ["VMFS", "NFS"],
            "mountInfo": [
                {
                    "mountInfo": {
                        "path": f"/vmfs/volumes/{d['name']}",
                        "accessMode": "readWrite",
                        "mounted": True,
                        "accessible": True,
                    },
                    "volume": {"_type": "HostVmfsVolume", **vmfs_volume(d["name"], d["size_gb"])},
                }
                for d in datastores
            ],
        },
        "activeDiagnosticPartition": {
            "storageType": "directAttached",
            "diagnosticType": "singleHost",
            "slots": -15,
            "id": {"diskName": "mpx.vmhba0:C0:T0:L0", "partition": 7},
        },
        "authenticationManagerInfo": {
            "authConfig": [
                {"_type": "HostLocalAuthenticationInfo", "enabled": True},
                {
                    "_type": "HostActiveDirectoryInfo",
                    "enabled": True,
                    "joinedDomain": "belnet.be",
                    "domainMembershipStatus": "ok",
                },
            ]
        },
        "flags": {"backgroundSnapshotsEnabled": False},
    }
    return {key: value for key, value in merged(out, facts.get("config", {})).items() if value is not None}


def capability(facts: dict[str, Any]) -> dict[str, Any]:
    """The capabilities that an audit reads."""
    tpm = facts.get("tpm")
    out = {
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
        "tpmSupported": bool(tpm),
        "txtEnabled": bool(tpm),
        "uefiSecureBoot": facts.get("secure_boot", True),
    }
    if tpm:
        out["tpmVersion"] = facts.get("tpm_version", "2.0")
    return out


def runtime(facts: dict[str, Any]) -> dict[str, Any]:
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


def properties(name: str, cluster: str, facts: dict[str, Any], datastores: list[dict[str, Any]]) -> dict[str, Any]:
    """Everything but the references to other objects."""
    hw = facts["hardware"]
    uuid = stable_uuid("host", name)
    summary: dict[str, Any] = {
        "hardware": {
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
        },
        "config": {
            "name": name,
            "port": 443,
            "product": facts["product"],
            "vmotionEnabled": True,
            "faultToleranceEnabled": False,
            "sslThumbprint": ":".join(uuid.replace("-", "")[i : i + 2].upper() for i in range(0, 32, 2))
            + ":00:11:22:33",
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
        summary["tpmAttestation"] = {"time": -3600, "status": facts["tpm"]}
    return {
        "name": name,
        "overallStatus": "green",
        "configStatus": "green",
        "summary": summary,
        "runtime": runtime(facts),
        "capability": capability(facts),
        "hardware": {
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
        },
        "config": config(name, cluster, facts, datastores),
    }


def method_facts(name: str, facts: dict[str, Any]) -> dict[str, Any]:
    """What a host tells through methods only."""
    level = facts.get("acceptance", "partner")
    packages = [
        ("esx-base", "vmware_certified"),
        ("bnx2x", "vmware_certified"),
        ("dell-configuration-vib", "partner"),
        ("eql-mem", "partner"),
    ]
    modules = ["vmkernel", "iscsi_vmk", "bnx2", "mptsas", "vmfs3", "etherswitch", "nfsclient", "migrate"]
    return {
        "lockdown_exceptions": facts.get("lockdown_exceptions", []),
        "acceptance": level,
        "tpm_report": bool(facts.get("tpm")),
        "packages": [
            {
                "name": n,
                "version": facts["product"]["version"] + "-" + str(facts["product"]["build"]),
                "acceptance": a,
                "vendor": "VMware",
            }
            for n, a in packages
        ]
        + facts.get("extra_packages", []),
        "modules": [{"name": m, "signed": "VMware"} for m in modules] + facts.get("extra_modules", []),
        "certificate": merged(
            {
                "issuer": "OU=Belnet Systems,O=Belnet,C=BE,CN=Belnet Issuing CA",
                "subject": f"CN={name},O=Belnet,C=BE",
                "not_before_days": -200,
                "not_after_days": 500,
                "status": "good",
            },
            facts.get("certificate", {}),
        ),
        "users": facts["users"],
    }
