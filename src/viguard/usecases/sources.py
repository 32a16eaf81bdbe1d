"""What a person named as sources, opened as one estate."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from viguard.collect import declared
from viguard.collect.run import Collector
from viguard.collect.subject import Options, Progress
from viguard.errors import InputError
from viguard.model.apart import apart_notes
from viguard.model.facts import Struct
from viguard.model.inventory import Inventory
from viguard.policy.selection import Selection
from viguard.store import snapshots
from viguard.usecases.person import Person
from viguard.vsphere.credentials import Credentials, load_credentials
from viguard.vsphere.endpoint import Endpoint, Trust, parse_endpoint

DECLARED = {".yaml", ".yml"}


class Sources(Struct, frozen=True, kw_only=True):
    """Servers, snapshots and declared estates, and how servers are reached and trusted.

    ``names`` are URLs, ``NAME=URL``, or files. ``user`` counts for every server that a credentials file does not name.
    """

    names: tuple[str, ...] = ()
    user: str = ""
    credentials: Path | None = None
    ca: Path | None = None
    fingerprint: str = ""
    legacy_tls: bool = False
    read_tags: bool = False

    @property
    def options(self) -> Options:
        """What to read of each server."""
        return Options(tags=self.read_tags)


class Estate(Struct, frozen=True, kw_only=True):
    """An estate that was opened. ``scope`` names it from audit to audit; ``notes`` are for the person."""

    inventory: Inventory
    scope: str
    notes: tuple[str, ...] = ()


def open_estate(sources: Sources, person: Person) -> Estate:
    """Every source, read or loaded, as one estate.

    Raises:
        InputError: a source is neither a file nor an address, or none is named.
        SourceError: no server could be logged in to.
    """
    credentials = login_with(sources, person)
    files, servers = _apart(server_names(sources, credentials))
    inventories = [load_file(f) for f in files]
    notes: list[str] = []
    if servers:
        endpoints = endpoints_of(servers, sources)
        notes += credentials.notices() + legacy_notes(endpoints, credentials)
        collector = Collector(credentials, progress=telling(person), options=sources.options)
        inventories.append(collector.to_memory(endpoints))
    if not inventories:
        raise InputError("no SOURCE was named", hint="name a vCenter (https://...), a snapshot, or try `viguard demo`")
    inventory = snapshots.merge(inventories)
    return Estate(inventory=inventory, scope=_scope(inventory), notes=(*notes, *apart_notes(inventory)))


def login_with(sources: Sources, person: Person) -> Credentials:
    """Where users and passwords come from: the file, ``--user``, the environment, the person.

    Raises:
        InputError: the credentials file cannot be used.
    """
    entries = load_credentials(sources.credentials) if sources.credentials else ()
    return Credentials(entries=entries, ask=person.ask, user=sources.user)


def server_names(sources: Sources, credentials: Credentials) -> tuple[str, ...]:
    """What was named, or the server that the environment names."""
    return sources.names or tuple(filter(None, [credentials.default_source()]))


def endpoints_of(servers: Sequence[str], sources: Sources) -> list[Endpoint]:
    """Addresses as endpoints, each trusted as the options say."""
    trust = Trust(ca=str(sources.ca or ""), fingerprint=sources.fingerprint, legacy=sources.legacy_tls)
    return [parse_endpoint(server, trust) for server in servers]


def legacy_notes(endpoints: Sequence[Endpoint], credentials: Credentials) -> list[str]:
    """A loud line for every server that may speak TLS 1.0."""
    return [
        f"LEGACY TLS allowed for {e.url}: passwords and facts travel under broken encryption; renew this server"
        for e in map(credentials.complete, endpoints)
        if e.trust.legacy
    ]


def _apart(names: Sequence[str]) -> tuple[list[Path], list[str]]:
    files = [Path(n) for n in names if "://" not in n and Path(n).is_file()]
    servers = [n for n in names if "://" in n or not Path(n).is_file()]
    for name in servers:
        if "://" not in name and (Path(name).suffix in {".snap", *DECLARED} or "/" in name):
            raise InputError("there is no such file", where=name, hint="a vCenter is named with https://")
    return files, servers


def load_file(path: Path) -> Inventory:
    """A snapshot, or a declared estate by its ending.

    Raises:
        InputError: it cannot be read.
    """
    return declared.load(path) if path.suffix in DECLARED else snapshots.load([path])


def _scope(inventory: Inventory) -> str:
    return " ".join(sorted({s.server or s.url for s in inventory.sources}))


def telling(person: Person) -> Progress:
    """What a collector tells, told to the person."""
    return lambda server, kind, done, of: person.progress(f"{server}: {kind}", done, of)


__all__ = ["Estate", "Selection", "Sources", "open_estate"]
