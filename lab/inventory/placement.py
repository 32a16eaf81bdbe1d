"""Guests on the hosts and datastores of a cluster, and in folders."""

from __future__ import annotations

from typing import Any

from lab.inventory.estate import OWNER_FIELD, Center, Cluster, Estate
from lab.inventory.guestrow import Guest
from lab.inventory.guests import properties
from lab.inventory.merge import merged
from lab.inventory.source import read

_FOLDERS = {
    "dmz-web": "DMZ",
    "dmz-mail": "DMZ",
    "dmz-dns": "DMZ",
    "external-test": "DMZ Test",
    "internal-srv": "Internal servers",
    "internal-db": "Databases",
    "internal-mgmt": "Management",
    "scarlet": "Scarlet",
    "test": "Test",
}
"""Guests lie in folders by zone."""


def place_guests(estate: Estate, cluster: Cluster, center: Center) -> dict[str, list[str]]:
    """The guests of a cluster, dealt over its hosts and datastores in turn; gives the references by host."""
    by_host: dict[str, list[str]] = {h: [] for h in cluster.hosts}
    by_folder: dict[str, list[str]] = {}
    names, over = list(cluster.hosts), estate.row.get("guests", {})
    for i, plain in enumerate(_rows(estate, cluster.name)):
        row = merged(plain, over.get(plain["name"], {}))
        host, store = row.get("host", names[i % len(names)]), cluster.stores[i % len(cluster.stores)]
        estate.guest_number += 1
        hardware = cluster.facts[host]["hardware"]
        guest = Guest(row, estate.guest_number, estate.today, estate.row["guest_hardware"], hardware, store["name"])
        ref = _place(estate, cluster, center, guest, cluster.hosts[host], store["ref"])
        by_folder.setdefault("Templates" if guest.template else _FOLDERS[row["zone"]], []).append(ref)
        by_host[host].append(ref)
    for folder, refs in by_folder.items():
        _file(estate, cluster, center, folder, refs)
    return by_host


def _rows(estate: Estate, cluster: str) -> list[dict[str, Any]]:
    return read("guests")["guests"].get(cluster, []) + estate.row.get("more_guests", {}).get(cluster, [])


def _place(estate: Estate, cluster: Cluster, center: Center, guest: Guest, host: str, store: str) -> str:
    """Add one guest; gives its reference."""
    ref = estate.ids.make("VirtualMachine")
    props = properties(guest, center.ports)
    props["runtime"]["host"] = host  # the summary shows the same runtime
    nets = [center.ports[n]["ref"] for n in guest.networks]
    for net in nets:
        estate.find(net)["vm"].append(ref)
    props |= {"network": nets, "datastore": [store], "resourcePool": None if guest.template else cluster.pool}
    if not estate.standalone:
        owner = guest.row.get("owner", "systems")
        props["customValue"] = [{"_type": "CustomFieldStringValue", "key": OWNER_FIELD, "value": owner}]
    if "snapshot_days" in guest.row:
        props["snapshot"] = _snapshot(guest, ref)
    del props["name"]
    return estate.add("VirtualMachine", guest.name, None, props, ref=ref)


def _snapshot(guest: Guest, ref: str) -> dict[str, Any]:
    """VirtualMachineSnapshotInfo of a guest with one snapshot."""
    snapshot = f"VirtualMachineSnapshot:snapshot-{guest.number}"
    return {
        "currentSnapshot": snapshot,
        "rootSnapshotList": [
            {
                "snapshot": snapshot,
                "vm": ref,
                "name": "before update",
                "description": "",
                "id": 1,
                "createTime": -86400 * guest.row["snapshot_days"],
                "state": "poweredOn",
                "quiesced": False,
                "replaySupported": False,
            }
        ],
    }


def _file(estate: Estate, cluster: Cluster, center: Center, name: str, guests: list[str]) -> None:
    """Put guests in a folder of that name; where another cluster has one, the cluster's name makes it another."""
    full = f"{cluster.name}: {name}" if f"Folder {name}" in estate.named else name
    estate.named[f"Folder {name}"] = "taken"
    at = estate.add(
        "Folder",
        full,
        center.folders["vm"],
        {"childEntity": guests, "childType": ["Folder", "VirtualMachine"]},
        ref=estate.ids.make("Folder", "v"),
    )
    center.kids["vm"].append(at)
    for ref in guests:
        estate.find(ref)["parent"] = at
