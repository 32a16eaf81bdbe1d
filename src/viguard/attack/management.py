"""Into hosts and vCenters by what manages them."""

from __future__ import annotations

from collections.abc import Iterator

from viguard.attack.estate import Estate
from viguard.attack.graph import Edge, Seen
from viguard.model.facts import Reason, Settings, Unknown
from viguard.model.guest import Guest
from viguard.model.host import Firewall, Host
from viguard.model.network import Vlan, VmkernelNic
from viguard.model.server import Product, Server

WEB, SHELL = "tcp/443", "tcp/22"
WEB_RULESETS = frozenset({"vSphereClient", "webAccess", "httpsClient"})
SHELLS = frozenset({"sshd", "TSM-SSH"})
AUTO_ADD = "Config.HostAgent.plugins.hostsvc.esxAdminsGroupAutoAdd"
GROUP = "Config.HostAgent.plugins.hostsvc.esxAdminsGroup"
PASSWORD = "whether an attacker has a password that opens it"  # noqa: S105  (a sentence)


def edges(estate: Estate) -> Iterator[Edge]:
    """Management interfaces, logins, and vCenters over their hosts."""
    for host in estate.inventory.hosts:
        yield from _reached(estate, host)
        yield from _login(estate, host)
        yield from _group(estate, host)
    for server in estate.vcenters:
        yield from _vcenter(estate, server)


def _managing(estate: Estate, host: Host) -> list[tuple[VmkernelNic, tuple[Seen, ...]]]:
    """The interfaces that manage a host, with the facts that say so; the console's on classic ESX."""
    if isinstance(host.console_nics, tuple) and host.console_nics:
        told = {
            n: estate.seen(host, "console_nics", f"{n.device} {n.address}", f"[{n.device}]") for n in host.console_nics
        }
        return [(nic, (fact,)) for nic, fact in told.items()]
    services = host.vmkernel_services
    if isinstance(services, Unknown) or isinstance(host.vmkernel, Unknown):
        estate.notes[f"the management interface of {host.name} was not read"] = None
        return []
    devices = {d for s in services if s.service == "management" for d in s.devices}
    return [
        (
            n,
            (
                estate.seen(host, "vmkernel", f"{n.device} {n.address}", f"[{n.device}]"),
                estate.seen(host, "vmkernel_services", f"management: {n.device}"),
            ),
        )
        for n in host.vmkernel
        if n.device in devices
    ]


def _reached(estate: Estate, host: Host) -> Iterator[Edge]:
    """From the network of a management interface to the interface, as far as the host's firewall admits."""
    for nic, told in _managing(estate, host):
        zone = estate.vmkernel_zone(host, nic)
        if zone is None:
            continue
        target, facts = estate.interface(host), (*told, *zone[1])
        own = tuple(filter(None, (nic.address, *(text.partition("/")[0] for text in nic.ipv6))))
        service = estate.service(zone[0], WEB, own)
        wall, missing, named = _wall(estate, host)
        yield Edge("management", service, target, (*facts, *wall), missing, on=host.id)
        if named:  # its own network is among the addresses: no router stands between
            yield Edge("management", zone[0], target, (*facts, *wall), on=host.id)
        for shell in host.services if isinstance(host.services, tuple) else ():
            if shell.key in SHELLS and shell.running:
                seen = estate.seen(host, "services", f"{shell.key} runs", f"[{shell.key}]")
                yield Edge("management", estate.service(zone[0], SHELL, own), target, (*facts, seen), on=host.id)


def _wall(estate: Estate, host: Host) -> tuple[tuple[Seen, ...], tuple[str, ...], bool]:
    """What the host's own firewall says of its web interface: facts, what is missing, whether it names addresses."""
    wall = host.firewall
    if isinstance(wall, Unknown):
        none = wall.reason is Reason.NOT_IN_VERSION
        return (), () if none else (f"the host's firewall: {wall}",), False
    for rules in wall.rulesets if isinstance(wall, Firewall) else ():
        if rules.key in WEB_RULESETS and rules.enabled and rules.all_addresses is False:
            fact = estate.seen(host, "firewall", f"{rules.key}: {', '.join(rules.addresses)}", f"[{rules.key}]")
            return (fact,), ("whether the sender's address is among those that the host's firewall names",), True
    return (estate.seen(host, "firewall", "no address is refused for the web interface"),), (), False


def _login(estate: Estate, host: Host) -> Iterator[Edge]:
    known = estate.supplied.logins.get(host.id)
    locked, facts = _lockdown(estate, host)
    if locked:
        return
    if known == "":
        return
    if known:
        facts = (*facts, estate.told(host, "password", known))
    yield Edge("host_login", estate.interface(host), estate.at(host), facts, () if known else (PASSWORD,), on=host.id)


def _lockdown(estate: Estate, host: Host) -> tuple[bool, tuple[Seen, ...]]:
    if host.is_classic and isinstance(host.product, Product):  # it has no lockdown mode
        return False, (estate.seen(host, "product", f"{host.product.name} {host.product.version}"),)
    if isinstance(host.lockdown_mode, str):
        return host.lockdown_mode != "lockdownDisabled", (estate.seen(host, "lockdown_mode", host.lockdown_mode),)
    if isinstance(host.admin_disabled, bool):
        return host.admin_disabled, (estate.seen(host, "admin_disabled", host.admin_disabled),)
    return False, ()


def _group(estate: Estate, host: Host) -> Iterator[Edge]:
    options = host.options.values if isinstance(host.options, Settings) else {}
    group = options.get(GROUP)
    if options.get(AUTO_ADD) is not True or not isinstance(group, str) or not group:
        return
    told = estate.seen(host, "options", f"{GROUP} = {group}, {AUTO_ADD} = true")
    node = estate.credential(f"domain group {group}")
    yield Edge("domain_group", node, estate.at(host), (told,), ("whether the host is in a domain",), on=host.id)


def _vcenter(estate: Estate, server: Server) -> Iterator[Edge]:
    node, interface = estate.at(server), estate.interface(server)
    for host in estate.inventory.hosts:
        if host.server == server.id:
            fact = estate.told(host, "HostSystem", f"is in the inventory of {server.name}")
            yield Edge("vcenter_hosts", node, estate.at(host), (fact,), on=server.id)
    for guest, facts in _running(estate, server):
        yield Edge("vcenter_guest", estate.at(guest), node, facts)
        for _, group, plugged, missing in estate.plugged(guest):
            if isinstance(group.vlan, Vlan) and not group.vlan.is_trunk:
                service = estate.service(estate.network(group), WEB, estate.addresses(guest))
                seen = tuple(dict.fromkeys((*facts, *plugged, estate.vlan_seen(group))))
                yield Edge("vcenter_interface", service, interface, seen, missing, on=server.id)
    known = estate.supplied.logins.get(server.id)
    if known != "":
        told = (estate.told(server, "password", known),) if known else ()
        yield Edge("vcenter_login", interface, node, told, () if known else (PASSWORD,), on=server.id)


def _running(estate: Estate, server: Server) -> Iterator[tuple[Guest, tuple[Seen, ...]]]:
    """The guest that a vCenter runs on, once for each way in which both tell the same name or address."""
    for guest, own, field in estate.guest_names.ways(server):
        facts = [estate.seen(server, "settings", own)] if own else [estate.told(server, "name", server.name)]
        if field == "name":
            facts.append(estate.told(guest, "name", guest.name))
        else:
            value = guest.host_name if field == "host_name" else ", ".join(estate.addresses(guest))
            facts.append(estate.seen(guest, field, value))
        yield guest, tuple(facts)
