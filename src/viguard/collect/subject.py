"""Who a server is, before any of its objects is read; and how to read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import msgspec

from viguard.collect.decode.values import find, settings
from viguard.collect.identity import server_id, server_name
from viguard.model.facts import Fact, Reason, Scalar, Settings, Unknown, escape
from viguard.model.server import Product, Server
from viguard.vsphere import tags
from viguard.vsphere.reader import Reader
from viguard.vsphere.session import Session
from viguard.vsphere.soap import Ref
from viguard.vsphere.versions import knows

Progress: TypeAlias = Callable[[str, str, int, int], None]
"""Told while reading: name of the server, kind of object, how many are read, how many there are."""

Tags: TypeAlias = Fact[Mapping[str, tuple[str, ...]]]
"""``category:tag`` by moid; an object that is not in it has no tag."""

NOT_ASKED = Unknown(reason=Reason.NOT_READ, detail="vSphere tags were not asked for (--tags: a login of its own)")
NO_TAGS = Unknown(reason=Reason.NOT_IN_VERSION, detail=f"tags are read from a vCenter of version {tags.SINCE} or later")


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What to read. ``calls`` reads what only calls on each host tell; ``events_days`` bounds the events;
    ``tags`` reads vSphere tags, which costs a second login.
    """

    calls: bool = True
    events_days: int = 31
    page: int = 100
    tags: bool = False


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """A server that is about to be read: its Server record, the connection, and the tags of its objects."""

    server: Server
    session: Session
    reader: Reader
    tags: Tags = NOT_ASKED


def meet(session: Session, options: Options) -> Subject:
    """Who a server is. Read before any object, so that a snapshot can begin with it.

    Raises:
        SourceError: reading as a whole failed.
    """
    reader = Reader(session, options.page)
    about, endpoint = session.about, session.connection.endpoint
    options_found = _settings(reader, session.refs.get("setting"))
    known: Mapping[str, Scalar] = options_found.values if isinstance(options_found, Settings) else {}
    id_ = server_id(about, known, endpoint, "" if about.is_vcenter else _hardware_uuid(reader))
    name = server_name(known, endpoint)
    found = _tags(session, options)
    server = Server(
        id=id_,
        name=name,
        path=f"/{escape(name)}",
        server=id_,
        tags=found if isinstance(found, Unknown) else (),
        product=Product(
            name=about.name,
            version=about.version,
            build=about.build,
            line=about.line,
            api_version=about.api_version,
            full_name=about.full_name,
        ),
        instance_uuid=about.instance_uuid or None,
        url=endpoint.url,
        settings=options_found,
    )
    return Subject(server=server, session=session, reader=reader, tags=found)


def _tags(session: Session, options: Options) -> Tags:
    if not session.about.is_vcenter or not knows(session.version, tags.SINCE):
        return NO_TAGS
    return tags.read_tags(session.sibling(), session.login) if options.tags else NOT_ASKED


def _settings(reader: Reader, manager: Ref | None) -> Fact[Settings]:
    found = reader.property(manager, "setting")
    return found if isinstance(found, Unknown) else settings(found) if found is not None else Settings()


def _hardware_uuid(reader: Reader) -> str:
    for ref in reader.survey(["HostSystem"]).get("HostSystem", []):
        found = reader.property(ref, "summary.hardware")
        if found is not None and not isinstance(found, Unknown):
            return find(found, "uuid")
    return ""
