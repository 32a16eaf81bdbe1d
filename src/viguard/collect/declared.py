"""An estate that its owner wrote down: hosts without an API, such as VMware Server.

```yaml
name: science-lab
hosts:
  - name: vmserver1.belnet.be
    product: VMware Server
    version: 1.0.8
    build: "126538"
    site: Science
    cores: 4
    memory_gib: 8
    guests:
      - {name: old-wiki, os: Debian 4, addresses: [193.190.1.10/24], power: on}
```
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

import msgspec

from viguard.model.facts import Fact, Reason, Resource, Struct, Unknown, escape
from viguard.model.guest import Guest, GuestNic
from viguard.model.host import Hardware, Host
from viguard.model.inventory import Inventory
from viguard.model.server import Product
from viguard.model.snapshot import Channel, Source
from viguard.policy.source import Mistakes, read_text, read_tree
from viguard.policy.typed import Reader
from viguard.vsphere.properties import sources

NO_API = Unknown(reason=Reason.NO_API, detail="declared: this host has no API to read it from")


class Power(StrEnum):
    """Whether a guest runs."""

    ON = "on"
    OFF = "off"


POWER = {Power.ON: "poweredOn", Power.OFF: "poweredOff"}
"""As the API calls it."""


class DeclaredGuest(Struct, frozen=True, kw_only=True):
    """A guest of a declared host."""

    name: str
    os: str = ""
    addresses: tuple[str, ...] = ()
    power: Power | None = None


class DeclaredHost(Struct, frozen=True, kw_only=True):
    """A host without an API. ``product_line`` is gsx for VMware Server; ``memory_gib``, ``cores``: the whole host."""

    name: str
    product: str = "VMware Server"
    version: str = ""
    build: str = ""
    product_line: str = "gsx"
    site: str = ""
    vendor: str = ""
    model: str = ""
    cores: int | None = None
    memory_gib: int | None = None
    guests: tuple[DeclaredGuest, ...] = ()


class Declared(Struct, frozen=True, kw_only=True):
    """A declared estate. ``name`` is its step in paths."""

    name: str
    hosts: tuple[DeclaredHost, ...] = ()


def load(path: Path) -> Inventory:
    """The estate that a file declares, as old as the file.

    Raises:
        PolicyError: every mistake as ``file:line:column: what; how to mend``.
    """
    text = read_text(path)
    written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return loads(text, str(path), written)


def loads(text: str, file: str, written: datetime) -> Inventory:
    """The estate that a text declares; ``file`` is its name in messages.

    Raises:
        PolicyError: every mistake as ``file:line:column: what; how to mend``.
    """
    mistakes = Mistakes(file)
    tree = read_tree(text, mistakes)
    reader = Reader(mistakes)
    declared = reader.read(tree, Declared)
    if declared:
        _check_names(declared, reader, mistakes)
    mistakes.check()
    declared = declared or Declared(name=file)
    source = Source(
        server=f"declared:{declared.name}",
        name=declared.name,
        url="",
        channels=(Channel(name="declared", read=True),),
        tls="none",
    )
    return Inventory(_records(declared), read_at=written, sources=[source])


def _check_names(declared: Declared, reader: Reader, mistakes: Mistakes) -> None:
    """A name identifies a declared host, and a guest on it: it stands there once."""
    _check_once([h.name for h in declared.hosts], "hosts", reader, mistakes)
    for number, host in enumerate(declared.hosts):
        _check_once([g.name for g in host.guests], f"hosts.{number}.guests", reader, mistakes)


def _check_once(names: list[str], key: str, reader: Reader, mistakes: Mistakes) -> None:
    for number, name in enumerate(names):
        if name in names[:number]:
            at = reader.marks[f"{key}.{number}.name"]
            mistakes.add(at, f"the name {name[:80]!r} stands here twice", "give each its own name")


def _records(declared: Declared) -> Iterator[Resource]:
    server = f"declared:{declared.name}"
    for host in declared.hosts:
        id_, path = f"{server}:{escape(host.name)}", f"/{escape(declared.name)}/{escape(host.name)}"
        guests = [_guest(id_, path, server, guest) for guest in host.guests]
        yield _host(host, guests, Host(id=id_, name=host.name, path=path, server=server))
        yield from guests


def _host(host: DeclaredHost, guests: list[Guest], identity: Host) -> Host:
    hardware: Fact[Hardware] = NO_API
    if host.cores is not None or host.memory_gib is not None:
        hardware = Hardware(
            vendor=host.vendor, model=host.model, cores=host.cores or 0, memory_bytes=(host.memory_gib or 0) << 30
        )
    facts = {
        **dict.fromkeys(sources(Host), NO_API),
        "product": Product(name=host.product, version=host.version, build=host.build, line=host.product_line),
        "hardware": hardware,
        "guests": tuple(g.id for g in guests),
        "site": host.site,
    }
    return msgspec.structs.replace(identity, **facts)


def _guest(host: str, path: str, server: str, guest: DeclaredGuest) -> Guest:
    identity = Guest(
        id=f"{host}/guest/{escape(guest.name)}", name=guest.name, path=f"{path}/{escape(guest.name)}", server=server
    )
    facts = {
        **dict.fromkeys(sources(Guest), NO_API),
        "host": host,
        "template": False,
        "os": guest.os or NO_API,
        "power": NO_API if guest.power is None else POWER[guest.power],
        "addresses": (GuestNic(addresses=guest.addresses),) if guest.addresses else NO_API,
    }
    return msgspec.structs.replace(identity, **facts)
