"""The events of a vCenter or host as log lines: its own form of them, so that one path hears them all.

Source: vim.event.EventHistoryCollector. A vCenter streams its events to syslog in the same form from 6.5 on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from viguard.errors import ReplyError, SourceError
from viguard.model.facts import Struct, Unknown
from viguard.vsphere import calls
from viguard.vsphere.replies import Element, local, xsi_type
from viguard.vsphere.session import Session
from viguard.vsphere.soap import Ref, element

PAGE = 1000
OVERLAP = timedelta(seconds=60)
"""How much older an event may be than one that was told before it."""
BY_ID = {"EventEx", "ExtendedEvent"}
"""Events whose type is in a field."""
SD_ID = "viguard@32473"
_PRIORITIES = {"error": 11, "warning": 12, "user": 13, "info": 14}
_CONTROL = re.compile("[\x00-\x1f\x7f]")


class Position(Struct, frozen=True, kw_only=True):
    """How far events were read: the newest ``time`` and the events (time and key) not older than OVERLAP before it.

    The keys alone would not do: a vCenter whose database was put back counts anew.
    """

    time: datetime | None = None
    seen: tuple[str, ...] = ()


class EventSource:
    """Reads the events of one server, each once, also over a lost session, a restart of the server or of ourselves.

    ``open_session`` logs in; it is called again when the server has ended the session. ``position`` is where a former
    run ended; of a new one, events from ``since`` on are read. Not for several threads at a time.
    """

    def __init__(self, open_session: Callable[[], Session], position: Position, since: datetime) -> None:
        self._open_session, self._since = open_session, since
        self._session: Session | None = None
        self._collector: Ref | None = None
        self.position = position

    def read(self) -> Iterator[tuple[list[bytes], Position]]:
        """The lines that are new, a page at a time, each with the position after it; nothing when there are none.

        A page counts as read when the next one is asked for.

        Raises:
            SourceError: the server cannot be reached or refuses; the next call goes on where this one ended.
        """
        try:
            yield from self._pages()
        except SourceError:
            self.close()
            raise

    def session(self) -> Session:
        """The one session, for reading what else is asked of the server; entered now when there was none.

        Raises:
            SourceError: the server cannot be reached or refuses.
        """
        try:
            return self._connected()[0]
        except SourceError:
            self.close()
            raise

    def close(self) -> None:
        """Log out."""
        session, self._session, self._collector = self._session, None, None
        if session is not None:
            session.__exit__(None, None, None)

    def _pages(self) -> Iterator[tuple[list[bytes], Position]]:
        session, collector = self._connected()
        while True:
            page = _told(session, calls.call(session, "ReadNextEvents", collector, element("maxCount", PAGE)))
            if not page:
                return
            lines, position = self._lines(session, page)
            if lines:
                yield lines, position
            self.position = position

    def _connected(self) -> tuple[Session, Ref]:
        if self._session is None or self._collector is None:
            self.close()
            session = self._open_session()
            session.__enter__()
            self._session = session
            start = (self.position.time - OVERLAP) if self.position.time else self._since
            window = f"<filter><time>{element('beginTime', start.isoformat())}</time></filter>"
            made = _told(session, calls.call(session, "CreateCollectorForEvents", _manager(session), window))
            self._collector = Ref(made[0].get("type", "EventHistoryCollector"), made[0].text or "")
            _told(session, calls.call(session, "RewindCollector", self._collector))
        return self._session, self._collector

    def _lines(self, session: Session, page: list[Element]) -> tuple[list[bytes], Position]:
        seen, newest = set(self.position.seen), self.position.time
        times = {mark.rpartition(" ")[0]: datetime.fromisoformat(mark.rpartition(" ")[0]) for mark in seen}
        lines = []
        for event in page:
            when = _time(event)
            mark = f"{when.isoformat()} {_text(event, 'key')}"
            if mark in seen:
                continue
            seen.add(mark)
            times[when.isoformat()] = when
            newest = when if newest is None else max(newest, when)
            lines.append(line_of(event, session.connection.endpoint.host, when))
        keep = newest - OVERLAP if newest else None
        marks = tuple(sorted(m for m in seen if keep is None or times[m.rpartition(" ")[0]] >= keep))
        return lines, Position(time=newest, seen=marks)


def line_of(event: Element, server: str, when: datetime) -> bytes:
    """An event as a line in the form of the vCenter's own event stream, with what only the API tells of it.

    Source: vim.event.Event, EventEx, ExtendedEvent.
    """
    kind = xsi_type(event) or local(event)
    type_id = _text(event, "eventTypeId") if kind in BY_ID else ""
    severity = _text(event, "severity") or "info"
    created = when.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    text = _text(event, "fullFormattedMessage") or _text(event, "message") or type_id
    datacenter, chain = _text(event, "datacenter/name"), _text(event, "chainId")
    told = {
        "ip": _text(event, "ipAddress"),
        "host": _text(event, "host/name"),
        "vm": _text(event, "vm/name"),
        "session": _text(event, "sessionId"),
    }
    data = "".join(f' {name}="{_escaped(value)}"' for name, value in told.items() if value)
    parts = [
        _text(event, "key"), "1-1", created, type_id or f"vim.event.{kind}", severity, _text(event, "userName"),
        datacenter, chain, text,
    ]  # fmt: skip
    message = "Event " + " ".join(f"[{_plain(part)}]" for part in parts)
    header = f"<{_PRIORITIES.get(severity, 14)}>1 {created} {server} vpxd - - [{SD_ID}{data}]"
    return f"{header} {message}".encode()


def _manager(session: Session) -> Ref:
    manager = session.refs.get("eventManager")
    if manager is None:
        raise ReplyError("the server has no event manager", where=session.connection.endpoint.url)
    return manager


def _told(session: Session, reply: calls.Reply) -> list[Element]:
    found = calls.returned(session, reply)
    if isinstance(found, Unknown):
        raise ReplyError(f"events cannot be read: {found}", where=session.connection.endpoint.url)
    return found


def _time(event: Element) -> datetime:
    try:
        found = datetime.fromisoformat(_text(event, "createdTime"))
    except ValueError:
        return datetime.now(UTC)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)


def _text(event: Element, path: str) -> str:
    return event.findtext(path) or ""


def _plain(text: str) -> str:
    """A text on one line: control characters as #NNN in octal, as syslog daemons write them."""
    return _CONTROL.sub(lambda found: f"#{ord(found[0]):03o}", text)


def _escaped(text: str) -> str:
    """A value of structured data. Source: RFC 5424, 6.3.3."""
    return re.sub(r'(["\\\]])', r"\\\1", _plain(text))
