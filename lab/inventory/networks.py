"""The networks of a cluster's hosts: standard port groups by name, distributed ones where the endpoint has a switch."""

from __future__ import annotations

from typing import Any

from lab.inventory import hostnet, switches
from lab.inventory.estate import Center, Cluster, Estate
from lab.inventory.ids import stable_uuid


def add_networks(estate: Estate, cluster: Cluster, center: Center) -> None:
    """Add the port groups of a cluster's hosts to its datacenter."""
    row = estate.row.get("distributed", {}).get(cluster.name)
    if row:
        _distributed(estate, cluster, center, row)
    for host, ref in cluster.hosts.items():
        for switch in hostnet.switches(cluster.name, cluster.facts[host]).values():
            for name in switch["portgroups"]:
                if name not in center.ports:
                    _standard(estate, name, center)
                _connect(estate, ref, center.ports[name])


def _distributed(estate: Estate, cluster: Cluster, center: Center, row: dict[str, Any]) -> None:
    uuid = stable_uuid("dvs", estate.name, row["name"])
    for facts in cluster.facts.values():
        facts["proxy"] = {"uuid": uuid, "name": row["name"], "uplinks": row["uplinks"]}
    folder = center.folders["network"]
    switches.distributed(estate, cluster.name, row, folder, cluster.hosts, center.kids, center.ports)


def _standard(estate: Estate, name: str, center: Center) -> None:
    """A network that standard switches have a port group for."""
    summary = {"_type": "NetworkSummary", "name": name, "accessible": True, "ipPoolName": ""}
    props: dict[str, Any] = {"summary": summary, "host": [], "vm": []}
    ref = estate.add("Network", name, center.folders["network"], props)
    center.ports[name] = {"ref": ref, "hosts": []}
    center.kids["network"].append(ref)


def _connect(estate: Estate, host: str, port: dict[str, Any]) -> None:
    if host not in port["hosts"]:
        port["hosts"].append(host)
        estate.find(port["ref"])["host"].append(host)
