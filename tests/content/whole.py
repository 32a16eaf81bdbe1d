"""A small estate in which nearly every control passes on something: one vCenter, one host, one guest, one template."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec

from tests.content.examples import NOW, build
from viguard.assess.context import api_property
from viguard.model.access import Access, Role
from viguard.model.facts import Resource
from viguard.model.guest import Guest
from viguard.model.host import Host
from viguard.model.inventory import Inventory
from viguard.model.network import DistributedSwitch, DvPortGroup, StandardPortGroup, StandardSwitch
from viguard.model.server import Cluster, Datacenter, Folder, ResourcePool, Server
from viguard.model.storage import Datastore
from viguard.policy.policy import Policy

STAMP = NOW.isoformat()
SAFE = {"promiscuous": False, "mac_changes": False, "forged_transmits": False}
PARTS = "Config.HostAgent.plugins.hostsvc."
OPTIONS = {
    "Security.PasswordQualityControl": "retry=3 min=disabled,disabled,disabled,disabled,15",
    PARTS + "esxAdminsGroupAutoAdd": "false",
    PARTS + "esxAdminsGroup": "hosts",
    "UserVars.ESXiShellInteractiveTimeOut": 900,
    "UserVars.ESXiShellTimeOut": 600,
    "UserVars.ESXiVPsDisabledProtocols": "sslv3,tlsv1,tlsv1.1",
    "Net.BMCNetworkEnable": 0,
    "Syslog.global.auditRecord.storageEnable": True,
    "Syslog.global.auditRecord.remoteEnable": True,
    "Syslog.global.auditRecord.storageDirectory": "[] /scratch/auditLog",
    "Syslog.global.logDir": "[] /scratch/log",
    "Syslog.global.logHost": "ssl://log.example.org:1514",
    "ScratchConfig.CurrentScratchLocation": "/vmfs/volumes/4b41d954",
    "VMkernel.Boot.execInstalledOnly": True,
}
OFF = {"running": False, "policy": "off"}
HOST: dict[str, Any] = {
    "name": "esx1",
    "datacenter": "s:dc",
    "cluster": "s:c1",
    "connection": "connected",
    "maintenance": False,
    "product": {"line": "embeddedEsx", "version": "8.0.3", "api_version": "8.0.3.0", "name": "VMware ESXi"},
    "hardware": {"uuid": "u1", "cpu_mhz": 1000, "cores": 10, "memory_bytes": 64 * 2**30},
    "guests": ["s:g1", "s:vc"],
    "datastores": ["s:ds1"],
    "nics": [{"device": "vmnic0", "link_mbps": 10000}, {"device": "vmnic1", "link_mbps": 10000}],
    "switches": ["vSwitch0", "vSwitch1"],
    "port_groups": ["web", "management", "vmotion", "iscsi"],
    "vmkernel": [
        {"device": "vmk0", "port_group": "management", "address": "10.0.10.5", "netmask": "255.255.255.0"},
        {"device": "vmk1", "port_group": "vmotion", "address": "10.0.20.5", "netmask": "255.255.255.0"},
        {"device": "vmk2", "port_group": "iscsi", "address": "10.0.30.5", "netmask": "255.255.255.0"},
    ],
    "console_nics": [],
    "vmkernel_services": [
        {"service": "management", "devices": ["vmk0"]},
        {"service": "vmotion", "devices": ["vmk1"]},
    ],
    "vmotion_device": "vmk1",
    "dns_servers": ["10.0.10.1"],
    "dns_name": "esx1.example.org",
    "services": [
        {"key": "TSM", **OFF},
        {"key": "TSM-SSH", **OFF},
        {"key": "slpd", **OFF},
        {"key": "ntpd", "running": True, "policy": "on"},
    ],
    "firewall": {"incoming_blocked": True, "outgoing_blocked": True, "rulesets": []},
    "options": OPTIONS,
    "admin_disabled": True,
    "lockdown_mode": "lockdownNormal",
    "lockdown_exceptions": [],
    "software_iscsi": True,
    "iscsi": [
        {
            "device": "vmhba64",
            "iqn": "iqn.1998-01.com.vmware:esx1",
            "software": True,
            "chap": {"enabled": True, "name": "esx1", "one_way": "chapRequired", "mutual": "chapRequired"},
            "targets": [{"address": "10.0.30.100", "iqn": "iqn.2001-05.com.equallogic:0-a", "chap": None}],
        }
    ],
    "ntp_servers": ["ntp1.example.org", "ntp2.example.org"],
    "tpm_supported": True,
    "tpm_version": "2.0",
    "tpm_attestation": "accepted",
    "secure_boot": True,
    "certificate": {
        "issuer": "CN=CA",
        "subject": "CN=esx1",
        "not_before": (NOW - timedelta(days=30)).isoformat(),
        "not_after": (NOW + timedelta(days=400)).isoformat(),
        "status": "good",
    },
    "acceptance_level": "partner",
    "packages": [{"name": "esx-base", "acceptance": "vmware_certified"}],
    "modules": [{"name": "vmkernel"}],
    "accounts": [{"name": "root"}],
    "tags": [],
}
GUEST: dict[str, Any] = {
    "datacenter": "s:dc",
    "folder": "s:vf",
    "host": "s:h1",
    "pool": "s:p1",
    "template": False,
    "uuid": "u-g1",
    "instance_uuid": "i-g1",
    "power": "poweredOn",
    "connection": "connected",
    "os": "Linux",
    "os_id": "rhel8_64Guest",
    "version": "vmx-19",
    "modified": STAMP,
    "change_version": STAMP,
    "annotation": "",
    "file": "[ds1] g/g.vmx",
    "cpus": 1,
    "memory_mib": 1024,
    "devices": [{"key": 4000, "type": "VirtualVmxnet3", "label": "NIC 1"}],
    "nics": [
        {"key": 4000, "type": "VirtualVmxnet3", "label": "NIC 1", "port_group": "web", "mac": "00:50:56:00:00:01"},
    ],
    "extra_config": {"log.rotateSize": "100000", "log.keepOld": "10"},
    "cpu": {"reservation": 1000, "limit": 1500, "shares": 1000},
    "memory": {"shares": 10240},
    "max_consoles": 1,
    "consoles": 0,
    "max_cpu_mhz": 1000,
    "addresses": [],
    "host_name": "g1",
    "tools": "toolsOk",
    "tools_version_status": "guestToolsCurrent",
    "datastores": ["s:ds1"],
    "tags": [],
}
POLICY: dict[str, Any] = {
    "zones": [
        {"name": "web", "match": {"vlans": [100]}, "trust": 1},
        {"name": "management", "match": {"vlans": [10]}, "purpose": "management", "trust": 9},
        {"name": "vmotion", "match": {"vlans": [20]}, "purpose": "vmotion", "trust": 9},
        {"name": "storage", "match": {"vlans": [30]}, "purpose": "storage", "trust": 9},
    ],
    "pairs_default": "share",
    "limits": {"hosts_per_credential": 5},
    "approved": {
        "log_servers": ["log.example.org"],
        "ntp_servers": ["ntp1.example.org", "ntp2.example.org"],
        "certificate_issuers": ["CN=CA"],
        "kernel_modules": ["vmkernel"],
        "vcenter_principals": ["EXAMPLE\\ops"],
        "templates": ["golden"],
    },
}


def policy() -> Policy:
    return msgspec.convert(POLICY, Policy)


def records() -> list[Resource]:
    """Every object of the estate."""

    def placed(cls: type[Resource], id_: str, /, **facts: Any) -> Any:
        return build(cls, f"s:{id_}", {"name": id_} | facts, [])

    def group(name: str, vlan: int, switch: str) -> Any:
        facts = {"host": "s:h1", "switch": switch, "vlan": {"id": vlan}, "security": SAFE, "uplinks": ["vmnic0"]}
        return placed(StandardPortGroup, name, **facts)

    product = {"line": "vpx", "version": "8.0.3", "api_version": "8.0.3.0"}
    permission = {"entity": "s:root", "principal": "EXAMPLE\\ops", "role_id": 10, "propagate": True}
    return [
        build(Server, "s", {"name": "s", "product": product, "instance_uuid": "iu", "url": "https://vc"}, []),
        placed(Folder, "root"),
        placed(Folder, "vf", parent="s:dc"),
        placed(Folder, "hf", parent="s:dc"),
        placed(Datacenter, "dc", parent="s:root"),
        placed(Cluster, "c1", parent="s:hf", datacenter="s:dc", hosts=["s:h1"], drs=False, ha=False, rules=[]),
        placed(ResourcePool, "p1", parent="s:c1", cluster="s:c1", cpu={}, memory={}),
        build(Host, "s:h1", HOST, []),
        placed(Guest, "g1", **GUEST),
        placed(Guest, "vc", **GUEST | {"nics": [GUEST["nics"][0] | {"port_group": "management"}]}),
        placed(Guest, "golden", **GUEST | {"template": True, "power": "poweredOff", "instance_uuid": "i-t"}),
        placed(StandardSwitch, "vSwitch0", host="s:h1", uplinks=["vmnic0"], security=SAFE),
        placed(StandardSwitch, "vSwitch1", host="s:h1", uplinks=["vmnic1"], security=SAFE),
        group("web", 100, "vSwitch0"),
        group("management", 10, "vSwitch1"),
        group("vmotion", 20, "vSwitch1"),
        group("iscsi", 30, "vSwitch1"),
        placed(DistributedSwitch, "dvs", uuid="d", datacenter="s:dc", security=SAFE, mirrors=[], members=[]),
        placed(
            DvPortGroup,
            "dvpg",
            key="k",
            switch="s:dvs",
            uplink=False,
            vlan={"id": 100},
            security=SAFE,
            vlan_override=False,
            security_override=False,
        ),
        placed(
            Datastore, "ds1", type="VMFS", capacity_bytes=10, shared=False, hosts=["s:h1"], volume="v1", nfs_servers=[]
        ),
        placed(Role, "Admin", role_id=-1, system=True, privileges=["VirtualMachine.Interact.PowerOn", "Host.Config"]),
        placed(Role, "ops", role_id=10, system=False, privileges=["VirtualMachine.Interact.PowerOn"]),
        placed(
            Access,
            "access",
            permissions=[permission],
            sessions=[],
            events=[],
            events_since=(NOW - timedelta(days=30)).isoformat(),
            own_login=True,
            alarms=[{"name": "Failed login", "enabled": True, "actions": ["SendEmailAction"]}],
        ),
    ]


def estate(without: tuple[str, str] | None = None, removed: Any = None) -> Inventory:
    """The estate, or the estate with one property (record id, API property) replaced in every field that holds it."""
    found = [_without(r, without[1], removed) if without and r.id == without[0] else r for r in records()]
    return Inventory(found, read_at=NOW)


def _without(record: Resource, property_: str, removed: Any) -> Resource:
    fields = [f for f in record.__struct_fields__ if api_property(type(record), f) == property_]
    return msgspec.structs.replace(record, **dict.fromkeys(fields, removed))
