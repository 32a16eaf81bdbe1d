"""The whole inventory of one endpoint: objects, their places, accounts, alarms, events."""

from __future__ import annotations

from typing import Any

from lab.inventory import accounts, switches
from lab.inventory.guests import Guest
from lab.inventory.hosts import method_facts, properties, target_name, vmfs_volume
from lab.inventory.ids import Ids, stable_uuid
from lab.inventory.merge import merged
from lab.inventory.source import host_facts, read

Object = dict[str, Any]


class Estate:
    """Collects the objects of one endpoint while they are made."""

    def __init__(self, name: str, over: dict[str, Any] | None = None) -> None:
        self.name = name
        self.row = merged(read("endpoints")["endpoints"][name], over or {})
        self.ids = Ids()
        self.objects: list[Object] = []
        self.named: dict[str, str] = {}
        self.guest_number = 0
        self.today = self.row.get("accounts") == "today"
        self.root = "ha-folder-root" if "standalone" in self.row else "group-d1"
        self.site_field, self.owner_field = 101, 102

    def add(
        self,
        kind: str,
        name: str,
        parent: str | None,
        props: dict[str, Any] | None = None,
        ref: str = "",
        lab: Any = None,
    ) -> str:
        """Put one object in the file and give its reference."""
        ref = ref or self.ids.make(kind)
        body = {"name": name, "parent": parent, **(props or {})}
        self.objects.append(
            {"ref": ref, "props": {k: v for k, v in body.items() if v is not None}, **({"lab": lab} if lab else {})}
        )
        self.named[name] = ref
        return ref

    def find(self, ref: str) -> dict[str, Any]:
        """The properties of an object made before."""
        return next(o["props"] for o in self.objects if o["ref"] == ref)

    def build(self) -> dict[str, Any]:
        """The file's content."""
        centers = [self.datacenter(name, clusters) for name, clusters in self.row["datacenters"].items()]
        self.mount_foreign()
        self.objects.append(
            {
                "ref": f"Folder:{self.root}",
                "props": {
                    "name": "Datacenters" if self.root == "group-d1" else "ha-folder-root",
                    "childEntity": centers,
                    "childType": ["Folder", "Datacenter"],
                },
            }
        )
        users = accounts.accounts(self.row.get("accounts", ""), self.row["about"]["apiType"])
        return {
            "api": self.row["api"],
            "about": self.row["about"],
            "root": self.root,
            "accounts": users,
            "roles": accounts.roles(self.row["api"]),
            "permissions": accounts.permissions(users, self.named, self.row.get("permissions", [])),
            "objects": self.objects,
            "settings": [
                {"key": k, "value": {"long": v} if type(v) is int else v}
                for k, v in (read("vcenter")["settings"] | self.own_name() | self.row.get("settings", {})).items()
            ],
            "fields": [
                {"key": self.site_field, "name": "Site", "type": "HostSystem", "managedObjectType": "HostSystem"},
                {
                    "key": self.owner_field,
                    "name": "Owner",
                    "type": "VirtualMachine",
                    "managedObjectType": "VirtualMachine",
                },
            ],
            **self.managers(),
        }

    def own_name(self) -> dict[str, str]:
        """What a management server says of itself: name and address of the guest that it runs on."""
        if "runs_on" not in self.row:
            return {}
        guest = self.find(self.named[self.row["runs_on"]])["guest"]
        return {"VirtualCenter.InstanceName": guest["hostName"], "VirtualCenter.ManagedIP": guest["ipAddress"]}

    def managers(self) -> dict[str, Any]:
        """Alarms, scheduled tasks, extensions and past events."""
        rows = read("vcenter")
        root = f"Folder:{self.root}"
        alarms = [
            {
                "ref": f"Alarm:alarm-{i}",
                "props": {
                    "info": {
                        "key": f"alarm-{i}",
                        "alarm": f"Alarm:alarm-{i}",
                        "entity": root,
                        "lastModifiedTime": -86400 * 100,
                        "lastModifiedUser": "",
                        "creationEventId": 0,
                        "name": a["name"],
                        "description": a["name"],
                        "enabled": True,
                        "expression": {
                            "_type": "OrAlarmExpression",
                            "expression": [{"_type": "EventAlarmExpression", "eventType": a["event"]}],
                        },
                        "action": {
                            "_type": "GroupAlarmAction",
                            "action": [
                                {
                                    "_type": "AlarmTriggeringAction",
                                    "green2yellow": True,
                                    "yellow2red": True,
                                    "red2yellow": False,
                                    "yellow2green": False,
                                    "action": {
                                        "_type": "SendEmailAction",
                                        "toList": a["mail"],
                                        "ccList": "",
                                        "subject": "vSphere alarm",
                                        "body": "{alarmName}",
                                    },
                                }
                            ],
                        },
                    }
                },
            }
            for i, a in enumerate(self.row.get("alarms", rows["alarms"]), 1)
        ]
        tasks = [
            {
                "ref": f"ScheduledTask:schedule-{i}",
                "props": {
                    "info": {
                        "scheduledTask": f"ScheduledTask:schedule-{i}",
                        "entity": root,
                        "lastModifiedTime": -86400 * 30,
                        "lastModifiedUser": "BELNET\\mvandenbroeck",
                        "name": t["name"],
                        "description": t["name"],
                        "enabled": True,
                        "notification": "",
                        "nextRunTime": 86400,
                        "prevRunTime": -86400 * 6,
                        "state": "success",
                        "progress": 0,
                        "scheduler": {"_type": "DailyTaskScheduler", "interval": 1, "hour": 2, "minute": 0},
                        "action": {"_type": "MethodAction", "name": t["method"]},
                    }
                },
            }
            for i, t in enumerate(self.row.get("scheduled", rows["scheduled"]), 1)
        ]
        extensions = [
            {
                "key": x["key"],
                "company": x["company"],
                "version": x["version"],
                "lastHeartbeatTime": -60,
                "description": {"_type": "Description", "label": x["label"], "summary": x["label"]},
                "server": [
                    {
                        "url": x["url"],
                        "type": "HTTPS",
                        "company": x["company"],
                        "adminEmail": ["noc@belnet.be"],
                        "description": {"_type": "Description", "label": x["label"], "summary": x["label"]},
                    }
                ],
            }
            for x in rows["extensions"] + self.row.get("extensions", [])
        ]
        return {
            "alarms": alarms,
            "scheduled": tasks,
            "extensions": extensions,
            "events": [self.event(e) for e in self.row.get("events", [])],
        }

    def event(self, row: dict[str, Any]) -> dict[str, Any]:
        """A past event; ``guest`` and ``user`` name what it is about."""
        props = dict(
            row["props"],
            userName=row["user"],
            fullFormattedMessage=f"{row['type']} {row.get('guest', '')} {row['user']}".replace("  ", " "),
        )
        if "guest" in row:
            ref = self.named[row["guest"]]
            props["vm"] = {"name": row["guest"], "vm": ref}
            props["host"] = {"name": "", "host": self.find(ref)["runtime"]["host"]}
            if "srcTemplate" in props:
                props["srcTemplate"] = {
                    "name": props["srcTemplate"]["name"],
                    "vm": self.named[props["srcTemplate"]["name"]],
                }
        return {"type": row["type"], "ago_s": row["ago_s"], "props": props}

    def mount_foreign(self) -> None:
        """Volumes that a host outside the owning cluster has mounted."""
        for volume, host in self.row.get("foreign_mounts", {}).items():
            store, at = self.named[volume], self.named[host]
            row = self.find(store)
            row["host"].append(row["host"][0] | {"key": at})
            self.find(at)["datastore"].append(store)

    def datacenter(self, name: str, clusters: dict[str, Any]) -> str:
        """One datacenter with its folders, clusters, hosts and guests."""
        dc = "Datacenter:ha-datacenter" if name == "ha-datacenter" else self.ids.make("Datacenter")
        folders = {
            kind: self.ids.make("Folder", suffix)
            for kind, suffix in (("vm", "v"), ("host", "h"), ("datastore", "s"), ("network", "n"))
        }
        self.add("Datacenter", name, f"Folder:{self.root}", {f"{k}Folder": r for k, r in folders.items()}, ref=dc)
        kids: dict[str, list[str]] = {kind: [] for kind in folders}
        ports: dict[str, Any] = {}
        stores: list[str] = []
        for cluster, hosts in clusters.items():
            stores += self.cluster(cluster, hosts, folders, kids, ports)
        types = {
            "vm": ["Folder", "VirtualMachine", "VirtualApp"],
            "host": ["Folder", "ComputeResource"],
            "datastore": ["Folder", "Datastore", "StoragePod"],
            "network": ["Folder", "Network", "DistributedVirtualSwitch"],
        }
        for kind, ref in folders.items():
            self.add("Folder", kind, dc, {"childEntity": kids[kind], "childType": types[kind]}, ref=ref)
        self.find(dc)["datastore"] = stores
        self.find(dc)["network"] = [p["ref"] for p in ports.values()]
        return dc

    def cluster(
        self,
        name: str,
        hosts: dict[str, Any],
        folders: dict[str, str],
        kids: dict[str, list[str]],
        ports: dict[str, Any],
    ) -> list[str]:
        """A cluster (or a stand-alone host's compute resource) with everything on it; gives its datastores."""
        alone = "standalone" in self.row
        kind = "ComputeResource" if alone else "ClusterComputeResource"
        ref, pool = self.ids.make(kind), self.ids.make("ResourcePool")
        host_refs = {h: "HostSystem:ha-host" if alone else self.ids.make("HostSystem") for h in hosts}
        facts = {h: host_facts(self.row, over or {}) for h, over in hosts.items()}
        stores = self.datastores(name, folders["datastore"], host_refs)
        kids["datastore"] += [s["ref"] for s in stores]
        kids["host"].append(ref)
        self.networks(name, facts, folders["network"], host_refs, kids, ports)
        guests = self.guests(name, host_refs, facts, pool, folders["vm"], kids, stores, ports)
        for h, host_ref in host_refs.items():
            self.host(h, host_ref, name, facts[h], ref, stores, guests[h], ports)
        mine = [p["ref"] for p in ports.values() if set(host_refs.values()) & set(p["hosts"])]
        total = sum(f["hardware"]["cpu_mhz"] * f["hardware"]["cores"] for f in facts.values())
        memory = sum(f["hardware"]["memory_gb"] << 30 for f in facts.values())
        over = self.row.get("clusters", {}).get(name, {})
        drs = merged({"enabled": True, "defaultVmBehavior": "fullyAutomated", "vmotionRate": 3}, over.get("drs", {}))
        das = merged(
            {"enabled": True, "admissionControlEnabled": True, "failoverLevel": 1, "hostMonitoring": "enabled"},
            over.get("ha", {}),
        )
        vm_ref = {o["props"]["name"]: o["ref"] for o in self.objects if o["ref"].startswith("VirtualMachine:")}
        rules = [
            {
                "_type": "ClusterAntiAffinityRuleSpec" if r["apart"] else "ClusterAffinityRuleSpec",
                "key": i,
                "enabled": True,
                "name": r["name"],
                "status": "green",
                "userCreated": True,
                "mandatory": False,
                "vm": [vm_ref[g] for g in r["guests"]],
            }
            for i, r in enumerate(read("vcenter")["rules"].get(name, []) + over.get("rules", []), 1)
        ]
        summary: dict[str, Any] = {
            "totalCpu": total,
            "totalMemory": memory,
            "numCpuCores": sum(f["hardware"]["cores"] for f in facts.values()),
            "numCpuThreads": sum(f["hardware"]["threads"] for f in facts.values()),
            "effectiveCpu": total * 9 // 10,
            "effectiveMemory": (memory >> 20) * 9 // 10,
            "numHosts": len(hosts),
            "numEffectiveHosts": len(hosts),
            "overallStatus": "green",
        }
        props: dict[str, Any] = {
            "host": list(host_refs.values()),
            "resourcePool": pool,
            "datastore": [s["ref"] for s in stores],
            "network": mine,
            "overallStatus": "green",
        }
        if alone:
            props["configurationEx"] = {"_type": "ComputeResourceConfigInfo", "vmSwapPlacement": "vmDirectory"}
            summary["_type"] = "ComputeResourceSummary"
        else:
            summary |= {
                "_type": "ClusterComputeResourceSummary",
                "currentFailoverLevel": 1,
                "numVmotions": 0,
                "currentEVCModeKey": "intel-icelake" if self.today else "intel-penryn",
            }
            props["configurationEx"] = {
                "_type": "ClusterConfigInfoEx",
                "drsConfig": drs,
                "dasConfig": das,
                "rule": rules,
                "dpmConfigInfo": {"enabled": False},
            }
            props["configuration"] = {"drsConfig": drs, "dasConfig": das, "rule": rules}
        self.add(kind, name, folders["host"], {**props, "summary": summary}, ref=ref)
        allocation = {
            "reservation": total * 9 // 10,
            "limit": total * 9 // 10,
            "expandableReservation": True,
            "shares": {"level": "normal", "shares": 4000},
        }
        self.add(
            "ResourcePool",
            "Resources",
            ref,
            {
                "owner": ref,
                "vm": [g for gs in guests.values() for g in gs],
                "overallStatus": "green",
                "config": {
                    "cpuAllocation": allocation,
                    "memoryAllocation": allocation | {"reservation": memory >> 20, "limit": memory >> 20},
                },
                "runtime": {
                    "memory": {
                        "reservationUsed": 0,
                        "reservationUsedForVm": 0,
                        "unreservedForPool": 0,
                        "unreservedForVm": 0,
                        "overallUsage": 0,
                        "maxUsage": memory,
                    },
                    "cpu": {
                        "reservationUsed": 0,
                        "reservationUsedForVm": 0,
                        "unreservedForPool": 0,
                        "unreservedForVm": 0,
                        "overallUsage": 0,
                        "maxUsage": total,
                    },
                    "overallStatus": "green",
                },
                "summary": {
                    "_type": "ResourcePoolSummary",
                    "name": "Resources",
                    "config": {"cpuAllocation": allocation, "memoryAllocation": allocation},
                    "runtime": {"memory": {}, "cpu": {}, "overallStatus": "green"},
                },
            },
            ref=pool,
        )
        return [s["ref"] for s in stores]

    def datastores(self, cluster: str, folder: str, hosts: dict[str, str]) -> list[dict[str, Any]]:
        """The volumes of a cluster, mounted on its hosts (and on a host that an override adds)."""
        out = []
        for a in read("storage")["arrays"]:
            if a["cluster"] != cluster:
                continue
            ref = self.ids.make("Datastore")
            self.add(
                "Datastore",
                a["volume"],
                folder,
                {
                    "overallStatus": "green",
                    "browser": "HostDatastoreBrowser:datastoreBrowser-" + ref.split("-")[-1],
                    "summary": {
                        "datastore": ref,
                        "name": a["volume"],
                        "url": f"ds:///vmfs/volumes/{a['volume']}/",
                        "capacity": a["size_gb"] << 30,
                        "freeSpace": a["size_gb"] << 29,
                        "accessible": True,
                        "multipleHostAccess": len(hosts) > 1,
                        "type": "VMFS",
                        "maintenanceMode": "normal",
                    },
                    "info": {
                        "_type": "VmfsDatastoreInfo",
                        "name": a["volume"],
                        "url": "",
                        "freeSpace": a["size_gb"] << 29,
                        "maxFileSize": 2 << 40,
                        "vmfs": vmfs_volume(a["volume"], a["size_gb"]),
                    },
                    "capability": {
                        "directoryHierarchySupported": True,
                        "rawDiskMappingsSupported": True,
                        "perFileThinProvisioningSupported": True,
                    },
                    "host": [
                        {
                            "key": h,
                            "mountInfo": {
                                "path": f"/vmfs/volumes/{a['volume']}",
                                "accessMode": "readWrite",
                                "mounted": True,
                                "accessible": True,
                            },
                        }
                        for h in hosts.values()
                    ],
                },
                ref=ref,
            )
            out.append(
                {"ref": ref, "name": a["volume"], "iqn": target_name(a), "portal": a["portal"], "size_gb": a["size_gb"]}
            )
        return out

    def networks(
        self,
        cluster: str,
        facts: dict[str, Any],
        folder: str,
        hosts: dict[str, str],
        kids: dict[str, list[str]],
        ports: dict[str, Any],
    ) -> None:
        """The port groups of a cluster's hosts: standard ones by name, distributed ones where the endpoint has a switch."""
        distributed = self.row.get("distributed", {}).get(cluster)
        if distributed:
            uuid = stable_uuid("dvs", self.name, distributed["name"])
            for row in facts.values():
                row["proxy"] = {"uuid": uuid, "name": distributed["name"], "uplinks": distributed["uplinks"]}
            switches.distributed(self, cluster, distributed, folder, hosts, kids, ports)
        from lab.inventory.hostnet import switches as standard

        for host, ref in hosts.items():
            for switch in standard(cluster, facts[host]).values():
                for portgroup in switch["portgroups"]:
                    if portgroup not in ports:
                        net = self.add(
                            "Network",
                            portgroup,
                            folder,
                            {
                                "summary": {
                                    "_type": "NetworkSummary",
                                    "name": portgroup,
                                    "accessible": True,
                                    "ipPoolName": "",
                                },
                                "host": [],
                                "vm": [],
                            },
                            ref=self.ids.make("Network"),
                        )
                        ports[portgroup] = {"ref": net, "hosts": []}
                        kids["network"].append(net)
                    if ref not in ports[portgroup]["hosts"]:
                        ports[portgroup]["hosts"].append(ref)
                        self.find(ports[portgroup]["ref"])["host"].append(ref)

    def guests(
        self,
        cluster: str,
        hosts: dict[str, str],
        facts: dict[str, Any],
        pool: str,
        folder: str,
        kids: dict[str, list[str]],
        stores: list[dict[str, Any]],
        ports: dict[str, Any],
    ) -> dict[str, list[str]]:
        """The guests of a cluster, dealt over its hosts in turn; gives the references by host."""
        by_host: dict[str, list[str]] = {h: [] for h in hosts}
        names = list(hosts)
        sub: dict[str, list[str]] = {}
        over = self.row.get("guests", {})
        rows = read("guests")["guests"].get(cluster, []) + self.row.get("more_guests", {}).get(cluster, [])
        for i, plain in enumerate(rows):
            self.guest_number += 1
            row = merged(plain, over.get(plain["name"], {}))
            host = row.get("host", names[i % len(names)])
            store = stores[i % len(stores)]
            guest = Guest(
                row, self.guest_number, self.today, self.row["guest_hardware"], facts[host]["hardware"], store["name"]
            )
            ref = self.ids.make("VirtualMachine")
            props = guest.properties(ports)
            props["runtime"]["host"] = hosts[host]
            props["summary"]["runtime"] = props["runtime"]
            nets = [ports[n]["ref"] for n in guest.networks]
            for n in nets:
                self.find(n)["vm"].append(ref)
            box = "Templates" if guest.template else self.folder_of(row)
            props |= {
                "network": nets,
                "datastore": [store["ref"]],
                "resourcePool": None if guest.template else pool,
                "customValue": [
                    {"_type": "CustomFieldStringValue", "key": self.owner_field, "value": row.get("owner", "systems")}
                ],
            }
            if "standalone" in self.row:
                props.pop("customValue")
            if "snapshot_days" in row:
                props["snapshot"] = {
                    "currentSnapshot": f"VirtualMachineSnapshot:snapshot-{self.guest_number}",
                    "rootSnapshotList": [
                        {
                            "snapshot": f"VirtualMachineSnapshot:snapshot-{self.guest_number}",
                            "vm": ref,
                            "name": "before update",
                            "description": "",
                            "id": 1,
                            "createTime": -86400 * row["snapshot_days"],
                            "state": "poweredOn",
                            "quiesced": False,
                            "replaySupported": False,
                        }
                    ],
                }
            sub.setdefault(box, [])
            self.add("VirtualMachine", guest.name, None, {k: v for k, v in props.items() if k != "name"}, ref=ref)
            sub[box].append(ref)
            by_host[host].append(ref)
        for box, refs in sub.items():
            full = f"{cluster}: {box}" if f"Folder {box}" in self.named else box
            self.named[f"Folder {box}"] = "taken"
            at = self.add(
                "Folder",
                full,
                folder,
                {"childEntity": refs, "childType": ["Folder", "VirtualMachine"]},
                ref=self.ids.make("Folder", "v"),
            )
            kids["vm"].append(at)
            for ref in refs:
                self.find(ref)["parent"] = at
        return by_host

    @staticmethod
    def folder_of(row: dict[str, Any]) -> str:
        """Guests lie in folders by zone."""
        return {
            "dmz-web": "DMZ",
            "dmz-mail": "DMZ",
            "dmz-dns": "DMZ",
            "external-test": "DMZ Test",
            "internal-srv": "Internal servers",
            "internal-db": "Databases",
            "internal-mgmt": "Management",
            "scarlet": "Scarlet",
            "test": "Test",
        }[row["zone"]]

    def host(
        self,
        name: str,
        ref: str,
        cluster: str,
        facts: dict[str, Any],
        parent: str,
        stores: list[dict[str, Any]],
        guests: list[str],
        ports: dict[str, Any],
    ) -> None:
        """One host."""
        props = properties(name, cluster, facts, stores)
        props |= {
            "vm": guests,
            "datastore": [s["ref"] for s in stores],
            "network": [p["ref"] for p in ports.values() if ref in p["hosts"]],
        }
        if "standalone" not in self.row:
            props["customValue"] = [{"_type": "CustomFieldStringValue", "key": self.site_field, "value": facts["site"]}]
        props.pop("name")
        self.add("HostSystem", name, parent, props, ref=ref, lab=method_facts(name, facts))


def inventory(endpoint: str, over: dict[str, Any] | None = None) -> dict[str, Any]:
    """The inventory file's content for an endpoint of lab/belnet; ``over`` is laid on its row first."""
    return Estate(endpoint, over).build()
