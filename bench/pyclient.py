"""The second peer: pyVmomi, paged, reading the same properties. Run as ``python -m bench.pyclient``."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from pyVim.connect import Disconnect, SmartConnect
from pyVmomi import vim, vmodl

from bench.facts import FactWriter

Collect = vmodl.query.PropertyCollector


def main() -> None:
    """Read every host and guest page by page."""
    options = argparse.ArgumentParser()
    options.add_argument("--host")
    options.add_argument("--port", type=int)
    options.add_argument("--properties", type=Path)
    options.add_argument("--page", type=int)
    options.add_argument("--facts", type=Path)
    chosen = options.parse_args()
    asked = json.loads(chosen.properties.read_text(encoding="utf-8"))
    service = SmartConnect(
        host=chosen.host,
        port=chosen.port,
        user=os.environ["GOVC_USERNAME"],
        pwd=os.environ["GOVC_PASSWORD"],
        disableSslCertValidation=True,
    )
    counts = {}
    with ExitStack() as stack:
        stack.callback(Disconnect, service)
        out = FactWriter(stack.enter_context(chosen.facts.open("w", encoding="utf-8"))) if chosen.facts else None
        for kind, write in ((vim.HostSystem, host_facts), (vim.VirtualMachine, guest_facts)):
            counts[kind.__name__] = 0
            for found in read(service, kind, asked[kind.__name__.rpartition(".")[2]], chosen.page):
                counts[kind.__name__] += 1
                if out:
                    out.of = found.obj._GetMoId()  # noqa: SLF001  (pyVmomi's own name)
                    write(out, {p.name: p.val for p in found.propSet})
    print(counts)


def read(service: Any, kind: type, paths: list[str], page: int) -> Iterator[Any]:
    """The objects of a type with these properties."""
    content = service.RetrieveContent()
    view = content.viewManager.CreateContainerView(content.rootFolder, [kind], recursive=True)
    refs = list(view.view)
    view.Destroy()
    wanted = Collect.PropertySpec(type=kind, pathSet=paths)
    collector = content.propertyCollector
    for start in range(0, len(refs), page):
        objects = [Collect.ObjectSpec(obj=r) for r in refs[start : start + page]]
        filter_ = Collect.FilterSpec(objectSet=objects, propSet=[wanted])
        result = collector.RetrievePropertiesEx([filter_], Collect.RetrieveOptions())
        yield from result.objects
        while result.token:
            result = collector.ContinueRetrievePropertiesEx(result.token)
            yield from result.objects


def guest_facts(out: FactWriter, p: dict[str, Any]) -> None:
    """The facts of a guest."""
    get = p.get
    out.put("guest", p["name"], moid(get("runtime.host")), moid(get("resourcePool")), moids(get("datastore")))
    out.put(
        "config",
        *(get(f"config.{n}") for n in ("template", "uuid", "instanceUuid", "guestFullName", "guestId", "version")),
        *(get(f"config.{n}") for n in ("modified", "changeVersion", "annotation", "files.vmPathName")),
        *(get(f"config.{n}") for n in ("hardware.numCPU", "hardware.memoryMB")),
        get("config.maxMksConnections") or None,
    )
    out.put(
        "runtime",
        *(get(f"runtime.{n}") for n in ("powerState", "connectionState", "numMksConnections")),
        get("runtime.maxCpuUsage") or None,
    )
    for name in ("cpu", "memory"):
        a = p[f"config.{name}Allocation"]
        out.put(name, a.reservation, a.limit, a.shares.shares, a.shares.level)
    for option in get("config.extraConfig", ()):
        out.put(f"extra {option.key}", option.value)
    for device in p["config.hardware.device"]:
        device_facts(out, device)
    out.put("tools", *(get(f"guest.{n}") for n in ("hostName", "toolsStatus", "toolsVersionStatus2")))
    for i, nic in enumerate(get("guest.net", ())):
        out.put(f"net {i}", nic.network, (nic.macAddress or "").lower(), addresses(nic))
    custom(out, p)


def device_facts(out: FactWriter, device: Any) -> None:
    """A device, and what it is plugged into when it is a network adapter."""
    plug, backing = device.connectable, device.backing
    label = device.deviceInfo.label if device.deviceInfo else ""
    connected = (plug.connected, plug.startConnected) if plug else (None, None)
    out.put(f"device {device.key}", device._wsdlName, label, *connected)  # noqa: SLF001  (its name in the API)
    if isinstance(device, vim.vm.device.VirtualEthernetCard):
        port = getattr(backing, "port", None)
        standard = "" if port else getattr(backing, "deviceName", "")
        out.put(f"nic {device.key}", (device.macAddress or "").lower(), standard, port.portgroupKey if port else "")


def addresses(nic: Any) -> list[str]:
    """The addresses of a NIC, with their prefix where it is told."""
    if nic.ipConfig and nic.ipConfig.ipAddress:
        return [f"{a.ipAddress}/{a.prefixLength}" for a in nic.ipConfig.ipAddress]
    return list(nic.ipAddress)


def custom(out: FactWriter, p: dict[str, Any]) -> None:
    """Values of custom attributes."""
    out.put("custom", [v.value for v in p.get("customValue", ())])


def host_facts(out: FactWriter, p: dict[str, Any]) -> None:
    """The facts of a host."""
    get = p.get
    out.put(
        "host",
        p["name"],
        get("runtime.connectionState"),
        get("runtime.inMaintenanceMode"),
        moids(get("vm")),
        moids(get("datastore")),
    )
    product, hardware = p["summary.config.product"], p["summary.hardware"]
    out.put("product", product.name, product.version, product.build, product.productLineId, product.apiVersion,
            product.fullName)  # fmt: skip
    out.put("hardware", hardware.vendor, hardware.model, hardware.uuid, hardware.cpuMhz, hardware.numCpuCores,
            hardware.memorySize)  # fmt: skip
    out.put("lockdown", get("config.adminDisabled"), get("config.lockdownMode"))
    tpm = get("capability.tpmSupported"), get("capability.tpmVersion"), get("summary.tpmAttestation.status")
    out.put("tpm", *tpm)
    for option in p["config.option"]:
        out.put(f"option {option.key}", option.value)
    for service in p["config.service.service"]:
        out.put(f"service {service.key}", service.running, service.policy, service.label)
    if get("config.firewall"):
        firewall(out, p["config.firewall"])
    network(out, p)
    for config in p["config.virtualNicManagerInfo.netConfig"]:
        devices = {v.key: v.device for v in config.candidateVnic}
        chosen = [devices.get(key) or key.rpartition("-")[2] for key in config.selectedVnic]
        out.put(f"carries {config.nicType}", chosen)
    out.put("vmotion", get("config.vmotion.netConfig.selectedVnic"))
    out.put("ntp", list(get("config.dateTimeInfo.ntpConfig.server", ())))
    out.put("software iscsi", get("config.storageDevice.softwareInternetScsiEnabled"))
    for adapter in p["config.storageDevice.hostBusAdapter"]:
        if isinstance(adapter, vim.host.InternetScsiHba):
            iscsi(out, adapter)
    custom(out, p)


def firewall(out: FactWriter, found: Any) -> None:
    """A host firewall."""
    out.put("firewall", found.defaultPolicy.incomingBlocked, found.defaultPolicy.outgoingBlocked)
    for r in found.ruleset:
        ports = [f"{p.direction} {p.protocol} {p.port}-{p.endPort or p.port}" for p in r.rule]
        hosts, allowed = [], r.allowedHosts
        if allowed:
            hosts = [*allowed.ipAddress, *(f"{n.network}/{n.prefixLength}" for n in allowed.ipNetwork)]
        out.put(f"ruleset {r.key}", r.enabled, ports, allowed.allIp if allowed else None, hosts, r.label)


def network(out: FactWriter, p: dict[str, Any]) -> None:
    """NICs, switches, port groups and interfaces of a host."""
    for n in p["config.network.pnic"]:
        out.put(f"pnic {n.device}", n.mac.lower(), n.linkSpeed.speedMb if n.linkSpeed else None, n.driver)
    for s in p["config.network.vswitch"]:
        uplinks = list(s.spec.bridge.nicDevice) if s.spec.bridge else []
        out.put(f"switch {s.name}", uplinks, *security(s.spec.policy))
    for g in p["config.network.portgroup"]:
        order = g.computedPolicy.nicTeaming.nicOrder if g.computedPolicy.nicTeaming else None
        uplinks = [*order.activeNic, *order.standbyNic] if order else []
        out.put(f"port group {g.spec.name}", g.spec.vswitchName, g.spec.vlanId, uplinks, *security(g.computedPolicy))
    for v in [*p.get("config.network.vnic", ()), *p.get("config.network.consoleVnic", ())]:
        ip = v.spec.ip
        out.put(f"vmkernel {v.device}", v.portgroup, ip.ipAddress if ip else "", ip.subnetMask if ip else "")
    out.put("dns", list(p["config.network.dnsConfig"].address))


def security(policy: Any) -> tuple[object, ...]:
    """What guests may do on a switch or port group."""
    found = policy.security if policy else None
    return (found.allowPromiscuous, found.macChanges, found.forgedTransmits) if found else (None,) * 3


def iscsi(out: FactWriter, adapter: Any) -> None:
    """An iSCSI adapter and its targets."""
    identity = adapter.iScsiName, adapter.isSoftwareBased
    out.put(f"iscsi {adapter.device}", *identity, *chap(adapter.authenticationProperties))
    for i, t in enumerate(adapter.configuredSendTarget):
        out.put(f"send target {i}", t.address, t.port, "", *chap(t.authenticationProperties))
    for i, t in enumerate(adapter.configuredStaticTarget):
        out.put(f"static target {i}", t.address, t.port, t.iScsiName, *chap(t.authenticationProperties))


def chap(found: Any) -> tuple[object, ...]:
    """CHAP settings without secrets."""
    if not found:
        return (None,) * 4
    kinds = found.chapAuthenticationType, found.mutualChapAuthenticationType
    return (found.chapAuthEnabled, found.chapName, *kinds)


def moid(ref: Any) -> str | None:
    """The id of a reference."""
    return ref._GetMoId() if ref is not None else None  # noqa: SLF001


def moids(refs: Any) -> list[str]:
    """The ids of references, sorted."""
    return sorted(r._GetMoId() for r in refs or ())  # noqa: SLF001


if __name__ == "__main__":
    main()
