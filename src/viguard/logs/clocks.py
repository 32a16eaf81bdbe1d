"""In which time zone each host writes times that name none."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, tzinfo
from fnmatch import translate

from viguard.policy.policy import TimeZone
from viguard.policy.time_zones import zone_named

_REMEMBERED = 10_000
"""Hosts whose zone is remembered; a hostile sender may invent more."""
_NO_HOST = (None, b"", b"-")


class Clocks:
    """The time zone of a line by its host; the first entry that matches counts, without one it is UTC.

    Raises: InputError for a time zone that this machine does not know.
    """

    def __init__(self, entries: Iterable[TimeZone] = ()) -> None:
        self._entries = [
            (re.compile("|".join(translate(pattern.casefold()) for pattern in one.hosts)), zone_named(one.zone))
            for one in entries
            if one.hosts
        ]
        self._known: dict[bytes | str, tzinfo] = {}

    def of(self, host: bytes | None, sender: str) -> tzinfo:
        """The zone of lines that claim a host, or, when they claim none, come from a sender."""
        if not self._entries:
            return UTC
        name = sender if host in _NO_HOST or host is None else host
        zone = self._known.get(name)
        if zone is None:
            zone = self._found(name if isinstance(name, str) else name.decode("utf-8", "backslashreplace"))
            if len(self._known) < _REMEMBERED:
                self._known[name] = zone
        return zone

    def _found(self, name: str) -> tzinfo:
        name = name.casefold()
        return next((zone for pattern, zone in self._entries if pattern.match(name)), UTC)


ALL_UTC = Clocks()


def everywhere(zone: str) -> tuple[TimeZone, ...]:
    """Every host in one time zone; "" is no entry, which is UTC."""
    return (TimeZone(hosts=("*",), zone=zone),) if zone else ()
