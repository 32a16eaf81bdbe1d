"""A notice as a passive result of Nagios: which object, which code, which text.

What a service shows is what is open for its host when the result is sent, not what the notice says: a notice that was
late, or one of two troubles that ended, must not turn a service green.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from viguard.alerts.notice import Kind, Notice, rank, subject
from viguard.alerts.plain import text_of
from viguard.model.event import EventSeverity

OK, WARNING, CRITICAL = 0, 1, 2
HEARTBEAT_SERVICE = "viguard heartbeat"


class Open(NamedTuple):
    """A trouble that is open: the host that its lines claim, how bad, and its title."""

    host: str
    severity: EventSeverity


class Result(NamedTuple):
    """A passive check result; every part is safe for Nagios and for a shell that a notification command calls."""

    host: str
    service: str
    code: int
    text: str


@dataclass(frozen=True, slots=True)
class Objects:
    """Which Nagios objects exist, and what is open."""

    host: str
    service: str
    hosts: frozenset[str]
    open: Callable[[], Iterable[Open]]

    def result(self, notice: Notice) -> Result:
        """What to send for a notice."""
        if notice.kind is Kind.HEARTBEAT:
            return Result(self.host, HEARTBEAT_SERVICE, OK, text_of(notice.title))
        host = self._object(notice.host)
        if notice.kind in {Kind.TROUBLE, Kind.DIGEST}:
            return Result(host, self.service, max(WARNING, code_of(notice.severity)), text_of(subject(notice)))
        worst = [o.severity for o in self.open() if self._object(o.host) == host]
        code = max((code_of(s) for s in worst), default=OK)
        left = f" - open here: {len(worst)}, worst {max(worst, key=rank)}" if worst else " - nothing is open here"
        return Result(host, self.service, code, text_of(subject(notice) + left))

    def _object(self, claimed: str) -> str:
        return claimed if claimed in self.hosts else self.host


def code_of(severity: EventSeverity) -> int:
    """The return code of Nagios for a severity: low warns, high and worse are critical."""
    if rank(severity) >= rank(EventSeverity.HIGH):
        return CRITICAL
    return WARNING if rank(severity) >= rank(EventSeverity.LOW) else OK
