"""A guest in vSphere's words."""

from __future__ import annotations

import ipaddress
import math
from typing import Any

from lab.inventory.ids import stable_mac, stable_uuid
from lab.inventory.merge import merged
from lab.inventory.source import read

# system -> (guest id, full name, family), then and today
_SYSTEMS = {
    False: {
        "debian": ("debian5Guest", "Debian GNU/Linux 5 (32-bit)", "linuxGuest"),
        "rhel": ("rhel5Guest", "Red Hat Enterprise Linux 5 (32-bit)", "linuxGuest"),
        "sles": ("sles10Guest", "Suse Linux Enterprise 10 (32-bit)", "linuxGuest"),
        "w2k3": ("winNetStandardGuest", "Microsoft Windows Server 2003, Standard Edition (32-bit)", "windowsGuest"),
        "w2k8": ("winLonghornGuest", "Microsoft Windows Server 2008 (32-bit)", "windowsGuest"),
    },
    True: {
        "debian": ("debian12_64Guest", "Debian GNU/Linux 12 (64-bit)", "linuxGuest"),
        "rhel": ("rhel9_64Guest", "Red Hat Enterprise Linux 9 (64-bit)", "linuxGuest"),
        "sles": ("sles15_64Guest", "SUSE Linux Enterprise 15 (64-bit)", "linuxGuest"),
        "w2k3": ("windows2019srv_64Guest", "Microsoft Windows Server 2019 (64-bit)", "windowsGuest"),
        "w2k8": ("windows2019srvNext_64Guest", "Microsoft Windows Server 2022 (64-bit)", "windowsGuest"),
    },
}

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


def ip_of(zone: str, number: int) -> list[tuple[str, int]]:
    """The number-th guest's addresses in a zone: IPv4, and IPv6 where the zone has it."""
    row = read("zones")["zones"][zone]
    four = ipaddress.ip_network(row["ipv4"])
    out = [(str(four.network_address + 10 + number), four.prefixlen)]
    if "ipv6" in row:
        six = ipaddress.ip_network(row["ipv6"])
        out.append((str(six.network_address + 10 + number), six.prefixlen))
    return out


class Guest:
    """One row of guests.yaml on one endpoint."""

    def __init__(
        self, row: dict[str, Any], number: int, today: bool, hardware: str, host: dict[str, Any], datastore: str
    ) -> None:
        self.row = merged(read("guests")["defaults"], row)
        self.name: str = self.row["name"]
        self.number, self.today, self.hardware, self.host, self.datastore = number, today, hardware, host, datastore
        self.zones: list[str] = self.row.get("zones", [self.row["zone"]])
        self.template = bool(self.row.get("template"))
        self.on = self.row["power"] == "on" and not self.template

    @property
    def networks(self) -> list[str]:
        """Port group of each adapter."""
        rows = read("zones")["zones"]
        return self.row.get("portgroups", [rows[z]["portgroup"] for z in self.zones])

    def extra_config(self) -> list[dict[str, Any]]:
        """OptionValue list."""
        plain = _EXTRA | (_EXTRA_TODAY if self.today else {})
        laid = merged(plain, self.row.get("extra", {}))
        return [{"_type": "OptionValue", "key": key, "value": value} for key, value in laid.items()]

    def devices(self, ports: dict[str, Any]) -> list[dict[str, Any]]:
        """Controllers, disk, adapters, CD-ROM and what the row adds."""
        path = f"[{self.datastore}] {self.name}/{self.name}.vmdk"
        scsi = "VirtualLsiLogicController" if not self.today else "ParaVirtualSCSIController"
        out: list[dict[str, Any]] = [
            {"_type": "VirtualIDEController", "key": 200, "busNumber": 0},
            {"_type": "VirtualIDEController", "key": 201, "busNumber": 1},
            {"_type": "VirtualPS2Controller", "key": 300, "busNumber": 0},
            {"_type": "VirtualPCIController", "key": 100, "busNumber": 0},
            {"_type": "VirtualSIOController", "key": 400, "busNumber": 0},
            {"_type": "VirtualKeyboard", "key": 600, "controllerKey": 300},
            {"_type": "VirtualPointingDevice", "key": 700, "controllerKey": 300},
            {"_type": "VirtualMachineVideoCard", "key": 500, "controllerKey": 100, "videoRamSizeInKB": 4096},
            {
                "_type": scsi,
                "key": 1000,
                "controllerKey": 100,
                "unitNumber": 3,
                "busNumber": 0,
                "sharedBus": "noSharing",
                "scsiCtlrUnitNumber": 7,
            },
            {
                "_type": "VirtualDisk",
                "key": 2000,
                "controllerKey": 1000,
                "unitNumber": 0,
                "capacityInKB": self.row["disk_gb"] << 20,
                "backing": {
                    "_type": "VirtualDiskFlatVer2BackingInfo",
                    "fileName": path,
                    "diskMode": self.row.get("disk_mode", "persistent"),
                    "thinProvisioned": False,
                },
            },
        ]
        for i, network in enumerate(self.networks):
            out.append(self.adapter(i, network, ports))
        if self.row.get("cdrom", self.number % 3 == 0):
            on = bool(self.row.get("cdrom"))
            out.append(
                {
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
            )
        for i, device in enumerate(self.row.get("devices", ())):
            out.append(merged({"key": 9000 + i, "controllerKey": 400}, device))
        for d in out:
            d.setdefault(
                "deviceInfo",
                {
                    "_type": "Description",
                    "label": f"{d['_type'].replace('Virtual', '')} {d['key']}",
                    "summary": d["_type"],
                },
            )
        return out

    def adapter(self, index: int, network: str, ports: dict[str, Any]) -> dict[str, Any]:
        """One virtual network adapter; ``ports`` says which port groups are distributed."""
        kind = "VirtualVmxnet3" if self.today else "VirtualVmxnet2" if self.hardware == "vmx-07" else "VirtualPCNet32"
        port = ports[network]
        if "switch_uuid" in port:
            backing = {
                "_type": "VirtualEthernetCardDistributedVirtualPortBackingInfo",
                "port": {
                    "switchUuid": port["switch_uuid"],
                    "portgroupKey": port["ref"].split(":")[1],
                    "portKey": str(self.number * 4 + index),
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
            "macAddress": self.mac(index),
            "wakeOnLanEnabled": True,
            "connectable": {"startConnected": True, "connected": self.on, "allowGuestControl": True},
            "deviceInfo": {"_type": "Description", "label": f"Network adapter {index + 1}", "summary": network},
        }

    def mac(self, index: int) -> str:
        """The adapter's address."""
        return stable_mac(self.name, str(index))

    def cpu(self) -> dict[str, Any]:
        """At least 10 and at most 20 percent of the host."""
        total = self.host["cpu_mhz"] * self.host["cores"]
        plain = {
            "reservation": math.ceil(total * 0.10),
            "limit": math.floor(total * 0.20),
            "expandableReservation": False,
            "shares": {"level": "normal", "shares": 1000 * self.row["cpus"]},
        }
        return merged(plain, self.row.get("cpu", {}))

    def memory(self) -> dict[str, Any]:
        """Half is guaranteed; the limit is what is configured."""
        size = self.row["memory_mb"]
        plain = {
            "reservation": size // 2,
            "limit": size,
            "expandableReservation": False,
            "shares": {"level": "normal", "shares": size * 10},
        }
        return merged(plain, self.row.get("memory", {}))

    def config(self, ports: dict[str, Any]) -> dict[str, Any]:
        """VirtualMachineConfigInfo."""
        guest_id, full, _ = _SYSTEMS[self.today][self.row["os"]]
        folder = f"[{self.datastore}] {self.name}"
        out = {
            "changeVersion": "2009-11-23T04:00:00.000001Z",
            "modified": -86400 * 3,
            "name": self.name,
            "guestFullName": full,
            "guestId": guest_id,
            "version": self.hardware,
            "uuid": stable_uuid("bios", self.name),
            "instanceUuid": stable_uuid("instance", self.name),
            "template": self.template,
            "annotation": f"{self.row['role']}",
            "firmware": "efi" if self.today else "bios",
            "files": {
                "vmPathName": f"{folder}/{self.name}.vmx",
                "snapshotDirectory": folder,
                "suspendDirectory": folder,
                "logDirectory": folder,
            },
            "tools": {
                "toolsVersion": 12352 if self.today else 7302,
                "afterPowerOn": True,
                "afterResume": True,
                "beforeGuestStandby": True,
                "beforeGuestShutdown": True,
                "syncTimeWithHost": False,
            },
            "flags": {
                "disableAcceleration": False,
                "enableLogging": True,
                "useToe": False,
                "runWithDebugInfo": False,
                "snapshotLocked": False,
            },
            "defaultPowerOps": {"powerOffType": "soft", "suspendType": "hard", "resetType": "soft"},
            "hardware": {
                "numCPU": self.row["cpus"],
                "numCoresPerSocket": 1,
                "memoryMB": self.row["memory_mb"],
                "device": self.devices(ports),
            },
            "cpuAllocation": self.cpu(),
            "memoryAllocation": self.memory(),
            "extraConfig": self.extra_config(),
            "maxMksConnections": 1,
            "bootOptions": {"bootDelay": 0, "enterBIOSSetup": False, "efiSecureBootEnabled": self.today},
            "guestAutoLockEnabled": True,
            "migrateEncryption": "required",
            "ftEncryptionMode": "ftEncryptionRequired",
            "swapPlacement": "inherit",
            "datastoreUrl": [{"name": self.datastore, "url": f"/vmfs/volumes/{self.datastore}"}],
        }
        return merged(out, self.row.get("config", {}))

    def guest(self) -> dict[str, Any]:
        """GuestInfo: addresses appear only while the tools run."""
        guest_id, full, family = _SYSTEMS[self.today][self.row["os"]]
        tools = self.row.get("tools", "guestToolsCurrent")
        missing = tools == "guestToolsNotInstalled"
        old = {"guestToolsCurrent": "toolsOk", "guestToolsNotInstalled": "toolsNotInstalled"}.get(tools, "toolsOld")
        out: dict[str, Any] = {
            "toolsStatus": old if self.on or missing else "toolsNotRunning",
            "toolsVersionStatus": tools if not tools.startswith("guestToolsToo") else "guestToolsNeedUpgrade",
            "toolsVersionStatus2": tools,
            "toolsRunningStatus": "guestToolsRunning" if self.on and not missing else "guestToolsNotRunning",
            "guestState": "running" if self.on else "notRunning",
            "guestId": guest_id,
            "guestFamily": family,
            "guestFullName": full,
        }
        if missing:
            return out
        out["toolsVersion"] = "12352" if self.today else "7302"
        if self.on:
            out["hostName"] = f"{self.name}.belnet.be"
            out["ipAddress"] = ip_of(self.zones[0], self.number)[0][0]
            out["net"] = [self.guest_nic(i, z) for i, z in enumerate(self.zones)]
        return out

    def guest_nic(self, index: int, zone: str) -> dict[str, Any]:
        """GuestNicInfo of one adapter."""
        addresses = ip_of(zone, self.number)
        return {
            "network": self.networks[index],
            "ipAddress": [a for a, _ in addresses],
            "macAddress": self.mac(index),
            "connected": True,
            "deviceConfigId": 4000 + index,
            "ipConfig": {
                "ipAddress": [{"ipAddress": a, "prefixLength": p, "state": "preferred"} for a, p in addresses]
            },
        }

    def properties(self, ports: dict[str, Any]) -> dict[str, Any]:
        """Everything but the references to other objects."""
        config, guest = self.config(ports), self.guest()
        power = "poweredOn" if self.on else "poweredOff"
        runtime: dict[str, Any] = {
            "connectionState": "connected",
            "powerState": power,
            "maxCpuUsage": self.host["cpu_mhz"] * self.row["cpus"],
            "maxMemoryUsage": self.row["memory_mb"],
            "numMksConnections": self.row.get("mks", 0),
            "faultToleranceState": "notConfigured",
            "toolsInstallerMounted": False,
            "recordReplayState": "inactive",
            "consolidationNeeded": False,
        }
        if self.on:
            runtime["bootTime"] = -86400 * 20
        return {
            "name": self.name,
            "overallStatus": "green",
            "configStatus": "green",
            "config": config,
            "guest": guest,
            "runtime": runtime,
            "guestHeartbeatStatus": "green" if self.on else "gray",
            "layout": {},
            "summary": {
                "runtime": runtime,
                "overallStatus": "green",
                "guest": {
                    key: guest[key]
                    for key in (
                        "guestId",
                        "guestFullName",
                        "toolsStatus",
                        "toolsVersionStatus2",
                        "toolsRunningStatus",
                        "hostName",
                        "ipAddress",
                    )
                    if key in guest
                },
                "config": {
                    "name": self.name,
                    "template": self.template,
                    "vmPathName": config["files"]["vmPathName"],
                    "memorySizeMB": self.row["memory_mb"],
                    "numCpu": self.row["cpus"],
                    "numEthernetCards": len(self.networks),
                    "numVirtualDisks": 1,
                    "uuid": config["uuid"],
                    "instanceUuid": config["instanceUuid"],
                    "guestId": config["guestId"],
                    "guestFullName": config["guestFullName"],
                    "annotation": config["annotation"],
                },
                "storage": {
                    "committed": self.row["disk_gb"] << 30,
                    "uncommitted": 0,
                    "unshared": self.row["disk_gb"] << 30,
                    "timestamp": -3600,
                },
                "quickStats": {
                    "overallCpuUsage": self.host["cpu_mhz"] // 12 if self.on else 0,
                    "guestMemoryUsage": self.row["memory_mb"] // 4 if self.on else 0,
                    "hostMemoryUsage": self.row["memory_mb"] if self.on else 0,
                    "guestHeartbeatStatus": "green" if self.on else "gray",
                },
            },
        }
