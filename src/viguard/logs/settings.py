"""serve.yaml: where the log server listens, what it keeps, and whom it asks."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated

from msgspec import Meta
from msgspec.structs import replace

from viguard.logs.classes import classes
from viguard.logs.keep import Filter
from viguard.logs.receive.settings import Listen, Tls
from viguard.model.event import EventSeverity
from viguard.model.facts import Struct
from viguard.policy.quoting import quote
from viguard.policy.source import List, Mistakes, Table, Text, parse, read_text
from viguard.policy.typed import Reader, suggest

SCHEMA = "viguard-serve/1"
_NEEDS_TLS = {"tls"}
_MAY_TLS = {"tls", "relp"}


class Way(StrEnum):
    """How lines come in."""

    UDP = "udp"
    TCP = "tcp"
    TLS = "tls"
    RELP = "relp"


class Keep(StrEnum):
    """What is stored of what is received; everything is looked at."""

    ALL = "all"
    REPORT = "report"


class Pack(StrEnum):
    """When what was written under load is packed again."""

    WHEN_IDLE = "when-idle"
    NEVER = "never"


class KeepMore(Struct, frozen=True, kw_only=True):
    """A filter that is made up: the events of the report when ``name`` says so, of these classes, and so severe."""

    name: Keep | None = None
    events: tuple[str, ...] = ()
    severity: EventSeverity | None = None


class Socket(Struct, frozen=True, kw_only=True):
    """One socket to listen at. ``certificate`` and ``key`` are PEM files; ``client_ca`` makes senders show one too."""

    transport: Way
    port: Annotated[int, Meta(ge=0, le=65535)]
    address: str = "::"
    certificate: str = ""
    key: str = ""
    client_ca: str = ""


class Age(Struct, frozen=True, kw_only=True):
    """How long lines are kept, and how much disk they may take; None: without end."""

    days: Annotated[int, Meta(ge=1, le=36500)] | None = None
    gigabytes: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None


class Metrics(Struct, frozen=True, kw_only=True):
    """Where Prometheus asks; ``port`` 0: nowhere."""

    address: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535)] = 0


class Settings(Struct, frozen=True, kw_only=True):
    """The whole file. Paths are relative to it. ``vcenters`` are asked for their events with ``credentials``.

    ``inventory`` is a snapshot: whose addresses are whose. ``relays`` are addresses that hand on lines of others.
    ``store`` is where `viguard audit` records, "" the usual place of whoever runs the server.
    """

    directory: str
    schema: str = SCHEMA
    listen: tuple[Socket, ...] = ()
    keep: Keep | KeepMore = Keep.ALL
    retention: Age = Age()
    pack: Pack = Pack.WHEN_IDLE
    policy: str = ""
    inventory: str = ""
    relays: tuple[str, ...] = ()
    store: str = ""
    alerts: str = ""
    rules: str = ""
    vcenters: tuple[str, ...] = ()
    credentials: str = ""
    metrics: Metrics = Metrics()


def load_settings(path: Path) -> Settings:
    """The settings in a file, its paths made absolute.

    Raises: PolicyError with every mistake of the file as ``file:line:column: what; how to mend``.
    """
    mistakes = Mistakes(str(path))
    tree = parse(read_text(path), mistakes)
    mistakes.check()
    found = Reader(mistakes).read(tree, Settings)
    if isinstance(tree, Table):
        _check(tree, mistakes)
    mistakes.check()
    assert found is not None  # noqa: S101  (a mistake would have been raised)
    return _placed(found, path.resolve().parent)


def filter_of(settings: Settings) -> Filter:
    """What is stored."""
    wanted = settings.keep
    if isinstance(wanted, Keep):
        return Filter(name=wanted.value)
    name = wanted.name or Keep.ALL
    return Filter(name=name.value, events=wanted.events, severity=wanted.severity)


def listens(settings: Settings) -> list[Listen]:
    """What to listen at."""
    return [
        Listen(
            transport=one.transport.value,
            port=one.port,
            address=one.address,
            tls=Tls(
                certificate=Path(one.certificate),
                key=Path(one.key),
                client_ca=Path(one.client_ca) if one.client_ca else None,
            )
            if one.certificate
            else None,
        )
        for one in settings.listen
    ]


def _placed(settings: Settings, folder: Path) -> Settings:
    def at(name: str) -> str:
        return str(folder / name) if name else ""

    names = ("directory", "policy", "inventory", "store", "alerts", "rules", "credentials")
    sockets = tuple(
        replace(one, certificate=at(one.certificate), key=at(one.key), client_ca=at(one.client_ca))
        for one in settings.listen
    )
    return replace(settings, listen=sockets, **{name: at(getattr(settings, name)) for name in names})


def _check(tree: Table, mistakes: Mistakes) -> None:
    schema = tree.get("schema")
    if isinstance(schema, Text) and schema.value not in {SCHEMA, ""}:
        what = f"the schema {quote(schema.value)} is not known to this version"
        mistakes.add(schema, what, f"this version reads {SCHEMA}")
    if not list(_sockets(tree)) and not tree.get("vcenters"):
        mistakes.add(tree, "nothing is heard: neither 'listen' nor 'vcenters' is there", "write one of them")
    for socket in _sockets(tree):
        _check_socket(socket, mistakes)
    relays = tree.get("relays")
    for relay in relays.items if isinstance(relays, List) else ():
        if isinstance(relay, Text) and not _is_address(relay.value):
            mistakes.add(relay, f"{quote(relay.value)} is no address", "write the numeric address of the relay")
    keep = tree.get("keep")
    if isinstance(keep, Table):
        _check_keep(keep, mistakes)


def _check_keep(keep: Table, mistakes: Mistakes) -> None:
    name, events = keep.get("name"), keep.get("events")
    if isinstance(name, Text) and name.value == Keep.ALL and len(keep.entries) > 1:
        what = "'name: all' keeps every line: events and severity add nothing"
        mistakes.add(name, what, "write 'name: report', or leave the name out to keep nothing but these")
    for one in events.items if isinstance(events, List) else ():
        if isinstance(one, Text) and one.value not in classes():
            mistakes.add(one, f"{quote(one.value)} is no class of events", suggest(one.value, classes()))


def _check_socket(socket: Table, mistakes: Mistakes) -> None:
    transport, address = socket.get("transport"), socket.get("address")
    way = transport.value if isinstance(transport, Text) else ""
    given = [name for name in ("certificate", "key") if socket.get(name) is not None]
    if way in _NEEDS_TLS and len(given) != 2:
        mistakes.add(socket, "tls needs a certificate and its key", "write 'certificate: FILE' and 'key: FILE'")
    elif way in _MAY_TLS and len(given) == 1:
        mistakes.add(socket, f"'{given[0]}' stands alone", "write both 'certificate: FILE' and 'key: FILE'")
    elif given and way and way not in _MAY_TLS:
        mistakes.add(socket, f"{way} has no certificate", "remove it, or write 'transport: tls'")
    if isinstance(address, Text) and not _is_address(address.value):
        mistakes.add(address, f"{quote(address.value)} is no address", "write a numeric one, '::' for every one")


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _sockets(tree: Table) -> Iterator[Table]:
    listen = tree.get("listen")
    for item in listen.items if isinstance(listen, List) else ():
        if isinstance(item, Table):
            yield item
