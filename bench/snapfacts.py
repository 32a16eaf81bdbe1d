"""The facts of a snapshot of viguard in the canonical form. Run as ``python -m bench.snapfacts SNAPSHOT FILE``.

From the decoded model, not from bytes: it proves what viguard keeps.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TypeVar

from bench.facts import FactWriter
from viguard.model.facts import Fact, Settings, Unknown
from viguard.model.guest import Guest
from viguard.model.host import Firewall, Host
from viguard.model.inventory import Inventory
from viguard.model.network import SecurityPolicy, Vlan
from viguard.model.resources import Allocation
from viguard.model.storage import Chap, IscsiAdapter
from viguard.store import snapshots

T = TypeVar("T")


def main() -> None:
    """Write the facts of hosts and guests."""
    snapshot, target = map(Path, sys.argv[1:])
    inventory = snapshots.read(snapshot)
    with target.open("w", encoding="utf-8") as stream:
        out = FactWriter(stream)
        for host in inventory.hosts:
            out.of = moid(host.id) or ""
            host_facts(out, host, inventory)
        for guest in inventory.all(Guest):
            out.of = moid(guest.id) or ""
            guest_facts(out, guest)


def guest_facts(out: FactWriter, g: Guest) -> None:
    """The facts of a guest."""
    out.put("guest", g.name, moid(g.host), moid(g.pool), moids(g.datastores))
    out.put("config", g.template, g.uuid, g.instance_uuid, g.os, g.os_id, g.version, g.modified, g.change_version,
            g.annotation, g.file, g.cpus, g.memory_mib, g.max_consoles or None)  # fmt: skip
    out.put("runtime", g.power, g.connection, g.consoles, g.max_cpu_mhz or None)
    for name, a in (("cpu", g.cpu), ("memory", g.memory)):
        assert isinstance(a, Allocation), a
        out.put(name, a.reservation, -1 if a.limit is None else a.limit, a.shares, a.level)
    settings(out, "extra", g.extra_config)
    for d in known(g.devices):
        out.put(f"device {d.key}", d.type, d.label, d.connected, d.start_connected)
    for n in known(g.nics):
        out.put(f"nic {n.key}", n.mac, n.port_group, n.dv_port_group)
    out.put("tools", g.host_name, g.tools, g.tools_version_status)
    for i, nic in enumerate(known(g.addresses)):
        out.put(f"net {i}", nic.network, nic.mac, nic.addresses)
    custom(out, g.custom)


def host_facts(out: FactWriter, h: Host, inventory: Inventory) -> None:
    """The facts of a host."""
    out.put("host", h.name, h.connection, h.maintenance, moids(h.guests), moids(h.datastores))
    product, hardware = h.product, h.hardware
    assert not isinstance(product, Unknown)
    assert not isinstance(hardware, Unknown)
    out.put("product", product.name, product.version, product.build, product.line, product.api_version,
            product.full_name)  # fmt: skip
    out.put("hardware", hardware.vendor, hardware.model, hardware.uuid, hardware.cpu_mhz, hardware.cores,
            hardware.memory_bytes)  # fmt: skip
    out.put("lockdown", h.admin_disabled, h.lockdown_mode)
    out.put("tpm", h.tpm_supported, h.tpm_version, h.tpm_attestation)
    settings(out, "option", h.options)
    for s in known(h.services):
        out.put(f"service {s.key}", s.running, s.policy, s.label)
    if isinstance(h.firewall, Firewall):
        firewall(out, h.firewall)
    network(out, h, inventory)
    for v in known(h.vmkernel_services):
        out.put(f"carries {v.service}", v.devices)
    out.put("vmotion", h.vmotion_device)
    out.put("ntp", known(h.ntp_servers))
    out.put("software iscsi", h.software_iscsi)
    for adapter in known(h.iscsi):
        iscsi(out, adapter)
    custom(out, h.custom)


def firewall(out: FactWriter, found: Firewall) -> None:
    """A host firewall."""
    out.put("firewall", found.incoming_blocked, found.outgoing_blocked)
    for r in found.rulesets:
        ports = [f"{p.direction} {p.protocol} {p.start}-{p.end}" for p in r.ports]
        out.put(f"ruleset {r.key}", r.enabled, ports, r.all_addresses, r.addresses, r.label)


def network(out: FactWriter, h: Host, inventory: Inventory) -> None:
    """NICs, switches, port groups and interfaces of a host."""
    for n in known(h.nics):
        out.put(f"pnic {n.device}", n.mac, n.link_mbps, n.driver)
    for switch in inventory.switches_by_host[h.id].values():
        out.put(f"switch {switch.name}", known(switch.uplinks), *security(switch.security))
    for g in inventory.port_groups_by_host[h.id].values():
        assert isinstance(g.vlan, Vlan), g.vlan
        out.put(f"port group {g.name}", g.switch, g.vlan.id, known(g.uplinks), *security(g.security))
    for v in (*known(h.vmkernel), *known(h.console_nics)):
        out.put(f"vmkernel {v.device}", v.port_group, v.address, v.netmask)
    out.put("dns", known(h.dns_servers))


def security(found: Fact[SecurityPolicy]) -> tuple[object, ...]:
    """What guests may do on a switch or port group."""
    assert isinstance(found, SecurityPolicy), found
    return found.promiscuous, found.mac_changes, found.forged_transmits


def iscsi(out: FactWriter, adapter: IscsiAdapter) -> None:
    """An iSCSI adapter and its targets."""
    out.put(f"iscsi {adapter.device}", adapter.iqn, adapter.software, *chap(adapter.chap))
    sends = [t for t in adapter.targets if not t.iqn]
    statics = [t for t in adapter.targets if t.iqn]
    for name, targets in (("send", sends), ("static", statics)):
        for i, t in enumerate(targets):
            out.put(f"{name} target {i}", t.address, t.port, t.iqn, *chap(t.chap))


def chap(found: Chap | None) -> tuple[object, ...]:
    """CHAP settings."""
    return (found.enabled, found.name, found.one_way, found.mutual) if found else (None,) * 4


def settings(out: FactWriter, name: str, found: Fact[Settings]) -> None:
    """Options by key."""
    assert isinstance(found, Settings), found
    for key, value in found.values.items():
        out.put(f"{name} {key}", value)


def custom(out: FactWriter, found: Fact[Settings]) -> None:
    """Values of custom attributes."""
    out.put("custom", list(found.values.values()) if isinstance(found, Settings) else [])


def known(found: Fact[tuple[T, ...]]) -> tuple[T, ...]:
    """A list, empty where it is unknown: a peer that reads something there shows the difference."""
    return () if isinstance(found, Unknown) else found


def moid(id_: Fact[str | None]) -> str | None:
    """The part of a resource id that the server gave."""
    return id_.rpartition(":")[2] if isinstance(id_, str) else None


def moids(ids: Fact[tuple[str, ...]]) -> list[str]:
    """The parts of resource ids that the server gave, sorted."""
    return sorted(i.rpartition(":")[2] for i in known(ids))


if __name__ == "__main__":
    main()
