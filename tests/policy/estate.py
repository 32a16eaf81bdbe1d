"""A small estate to propose from: four networks on two hosts, six guests."""

from __future__ import annotations

from datetime import UTC, datetime

from viguard.model.facts import Reason, Resource, Settings, Unknown
from viguard.model.guest import Guest, GuestNic, VirtualNic
from viguard.model.host import Host
from viguard.model.inventory import Inventory
from viguard.model.network import StandardPortGroup, Vlan, VmkernelNic
from viguard.model.server import Cluster, Datacenter, Folder, Server
from viguard.model.storage import IscsiAdapter, IscsiTarget

READ_AT = datetime(2026, 3, 4, tzinfo=UTC)


def host(name: str, *, ntp: tuple[str, ...] = ("10.0.0.5",), log: str = "udp://10.0.0.9:514") -> Host:
    return Host(
        id=f"vc:{name}",
        name=name,
        path=f"/vc/dc/{name}",
        server="vc",
        options=Settings(values={"Syslog.global.logHost": log}),
        ntp_servers=ntp,
        console_nics=(
            VmkernelNic(device="vswif0", port_group="Service Console", address="10.0.5.1", netmask="255.255.255.0"),
        ),
        vmkernel=(
            VmkernelNic(device="vmk0", port_group="Kernel A", address="10.0.7.1", netmask="255.255.255.0"),
            VmkernelNic(device="vmk1", port_group="Kernel B", address="10.0.8.1", netmask="255.255.255.0"),
        ),
        vmotion_device="vmk1",
        iscsi=(IscsiAdapter(device="vmhba33", targets=(IscsiTarget(address="10.0.7.200"),)),),
        custom=Settings(values={"Site": "Evere"}),
    )


def group(host_name: str, name: str, vlan: Vlan | int | Unknown) -> StandardPortGroup:
    return StandardPortGroup(
        id=f"vc:{host_name}/{name}",
        name=name,
        path=f"/vc/dc/{host_name}/{name}",
        server="vc",
        host=f"vc:{host_name}",
        switch="vSwitch0",
        vlan=Vlan(id=vlan) if isinstance(vlan, int) else vlan,
    )


def guest(name: str, network: str, address: str, *, tags: tuple[str, ...] = (), on: str = "h1") -> Guest:
    mac = f"00:50:56:{sum(map(ord, name)) % 256:02x}:00:01"
    return Guest(
        id=f"vc:{name}",
        name=name,
        path=f"/vc/dc/vm/{name}",
        server="vc",
        folder="vc:f1",
        host=f"vc:{on}",
        nics=(VirtualNic(key=4000, type="VirtualE1000", mac=mac, port_group=network),),
        addresses=(GuestNic(network=network, mac=mac, addresses=(address, "fe80::1/64")),),
        tags=tags,
    )


NETWORKS = {"DMZ-web": 110, "Office": 20, "Service Console": 5, "Kernel A": 7, "Kernel B": 8, "Spare": 99}


def records() -> list[Resource]:
    """The objects of the estate."""
    found: list[Resource] = [
        Server(id="vc", name="vc", path="/vc", server="vc"),
        Datacenter(id="vc:dc", name="Test Datacenter", path="/vc/dc", server="vc"),
        Cluster(id="vc:c", name="Contest Cluster", path="/vc/dc/c", server="vc"),
        Folder(id="vc:f0", name="vm", path="/vc/dc/vm", server="vc"),
        Folder(id="vc:f1", name="Front", path="/vc/dc/vm/Front", server="vc", parent="vc:f0"),
        host("h1"),
        host("h2", ntp=("10.0.0.5", "10.0.0.6"), log="10.0.0.9,tcp://[2001:db8::9]:1514"),
    ]
    for name in ("h1", "h2"):
        found += [group(name, network, vlan) for network, vlan in NETWORKS.items()]
    found += [
        group("h1", "All VLANs", 4095),
        group("h1", "Mystery", Unknown(reason=Reason.NO_PERMISSION)),
        guest("web1", "DMZ-web", "10.0.110.11/24", tags=("zone:front",)),
        guest("web2", "DMZ-web", "10.0.110.12/24", tags=("zone:front",), on="h2"),
        guest("web3", "DMZ-web", "10.0.110.13/24"),
        guest("pc1", "Office", "10.0.20.11/24"),
        guest("pc2", "Office", "10.0.20.12/24", tags=("zone:front",)),
        guest("lost", "Nowhere", "192.168.9.1/24"),
    ]
    return found


def inventory(*more: Resource) -> Inventory:
    """The estate, with more objects."""
    return Inventory([*records(), *more], read_at=READ_AT)
