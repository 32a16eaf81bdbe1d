"""The VLANs that each uplink of a host has to carry: for what is plugged in there, and for what may be started there.

Where a cluster restarts (HA) or moves (DRS) guests, each of its hosts must carry what any guest of the cluster needs.
A guest goes only where a port group of the same name is, so on a host without it the guest is stranded: told, and no
need of an uplink. What was not read makes the need of a host unsure: then more may be needed than is told.

Source: report, "Existing setup" (not every ESX server needs every VLAN), "VLANs".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from msgspec.structs import replace

from viguard.model.facts import Struct, Unknown
from viguard.model.guest import Guest
from viguard.model.host import Host
from viguard.model.inventory import Inventory
from viguard.model.network import DvPortGroup, StandardPortGroup
from viguard.model.plugged import PortGroup, group_of_interface, interfaces, ranges
from viguard.model.text import visible
from viguard.network.vlans.domains import Distributed, Domain, Plugs, domains, lost

UNTAGGED = 0


class Use(Struct, frozen=True, kw_only=True):
    """A VLAN that an uplink has to carry (0: untagged frames), and for whom, by name.

    ``failover`` are guests that run on another host of the cluster and may be started here.
    """

    vlan: int
    guests: tuple[str, ...] = ()
    templates: tuple[str, ...] = ()
    failover: tuple[str, ...] = ()
    interfaces: tuple[str, ...] = ()

    @property
    def only_templates(self) -> bool:
        """Whether nothing that runs needs it."""
        return not (self.guests or self.failover or self.interfaces)


class Open(Struct, frozen=True, kw_only=True):
    """Guests that get several VLANs tagged: which of ``vlans`` they use, only they know."""

    port_group: str
    vlans: tuple[tuple[int, int], ...]
    guests: tuple[str, ...]


class UplinkNeed(Struct, frozen=True, kw_only=True):
    """What one physical NIC of a host has to carry."""

    device: str
    switch: str
    uses: tuple[Use, ...] = ()
    open: tuple[Open, ...] = ()


class Idle(Struct, frozen=True, kw_only=True):
    """A port group that nothing needs on this host: no need, but whoever plugs a guest in there gets a VLAN."""

    port_group: str
    switch: str
    vlan: str


class Stranded(Struct, frozen=True, kw_only=True):
    """Guests of the cluster that cannot be started on this host, for it has no port group of that name."""

    port_group: str
    vlan: str
    guests: tuple[str, ...]


class HostNeed(Struct, frozen=True, kw_only=True):
    """The need of a host. ``domain`` is the cluster that restarts or moves its guests, "" when none does.

    ``held`` are VLANs of stranded guests: not needed by anything here, and taken away from nobody.
    ``unsure`` says what was not read: the need may be larger.
    """

    id: str
    host: str
    domain: str
    uplinks: tuple[UplinkNeed, ...] = ()
    idle: tuple[Idle, ...] = ()
    stranded: tuple[Stranded, ...] = ()
    held: tuple[tuple[int, int], ...] = ()
    inside: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()

    @property
    def vlans(self) -> tuple[int, ...]:
        """Every VLAN that any uplink has to carry."""
        return tuple(sorted({use.vlan for uplink in self.uplinks for use in uplink.uses}))


def needs(inventory: Inventory) -> list[HostNeed]:
    """The need of every host, in the order read."""
    switches = Distributed(inventory)
    homeless = lost(inventory)
    found: dict[str, HostNeed] = {}
    for domain in domains(inventory):
        plugs = Plugs(domain, inventory)
        for host in domain.hosts:
            need = _Need(host, domain, plugs, switches, inventory).told()
            found[host.id] = replace(need, unsure=(*need.unsure, *homeless.get(host.server, ())))
    return [found[h.id] for h in inventory.hosts]


class _Uses:
    """For whom an uplink carries a VLAN, while it is found out."""

    def __init__(self) -> None:
        self.names: dict[str, dict[str, None]] = defaultdict(dict)

    def told(self, vlan: int) -> Use:
        return Use(vlan=vlan, **{kind: tuple(names) for kind, names in self.names.items()})


class _Need:
    """The need of one host, while it is found out."""

    def __init__(self, host: Host, domain: Domain, plugs: Plugs, switches: Distributed, inventory: Inventory) -> None:
        self._host, self._domain, self._plugs = host, domain, plugs
        self._switches, self._inventory = switches, inventory
        self._uses: dict[tuple[str, str], dict[int, _Uses]] = defaultdict(lambda: defaultdict(_Uses))
        self._open: dict[tuple[str, str], list[Open]] = defaultdict(list)
        self._stranded: list[Stranded] = []
        self._held: list[tuple[int, int]] = []
        self._inside: dict[str, None] = {}
        self._used: set[str] = set()
        self._unsure: dict[str, None] = {**plugs.unsure, **switches.unsure[host.server]}
        for (kind, name), guests in plugs.guests.items():
            self._guests(kind, name, list(guests.values()))
        self._interfaces()

    def told(self) -> HostNeed:
        """What was found."""
        ways = sorted({*self._all_uplinks(), *self._uses, *self._open})
        return HostNeed(
            id=self._host.id,
            host=self._host.name,
            domain=self._domain.name,
            uplinks=tuple(
                UplinkNeed(
                    device=device,
                    switch=switch,
                    uses=tuple(uses.told(vlan) for vlan, uses in sorted(self._uses[device, switch].items())),
                    open=tuple(self._open[device, switch]),
                )
                for device, switch in ways
            ),
            idle=tuple(self._idle()),
            stranded=tuple(self._stranded),
            held=tuple(dict.fromkeys(self._held)),
            inside=tuple(self._inside),
            unsure=tuple(self._unsure),
        )

    def _guests(self, kind: str, name: str, guests: list[tuple[Guest, Host]]) -> None:
        group = self._found(kind, name)
        here = [g for g, host in guests if host is self._host]
        if group is None:
            if here:
                self._unsure[f"the port group {visible(name, 60)} of {visible(here[0].name, 60)} was not read"] = None
            elif running := [g for g, _ in guests if g.template is not True]:
                self._strand(kind, name, running)
            return
        self._used.add(group.id)
        for guest, host in guests:
            if guest.template is True:
                if host is self._host:  # nobody restarts a template elsewhere
                    self._need(group, "templates", guest.name)
            else:
                self._need(group, "guests" if host is self._host else "failover", guest.name)
        self._trunk(group, [g.name for g, _ in guests])

    def _found(self, kind: str, name: str) -> PortGroup | None:
        if kind == "standard":
            return self._inventory.port_groups_by_host.get(self._host.id, {}).get(name)
        group = self._inventory.dv_port_groups_by_key.get((self._host.server, name))
        return group if group is not None and self._switches.of(group, self._host) is not None else None

    def _strand(self, kind: str, name: str, guests: list[Guest]) -> None:
        if kind == "standard" and isinstance(self._host.port_groups, Unknown):
            self._unsure[f"its port groups: {self._host.port_groups}"] = None
            return
        vlans: dict[str, None] = {}
        shown = name
        for guest in guests:
            for nic in guest.nics if isinstance(guest.nics, tuple) else ():
                if name not in {nic.port_group, nic.dv_port_group}:
                    continue
                group = self._inventory.port_group_of(guest, nic)
                if isinstance(group, StandardPortGroup | DvPortGroup):
                    shown = group.name
                    vlans[vlan_told(group)] = None
                    if not isinstance(group.vlan, Unknown) and not group.vlan.is_trunk:
                        self._held += ranges(group.vlan)
        names = tuple(g.name for g in guests)
        self._stranded.append(Stranded(port_group=shown, vlan=", ".join(vlans) or "not known", guests=names))

    def _interfaces(self) -> None:
        nics = interfaces(self._host)
        if isinstance(nics, Unknown):
            self._unsure[f"its own interfaces: {nics}"] = None
            return
        for nic in nics:
            group = group_of_interface(self._host, nic, self._inventory)
            if isinstance(group, Unknown):
                self._unsure[str(group)] = None
                continue
            self._used.add(group.id)
            self._need(group, "interfaces", nic.device)

    def _need(self, group: PortGroup, kind: str, name: str) -> None:
        vlan = group.vlan
        if isinstance(vlan, Unknown):
            self._unsure[f"the VLAN of {visible(group.name, 60)}: {vlan}"] = None
            return
        if vlan.is_trunk:
            return
        if vlan.private:
            self._unsure[f"which primary VLAN stands around the private VLAN {vlan.id} was not read"] = None
        for way in self._ways(group):
            self._uses[way][vlan.id].names[kind][name] = None

    def _trunk(self, group: PortGroup, guests: list[str]) -> None:
        if isinstance(group.vlan, Unknown) or not group.vlan.is_trunk:
            return
        found = Open(port_group=group.name, vlans=ranges(group.vlan), guests=tuple(dict.fromkeys(guests)))
        for way in self._ways(group):
            self._open[way].append(found)

    def _ways(self, group: PortGroup) -> list[tuple[str, str]]:
        """The uplinks that carry a port group here, each with the name of its switch."""
        uplinks: object
        if isinstance(group, DvPortGroup):
            switch = self._switches.names.get(group.switch, "") if isinstance(group.switch, str) else ""
            uplinks = self._switches.of(group, self._host)
        else:
            switch, uplinks = group.switch, group.uplinks
            if isinstance(uplinks, Unknown) or not uplinks:
                held = self._inventory.switches_by_host.get(self._host.id, {}).get(switch)
                uplinks = held.uplinks if held is not None else None
        if not isinstance(uplinks, tuple):
            self._unsure[f"the uplinks of {visible(switch or group.name, 60)} were not read"] = None
            return []
        if not uplinks:
            self._inside[f"{visible(group.name, 60)} has no uplink: its traffic stays inside the host"] = None
        return [(device, switch) for device in uplinks]

    def _all_uplinks(self) -> Iterable[tuple[str, str]]:
        """Every uplink of a switch, also those that nothing needs."""
        for switch in self._inventory.switches_by_host.get(self._host.id, {}).values():
            if isinstance(switch.uplinks, tuple):
                yield from ((device, switch.name) for device in switch.uplinks)
        for id_, members in self._switches.uplinks.items():
            yield from ((device, self._switches.names[id_]) for device in members.get(self._host.id, ()))

    def _idle(self) -> Iterable[Idle]:
        standard = self._inventory.port_groups_by_host.get(self._host.id, {}).values()
        groups: list[PortGroup] = [*standard, *self._switches.on(self._host)]
        for group in groups:
            if group.id in self._used:
                continue
            switch = (
                group.switch
                if isinstance(group, StandardPortGroup)
                else self._switches.names.get(str(group.switch), "")
            )
            yield Idle(port_group=group.name, switch=switch, vlan=vlan_told(group))


def vlan_told(group: PortGroup) -> str:
    """The VLAN of a port group for people."""
    vlan = group.vlan
    if isinstance(vlan, Unknown):
        return "not known"
    if vlan.is_trunk:
        return "trunk " + ", ".join(f"{a}-{b}" if a != b else str(a) for a, b in ranges(vlan))
    return f"private {vlan.id}" if vlan.private else str(vlan.id) if vlan.id else "untagged"
