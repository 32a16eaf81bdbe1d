"""A generated estate: 10,000 guests on 500 hosts under one vCenter, as an inventory and what others would supply."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from typing import NamedTuple

from viguard.attack.supplied import Passage, Reach, Supplied
from viguard.model.access import Access, Permission, Role
from viguard.model.facts import Resource, Settings
from viguard.model.guest import Guest, GuestNic, VirtualNic
from viguard.model.host import Host, VmkernelService
from viguard.model.inventory import Inventory
from viguard.model.network import SecurityPolicy, StandardPortGroup, Vlan, VmkernelNic
from viguard.model.server import Cluster, Datacenter, Folder, Product, Server
from viguard.model.storage import Chap, Datastore, IscsiAdapter, IscsiTarget

HOSTS_PER_CLUSTER, GUESTS_PER_HOST, STORES_PER_CLUSTER, GUEST_VLANS = 20, 20, 4, 57
MANAGEMENT, VMOTION, STORAGE = 2, 3, 4
CLOSED = SecurityPolicy(promiscuous=False, mac_changes=False, forged_transmits=False)
MENDED, OLD = "25595708", "24022510"
SERVER = "vc"


class Generated(NamedTuple):
    """What ``build`` takes."""

    inventory: Inventory
    reach: Reach
    supplied: Supplied


def estate(hosts: int = 500, seed: int = 2) -> Generated:
    """Hosts in clusters of 20 with 20 guests each; one host in 20 unpatched, one in 50 without CHAP."""
    random = Random(seed)
    found: list[Resource] = _frame()
    for number in range(hosts):
        found += _host(random, number)
    guests = [g for g in found if isinstance(g, Guest)]
    flaws = {g.id: "a flaw" if random.random() < 0.03 else "" for g in guests}
    vlans = [str(100 + n) for n in range(GUEST_VLANS)]
    everything = [*vlans, *map(str, (MANAGEMENT, VMOTION, STORAGE))]
    passages = [
        Passage(source=random.choice(vlans), destination=random.choice(vlans), service="any", rule=f"fw:{n}")
        for n in range(400)
    ]
    passages += [
        Passage(source=random.choice(vlans), destination=str(MANAGEMENT), service="tcp/443", rule=f"fw:{n}")
        for n in range(400, 406)
    ]
    logins = {SERVER: "an administrator's password", **{f"vc:host-{n}": "" for n in range(hosts)}}
    inventory = Inventory(found, read_at=datetime(2026, 11, 25, tzinfo=UTC))
    reach = Reach(passages=tuple(passages), judged=frozenset(everything))
    return Generated(inventory, reach, Supplied(flaws=flaws, logins=logins))


def _frame() -> list[Resource]:
    product = Product(name="VMware vCenter Server", version="8.0.3", build="1", line="vpx", api_version="8.0.3.0")
    settings = Settings(values={"VirtualCenter.ManagedIP": "10.2.0.5"})
    root = Folder(id="vc:root", name="Datacenters", path="/vc", server=SERVER)
    datacenter = Datacenter(id="vc:dc", name="dc", path="/vc/dc", server=SERVER, parent=root.id)
    role = Role(
        id="vc:role-9", name="Operator", path="/vc/Operator", server=SERVER, role_id=9, privileges=("System.Read",)
    )
    permissions = tuple(
        Permission(entity=root.id, principal=f"ACME\\admin{n}", role_id=-1 if n < 2 else 9, propagate=True)
        for n in range(6)
    )
    access = Access(
        id="vc:access", name="vc", path="/vc", server=SERVER, permissions=permissions, sessions=(), events=()
    )
    server = Server(id=SERVER, name="vc", path="/vc", server=SERVER, product=product, settings=settings)
    return [server, root, datacenter, role, access]


def _host(random: Random, number: int) -> list[Resource]:
    cluster = number // HOSTS_PER_CLUSTER
    id_, path = f"vc:host-{number}", f"/vc/dc/c{cluster}/esx{number}"
    found: list[Resource] = []
    stores = tuple(f"vc:ds-{cluster}-{n}" for n in range(STORES_PER_CLUSTER))
    if number % HOSTS_PER_CLUSTER == 0:
        members = tuple(f"vc:host-{number + n}" for n in range(HOSTS_PER_CLUSTER))
        home = {"server": SERVER, "path": f"/vc/dc/c{cluster}"}
        found.append(
            Cluster(id=f"vc:c{cluster}", name=f"c{cluster}", parent="vc:dc", datacenter="vc:dc", hosts=members, **home)
        )
        found += [
            Datastore(
                id=s, name=s[3:], path=f"/vc/dc/{s[3:]}", server=SERVER, hosts=members, shared=True, nfs_servers=()
            )
            for s in stores
        ]
    targets = tuple(IscsiTarget(address="10.4.9.9", iqn=f"iqn.x:y-{s[3:]}") for s in stores)
    chap = Chap(enabled=number % 50 != 0, name=f"esx{number}", one_way="chapRequired")
    far, near = divmod(number, 250)
    vlans = {"Management": MANAGEMENT, "vMotion": VMOTION, "SAN": STORAGE}
    vlans |= {f"VM{n}": 100 + (cluster * 3 + n) % GUEST_VLANS for n in range(4)}
    found += [
        StandardPortGroup(
            id=f"{id_}/{name}", name=name, path=f"{path}/{name}", server=SERVER, host=id_, switch="vSwitch0",
            vlan=Vlan(id=vlan), security=CLOSED,
        )
        for name, vlan in vlans.items()
    ]  # fmt: skip
    guests = [_guest(random, number, n, stores) for n in range(GUESTS_PER_HOST)]
    found += guests
    found.append(
        Host(
            id=id_, name=f"esx{number}", path=path, server=SERVER, datacenter="vc:dc", cluster=f"vc:c{cluster}",
            product=Product(
                name="VMware ESXi", version="8.0.3", build=OLD if number % 20 == 7 else MENDED, line="embeddedEsx"
            ),
            guests=tuple(g.id for g in guests),
            vmkernel=tuple(
                VmkernelNic(
                    device=f"vmk{n}", port_group=name, address=f"10.{vlan}.{far}.{near + 1}", netmask="255.255.0.0"
                )
                for n, (name, vlan) in enumerate(list(vlans.items())[:3])
            ),
            console_nics=(),
            vmkernel_services=(
                VmkernelService(service="management", devices=("vmk0",)),
                VmkernelService(service="vmotion", devices=("vmk1",)),
            ),
            firewall=None, services=(), lockdown_mode="lockdownDisabled",
            iscsi=(IscsiAdapter(device="vmhba64", software=True, chap=chap, targets=targets),),
        )
    )  # fmt: skip
    return found


def _guest(random: Random, host: int, number: int, stores: tuple[str, ...]) -> Guest:
    name = f"vm{host}-{number}"
    vcenter = host == 0 and number == 0
    groups = ["Management" if vcenter else f"VM{random.randrange(4)}"]
    if random.random() < 0.004:
        groups.append(random.choice(["SAN", "VM0", "VM1"]))
    nics = tuple(
        VirtualNic(key=4000 + n, type="VirtualVmxnet3", label=f"Network adapter {n + 1}", port_group=g, connected=True)
        for n, g in enumerate(groups)
    )
    address = "10.2.0.5" if vcenter else f"10.100.{host % 250}.{number}"
    return Guest(
        id=f"vc:{name}", name=name, path=f"/vc/dc/{name}", server=SERVER, datacenter="vc:dc", folder="vc:root",
        host=f"vc:host-{host}", pool=None, template=False, power="poweredOn", nics=nics, devices=(), consoles=0,
        addresses=(GuestNic(addresses=(address,)),), host_name=None, datastores=(random.choice(stores),),
        extra_config=Settings(),
    )  # fmt: skip
