"""What a server says of access to it: roles, permissions, sessions, events, alarms."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import TypeVar

from viguard.collect.decode import access
from viguard.collect.decode.place import Place
from viguard.collect.decode.values import UNREADABLE, find, moment
from viguard.collect.gaps import Gaps
from viguard.collect.subject import Options, Subject
from viguard.model.access import Access, Event, Permission
from viguard.model.facts import Fact, Reason, Resource, Unknown
from viguard.vsphere import calls
from viguard.vsphere.privileges import blind_spot
from viguard.vsphere.replies import Element
from viguard.vsphere.soap import Ref

T = TypeVar("T")
LOGIN = "UserLoginSessionEvent"
LOGIN_RECORDED_WITHIN = timedelta(minutes=2)
"""How far the event of a login may be from the login."""


def read_access(subject: Subject, gaps: Gaps, options: Options, now: datetime) -> Iterator[Resource]:
    """The roles of a server and its Access record; what cannot be read is unknown and a gap.

    Raises:
        SourceError: reading as a whole failed.
    """
    server, session = subject.server, subject.session
    place = Place(id=f"{server.id}:access", name=server.name, path=server.path, server=server.id)
    roles = _elements(subject, "authorizationManager", "roleList")
    if isinstance(roles, Unknown):
        gaps.add(server.path, "roles", str(roles))
    else:
        yield from (access.decode_role(place, role) for role in roles)
    since = now - timedelta(days=options.events_days)
    events, whole = calls.read_events(session, access.EVENT_TYPES, since)
    if not whole:
        gaps.add(server.path, "events", f"more than {calls.EVENT_LIMIT} events: older ones are left out")
        since = _reach(events, now)
    told = _told_since(calls.read_oldest_event(session), since, now)
    blind = blind_spot(session)
    if blind:
        gaps.add(server.path, "objects that the account may not see", str(blind))
    permissions = blind or calls.service_call(session, "authorizationManager", "RetrieveAllPermissions")
    decoded = _made(events, lambda found: access.events(place, found))
    yield Access(
        **place.identity,
        permissions=_told(_made(permissions, lambda found: access.permissions(place, found))),
        sessions=_made(_elements(subject, "sessionManager", "sessionList"), access.sessions),
        events=decoded,
        events_since=told,
        own_login=isinstance(decoded, tuple) and _records_logins(decoded, session.told_name, session.login_time),
        alarms=_made(_alarms(subject), lambda found: tuple(access.alarm(a) for a in found)),
    )


def _told(permissions: Fact[tuple[Permission, ...]]) -> Fact[tuple[Permission, ...]]:
    """The permissions, where there is one at all: without any, nobody could have logged in to read them."""
    return permissions or Unknown(reason=Reason.FAILED, detail="the server tells no permission, not even our own")


def _reach(events: Fact[list[Element]], now: datetime) -> datetime:
    """How far back events reach of which the older ones were left out: the oldest one that was kept."""
    oldest = _made(events, lambda found: min(moment(find(e, "createdTime")) for e in found))
    return now if isinstance(oldest, Unknown) else oldest


def _told_since(oldest: Fact[list[Element]], since: datetime, now: datetime) -> datetime | None:
    """From when on events are known: not before the oldest that the server still has. None: it does not say."""
    first = _made(oldest, lambda found: moment(find(found[0], "createdTime")) if found else now)
    return None if isinstance(first, Unknown) else max(since, first)


def _records_logins(events: tuple[Event, ...], user: str, login_time: str) -> bool:
    """Whether our own login is among the events; both times are the server's."""
    entered = _made([], lambda _: moment(login_time))
    if isinstance(entered, Unknown) or not user:
        return False
    logins = (e for e in events if e.type == LOGIN and _name(e.user) == _name(user))
    return any(abs(e.at - entered) <= LOGIN_RECORDED_WITHIN for e in logins)


def _name(user: str) -> str:
    """The name without its domain, which events and sessions spell differently."""
    return user.rpartition("\\")[2].partition("@")[0].casefold()


def _elements(subject: Subject, manager: str, path: str) -> Fact[list[Element]]:
    found = subject.reader.property(subject.session.refs.get(manager), path)
    return found if isinstance(found, Unknown) else list(found if found is not None else ())


def _alarms(subject: Subject) -> Fact[list[Element]]:
    refs = calls.service_call(subject.session, "alarmManager", "GetAlarm")
    if isinstance(refs, Unknown):
        return refs
    alarms = [Ref("Alarm", r.text or "") for r in refs]
    where = subject.session.connection.endpoint.url
    found = [f.values(where)[0].get("info") for f in subject.reader.read(alarms, ["info"])]
    return [info for info in found if info is not None]


def _made(values: Fact[list[Element]], decode: Callable[[list[Element]], T]) -> Fact[T]:
    """The decoded fact, or why there is none."""
    if isinstance(values, Unknown):
        return values
    try:
        return decode(values)
    except (ValueError, TypeError, IndexError):
        return UNREADABLE
