"""A small estate in which every control that crosses objects passes; tests change one thing at a time.

One vCenter ``vc``, cluster ``c1`` with hosts ``h1`` and ``h2``, each 10,000 MHz (10 cores of 1,000) and 64 GiB.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

import msgspec

from viguard.assess.context import Context
from viguard.model.access import Access, Permission, Role
from viguard.model.derived import Derived
from viguard.model.facts import Reason, Resource, Struct, Unknown
from viguard.model.guest import Guest, VirtualNic
from viguard.model.host import Hardware, Host, VmkernelService
from viguard.model.inventory import Inventory
from viguard.model.network import StandardPortGroup, StandardSwitch, Vlan, VmkernelNic
from viguard.model.resources import Allocation
from viguard.model.server import Cluster, Datacenter, Folder, Product, ResourcePool, Server
from viguard.model.tables import PortRow, SupportEnd, Tables
from viguard.policy.policy import Policy, Profile

S = TypeVar("S", bound=Struct)

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
READ_AT = NOW - timedelta(minutes=5)
LOST = Unknown(reason=Reason.UNREACHABLE, detail="the host does not answer")
ESXI8 = Product(name="VMware ESXi", version="8.0.3", build="1", line="embeddedEsx")
ESX35 = Product(name="VMware ESX Server", version="3.5.0", build="1", line="esx")
VC5 = Product(name="VMware vCenter Server", version="5.5.0", build="1", line="vpx", api_version="5.5")
"""The last line without global permissions, which the vSphere API does not tell."""
VC8 = Product(name="VMware vCenter Server", version="8.0.3", build="1", line="vpx")

TABLES = Tables(
    ports=(
        PortRow(
            id="a",
            ports=((443, 443),),
            protocols=("tcp",),
            directions=("inbound",),
            tables=("modern", "report-2010"),
            purpose="api",
        ),
        PortRow(
            id="b",
            ports=((2050, 2250),),
            protocols=("tcp",),
            directions=("inbound", "outbound"),
            tables=("report-2010",),
            purpose="ha",
        ),
    ),
    support=(
        SupportEnd(line="embeddedEsx", version="8.0", ends=date(2027, 10, 11)),
        SupportEnd(line="embeddedEsx", version="7.0", ends=date(2025, 10, 2)),
        SupportEnd(line="vpx", version="8.0", ends=date(2027, 10, 11)),
        SupportEnd(line="esx", version="3.5", ends=date(2010, 5, 21)),
    ),
)


def but(record: S, **changed: Any) -> S:
    """A copy with other facts."""
    return msgspec.structs.replace(record, **changed)


def lost(record: S, *fields: str) -> S:
    """A copy whose named facts could not be read."""
    return msgspec.structs.replace(record, **dict.fromkeys(fields, LOST))


def world(*records: Resource, policy: Policy | None = None, profile: Profile = Profile.MODERN, **more: Any) -> Context:
    """A context over these records."""
    inventory = Inventory(records, read_at=READ_AT)
    derived = more.get("derived", Derived())
    return Context(inventory, policy or Policy(), derived, profile, NOW, more.get("tables", TABLES))


def named(kind: type[Any], name: str, *, server: str = "vc", **facts: Any) -> Any:
    """A record of a kind, its id and path made from its name."""
    return kind(id=f"{server}:{name}", name=name, path=f"/{server}/{name}", server=server, **facts)


def server(name: str = "vc", **facts: Any) -> Server:
    return Server(
        id=name, name=name, path=f"/{name}", server=name, **{"product": VC8, "url": f"https://{name}/sdk", **facts}
    )


def old_vcenter(name: str = "vc", **facts: Any) -> Server:
    """A vCenter whose permissions are all told."""
    return server(name, **{"product": VC5, **facts})


def tree(of: str = "vc") -> list[Resource]:
    """Root, datacenter, two folders, a cluster without HA and its pool."""
    hosts = (f"{of}:h1", f"{of}:h2")
    return [
        named(Folder, "root", server=of),
        named(Datacenter, "dc", server=of, parent=f"{of}:root"),
        named(Folder, "hf", server=of, parent=f"{of}:dc"),
        named(Folder, "vf", server=of, parent=f"{of}:dc"),
        named(Cluster, "c1", server=of, parent=f"{of}:hf", datacenter=f"{of}:dc", ha=False, drs=False, hosts=hosts),
        named(ResourcePool, "p1", server=of, parent=f"{of}:c1", cluster=f"{of}:c1"),
    ]


def host(name: str = "h1", *, of: str = "vc", guests: tuple[str, ...] = (), **facts: Any) -> Host:
    held: dict[str, Any] = {
        "datacenter": f"{of}:dc",
        "cluster": f"{of}:c1",
        "maintenance": False,
        "product": ESXI8,
        "hardware": Hardware(uuid=f"uuid-{of}-{name}", cpu_mhz=1000, cores=10, memory_bytes=64 * 2**30),
        "guests": tuple(f"{of}:{g}" for g in guests),
        "datastores": (),
        "port_groups": (),
        "vmkernel": (),
        "console_nics": (),
        "vmkernel_services": (),
        "vmotion_device": None,
        "dns_name": f"{name}.example.org",
        "iscsi": (),
        "software_iscsi": True,
        **facts,
    }
    return named(Host, name, server=of, **held)  # type: ignore[no-any-return]


def guest(name: str = "g1", *, of: str = "vc", on: str = "h1", plug: str = "", **facts: Any) -> Guest:
    nics = (VirtualNic(key=4000, type="VirtualE1000", mac="00:50:56:00:00:01", label="NIC 1", port_group=plug),)
    held: dict[str, Any] = {
        "folder": f"{of}:vf",
        "pool": f"{of}:p1",
        "host": f"{of}:{on}",
        "template": False,
        "power": "poweredOn",
        "version": "vmx-13",
        "cpus": 1,
        "memory_mib": 1024,
        "cpu": Allocation(reservation=1000, limit=2000, shares=1000),
        "memory": Allocation(shares=10240),
        "devices": (),
        "nics": nics if plug else (),
        "addresses": (),
        "datastores": (),
        "host_name": None,
        **facts,
    }
    return named(Guest, name, server=of, **held)  # type: ignore[no-any-return]


def group(
    name: str, vlan: int | Vlan | Unknown, *, of: str = "vc", on: str = "h1", switch: str = "vSwitch0"
) -> StandardPortGroup:
    found = Vlan(id=vlan) if isinstance(vlan, int) else vlan
    return StandardPortGroup(
        id=f"{of}:{on}/{name}",
        name=name,
        path=f"/{of}/{on}/{name}",
        server=of,
        host=f"{of}:{on}",
        switch=switch,
        vlan=found,
    )


def switch(name: str, uplinks: tuple[str, ...], *, on: str = "h1") -> StandardSwitch:
    return StandardSwitch(
        id=f"vc:{on}/switch/{name}", name=name, path=f"/vc/{on}/{name}", server="vc", host=f"vc:{on}", uplinks=uplinks
    )


def vmk(device: str, plug: str, address: str = "", netmask: str = "255.255.255.0") -> VmkernelNic:
    return VmkernelNic(device=device, port_group=plug, address=address, netmask=netmask)


def serving(**devices: str) -> tuple[VmkernelService, ...]:
    return tuple(VmkernelService(service=service, devices=(device,)) for service, device in devices.items())


def role(role_id: int, name: str, *privileges: str, of: str = "vc") -> Role:
    return named(Role, name, server=of, role_id=role_id, system=role_id < 0, privileges=privileges)  # type: ignore[no-any-return]


def permission(principal: str, role_id: int, entity: str = "vc:root", *, propagate: bool = True) -> Permission:
    return Permission(entity=entity, principal=principal, role_id=role_id, propagate=propagate)


def access(*permissions: Permission, of: str = "vc", **facts: Any) -> Access:
    held: dict[str, Any] = {"permissions": permissions, **facts}
    return named(Access, "access", server=of, **held)  # type: ignore[no-any-return]
