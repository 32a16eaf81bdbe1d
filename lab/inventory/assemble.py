"""The whole inventory of one endpoint: objects, their places, accounts, alarms, events."""

from __future__ import annotations

from typing import Any

from lab.inventory import accounts, managers
from lab.inventory.clusters import add_cluster
from lab.inventory.datastores import mount_foreign
from lab.inventory.estate import Center, Estate

_FOLDERS = {
    "vm": ("v", ["Folder", "VirtualMachine", "VirtualApp"]),
    "host": ("h", ["Folder", "ComputeResource"]),
    "datastore": ("s", ["Folder", "Datastore", "StoragePod"]),
    "network": ("n", ["Folder", "Network", "DistributedVirtualSwitch"]),
}
"""Kind -> ending of the reference's prefix, and what may lie in it."""


def inventory(endpoint: str, over: dict[str, Any] | None = None) -> dict[str, Any]:
    """The inventory file's content for an endpoint of lab/belnet; ``over`` is laid on its row first."""
    estate = Estate(endpoint, over)
    centers = [_add_datacenter(estate, name, clusters) for name, clusters in estate.row["datacenters"].items()]
    mount_foreign(estate)
    _add_root(estate, centers)
    row = estate.row
    users = accounts.accounts(row.get("accounts", ""), row["about"]["apiType"])
    return {
        "api": row["api"],
        "about": row["about"],
        "root": estate.root,
        "accounts": users,
        "roles": accounts.roles(row["api"]),
        "permissions": accounts.permissions(users, estate.named, row.get("permissions", [])),
        "objects": estate.objects,
        "settings": managers.settings(estate),
        "fields": managers.FIELDS,
        **managers.managers(estate),
    }


def _add_root(estate: Estate, centers: list[str]) -> None:
    """The root folder: it has no parent, and a permission means it by naming nothing."""
    name = "ha-folder-root" if estate.standalone else "Datacenters"
    props = {"name": name, "childEntity": centers, "childType": ["Folder", "Datacenter"]}
    estate.objects.append({"ref": f"Folder:{estate.root}", "props": props})


def _add_datacenter(estate: Estate, name: str, clusters: dict[str, Any]) -> str:
    """A datacenter with its folders, clusters, hosts and guests; gives its reference."""
    ref = "Datacenter:ha-datacenter" if name == "ha-datacenter" else estate.ids.make("Datacenter")
    center = Center(
        folders={kind: estate.ids.make("Folder", ending) for kind, (ending, _) in _FOLDERS.items()},
        kids={kind: [] for kind in _FOLDERS},
        ports={},
    )
    props = {f"{kind}Folder": folder for kind, folder in center.folders.items()}
    estate.add("Datacenter", name, f"Folder:{estate.root}", props, ref=ref)
    stores = [s for cluster, hosts in clusters.items() for s in add_cluster(estate, cluster, hosts, center)]
    for kind, folder in center.folders.items():
        inside = {"childEntity": center.kids[kind], "childType": _FOLDERS[kind][1]}
        estate.add("Folder", kind, ref, inside, ref=folder)
    estate.find(ref)["datastore"] = stores
    estate.find(ref)["network"] = [p["ref"] for p in center.ports.values()]
    return ref
