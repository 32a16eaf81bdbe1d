"""Rare calls: what no property holds. Each failure is an Unknown in the place of the reply."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

from viguard.errors import ReplyError
from viguard.model.facts import Fact, Reason, Unknown
from viguard.vsphere.faults import Fault
from viguard.vsphere.replies import Element, parse_reply
from viguard.vsphere.session import Session
from viguard.vsphere.soap import Ref, element
from viguard.vsphere.versions import knows

Reply: TypeAlias = bytes | Unknown
"""The bytes of a reply, or why there is none."""

HOST_CALLS = {
    "lockdown_exceptions": ("QueryLockdownExceptions", "hostAccessManager", "6.0"),
    "acceptance_level": ("HostImageConfigGetAcceptance", "imageConfigManager", "5.0"),
    "packages": ("fetchSoftwarePackages", "imageConfigManager", "6.5"),
    "modules": ("QueryModules", "kernelModuleSystem", "4.0"),
}
"""Calls on a host, by model field: method, the object in configManager that has it, first API version."""

EVENT_LIMIT = 20_000
EVENT_PAGE = 1000
EVENT_PAGES = 500


def host_calls(session: Session, managers: Mapping[str, Ref]) -> dict[str, Reply]:
    """The reply to each call on a host; ``managers`` are the objects of its configManager by name.

    Raises:
        SourceError: the connection or session failed.
    """
    return {field: _host_call(session, managers.get(m), name, since) for field, (name, m, since) in HOST_CALLS.items()}


def _host_call(session: Session, manager: Ref | None, name: str, since: str) -> Reply:
    if not knows(session.version, since):
        return Unknown(reason=Reason.NOT_IN_VERSION, detail=f"known from API {since}")
    if manager is None:
        return Unknown(reason=Reason.NOT_IN_VERSION, detail="the host does not have this part of the API")
    return call(session, name, manager)


def call(session: Session, name: str, this: Ref, content: str = "") -> Reply:
    """The bytes of a reply, or why there is none.

    Raises:
        SourceError: the connection or session failed; a fault and a broken reply are Unknown.
    """
    try:
        return session.raw(name, this, content)
    except Fault as fault:
        return fault.unknown
    except ReplyError as error:
        return Unknown(reason=Reason.FAILED, detail=error.message)


def returned(session: Session, reply: Reply) -> Fact[list[Element]]:
    """The values that a reply returns, or why there are none."""
    if isinstance(reply, Unknown):
        return reply
    try:
        return parse_reply(reply, session.connection.endpoint.url).findall("returnval")
    except (Fault, ReplyError) as error:
        return error.unknown if isinstance(error, Fault) else Unknown(reason=Reason.FAILED, detail=error.message)


def service_call(session: Session, manager: str, name: str, content: str = "") -> Fact[list[Element]]:
    """The values that a call on a manager of the server returns, or why there are none.

    Raises:
        SourceError: the connection or session failed.
    """
    this = session.refs.get(manager)
    if this is None:
        return Unknown(reason=Reason.NOT_IN_VERSION, detail=f"the server has no {manager}")
    return returned(session, call(session, name, this, content))


def read_events(session: Session, types: Sequence[str], since: datetime) -> tuple[Fact[list[Element]], bool]:
    """The events of these types from a time on, oldest first, and whether that were all.

    Of more than EVENT_LIMIT, the newest are kept.

    Raises:
        SourceError: the connection or session failed.
    """
    history = _history(session, _event_filter(session.version, types, since))
    if isinstance(history, Unknown):
        return history, True
    try:
        return _drain(session, history)
    finally:
        call(session, "DestroyCollector", history)


def read_oldest_event(session: Session) -> Fact[list[Element]]:
    """The oldest event of any type that the server still has, alone; none when it has none.

    Raises:
        SourceError: the connection or session failed.
    """
    history = _history(session, "<filter/>")
    if isinstance(history, Unknown):
        return history
    try:
        call(session, "RewindCollector", history)
        return returned(session, call(session, "ReadNextEvents", history, element("maxCount", 1)))
    finally:
        call(session, "DestroyCollector", history)


def _history(session: Session, wanted: str) -> Fact[Ref]:
    """A collector of the events that a filter wants."""
    manager = session.refs.get("eventManager")
    if manager is None:
        return Unknown(reason=Reason.NOT_IN_VERSION, detail="the server has no event manager")
    made = returned(session, call(session, "CreateCollectorForEvents", manager, wanted))
    if isinstance(made, Unknown) or not made:
        return made if isinstance(made, Unknown) else Unknown(reason=Reason.FAILED, detail="no collector")
    return Ref(made[0].get("type", "EventHistoryCollector"), made[0].text or "")


def _drain(session: Session, history: Ref) -> tuple[Fact[list[Element]], bool]:
    newest: deque[Element] = deque(maxlen=EVENT_LIMIT)
    whole = True
    call(session, "RewindCollector", history)
    for _ in range(EVENT_PAGES):
        page = returned(session, call(session, "ReadNextEvents", history, element("maxCount", EVENT_PAGE)))
        if isinstance(page, Unknown):
            return page, True
        if not page:
            break
        whole = whole and len(newest) + len(page) <= EVENT_LIMIT
        newest += page
    else:  # the newest, which count most, were not reached
        return Unknown(reason=Reason.FAILED, detail=f"more than {EVENT_PAGES * EVENT_PAGE:,} events"), True
    return list(newest), whole


def _event_filter(version: str, types: Sequence[str], since: datetime) -> str:
    window = f"<time>{element('beginTime', since.isoformat())}</time>"
    if knows(version, "4.0"):
        wanted = "".join(element("eventTypeId", f"vim.event.{t}") for t in types)
        return f"<filter>{window}{wanted}</filter>"
    return f"<filter>{window}{''.join(element('type', t) for t in types)}</filter>"


def local_accounts(session: Session) -> Reply:
    """The users and groups of a host that is read directly.

    Raises:
        SourceError: the connection or session failed.
    """
    directory = session.refs.get("userDirectory")
    if directory is None:
        return Unknown(reason=Reason.NOT_IN_VERSION, detail="the host has no user directory")
    flags = "".join(element(n, v) for n, v in (("exactMatch", False), ("findUsers", True), ("findGroups", True)))
    return call(session, "RetrieveUserGroups", directory, element("searchStr", "") + flags)
