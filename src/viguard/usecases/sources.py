"""What a person named as sources, opened as one estate."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from viguard.collect import declared
from viguard.collect.run import Collector
from viguard.collect.subject import Options, Progress
from viguard.errors import InputError
from viguard.model.apart import apart_notes
from viguard.model.facts import Struct, escape
from viguard.model.inventory import Inventory
from viguard.model.snapshot import Gap, Source
from viguard.policy.selection import Selection
from viguard.store import snapshots
from viguard.store.scopes import Reading
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
    """An estate that was opened. ``scope`` names what was read; ``read`` are its servers, as far as they were read."""

    inventory: Inventory
    scope: str
    read: tuple[Reading, ...]


def open_estate(sources: Sources, person: Person) -> Estate:
    """Every source, read or loaded, as one estate.

    Raises:
        InputError: a source is neither a file nor an address, or none is named.
        SourceError: no server could be logged in to.
    """
    credentials = login_with(sources, person)
    files, servers = _apart(server_names(sources, credentials))
    inventories = [load_file(f) for f in files]
    for inventory in inventories:
        _warn_of_recorded(inventory, person)
    if servers:
        endpoints = endpoints_of(servers, sources)
        warn_of(endpoints, credentials, person)
        person.progress("connecting", 0, 0)
        collector = Collector(credentials, progress=telling(person), options=sources.options)
        inventories.append(collector.to_memory(endpoints))
    if not inventories:
        raise InputError("no SOURCE was named", hint="name a vCenter (https://...), a snapshot, or try `viguard demo`")
    read = tuple(r for i in inventories for r in readings(i))
    inventory = snapshots.merge(inventories)
    for note in apart_notes(inventory):
        person.warn(note)
    return Estate(inventory=inventory, scope=_scope(inventory), read=read)


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
    """Addresses as endpoints, each trusted as the options say.

    Raises:
        InputError: an address is none, or options that are for one server are given for several.
    """
    if len(servers) > 1 and (sources.legacy_tls or sources.fingerprint):
        option = "--legacy-tls" if sources.legacy_tls else "--fingerprint"
        raise InputError(
            f"{option} is for one server, and {len(servers)} are named",
            hint="say it per server in a credentials file (legacy_tls:, fingerprint:), or name one server at a time",
        )
    trust = Trust(ca=str(sources.ca or ""), fingerprint=sources.fingerprint, legacy=sources.legacy_tls)
    return [parse_endpoint(server, trust) for server in servers]


def warn_of(endpoints: Sequence[Endpoint], credentials: Credentials, person: Person) -> None:
    """Tell the person, before anything travels, what of the environment is not followed and who may speak TLS 1.0."""
    for text in credentials.notices():
        person.warn(text)
    for endpoint in map(credentials.complete, endpoints):
        if endpoint.trust.legacy:
            person.warn(
                f"LEGACY TLS allowed for {endpoint.url}: passwords and facts travel under broken encryption;"
                " renew this server"
            )


def _warn_of_recorded(inventory: Inventory, person: Person) -> None:
    for source in inventory.sources:
        if source.warning:
            person.warn(source.warning)


def _apart(names: Sequence[str]) -> tuple[list[Path], list[str]]:
    files = [Path(n) for n in names if "://" not in n and Path(n).is_file()]
    servers = [n for n in names if "://" in n or not Path(n).is_file()]
    for name in servers:
        if "://" not in name and Path(name).exists():
            what = "folder" if Path(name).is_dir() else "special file"
            hint = "name a snapshot or a declared estate; a vCenter is named with https://"
            raise InputError(f"this is a {what}, and no source", where=name, hint=hint)
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


def readings(inventory: Inventory) -> list[Reading]:
    """The servers of one collection that were read. A gap that is no source's own leaves every server incomplete."""
    theirs = {source: [g for g in inventory.gaps if _is_of(g, source)] for source in inventory.sources}
    strays = len({g for gaps in theirs.values() for g in gaps}) < len(set(inventory.gaps)) or not inventory.gaps
    return [
        Reading(
            server=source.server,
            read_at=inventory.read_at,
            complete=inventory.complete or not (strays or gaps),
        )
        for source, gaps in theirs.items()
        if source.server
    ]


def _is_of(gap: Gap, source: Source) -> bool:
    return any(gap.path == f"/{n}" or gap.path.startswith(f"/{n}/") for n in {source.name, escape(source.name)})


def telling(person: Person) -> Progress:
    """What a collector tells, told to the person."""
    return lambda server, kind, done, of: person.progress(f"{server}: {kind}", done, of)


__all__ = ["Estate", "Selection", "Sources", "open_estate"]
