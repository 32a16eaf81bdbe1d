"""Which zones a guest, port group, VLAN or address is in, and why; and how well a policy covers an estate.

A guest is in every zone that any of its NICs, addresses, tags or folders shows: any hit counts. A NIC counts whether it
is connected or not, because connecting it needs no change of any network. Where a fact that the policy's rules look at
was not read, ``unread`` says so: another zone may hold.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from viguard.model.facts import Fact, Reason, Resource, Settings, Unknown
from viguard.model.guest import Guest, GuestNic, VirtualNic
from viguard.model.inventory import Inventory
from viguard.model.network import VGT, DvPortGroup, StandardPortGroup, Vlan
from viguard.model.plugged import PortGroup
from viguard.model.server import Cluster, Datacenter, Folder
from viguard.policy.membership import Coverage, Match, Membership, Rule, merged
from viguard.policy.policy import Policy, Purpose, Zone
from viguard.policy.recognition import Patterns, Subnets, matched

TRUNK = Unknown(reason=Reason.NO_SOURCE, detail="no source yet: which VLANs the physical switch sends into its trunk")
FAR = 64  # no inventory nests folders deeper; ends a circle in hostile data


class Zones:
    """Recognises zones in an estate. Made once for an inventory and a policy, then asked many times."""

    def __init__(self, inventory: Inventory, policy: Policy) -> None:
        self.inventory = inventory
        self.decided = policy.zones is not None
        self.by_name: dict[str, Zone] = {z.name: z for z in policy.zones or ()}
        zones = tuple(policy.zones or ())
        self._vlans: dict[int, list[Zone]] = {}
        for zone in zones:
            for vlan in dict.fromkeys(zone.match.vlans):
                self._vlans.setdefault(vlan, []).append(zone)
        self._groups = Patterns((z, p) for z in zones for p in z.match.port_groups)
        self._tags = Patterns((z, p) for z in zones for p in z.match.tags)
        self._folders = Patterns((z, p) for z in zones for p in z.match.folders)
        self._subnets = Subnets((z, s) for z in zones for s in z.match.subnets)
        self._of_group: dict[str, Membership] = {}
        self._of_folder: dict[str, Membership] = {}
        self._of_guest: dict[str, Membership] = {}

    def purpose(self, name: str) -> Purpose:
        """What the zone of that name is for."""
        return self.by_name[name].purpose

    def having(self, purpose: Purpose) -> tuple[str, ...]:
        """Names of the zones for a purpose."""
        return tuple(name for name, zone in self.by_name.items() if zone.purpose is purpose)

    def of_vlan(self, vlan: Vlan, at: str = "") -> Membership:
        """Zones of a VLAN; of a trunk, every zone whose VLAN it lets through."""
        if not vlan.is_trunk:
            hits = [(z, vlan.id) for z in self._vlans.get(vlan.id, ())]
        else:
            ranges = vlan.trunk if vlan.id != VGT else ((0, VGT),)
            hits = [(z, v) for v, zs in self._vlans.items() if any(a <= v <= b for a, b in ranges) for z in zs]
        found = "trunk" if vlan.is_trunk else str(vlan.id)
        return Membership(matches=tuple(matched(z, Rule.VLAN, str(v), found, at) for z, v in hits))

    def of_port_group(self, group: PortGroup) -> Membership:
        """Zones of a port group, by its name and its VLAN.

        A trunk is in the zones of the VLANs that port groups of the same switch have: a switch hands those on by
        itself. Whether others reach it is for the physical switch to say, so they leave it uncertain.
        """
        kept = self._of_group.get(group.id)
        if kept is None:
            matches = self._groups.hits(Rule.PORT_GROUP, group.name, at=group.name)
            unread: tuple[Unknown, ...] = ()
            if isinstance(group.vlan, Vlan) and group.vlan.is_trunk:
                carried = self._carried.get(_switch(group), set())
                through = self.of_vlan(group.vlan, group.name).matches
                near = tuple(m for m in through if int(m.wanted) in carried)
                matches += near
                unread = (TRUNK,) if len(near) < len(through) else ()
            elif isinstance(group.vlan, Vlan):
                matches += self.of_vlan(group.vlan, group.name).matches
            elif self._vlans:
                unread = (group.vlan,)
            kept = self._of_group[group.id] = Membership(matches=matches, unread=unread)
        return kept

    def of_address(self, address: str, at: str = "") -> Membership:
        """Zones of an address, bare or in CIDR form. What is no address is in no zone."""
        return Membership(matches=self._subnets.hits(address, at))

    def of_nic(self, guest: Guest, nic: VirtualNic) -> Membership:
        """Zones of one NIC: its port group, and the addresses that the guest reports for its MAC address."""
        mac = nic.mac.casefold()
        own = [n for n in _reported(guest.addresses) if n.mac.casefold() == mac]
        return merged([*self._of_plug(guest, nic), *self._of_addresses(guest.addresses, own)])

    def of_guest(self, guest: Guest) -> Membership:
        """Zones of a guest by everything that the policy looks at."""
        kept = self._of_guest.get(guest.id)
        if kept is None:
            parts = [
                *self._of_nics(guest),
                *self._of_addresses(guest.addresses, _reported(guest.addresses)),
                *self._of_labels(guest),
                self._by_folder(guest.folder),
            ]
            kept = self._of_guest[guest.id] = merged(parts)
        return kept

    def coverage(self) -> Coverage:
        """How the zones cover the guests (templates do not run, so they do not count)."""
        guests = self.inventory.guests
        count = {g.id: len(self.of_guest(g).zones) for g in guests}
        return Coverage(
            total=len(guests),
            in_one=sum(n == 1 for n in count.values()),
            in_none=tuple(g for g, n in count.items() if n == 0),
            in_several=tuple(g for g, n in count.items() if n > 1),
            uncertain=tuple(g.id for g in guests if not self.of_guest(g).certain),
        )

    @cached_property
    def _carried(self) -> dict[tuple[str, str], set[int]]:
        """The VLANs of the port groups of each switch."""
        found: dict[tuple[str, str], set[int]] = {}
        groups: list[PortGroup] = [*self.inventory.all(StandardPortGroup), *self.inventory.all(DvPortGroup)]
        for group in groups:
            if isinstance(group.vlan, Vlan) and not group.vlan.is_trunk:
                found.setdefault(_switch(group), set()).add(group.vlan.id)
        return found

    def _of_nics(self, guest: Guest) -> list[Membership]:
        if isinstance(guest.nics, Unknown):
            return [Membership(unread=(guest.nics,))] if self._vlans or self._groups else []
        return [part for nic in guest.nics for part in self._of_plug(guest, nic)]

    def _of_plug(self, guest: Guest, nic: VirtualNic) -> list[Membership]:
        group = self.inventory.port_group_of(guest, nic)
        if group is None:
            return []
        if not isinstance(group, Unknown):
            return [self.of_port_group(group)]
        named = Membership(matches=self._groups.hits(Rule.PORT_GROUP, nic.port_group, at=nic.label))
        return [named, Membership(unread=(group,))] if self._vlans or self._groups else []

    def _of_addresses(self, told: Fact[tuple[GuestNic, ...]], nics: Iterable[GuestNic]) -> list[Membership]:
        if not self._subnets:
            return []
        if isinstance(told, Unknown):
            return [Membership(unread=(told,))]
        return [self.of_address(a, nic.network) for nic in nics for a in nic.addresses]

    def _of_labels(self, guest: Guest) -> list[Membership]:
        if not self._tags:
            return []
        labels = [*_tags(guest), *_attributes(guest)]
        unread = tuple(x for x in labels if isinstance(x, Unknown))
        hits = tuple(m for x in labels if isinstance(x, str) for m in self._tags.hits(Rule.TAG, x))
        return [Membership(matches=hits, unread=unread)]

    def _by_folder(self, start: str) -> Membership:
        if not self._folders or not start:
            return Membership()
        kept = self._of_folder.get(start)
        if kept is None:
            matches: tuple[Match, ...] = ()
            unread: tuple[Unknown, ...] = ()
            step, steps = start, 0
            while step and steps < FAR:
                folder, steps = self.inventory.by_id.get(step), steps + 1
                if not isinstance(folder, Folder | Datacenter | Cluster):
                    unread = (Unknown(reason=Reason.NOT_READ, detail="its folder was not read"),)
                    break
                for text in (folder.name, folder.path):
                    matches += self._folders.hits(Rule.FOLDER, text)
                step = folder.parent
            kept = self._of_folder[start] = Membership(matches=matches, unread=unread)
        return kept


def _switch(group: PortGroup) -> tuple[str, str]:
    if isinstance(group, StandardPortGroup):
        return group.host, group.switch
    return "", group.switch if isinstance(group.switch, str) else group.id


def _reported(told: Fact[tuple[GuestNic, ...]]) -> tuple[GuestNic, ...]:
    return told if isinstance(told, tuple) else ()


def _tags(resource: Resource) -> tuple[str | Unknown, ...]:
    if isinstance(resource.tags, Unknown):  # a version without tags has none
        return () if resource.tags.reason is Reason.NOT_IN_VERSION else (resource.tags,)
    return resource.tags


def _attributes(resource: Resource) -> tuple[str | Unknown, ...]:
    """Custom attributes as ``name:value``: what servers had before tags, matched like tags."""
    if isinstance(resource.custom, Settings):
        return tuple(f"{key}:{value}" for key, value in resource.custom.values.items())
    return () if resource.custom.reason is Reason.NOT_IN_VERSION else (resource.custom,)
