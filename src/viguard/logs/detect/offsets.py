"""A clock that is off by whole quarter hours: most often one that writes local time. What to do about it, in words."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cached_property
from glob import escape

from viguard.logs.clocks import Clocks
from viguard.logs.fields import names_zone
from viguard.logs.formats import Headers, make_headers
from viguard.model.event import Event
from viguard.policy.policy import TimeZone
from viguard.policy.quoting import scalar
from viguard.policy.time_zones import zone_named

QUARTER = timedelta(minutes=15)
NEAR = timedelta(minutes=1)
_NO_HOST = {"", "-"}
_LEAST, _MOST = timedelta(hours=-12), timedelta(hours=14)
"""The offsets that places have. Source: the IANA time zone database."""


def quarters(ahead: timedelta) -> timedelta | None:
    """The whole quarter hours, one at least, that a clock is ahead or (negative) behind to the minute; else None."""
    whole = round(ahead / QUARTER) * QUARTER
    return whole if whole and abs(ahead - whole) <= NEAR else None


class Advice:
    """What to do about the clock of a host, as the policy dates its lines; ``own`` is the time zone of the owner."""

    def __init__(self, time_zones: Iterable[TimeZone] = (), own: str = "UTC") -> None:
        self._clocks, self._own, self._own_name = Clocks(time_zones), zone_named(own), own

    @cached_property
    def _headers(self) -> Headers:
        return make_headers()

    def of(self, event: Event, ahead: timedelta) -> str:
        """Words for an event that is ahead of its receipt; "" when its clock is just wrong."""
        whole = quarters(ahead)
        if whole is None or event.received_at is None:
            return ""
        if self._names_zone(event):
            if not _LEAST <= whole <= _MOST:
                return ""
            return (
                f"its stamps name their zone, but look like {utc(whole)}: it may write local time as if it were in "
                "that zone; set its clock and its time zone"
            )
        zone = self._clocks.of(event.host.encode("utf-8", "surrogatepass"), event.sender)
        offset = whole + _offset(zone, event.received_at)
        if not _LEAST <= offset <= _MOST:
            return ""
        if zone is not UTC:
            return f"its stamps look like {utc(offset)}, not {zone}: mend its entry under time_zones in the policy"
        return (
            f"its stamps look like {utc(offset)} (local time): tell its zone under time_zones in the policy, "
            f"or make it send UTC / RFC 5424; e.g. {self._line(event, offset)}"
        )

    def _names_zone(self, event: Event) -> bool:
        header = self._headers.read(event.lines[0].encode("utf-8", "surrogatepass")) if event.lines else None
        return header is not None and names_zone(header.found["time"])

    def _line(self, event: Event, offset: timedelta) -> str:
        """The entry of a policy; a name is no pattern there, whatever its host calls itself."""
        name = event.sender if event.host in _NO_HOST else event.host
        return f"time_zones: [{{hosts: [{scalar(escape(name))}], zone: {self._place(event, offset)}}}]"

    def _place(self, event: Event, offset: timedelta) -> str:
        """A zone with that offset: the owner's own, else one without a place and without summer time."""
        at = event.received_at or datetime.now(UTC)
        if self._own_name != "UTC" and _offset(self._own, at) == offset:
            return self._own_name
        hours, rest = divmod(offset, timedelta(hours=1))
        return "AREA/CITY" if rest else f"Etc/GMT{-hours:+d}"  # whose sign is the other way round


def utc(offset: timedelta) -> str:
    """An offset as people write it: ``UTC+1``, ``UTC-3:30``, ``UTC``."""
    minutes = abs(offset) // timedelta(minutes=1)
    sign = "-" if offset < timedelta() else "+"
    return f"UTC{sign}{minutes // 60}{f':{minutes % 60:02}' if minutes % 60 else ''}" if minutes else "UTC"


def _offset(zone: tzinfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()
