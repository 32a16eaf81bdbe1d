"""What an estate shows beside its zones: servers that hosts use, parts for testing, where sites are told."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from viguard.model.facts import Settings
from viguard.model.host import Host
from viguard.model.inventory import Inventory
from viguard.model.server import Cluster, Datacenter
from viguard.policy.guess import words_of

LOG_OPTIONS = ("Syslog.global.logHost", "Syslog.Remote.Hostname")
"""Where hosts send their log: since 5.0, and before. Source: advanced options of a host."""


@dataclass
class Surroundings:
    """Servers with the number of hosts that use them, out of ``log_hosts`` and ``ntp_hosts`` that could be read."""

    log_servers: Counter[str] = field(default_factory=Counter)
    log_hosts: int = 0
    ntp_servers: Counter[str] = field(default_factory=Counter)
    ntp_hosts: int = 0
    test: dict[str, list[str]] = field(default_factory=dict)  # names by key of the policy's ``test``
    site_attribute: str = ""
    site_hosts: int = 0


def look_around(inventory: Inventory) -> Surroundings:
    """What an estate shows beside its zones."""
    found = Surroundings()
    sites: Counter[str] = Counter()
    for host in inventory.hosts:
        if isinstance(host.options, Settings):
            found.log_hosts += 1
            found.log_servers.update(set(_log_servers(host.options)))
        if isinstance(host.ntp_servers, tuple):
            found.ntp_hosts += 1
            found.ntp_servers.update(set(host.ntp_servers))
        sites.update(_site_attributes(host))
    found.test = {
        "servers": _tests(s.name for s in inventory.servers),
        "datacenters": _tests(d.name for d in inventory.all(Datacenter)),
        "clusters": _tests(c.name for c in inventory.all(Cluster) if not c.lone),
    }
    if sites:
        found.site_attribute, found.site_hosts = sites.most_common(1)[0]
    return found


def server_of(target: str) -> str:
    """The server in a log target: ``udp://10.1.1.1:514`` is 10.1.1.1."""
    rest = target.strip().rpartition("://")[2]
    bracketed = re.match(r"\[([0-9a-fA-F:.]+)\]", rest)
    if bracketed:
        return bracketed[1]
    return rest.partition(":")[0] if rest.count(":") == 1 else rest


def _log_servers(options: Settings) -> list[str]:
    values = [options.values.get(key) for key in LOG_OPTIONS]
    targets = [target for value in values if isinstance(value, str) for target in value.split(",")]
    servers = [server_of(target) for target in targets]
    return [server for server in servers if server and server != "localhost" and not server.startswith("127.")]


def _site_attributes(host: Host) -> list[str]:
    values = host.custom.values if isinstance(host.custom, Settings) else {}
    return [key for key, value in values.items() if value and {"site", "location"} & set(words_of(key))]


def _tests(names: Iterable[str]) -> list[str]:
    return sorted({name for name in names if "test" in words_of(name)})
