"""A guest as the estate's files describe it: one row of guests.yaml on one endpoint."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Any

from lab.inventory.ids import stable_mac
from lab.inventory.merge import merged
from lab.inventory.source import read


@dataclass(frozen=True)
class System:
    """An operating system in vSphere's words."""

    guest_id: str
    full_name: str
    family: str


_THEN = {
    "debian": System("debian5Guest", "Debian GNU/Linux 5 (32-bit)", "linuxGuest"),
    "rhel": System("rhel5Guest", "Red Hat Enterprise Linux 5 (32-bit)", "linuxGuest"),
    "sles": System("sles10Guest", "Suse Linux Enterprise 10 (32-bit)", "linuxGuest"),
    "w2k3": System("winNetStandardGuest", "Microsoft Windows Server 2003, Standard Edition (32-bit)", "windowsGuest"),
    "w2k8": System("winLonghornGuest", "Microsoft Windows Server 2008 (32-bit)", "windowsGuest"),
}
_TODAY = {
    "debian": System("debian12_64Guest", "Debian GNU/Linux 12 (64-bit)", "linuxGuest"),
    "rhel": System("rhel9_64Guest", "Red Hat Enterprise Linux 9 (64-bit)", "linuxGuest"),
    "sles": System("sles15_64Guest", "SUSE Linux Enterprise 15 (64-bit)", "linuxGuest"),
    "w2k3": System("windows2019srv_64Guest", "Microsoft Windows Server 2019 (64-bit)", "windowsGuest"),
    "w2k8": System("windows2019srvNext_64Guest", "Microsoft Windows Server 2022 (64-bit)", "windowsGuest"),
}


class Guest:
    """One row of guests.yaml on one endpoint; ``host`` is the hardware it runs on, ``number`` its place among all."""

    def __init__(
        self, row: dict[str, Any], number: int, today: bool, hardware: str, host: dict[str, Any], datastore: str
    ) -> None:
        self.row = merged(read("guests")["defaults"], row)
        self.name: str = self.row["name"]
        self.number, self.today, self.hardware, self.host, self.datastore = number, today, hardware, host, datastore
        self.zones: list[str] = self.row.get("zones", [self.row["zone"]])
        self.template = bool(self.row.get("template"))
        self.on = self.row["power"] == "on" and not self.template
        self.system = (_TODAY if today else _THEN)[self.row["os"]]

    @property
    def networks(self) -> list[str]:
        """Port group of each adapter."""
        rows = read("zones")["zones"]
        return self.row.get("portgroups", [rows[z]["portgroup"] for z in self.zones])

    def mac(self, index: int) -> str:
        """An adapter's address."""
        return stable_mac(self.name, str(index))

    def addresses(self, zone: str) -> list[tuple[str, int]]:
        """Its addresses in a zone with their prefix lengths: IPv4, and IPv6 where the zone has it."""
        row = read("zones")["zones"][zone]
        four = ipaddress.ip_network(row["ipv4"])
        out = [(str(four.network_address + 10 + self.number), four.prefixlen)]
        if "ipv6" in row:
            six = ipaddress.ip_network(row["ipv6"])
            out.append((str(six.network_address + 10 + self.number), six.prefixlen))
        return out
