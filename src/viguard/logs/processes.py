"""What a process that sees to one login said long before the line that needs it: its address, or that it failed.

Source: dropbear 2022.83, svr-auth.c: "Login attempt for nonexistent user" names no address. OpenSSH, auth2.c: "Invalid
user" is written when the name comes, "Failed password for invalid user" when the password does. BusyBox and util-linux,
login.c: they wait for seconds between what PAM says and their own line.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import msgspec

from viguard.logs.telling import place_of, teller
from viguard.model.event import Event

OPENED, CLOSED = "connection.opened.ssh", "connection.closed.ssh"
LIFE = timedelta(minutes=5)
"""How long a connection may be without a login: dropbear's AUTH_TIMEOUT, and more than OpenSSH's LoginGraceTime."""
_LOGINS = frozenset({"login.failure.ssh", "login.success.ssh"})
_Process: TypeAlias = tuple[str, str, str, int]


class Processes:
    """What the latest processes said, ``limit`` of them at most."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._opened: OrderedDict[_Process, Event] = OrderedDict()
        self._announced: OrderedDict[_Process, Event] = OrderedDict()

    def known(self, event: Event) -> Event:
        """The event, with the address that its process serves when it is a login over SSH and names none."""
        if event.pid is None:
            return event
        if event.event == OPENED:
            self._keep(self._opened, event)
        elif event.event == CLOSED:
            self._opened.pop(_process(event), None)
        elif event.event in _LOGINS and not event.source_ip:
            opened = self._opened.get(_process(event))
            if opened is not None and _is_alive(opened, event):
                port = {name: opened.fields[name] for name in ("source_port",) if name in opened.fields}
                return msgspec.structs.replace(event, source_ip=opened.source_ip, fields={**port, **event.fields})
        return event

    def is_told(self, event: Event) -> bool:
        """Whether a failure is the first one after the same process told it in other words.

        The two are one attempt, however long the password took to type or the process waited.
        """
        if event.pid is None or not event.event.startswith("login.failure."):
            return False
        said = self._announced.get(_process(event))
        is_same = said is not None and (said.event, said.user) == (event.event, event.user) and _is_alive(said, event)
        if not _announces(event):
            self._announced.pop(_process(event), None)
            return is_same
        if said is not None and is_same and teller(said) != teller(event):
            return True
        self._keep(self._announced, event)  # the same words again are another failure
        return False

    def clear(self) -> None:
        """Forget them all."""
        self._opened.clear()
        self._announced.clear()

    def _keep(self, events: OrderedDict[_Process, Event], event: Event) -> None:
        process = _process(event)
        events[process] = event
        events.move_to_end(process)
        if len(events) > self._limit:
            events.popitem(last=False)


def _announces(event: Event) -> bool:
    """Whether the process says it again: OpenSSH when the password has come, login(1) in its own words."""
    if event.event == "login.failure.shell":
        return "pam_service" in event.fields
    return (
        event.event == "login.failure.ssh"
        and event.fields.get("reason") == "unknown-user"
        and ("method" not in event.fields)
    )


def _process(event: Event) -> _Process:
    return place_of(event), event.sender, event.program.casefold(), event.pid or 0


def _is_alive(said: Event, event: Event) -> bool:
    return abs(_when(event) - _when(said)) <= LIFE


def _when(event: Event) -> datetime:
    return event.time or event.received_at or datetime.min.replace(tzinfo=UTC)
