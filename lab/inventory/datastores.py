"""Datastores in vSphere's words."""

from __future__ import annotations

from typing import Any

from lab.inventory.estate import Estate
from lab.inventory.source import read
from lab.inventory.volumes import target_name, vmfs_volume


def add_datastores(estate: Estate, cluster: str, folder: str, hosts: dict[str, str]) -> list[dict[str, Any]]:
    """The volumes of a cluster, mounted on its hosts, as ref, name, iqn, portal and size_gb."""
    out = []
    for array in read("storage")["arrays"]:
        if array["cluster"] != cluster:
            continue
        ref, name = estate.ids.make("Datastore"), array["volume"]
        estate.add("Datastore", name, folder, _properties(array, ref, list(hosts.values())), ref=ref)
        row = {"ref": ref, "name": name, "iqn": target_name(array), "portal": array["portal"]}
        out.append(row | {"size_gb": array["size_gb"]})
    return out


def mount_foreign(estate: Estate) -> None:
    """Volumes that a host outside the owning cluster has mounted."""
    for volume, host in estate.row.get("foreign_mounts", {}).items():
        store, at = estate.named[volume], estate.named[host]
        row = estate.find(store)
        row["host"].append(row["host"][0] | {"key": at})
        estate.find(at)["datastore"].append(store)


def _properties(array: dict[str, Any], ref: str, hosts: list[str]) -> dict[str, Any]:
    name, size_gb = array["volume"], array["size_gb"]
    return {
        "overallStatus": "green",
        "browser": "HostDatastoreBrowser:datastoreBrowser-" + ref.rpartition("-")[2],
        "summary": {
            "datastore": ref,
            "name": name,
            "url": f"ds:///vmfs/volumes/{name}/",
            "capacity": size_gb << 30,
            "freeSpace": size_gb << 29,
            "accessible": True,
            "multipleHostAccess": len(hosts) > 1,
            "type": "VMFS",
            "maintenanceMode": "normal",
        },
        "info": {
            "_type": "VmfsDatastoreInfo",
            "name": name,
            "url": "",
            "freeSpace": size_gb << 29,
            "maxFileSize": 2 << 40,
            "vmfs": vmfs_volume(name, size_gb),
        },
        "capability": {
            "directoryHierarchySupported": True,
            "rawDiskMappingsSupported": True,
            "perFileThinProvisioningSupported": True,
        },
        "host": [_mount(host, name) for host in hosts],
    }


def _mount(host: str, volume: str) -> dict[str, Any]:
    return {
        "key": host,
        "mountInfo": {
            "path": f"/vmfs/volumes/{volume}",
            "accessMode": "readWrite",
            "mounted": True,
            "accessible": True,
        },
    }
