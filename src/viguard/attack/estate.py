"""An inventory as the steps read it: facts with their property paths, networks as nodes, guests of a host."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, cached_property
from typing import Any, TypeAlias, get_type_hints

from viguard.attack.graph import Node, NodeKind, Seen
from viguard.attack.supplied import NOTHING, UNJUDGED, Reaches, Supplied
from viguard.model.facts import Api, Fact, Resource, Unknown
from viguard.model.guest import Guest, VirtualNic
from viguard.model.host import Host
from viguard.model.inventory import Inventory
from viguard.model.network import DvPortGroup, StandardPortGroup, Vlan, VmkernelNic
from viguard.model.server import Product, Server
from viguard.model.text import visible
from viguard.policy.policy import NO_POLICY, Policy
from viguard.policy.rights import Rights
from viguard.policy.running_on import GuestNames
from viguard.policy.zones import Zones

PortGroup: TypeAlias = StandardPortGroup | DvPortGroup
Plugged: TypeAlias = tuple[VirtualNic, PortGroup, tuple[Seen, ...], tuple[str, ...]]
"""A NIC, its port group, the facts that say so, and what is not known of it."""
SHOWN = 120


class Estate:
    """What the builders of steps ask. Nodes are known once something names them."""

    def __init__(
        self,
        inventory: Inventory,
        policy: Policy = NO_POLICY,
        reach: Reaches = UNJUDGED,
        supplied: Supplied = NOTHING,
    ) -> None:
        self.inventory, self.policy, self.reach, self.supplied = inventory, policy, reach, supplied
        self.zones, self.rights = Zones(inventory, policy), Rights(inventory, policy)
        self.nodes: dict[str, Node] = {}
        self.notes: dict[str, None] = {}
        self.vlans: dict[str, int] = {}
        self.private: set[str] = set()
        self.services: dict[str, tuple[str, str, tuple[str, ...]]] = {}
        self._seen: dict[tuple[str, str, str], Seen] = {}

    # --- facts

    def seen(self, resource: Resource, field: str, value: object, part: str = "") -> Seen:
        """A fact of a resource, as evidence."""
        text = visible(str(value), SHOWN)
        key = (resource.id, field, part + text)
        if key not in self._seen:
            path = f"{_paths(type(resource)).get(field, field)}{part}"
            self._seen[key] = Seen(resource.id, field, path, text, self.inventory.read_at, resource.name)
        return self._seen[key]

    def told(self, resource: Resource, property_: str, value: str) -> Seen:
        """Something that another part of viguard told, or the inventory's own order."""
        return Seen(resource.id, "", property_, visible(value, SHOWN), self.inventory.read_at, resource.name)

    def credential_told(self, node: str, value: str) -> Seen:
        """Something that another part of viguard told of a credential."""
        return Seen(node, "", "credential", value, self.inventory.read_at, self.nodes[node].name)

    # --- nodes

    def at(self, resource: Resource) -> str:
        """The node of a guest, host, template, port group, datastore or server."""
        if resource.id not in self.nodes:
            self.nodes[resource.id] = Node(resource.id, _kind(resource), resource.name)
        return resource.id

    def node(self, kind: NodeKind, id_: str, name: str) -> str:
        """A node that is no resource of the model."""
        if id_ not in self.nodes:
            self.nodes[id_] = Node(id_, kind, name)
        return id_

    def network(self, group: PortGroup, vlan: int | None = None) -> str:
        """The network of a port group whose VLAN was read (no trunk); or the one of a VLAN that it lets through.

        One VLAN number is one network everywhere in an estate; what is untagged is one network per switch.
        """
        number = vlan if vlan is not None else group.vlan.id if isinstance(group.vlan, Vlan) else 0
        private = isinstance(group.vlan, Vlan) and group.vlan.private
        if number and not private:
            id_, name = f"zone:{number}", self._named(number)
            self.vlans.setdefault(id_, number)
        elif private:
            id_, name = f"zone:{group.id}", f"private VLAN of {group.name}"
            self.private.add(id_)
        else:
            host = group.host if isinstance(group, StandardPortGroup) else ""
            id_, name = f"zone:{host}/{group.switch}", f"untagged on {group.switch} ({group.name})"
        return self.node(NodeKind.ZONE, id_, name)

    def service(self, zone: str, service: str, addresses: tuple[str, ...] = ()) -> str:
        """The node of a service (``tcp/443``) in a network: packets for it arrive.

        Where the answer depends on the address that a service has, each set of ``addresses`` is a node.
        """
        at = ",".join(sorted(addresses)) if self.reach.by_address else ""
        id_ = f"service:{zone}:{service}" + (f":{at}" if at else "")
        self.services[id_] = (zone, service, tuple(sorted(addresses)) if at else ())
        return self.node(NodeKind.SERVICE, id_, f"{service}{f' at {at}' if at else ''} in {self.nodes[zone].name}")

    def interface(self, resource: Resource) -> str:
        """The management interface of a host or vCenter."""
        return self.node(NodeKind.INTERFACE, f"interface:{resource.id}", f"management of {resource.name}")

    def credential(self, name: str) -> str:
        """A secret, whoever knows it."""
        return self.node(NodeKind.CREDENTIAL, f"credential:{name}", self._spelled(name))

    # --- what stands where

    @cached_property
    def vcenters(self) -> list[Server]:
        """Every server that is not known to be a single host."""
        return [s for s in self.inventory.servers if not isinstance(s.product, Product) or s.is_vcenter]

    @cached_property
    def machines(self) -> list[Guest]:
        """Guests and templates."""
        return [*self.inventory.guests, *self.inventory.templates]

    @cached_property
    def guest_names(self) -> GuestNames:
        """Which guest a vCenter runs on."""
        return GuestNames(self.inventory, self.policy)

    def plugged(self, guest: Guest) -> Iterable[Plugged]:
        """Each NIC that is or would be connected, its port group, the evidence, and what is not known of it."""
        if isinstance(guest.nics, Unknown):
            self.notes[f"the networks of {visible(guest.name, 60)}: {guest.nics}"] = None
            return
        for nic in guest.nics:
            group = self.inventory.port_group_of(guest, nic)
            if isinstance(group, Unknown):
                self.notes[f"a network of {visible(guest.name, 60)}: {group}"] = None
            if group is None or isinstance(group, Unknown):
                continue
            off = guest.power != "poweredOn"
            if nic.connected is False and not (off and nic.start_connected):
                continue
            told = nic.connected or (off and nic.start_connected)
            name = nic.port_group or group.name
            facts = [self.seen(guest, "nics", f"{nic.label or nic.key} on {name}, connected", f"[{nic.key}]")]
            if nic.port_group:
                facts.append(self.seen(guest, "host", self._name_of(guest.host)))
            yield nic, group, tuple(facts), () if told else ("whether the NIC is connected",)

    def vmkernel_zone(self, host: Host, nic: VmkernelNic) -> tuple[str, tuple[Seen, ...]] | None:
        """The network of an interface of a host, and the facts that say so."""
        if nic.dv_port_group:
            group: PortGroup | None = self.inventory.dv_port_groups_by_key.get((host.server, nic.dv_port_group))
        else:
            group = self.inventory.port_groups_by_host.get(host.id, {}).get(nic.port_group)
        if group is None or isinstance(group.vlan, Unknown) or group.vlan.is_trunk:
            self.notes[f"the network of {nic.device} of {visible(host.name, 60)} was not read"] = None
            return None
        return self.network(group), (self.vlan_seen(group),)

    def vlan_seen(self, group: PortGroup) -> Seen:
        """The VLAN of a port group, as evidence."""
        vlan = group.vlan
        text = str(vlan.trunk or vlan.id) if isinstance(vlan, Vlan) else str(vlan)
        return self.seen(group, "vlan", text)

    def addresses(self, guest: Guest) -> tuple[str, ...]:
        """The addresses that a guest reports, without prefix."""
        if isinstance(guest.addresses, Unknown):
            return ()
        return tuple(a.partition("/")[0] for nic in guest.addresses for a in nic.addresses)

    @cached_property
    def by_address(self) -> dict[str, list[Guest]]:
        """Guests by each address that they report."""
        found: dict[str, list[Guest]] = {}
        for guest in self.inventory.guests:
            for address in dict.fromkeys(self.addresses(guest)):
                found.setdefault(address, []).append(guest)
        return found

    def _named(self, vlan: int) -> str:
        names = self.zones.of_vlan(Vlan(id=vlan)).zones
        return f"{', '.join(names)} (VLAN {vlan})" if names else f"VLAN {vlan}"

    def _name_of(self, id_: Fact[str | None]) -> str:
        found = self.inventory.by_id.get(id_) if isinstance(id_, str) else None
        return found.name if found else str(id_)

    def _spelled(self, name: str) -> str:
        """A credential with names where it has resource ids."""
        words = name.split(" ")
        return " ".join(r.name if (r := self.inventory.by_id.get(w)) else w for w in words)


def _kind(resource: Resource) -> NodeKind:
    if isinstance(resource, Guest):
        return NodeKind.TEMPLATE if resource.template is True else NodeKind.GUEST
    kinds: dict[str, NodeKind] = {
        "Host": NodeKind.HOST,
        "Server": NodeKind.VCENTER,
        "StandardPortGroup": NodeKind.PORT_GROUP,
        "DvPortGroup": NodeKind.PORT_GROUP,
        "Datastore": NodeKind.DATASTORE,
    }
    return kinds[type(resource).__name__]


@cache
def _paths(kind: type[Resource]) -> dict[str, str]:
    """Property path of the API by field."""
    found: dict[str, str] = {}
    for field, hint in get_type_hints(kind, include_extras=True).items():
        told: Any = [m for m in getattr(hint, "__metadata__", ()) if isinstance(m, Api)]
        if told:
            found[field] = told[0].path
    return found
