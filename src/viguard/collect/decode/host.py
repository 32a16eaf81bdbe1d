"""A host from its property values and the replies to its calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from viguard.collect.decode.network import names, physical_nics, vmkernel_nics
from viguard.collect.decode.place import NO_VALUE, Place, facts
from viguard.collect.decode.storage import iscsi_adapters
from viguard.collect.decode.values import (
    UNREADABLE,
    Values,
    boolean,
    find,
    maybe_moment,
    maybe_truth,
    number,
    settings,
    text,
    texts,
)
from viguard.model.facts import Fact, Reason, Unknown
from viguard.model.host import (
    Certificate,
    Firewall,
    Hardware,
    Host,
    LocalAccount,
    Module,
    Package,
    Port,
    Ruleset,
    Service,
    VmkernelService,
)
from viguard.model.server import Product
from viguard.vsphere.replies import Element

REACHED = "connected"
NO_CONFIGURATION = Unknown(reason=Reason.UNREACHABLE, detail="the server holds no configuration of this host")
ACCOUNTS_ELSEWHERE = Unknown(
    reason=Reason.NO_SOURCE, detail="a vCenter does not tell the local accounts of its hosts: read the host directly"
)


def unreachable(state: str) -> Unknown:
    """What every fact of a host is that does not answer its vCenter."""
    return Unknown(reason=Reason.UNREACHABLE, detail=f"the host does not answer its vCenter ({state})")


def connection_of(values: Values) -> Fact[str]:
    """The state of the connection of a vCenter to a host."""
    return values.fact("runtime.connectionState", text, NO_VALUE)


def decode_host(place: Place, values: Values, replies: Mapping[str, Fact[list[Element]]]) -> Host:
    """A host. Of one that its vCenter cannot reach, what the vCenter remembers is unknown."""
    connection = connection_of(values)
    found: dict[str, Any] = {**facts(Host, STANDING, values), "connection": connection}
    found["guests"] = values.fact("vm", place.resources, ())
    found["datastores"] = values.fact("datastore", place.resources, ())
    if isinstance(connection, str) and connection != REACHED:
        found |= dict.fromkeys([*FACTS, *CALLS], unreachable(connection))
    else:
        found |= facts(Host, FACTS, values) | _called(replies)
        found |= _doubtful(values, found)
    return Host(**place.identity, **found, datacenter=place.datacenter, cluster=place.cluster)


def _called(replies: Mapping[str, Fact[list[Element]]]) -> dict[str, object]:
    return {
        field: values if isinstance(values, Unknown) else _reply(field, values) for field, values in replies.items()
    }


def _reply(field: str, values: list[Element]) -> object:
    try:
        return CALLS[field](values)
    except (ValueError, TypeError, IndexError):
        return UNREADABLE


def _doubtful(values: Values, found: Mapping[str, object]) -> dict[str, object]:
    """Empty facts that are empty because the server holds nothing at all of the host, as Unknown.

    An empty list is a fact only where its surroundings were read: no NTP server is a finding, no
    dateTimeInfo is not.
    """
    doubtful: dict[str, object] = {}
    if values.element("config.product.version") is None:
        doubtful |= {field: NO_CONFIGURATION for field in FACTS if field not in SUMMARY and not found[field]}
    if values.element("config.dateTimeInfo.timeZone.key") is None and not values.has(
        "config.dateTimeInfo.ntpConfig.server"
    ):
        doubtful["ntp_servers"] = NO_VALUE
    if not any(values.has(f"config.network.{part}") for part in NETWORK):
        lost = values.missing("config.network.pnic") or NO_VALUE
        doubtful |= dict.fromkeys(NETWORK_FACTS, lost)
    return doubtful


def product(element: Element) -> Product:
    """A product. Source: vim.AboutInfo."""
    return Product(
        name=find(element, "name"),
        version=find(element, "version"),
        build=find(element, "build"),
        line=find(element, "productLineId"),
        api_version=find(element, "apiVersion"),
        full_name=find(element, "fullName"),
    )


def hardware(element: Element) -> Hardware:
    """What the host is made of. Source: vim.host.Summary.HardwareSummary."""
    return Hardware(
        vendor=find(element, "vendor"),
        model=find(element, "model"),
        uuid=find(element, "uuid"),
        cpu_mhz=number(find(element, "cpuMhz")),
        cores=number(find(element, "numCpuCores")),
        memory_bytes=number(find(element, "memorySize")),
    )


def dns_name(element: Element) -> str | None:
    """The host's name with its domain, as far as it has them. Source: vim.host.DnsConfig."""
    parts = (find(element, "hostName").strip("."), find(element, "domainName").strip("."))
    return ".".join(part for part in parts if part) or None


def services(element: Element) -> tuple[Service, ...]:
    """Services. Source: vim.host.Service[]."""
    return tuple(
        Service(
            key=find(s, "key"), running=find(s, "running") == "true", policy=find(s, "policy"), label=find(s, "label")
        )
        for s in element
    )


def firewall(element: Element) -> Firewall:
    """A host firewall. Source: vim.host.FirewallInfo."""
    return Firewall(
        incoming_blocked=maybe_truth(element.findtext("defaultPolicy/incomingBlocked")),
        outgoing_blocked=maybe_truth(element.findtext("defaultPolicy/outgoingBlocked")),
        rulesets=tuple(_ruleset(r) for r in element.iterfind("ruleset")),
    )


def _ruleset(element: Element) -> Ruleset:
    allowed = element.find("allowedHosts")
    networks = [f"{find(n, 'network')}/{find(n, 'prefixLength')}" for n in element.iterfind("allowedHosts/ipNetwork")]
    return Ruleset(
        key=find(element, "key"),
        enabled=find(element, "enabled") == "true",
        ports=tuple(_port(r) for r in element.iterfind("rule")),
        all_addresses=maybe_truth(allowed.findtext("allIp")) if allowed is not None else None,
        addresses=(*texts(element.iterfind("allowedHosts/ipAddress")), *networks),
        addresses_configurable=maybe_truth(element.findtext("ipListUserConfigurable")),
        label=find(element, "label"),
    )


def _port(element: Element) -> Port:
    start = number(find(element, "port"))
    return Port(
        start=start,
        end=number(find(element, "endPort"), start) or start,
        direction=find(element, "direction"),
        protocol=find(element, "protocol"),
        type=find(element, "portType") or "dst",
    )


def vmkernel_services(element: Element) -> tuple[VmkernelService, ...]:
    """Which interface carries which service. Source: vim.host.VirtualNicManager.NetConfig[]."""
    return tuple(_vmkernel_service(c) for c in element)


def _vmkernel_service(element: Element) -> VmkernelService:
    devices = {find(c, "key"): find(c, "device") for c in element.iterfind("candidateVnic")}
    chosen = texts(element.iterfind("selectedVnic"))
    return VmkernelService(
        service=find(element, "nicType"), devices=tuple(devices.get(k) or k.rpartition("-")[2] for k in chosen)
    )


def _some(found: list[Element]) -> None:
    """No host runs without packages and kernel modules: an empty list tells nothing. Raises ValueError."""
    if not found:
        raise ValueError("an empty list")


def _packages(found: list[Element]) -> tuple[Package, ...]:
    _some(found)
    return tuple(
        Package(
            name=find(p, "name"),
            version=find(p, "version"),
            vendor=find(p, "vendor"),
            acceptance=find(p, "acceptanceLevel"),
        )
        for p in found
    )


def _modules(found: list[Element]) -> tuple[Module, ...]:
    _some(found)
    return tuple(
        Module(name=find(m, "name"), version=find(m, "version"), enabled=find(m, "enabled") != "false") for m in found
    )


def certificate(info: Element) -> Certificate:
    """A host certificate. Source: vim.host.CertificateManager.CertificateInfo."""
    return Certificate(
        issuer=find(info, "issuer"),
        subject=find(info, "subject"),
        not_before=maybe_moment(info.findtext("notBefore")),
        not_after=maybe_moment(info.findtext("notAfter")),
        status=find(info, "status"),
    )


def _accounts(found: list[Element]) -> tuple[LocalAccount, ...]:
    return tuple(LocalAccount(name=find(a, "principal"), group=find(a, "group") == "true") for a in found)


SUMMARY = {"product", "hardware"}
NETWORK = ("pnic", "vswitch", "portgroup", "vnic", "dnsConfig")
NETWORK_FACTS = ("nics", "switches", "port_groups", "vmkernel", "console_nics", "dns_name", "dns_servers")

STANDING: dict[str, tuple[object, object]] = {"maintenance": (boolean, NO_VALUE)}
"""What a vCenter knows of its own about a host, reached or not."""

FACTS: dict[str, tuple[object, object]] = {
    "product": (product, NO_VALUE),
    "hardware": (hardware, NO_VALUE),
    "nics": (physical_nics, ()),
    "switches": (names, ()),
    "port_groups": (names, ()),
    "vmkernel": (vmkernel_nics, ()),
    "console_nics": (vmkernel_nics, ()),
    "vmkernel_services": (vmkernel_services, NO_VALUE),
    "vmotion_device": (text, None),
    "dns_name": (dns_name, None),
    "dns_servers": (lambda e: texts(e.iterfind("address")), ()),
    "services": (services, NO_VALUE),
    "firewall": (firewall, None),
    "options": (settings, NO_VALUE),
    "admin_disabled": (boolean, None),
    "lockdown_mode": (text, None),
    "software_iscsi": (boolean, NO_VALUE),
    "iscsi": (iscsi_adapters, NO_VALUE),
    "ntp_servers": (texts, ()),
    "tpm_supported": (boolean, None),
    "tpm_version": (text, None),
    "tpm_attestation": (text, None),
    "certificate": (certificate, None),
    "secure_boot": (boolean, None),
}
"""Decoder of each fact, and the fact when the server holds no value."""

CALLS: dict[str, Callable[[list[Element]], object]] = {
    "lockdown_exceptions": texts,
    "acceptance_level": lambda found: (found[0].text or None) if found else None,
    "packages": _packages,
    "modules": _modules,
    "accounts": _accounts,
}
"""Decoder of the reply to each call."""
