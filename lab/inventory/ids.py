"""References in the style of the product: ``host-12`` on a vCenter, ``ha-host`` on a host."""

from __future__ import annotations

import itertools
import uuid

_PREFIX = {
    "Datacenter": "datacenter",
    "Folder": "group",
    "ClusterComputeResource": "domain-c",
    "ComputeResource": "domain-s",
    "ResourcePool": "resgroup",
    "HostSystem": "host",
    "VirtualMachine": "vm",
    "Datastore": "datastore",
    "Network": "network",
    "VmwareDistributedVirtualSwitch": "dvs",
    "DistributedVirtualPortgroup": "dvportgroup",
    "Alarm": "alarm",
    "ScheduledTask": "schedule",
}


class Ids:
    """Numbers the objects of one endpoint."""

    def __init__(self) -> None:
        self._next = itertools.count(2)

    def make(self, kind: str, suffix: str = "") -> str:
        """A fresh reference ``Type:value``."""
        prefix = _PREFIX[kind]
        joint = "" if prefix.endswith(("-c", "-s")) else "-"
        return f"{kind}:{prefix}{joint}{suffix}{next(self._next)}"


def stable_uuid(*words: str) -> str:
    """The same uuid for the same words, at every start."""
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, "/".join(words)))


def stable_mac(*words: str) -> str:
    """A VMware MAC address (static range), the same at every start."""
    raw = uuid.uuid5(uuid.NAMESPACE_DNS, "mac/" + "/".join(words)).bytes
    return f"00:50:56:{raw[0] & 0x3F:02x}:{raw[1]:02x}:{raw[2]:02x}"
