"""From what a pattern found in a line to an event: names, addresses, times."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from viguard.logs.clocks import ALL_UTC, Clocks
from viguard.logs.formats import PARTS
from viguard.model.event import Channel, Event, Outcome

if TYPE_CHECKING:
    from viguard.logs.classify import Hit

_TOLD_FIELDS = {"ip": "source_ip"}
"""What only the API tells of an event (see ``vcenter``)."""
_ORIGIN_FIELDS = {b"user": "user", b"sid": "session", b"opID": "operation_id", b"sub": "logger"}
_NUMBERS = {
    "source_port",
    "count",
    "count_before",
    "event_id",
    "failures",
    "lock_seconds",
    "child_pid",
    "part",
    "parts",
    "bytes",
}
_NOT_FIELDS = {"text", "kind", "pairs", "event_time", "level", "outcome", "user_and_ip", "bracket"}
_PAIR = re.compile(rb'([\w.-]+)="((?:[^"\\]|\\.)*)"')
_TEXT_BEGINS = re.compile(rb"\] \[\d{0,20}\] \[")
"""What stands before the text of a vCenter's event; a name that somebody typed may hold it, too."""
_BEGINNINGS = 8
_ORIGIN = re.compile(rb"(sub|opID|sid|user)=(.*?)(?= (?:sub|item|opID|sid|user)=|\Z)")
_LOGGER_VM = re.compile(r"(?:[\w.]+\.)?vm:(.*\.vmx)")
_VM = re.compile(
    r"(?:/vmfs/volumes/(?P<datastore>[^/]+)/)?(?:.*/)?(?P<name>[^/]+?)(?:\.vmx|/vmware(?:-\d{1,9})?\.log)\Z"
)
_MONTHS = {name: n for n, name in enumerate(b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1)}
_BSD = re.compile(rb"([A-Z][a-z]{2}) ([ \d]?\d) (\d\d):(\d\d):(\d\d)(?: (\d{4}))?")
_ISO = re.compile(rb"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?(Z|[+-]\d\d:?\d\d)?")
_AHEAD = timedelta(days=1)
"""How far a clock may be ahead before a date without a year is taken for last year's."""
_LATE = timedelta(minutes=10)
"""How far a clock may be ahead where a local time comes twice, before it is taken for the first time."""
_RESULTS = {
    "success": Outcome.SUCCESS,
    "ok": Outcome.SUCCESS,
    "true": Outcome.SUCCESS,
    "failure": Outcome.FAILURE,
    "failed": Outcome.FAILURE,
    "false": Outcome.FAILURE,
}


def event_of(hit: Hit, line: bytes, received_at: datetime, sender: str = "", clocks: Clocks = ALL_UTC) -> Event:
    """The event that a recognised line tells.

    ``received_at`` dates lines without a year, ``clocks`` those without a zone; ``sender`` is the address that the line
    came from.
    """
    rule, kind, header = hit.rule, hit.kind, hit.header
    fields: dict[str, Any] = dict(rule.put)
    for name, value in zip(rule.names, hit.found.groups(), strict=True):
        if value is not None and name not in _NOT_FIELDS:
            fields[name] = text(value)
    if rule.is_carrier:
        _from_carrier(hit, fields)
        if "told" in header.found.re.groupindex and header.found["told"]:
            for key, told in pairs(header.found["told"]).items():
                fields[_TOLD_FIELDS.get(key, key)] = told
    if header.origin is not None:
        _from_origin(header.origin, fields)
    outcome = rule.outcome or kind.outcome
    if "vm_path" in fields:
        _from_path(fields)
    if "count_before" in fields:
        fields["count"] = int(fields["count_before"]) + 1
    if "result" in fields:
        outcome = _RESULTS.get(str(fields.pop("result")).lower(), outcome)
    take = fields.pop
    address = take("source_ip", None)
    when, host, shown, pid = header.found.group(*PARTS)
    return Event(
        event=kind.id,
        time=_time(when, header.origin, received_at, clocks.of(host, sender)),
        outcome=outcome,
        severity=kind.severity,
        channel=rule.channel or _channel(hit, fields) or kind.channel,
        user=_user(take("user", None) or take("actor", None)),
        source_ip=_address(address) if address else None,
        host=take("host", None) or (text(host) if host and host != b"-" else ""),
        program=text(shown).rpartition("/")[2] if shown else header.program,
        pid=_number(pid),
        vm=take("vm", None) or None,
        session=take("session", None) or None,
        fields=_told(fields) if fields else {},
        lines=(text(line),),
        sender=sender,
        received_at=received_at,
    )


def text(value: bytes) -> str:
    """Bytes of a line as text; what is no UTF-8 shows as ``\\xNN``."""
    return value.decode("utf-8", "backslashreplace")


def pairs(value: bytes) -> dict[str, str]:
    """The parameters of a structured data element; of one that comes twice, the first. Source: RFC 5424, 6.3."""
    found: dict[str, str] = {}
    for name, told in _PAIR.findall(value):
        found.setdefault(text(name), text(re.sub(rb"\\([\"\\\]])", rb"\1", told)))
    return found


def moment(value: bytes, received_at: datetime, zone: tzinfo = UTC) -> datetime | None:
    """A time as a line writes it, in UTC; None when there is no such time.

    Without a year it is the last such date that was not more than a day after ``received_at``; without a zone it is in
    ``zone``: UTC, which ESXi always writes, or the local time of its host. A local time that comes twice is the last
    one that was not well after ``received_at``; one that does not come counts by the offset before.
    """
    return _chosen(_readings(value, received_at, zone), received_at)


def time_of(found: re.Match[bytes], received_at: datetime, zone: tzinfo) -> datetime | None:
    """The time that a header tells."""
    return _time(found["time"], None, received_at, zone)


def names_zone(told: bytes | None) -> bool:
    """Whether a time as a line writes it names its zone."""
    found = _ISO.match(told or b"")
    return found is not None and found[8] is not None


def _readings(value: bytes, received_at: datetime, zone: tzinfo) -> tuple[datetime, ...]:
    """The times that a line may mean: two when clocks were set back, none when there is no such time."""
    try:
        if found := _ISO.match(value):
            year, month, day, hour, minute, second = (int(found[n]) for n in range(1, 7))
            micro = int((found[7] or b"0").ljust(6, b"0")[:6])
            own = _zone(found[8]) if found[8] else zone
            return _in_utc(datetime(year, month, day, hour, minute, min(second, 59), micro, own))
        if found := _BSD.match(value):
            month = _MONTHS[found[1]]
            day, hour, minute, second = map(int, found.group(2, 3, 4, 5))
            if found[6]:
                return _in_utc(datetime(int(found[6]), month, day, hour, minute, min(second, 59), tzinfo=zone))
            return _dated(received_at, zone, month, day, hour, minute, min(second, 59))
    except (ValueError, KeyError, OverflowError):
        pass
    return ()


def _dated(received_at: datetime, zone: tzinfo, *parts: int) -> tuple[datetime, ...]:
    latest = received_at + _AHEAD
    for year in range(latest.astimezone(zone).year, received_at.year - 5, -1):  # 29 February
        try:
            found = _in_utc(datetime(year, *parts, tzinfo=zone))  # type: ignore[arg-type,misc]
        except ValueError:
            continue
        if found[0] <= latest:
            return found
    return ()


def _in_utc(local: datetime) -> tuple[datetime, ...]:
    """What a local time is in UTC, twice when clocks were set back over it; never in the other order: that is a gap."""
    first = local.astimezone(UTC)
    if local.tzinfo is UTC:
        return (first,)
    second = local.replace(fold=1).astimezone(UTC)
    return (first, second) if first < second else (first,)


def _chosen(readings: tuple[datetime, ...], received_at: datetime) -> datetime | None:
    if len(readings) == 1:
        return readings[0]
    return next((one for one in reversed(readings) if one <= received_at + _LATE), readings[0]) if readings else None


def _zone(value: bytes) -> tzinfo | None:
    if value == b"Z":
        return UTC
    return datetime.strptime(value.decode().replace(":", ""), "%z").tzinfo


def _time(told: bytes | None, origin: re.Match[bytes] | None, received_at: datetime, zone: tzinfo) -> datetime | None:
    if not told and origin is not None:
        told = origin.groupdict().get("own_time") or b""
    return _chosen(_remembered(told, _hour(received_at), zone), received_at) if told else None


@lru_cache(maxsize=16)
def _hour(received_at: datetime) -> datetime:
    """Lines of one block were received at one time."""
    return received_at.replace(minute=0, second=0, microsecond=0)


@lru_cache(maxsize=1024)
def _remembered(told: bytes, hour: datetime, zone: tzinfo) -> tuple[datetime, ...]:
    """Lines of one second, of which there may be many, have one time."""
    return _readings(told, hour + timedelta(hours=1), zone)


def _from_carrier(hit: Hit, fields: dict[str, Any]) -> None:
    """The parameters of a record, and more fields from the text of an event that its id has recognised."""
    found = hit.found.groupdict()
    if told := found.get("pairs"):
        called = hit.rule.called | hit.kind.names
        for key, value in pairs(told).items():
            fields.setdefault(called.get(key, key), value)
    for said in _said(found):
        for one in hit.kind.says:
            if more := one.compiled().match(said):
                fields |= {name: text(value) for name, value in more.groupdict().items() if value is not None} | one.put
                return


def _said(found: dict[str, bytes]) -> Iterator[bytes]:
    """The text of an event. A vCenter puts it into brackets; a user's name before it may look like its beginning."""
    said = found.get("text") or b""
    if "chain" not in found:
        yield said
        return
    said = said.rstrip().removesuffix(b"]")
    yield said
    for begins in islice(_TEXT_BEGINS.finditer(said), _BEGINNINGS):
        yield said[begins.end() :]


def _channel(hit: Hit, fields: dict[str, Any]) -> Channel | None:
    """The way in that the PAM service or the program is for."""
    if not (channels := hit.rule.channels):
        return None
    return channels.get(fields.get("pam_service", "")) or channels.get(hit.header.program)


def _from_path(fields: dict[str, Any]) -> None:
    """The guest and the datastore that the path of a guest's configuration, or of its log, names."""
    path = fields["vm_path"] if fields["vm_path"].endswith(".vmx") else fields.pop("vm_path")
    if found := _VM.match(path):
        fields["vm"] = found["name"]
        if found["datastore"]:
            fields["datastore_id"] = found["datastore"]


def _from_origin(origin: re.Match[bytes], fields: dict[str, Any]) -> None:
    """The guest, the operation and the user that hostd names before its text."""
    found = origin.groupdict()
    if logger := found.get("logger") or found.get("logger2"):
        fields["logger"] = text(logger)
    for name, value in _ORIGIN.findall(found.get("origin") or b""):
        fields.setdefault(_ORIGIN_FIELDS[name], text(value.strip(b'"')))
    if path := _LOGGER_VM.match(fields.get("logger", "")):
        fields["vm_path"] = path[1]
    fields |= {name: text(found[name]) for name in ("thread", "level", "vm_path") if found.get(name)}


def _user(name: str | None) -> str | None:
    """A name as it was typed: some programs write its backslash twice. What begins with @ is the system itself.

    Source: ESXi 8.0.3 audit event reference.
    """
    return re.sub(r"\\{2,}", r"\\", name) if name and name[0] != "@" else None


def _address(value: str) -> str:
    return value.lower().removeprefix("::ffff:") if value.count(".") == 3 else value


def _told(fields: dict[str, Any]) -> dict[str, str | int]:
    return {
        name: int(value) if name in _NUMBERS and str(value).isdecimal() else value
        for name, value in fields.items()
        if value != ""
    }


def _number(value: bytes | None) -> int | None:
    return int(value) if value is not None and value.isdigit() and len(value) < 19 else None
