"""Small estates for tests of the engine."""

from __future__ import annotations

from datetime import UTC, datetime

from viguard.assess.control import Control, Read
from viguard.model.facts import Resource, Settings
from viguard.model.guest import Guest
from viguard.model.host import Host
from viguard.model.inventory import Inventory
from viguard.model.result import Kind, Severity
from viguard.model.server import Product, Server
from viguard.policy.policy import Profile

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def inventory(*records: Resource) -> Inventory:
    return Inventory(records, read_at=NOW)


def server(id_: str = "a", api: str = "8.0.3.0", line: str = "vpx") -> Server:
    product = Product(name="VMware vCenter", version=api, build="1", line=line, api_version=api)
    return Server(id=id_, name=id_, path=f"/{id_}", server=id_, product=product)


def host(id_: str = "a:h1", version: str = "8.0.3", line: str = "embeddedEsx") -> Host:
    product = Product(name="VMware ESXi", version=version, build="1", line=line)
    return Host(id=id_, name=id_, path=f"/a/{id_}", server=id_.split(":", maxsplit=1)[0], product=product)


def guest(id_: str = "a:g1", keep_old: str | None = "10", on: str | None = None, name: str = "web") -> Guest:
    settings = Settings(values={} if keep_old is None else {"log.keepOld": keep_old})
    fields = {"host": on} if on else {}
    owner = id_.split(":", maxsplit=1)[0]
    return Guest(id=id_, name=name, path=f"/a/{name}", server=owner, template=False, extra_config=settings, **fields)


def control(id_: str = "keep", kind: Kind = Kind.GUEST, read: Read | None = None) -> Control:
    entry = read or Read(path="extra_config[log.keepOld]", operators={"max": 10})
    return Control(
        id=id_,
        title="t",
        section="report",
        kinds=(kind,),
        severity=Severity.MEDIUM,
        why="w",
        fix="f",
        expect=dict.fromkeys(Profile, (entry,)),
    )
