"""Collections of lab servers as tests need them."""

from __future__ import annotations

from typing import Any

import lab
from viguard.collect.run import Collector
from viguard.vsphere.credentials import Credentials, Entry
from viguard.vsphere.endpoint import Endpoint, parse_endpoint


def entry(server: lab.Endpoint, account: str = "auditor", **more: Any) -> Entry:
    who = server.account(account)
    values = {"url": server.url, "user": who.user, "password": who.password, "ca": str(server.ca_file)}
    return Entry(**{**values, "name": server.name, **more})


def collector(*servers: lab.Endpoint, account: str = "auditor", **more: Any) -> Collector:
    entries = tuple(entry(s, account) for s in servers)
    return Collector(Credentials(entries=entries, environment={}), **more)


def endpoints(*servers: lab.Endpoint) -> list[Endpoint]:
    return [parse_endpoint(s.url) for s in servers]


def open_sessions(server: lab.Endpoint) -> int:
    return int(server.control("stats")["sessions"])
