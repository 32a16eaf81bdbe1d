"""A cluster with everything on it, in vSphere's words."""

from __future__ import annotations

from typing import Any

from lab.inventory.datastores import add_datastores
from lab.inventory.estate import SITE_FIELD, Center, Cluster, Estate
from lab.inventory.hostmethods import method_facts
from lab.inventory.hosts import properties
from lab.inventory.merge import merged
from lab.inventory.networks import add_networks
from lab.inventory.placement import place_guests
from lab.inventory.source import host_facts, read

_DRS = {"enabled": True, "defaultVmBehavior": "fullyAutomated", "vmotionRate": 3}
_HA = {"enabled": True, "admissionControlEnabled": True, "failoverLevel": 1, "hostMonitoring": "enabled"}
_UNUSED = {
    "reservationUsed": 0,
    "reservationUsedForVm": 0,
    "unreservedForPool": 0,
    "unreservedForVm": 0,
    "overallUsage": 0,
}


def add_cluster(estate: Estate, name: str, rows: dict[str, Any], center: Center) -> list[str]:
    """Add a cluster (or a stand-alone host's compute resource) and everything on it; gives its datastores.

    ``rows`` are the overrides of its hosts.
    """
    cluster = _begun(estate, name, rows, center)
    add_networks(estate, cluster, center)
    guests = place_guests(estate, cluster, center)
    for host in cluster.hosts:
        _add_host(estate, cluster, host, guests[host], center)
    _add_resource(estate, cluster, center)
    _add_pool(estate, cluster, [g for gs in guests.values() for g in gs])
    return [s["ref"] for s in cluster.stores]


def _begun(estate: Estate, name: str, rows: dict[str, Any], center: Center) -> Cluster:
    """The references of a cluster and its hosts, and its datastores, which are the first to be there."""
    ref, pool = estate.ids.make(_kind(estate)), estate.ids.make("ResourcePool")
    hosts = {h: "HostSystem:ha-host" if estate.standalone else estate.ids.make("HostSystem") for h in rows}
    facts = {h: host_facts(estate.row, over or {}) for h, over in rows.items()}
    stores = add_datastores(estate, name, center.folders["datastore"], hosts)
    center.kids["datastore"] += [s["ref"] for s in stores]
    center.kids["host"].append(ref)
    return Cluster(name=name, ref=ref, pool=pool, hosts=hosts, facts=facts, stores=stores)


def _kind(estate: Estate) -> str:
    return "ComputeResource" if estate.standalone else "ClusterComputeResource"


def _add_host(estate: Estate, cluster: Cluster, name: str, guests: list[str], center: Center) -> None:
    ref, facts = cluster.hosts[name], cluster.facts[name]
    props = properties(name, cluster.name, facts, cluster.stores)
    props |= {
        "vm": guests,
        "datastore": [s["ref"] for s in cluster.stores],
        "network": [p["ref"] for p in center.ports.values() if ref in p["hosts"]],
    }
    if not estate.standalone:
        props["customValue"] = [{"_type": "CustomFieldStringValue", "key": SITE_FIELD, "value": facts["site"]}]
    del props["name"]
    estate.add("HostSystem", name, cluster.ref, props, ref=ref, lab=method_facts(name, facts))


def _add_resource(estate: Estate, cluster: Cluster, center: Center) -> None:
    """The cluster itself."""
    hosts = list(cluster.hosts.values())
    props = {
        "host": hosts,
        "resourcePool": cluster.pool,
        "datastore": [s["ref"] for s in cluster.stores],
        "network": [p["ref"] for p in center.ports.values() if set(hosts) & set(p["hosts"])],
        "overallStatus": "green",
        **_configuration(estate, cluster.name),
        "summary": _summary(estate, cluster),
    }
    estate.add(_kind(estate), cluster.name, center.folders["host"], props, ref=cluster.ref)


def _configuration(estate: Estate, cluster: str) -> dict[str, Any]:
    if estate.standalone:
        return {"configurationEx": {"_type": "ComputeResourceConfigInfo", "vmSwapPlacement": "vmDirectory"}}
    over = estate.row.get("clusters", {}).get(cluster, {})
    plain = {
        "drsConfig": merged(_DRS, over.get("drs", {})),
        "dasConfig": merged(_HA, over.get("ha", {})),
        "rule": _rules(estate, read("vcenter")["rules"].get(cluster, []) + over.get("rules", [])),
    }
    return {
        "configurationEx": {"_type": "ClusterConfigInfoEx", **plain, "dpmConfigInfo": {"enabled": False}},
        "configuration": plain,
    }


def _rules(estate: Estate, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    guests = {o["props"]["name"]: o["ref"] for o in estate.objects if o["ref"].startswith("VirtualMachine:")}
    return [
        {
            "_type": "ClusterAntiAffinityRuleSpec" if r["apart"] else "ClusterAffinityRuleSpec",
            "key": i,
            "enabled": True,
            "name": r["name"],
            "status": "green",
            "userCreated": True,
            "mandatory": False,
            "vm": [guests[g] for g in r["guests"]],
        }
        for i, r in enumerate(rows, 1)
    ]


def _summary(estate: Estate, cluster: Cluster) -> dict[str, Any]:
    plain = {
        "totalCpu": cluster.cpu_mhz,
        "totalMemory": cluster.memory_bytes,
        "numCpuCores": sum(f["hardware"]["cores"] for f in cluster.facts.values()),
        "numCpuThreads": sum(f["hardware"]["threads"] for f in cluster.facts.values()),
        "effectiveCpu": cluster.cpu_mhz * 9 // 10,
        "effectiveMemory": (cluster.memory_bytes >> 20) * 9 // 10,
        "numHosts": len(cluster.hosts),
        "numEffectiveHosts": len(cluster.hosts),
        "overallStatus": "green",
    }
    if estate.standalone:
        return plain | {"_type": "ComputeResourceSummary"}
    return plain | {
        "_type": "ClusterComputeResourceSummary",
        "currentFailoverLevel": 1,
        "numVmotions": 0,
        "currentEVCModeKey": "intel-icelake" if estate.today else "intel-penryn",
    }


def _add_pool(estate: Estate, cluster: Cluster, guests: list[str]) -> None:
    """The root resource pool."""
    memory_mib = cluster.memory_bytes >> 20
    cpu = {
        "reservation": cluster.cpu_mhz * 9 // 10,
        "limit": cluster.cpu_mhz * 9 // 10,
        "expandableReservation": True,
        "shares": {"level": "normal", "shares": 4000},
    }
    props = {
        "owner": cluster.ref,
        "vm": guests,
        "overallStatus": "green",
        "config": {"cpuAllocation": cpu, "memoryAllocation": cpu | {"reservation": memory_mib, "limit": memory_mib}},
        "runtime": {
            "memory": {**_UNUSED, "maxUsage": cluster.memory_bytes},
            "cpu": {**_UNUSED, "maxUsage": cluster.cpu_mhz},
            "overallStatus": "green",
        },
        "summary": {
            "_type": "ResourcePoolSummary",
            "name": "Resources",
            "config": {"cpuAllocation": cpu, "memoryAllocation": cpu},
            "runtime": {"memory": {}, "cpu": {}, "overallStatus": "green"},
        },
    }
    estate.add("ResourcePool", "Resources", cluster.ref, props, ref=cluster.pool)
