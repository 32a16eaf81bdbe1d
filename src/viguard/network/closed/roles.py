"""Who plays which role of the port tables in an estate: addresses, and why they are its."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from ipaddress import ip_address, ip_interface
from urllib.parse import urlsplit

from viguard.model.facts import Settings, Struct, Unknown
from viguard.model.guest import Guest
from viguard.model.host import Host
from viguard.model.inventory import Inventory
from viguard.model.network import VmkernelNic
from viguard.model.server import Server
from viguard.model.storage import Datastore
from viguard.network.addresses import Family, Range, Ranges, joined, read, without
from viguard.policy.policy import Policy

HOST = "esx_host"
NAMED = {
    "dns_server": "the name servers of hosts",
    "ntp_server": "the time servers of hosts",
    "log_server": "the log servers of hosts",
    "iscsi_san": "the targets of iSCSI adapters",
    "nfs_server": "the servers of NFS datastores",
    "vcenter": "the servers that were read",
}
"""Roles that the estate itself tells; the others are told by the policy."""
_OWN_NAMES = ("VirtualCenter.ManagedIP", "vpxd.managedIP", "VirtualCenter.FQDN")
"""Settings by which a vCenter says what its address or name is."""
EVERY = "any"
INTERNET = "internet"


class Player(Struct, frozen=True, kw_only=True):
    """Addresses that play a role. ``why`` says how that is known."""

    family: Family
    addresses: Ranges
    why: str


class Cast(Struct, frozen=True, kw_only=True):
    """The players of every role, of hosts by network; ``unknown`` says of a role what is not known of its players."""

    players: dict[str, tuple[Player, ...]]
    hosts: dict[str, tuple[Player, ...]]
    unknown: dict[str, tuple[str, ...]]

    def of(self, role: str, network: str) -> tuple[Player, ...]:
        """Who plays a role on a network of hosts."""
        return self.hosts.get(network, ()) if role == HOST else self.players.get(role, ())


def cast(inventory: Inventory, policy: Policy) -> Cast:
    """Everybody that estate and policy name."""
    return _Casting(inventory, policy).cast()


class _Casting:
    def __init__(self, inventory: Inventory, policy: Policy) -> None:
        self._inventory, self._policy = inventory, policy
        self._found: dict[str, dict[tuple[Family, Ranges], str]] = defaultdict(dict)
        self._on: dict[str, dict[tuple[Family, Ranges], str]] = defaultdict(dict)
        self._unknown: dict[str, dict[str, None]] = defaultdict(dict)
        self._guests: dict[str, list[Guest]] = defaultdict(list)
        for guest in inventory.guests:
            for name in {guest.name, *([guest.host_name] if isinstance(guest.host_name, str) else [])}:
                self._guests[name.casefold()].append(guest)

    def cast(self) -> Cast:
        for host in self._inventory.hosts:
            self._host(host)
        for server in self._inventory.servers:
            if server.is_vcenter:
                self._vcenter(server)
        for store in self._inventory.all(Datastore):
            if isinstance(store.nfs_servers, Unknown):
                self._lacks("nfs_server", f"the server of datastore {store.name}: {store.nfs_servers}")
            else:
                self._named("nfs_server", store.nfs_servers, f"serves datastore {store.name}")
        for role, names in self._policy.firewall.roles.items():
            self._named(role, names, f"firewall.roles.{role} of the policy")
        return Cast(
            players={role: _players(found) for role, found in self._found.items()},
            hosts={network: _players(found) for network, found in self._on.items()},
            unknown={role: tuple(told) for role, told in self._unknown.items()},
        )

    def _vcenter(self, server: Server) -> None:
        """By what it calls itself, else by the address at which it was read, unless only this machine knows that."""
        values = server.settings.values if isinstance(server.settings, Settings) else {}
        told = [str(values[key]) for key in _OWN_NAMES if values.get(key)]
        name = urlsplit(server.url).hostname or server.name
        if not told and _is_loopback(name):
            self._lacks("vcenter", f"{server.name} was read at {name}, which says nothing of its address")
            return
        self._named("vcenter", told or [name], "a vCenter that was read")

    def _host(self, host: Host) -> None:
        interfaces = self._interfaces(host)
        services = host.vmkernel_services if isinstance(host.vmkernel_services, tuple) else ()
        for nic in interfaces:
            found = {one.service for one in services if nic.device in one.devices} | set(nic.services)
            if isinstance(host.vmotion_device, str) and host.vmotion_device.rpartition("-")[2] == nic.device:
                found.add("vmotion")
            if nic.device.startswith("vswif"):
                found.add("management")
            for text in filter(None, (nic.address, *nic.ipv6)):
                for network in found or {"other"}:
                    self._add(self._on[network], text, f"{nic.device} of {host.name}")
        self._named("dns_server", self._told(host, host.dns_servers, "dns_server"), f"name server of {host.name}")
        self._named("ntp_server", self._told(host, host.ntp_servers, "ntp_server"), f"time server of {host.name}")
        self._storage(host, interfaces)
        self._logs(host)

    def _interfaces(self, host: Host) -> list[VmkernelNic]:
        out: list[VmkernelNic] = []
        for told in (host.vmkernel, host.console_nics):
            if not isinstance(told, Unknown):
                out += told
            elif told is host.vmkernel or host.is_classic:
                self._lacks(HOST, f"the addresses of {host.name}: {told}")
        return out

    def _storage(self, host: Host, interfaces: list[VmkernelNic]) -> None:
        """The targets of a host, and its interfaces that reach them: those in their subnets."""
        if isinstance(host.iscsi, Unknown):
            self._lacks("iscsi_san", f"the iSCSI targets of {host.name}: {host.iscsi}")
            return
        targets = [target.address for adapter in host.iscsi for target in adapter.targets]
        self._named("iscsi_san", targets, f"iSCSI target of {host.name}")
        for nic in interfaces:
            if nic.address and nic.netmask and any(_within(nic, target) for target in targets):
                self._add(self._on["storage"], nic.address, f"{nic.device} of {host.name}")

    def _logs(self, host: Host) -> None:
        if isinstance(host.options, Unknown):
            self._lacks("log_server", f"the log server of {host.name}: {host.options}")
        elif isinstance(host.options, Settings):
            values = host.options.values
            told = values.get("Syslog.global.logHost") or values.get("Syslog.Remote.Hostname") or ""
            names = [urlsplit(one if "//" in one else f"//{one}").hostname or "" for one in str(told).split(",") if one]
            self._named("log_server", names, f"log server of {host.name}")

    def _told(self, host: Host, fact: object, role: str) -> Iterable[str]:
        if isinstance(fact, Unknown):
            self._lacks(role, f"{NAMED[role]}: {host.name}: {fact}")
            return ()
        return fact if isinstance(fact, tuple) else ()

    def _named(self, role: str, names: Iterable[str], why: str) -> None:
        for name in names:
            for text in self._addresses(role, name.strip()):
                self._add(self._found[role], text, why)

    def _addresses(self, role: str, name: str) -> Iterator[str]:
        """The addresses that a name means; a name that nothing here resolves is not guessed."""
        if not name:
            return
        try:
            read(name)
        except ValueError:
            zone = next((zone for zone in self._policy.zones or () if zone.name == name), None)
            if zone is not None:
                yield from zone.match.subnets
                return
            guests = self._guests.get(name.casefold(), [])
            found = {a for guest in guests for a in addresses_of(guest)}
            if not found:
                where = f"firewall.roles.{role} of the policy"
                self._lacks(role, f"{name} is a name that nothing here resolves: write its address under {where}")
            yield from sorted(found)
        else:
            yield name

    def _add(self, found: dict[tuple[Family, Ranges], str], text: str, why: str) -> None:
        try:
            family, span = read(text.partition("%")[0]) if "/" not in text or _is_net(text) else _of_interface(text)
        except ValueError:
            return
        found.setdefault((family, (span,)), why)

    def _lacks(self, role: str, what: str) -> None:
        self._unknown[role][what] = None


def addresses_of(guest: Guest) -> tuple[str, ...]:
    """The addresses that a guest reports, without prefixes; none when they were not read."""
    if isinstance(guest.addresses, Unknown):
        return ()
    return tuple(text.partition("/")[0] for nic in guest.addresses for text in nic.addresses)


def outside(zones: Iterable[Ranges], family: Family) -> Ranges:
    """Every address that is in no zone."""
    return without(family.every, joined(span for zone in zones for span in zone))


def _players(found: dict[tuple[Family, Ranges], str]) -> tuple[Player, ...]:
    return tuple(
        Player(family=family, addresses=addresses, why=why) for (family, addresses), why in sorted(found.items())
    )


def _within(nic: VmkernelNic, target: str) -> bool:
    try:
        network = ip_interface(f"{nic.address}/{nic.netmask}").network
        _, span = read(target)
    except ValueError:
        return False
    return int(network.network_address) <= span.first and span.last <= int(network.broadcast_address)


def _is_loopback(text: str) -> bool:
    try:
        return ip_address(text.strip("[]")).is_loopback
    except ValueError:
        return text.casefold() == "localhost"


def _is_net(text: str) -> bool:
    try:
        read(text)
    except ValueError:
        return False
    return True


def _of_interface(text: str) -> tuple[Family, Range]:
    one = ip_interface(text)
    return Family(one.version), Range(int(one.ip), int(one.ip))
