"""Servers that have the same name, told apart: their name is the first step of every path and stands in every report.

Each server of such a name is called ``name@address``, or ``name@`` and the beginning of its id where the addresses are
the same, too. Which of them is read first does not matter, so the names stay from run to run.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import urlsplit

import msgspec

from viguard.model.facts import Resource, escape
from viguard.model.inventory import Inventory
from viguard.model.server import Server
from viguard.model.snapshot import Gap, Source

ID_PARTS = (8, 13, 24, None)
"""How much of an id tells servers apart: as little as does."""


def names_apart(servers: Iterable[Server | Source]) -> dict[str, str]:
    """New names by server id, for those servers that share a name with another; {} when all names differ."""
    known = {_id(s): s for s in servers}
    times = Counter(s.name for s in known.values())
    shared = [s for s in known.values() if times[s.name] > 1]
    taken = {name for name, number in times.items() if number == 1}
    for labels in (_addresses(shared), *({_id(s): _id(s)[:part] for s in shared} for part in ID_PARTS)):
        names = {_id(s): f"{s.name}@{labels[_id(s)]}" for s in shared}
        if len({*names.values(), *taken}) == len(known):
            return names
    return names


def told_apart(inventories: Sequence[Inventory]) -> list[Inventory]:
    """The inventories, where servers of one name have names and paths of their own."""
    servers: list[Server | Source] = [s for i in inventories for s in i.sources if s.server]
    servers += [s for i in inventories for s in i.servers]
    named = names_apart(servers)
    return [_renamed(i, named) if named else i for i in inventories]


def apart_notes(inventory: Inventory) -> list[str]:
    """A line for each name that several servers have, with what each is called here."""
    groups: dict[str, list[str]] = defaultdict(list)
    for server in inventory.servers:
        name, at, label = server.name.rpartition("@")
        if at and (label == _address(server) or server.id.startswith(label)):
            groups[name].append(server.name)
    return [
        f"{len(names)} servers have the name {name}: here they are {', '.join(sorted(names))}, in paths, too; "
        "name them yourself with NAME=https://…"
        for name, names in groups.items()
        if len(names) > 1
    ]


def _renamed(inventory: Inventory, named: Mapping[str, str]) -> Inventory:
    # A file holds servers and declared estates, each under its own name: only then a gap is surely of one of them.
    roots = {s.server: s.name for s in inventory.sources} | {s.id: s.name for s in inventory.servers}
    owners: dict[str, list[str]] = defaultdict(list)
    for id_, name in roots.items():
        owners[name].append(id_)
    moved = {escape(n): escape(named[ids[0]]) for n, ids in owners.items() if len(ids) == 1 and ids[0] in named}
    return Inventory(
        (_record(r, roots.get(r.server, ""), named.get(r.server, "")) for r in inventory.by_id.values()),
        read_at=inventory.read_at,
        sources=[msgspec.structs.replace(s, name=named.get(s.server, s.name)) for s in inventory.sources],
        gaps=[_gap(g, moved) for g in inventory.gaps],
        complete=inventory.complete,
    )


def _record(record: Resource, old: str, new: str) -> Resource:
    if not new:
        return record
    path = f"/{escape(new)}{record.path.removeprefix(f'/{escape(old)}')}"
    if isinstance(record, Server):
        return msgspec.structs.replace(record, name=new, path=path)
    return msgspec.structs.replace(record, path=path)


def _gap(gap: Gap, moved: Mapping[str, str]) -> Gap:
    root, slash, rest = gap.path.removeprefix("/").partition("/")
    return msgspec.structs.replace(gap, path=f"/{moved[root]}{slash}{rest}") if root in moved else gap


def _addresses(servers: Iterable[Server | Source]) -> dict[str, str]:
    return {_id(s): _address(s) for s in servers}


def _address(server: Server | Source) -> str:
    parts = urlsplit(server.url)
    host = parts.netloc.rpartition("@")[2].removesuffix(":443")
    return host or "declared"


def _id(server: Server | Source) -> str:
    return server.id if isinstance(server, Server) else server.server
