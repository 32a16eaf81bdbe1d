"""From what a pattern found in a line to an event: names, addresses, times."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from viguard.model.event import Event, Outcome

if TYPE_CHECKING:
    from viguard.logs.classify import Hit

OWN = ("user", "source_ip", "host", "vm", "session")
"""Fields that an event has a place for; pid, time and outcome are read otherwise."""
_NUMBERS = {"source_port", "count", "event_id", "failures", "lock_seconds", "child_pid", "part", "parts", "bytes"}
_NOT_FIELDS = {"text", "key", "pairs", "event_time", "level", "outcome", "user_and_ip"}
_PAIR = re.compile(rb'([\w.-]+)="((?:[^"\\]|\\.)*)"')
_ORIGIN = re.compile(rb"(sub|opID|sid|user)=(\S+)")
_LOGGER_VM = re.compile(rb"vm:(.*/([^/']+)\.vmx)")
_MONTHS = {name: n for n, name in enumerate(b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1)}
_BSD = re.compile(rb"([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d)(?: (\d{4}))?")
_ISO = re.compile(rb"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?(Z|[+-]\d\d:?\d\d)?")
_AHEAD = timedelta(days=1)
"""How far a clock may be ahead before a date without a year is taken for last year's."""
_RESULTS = {
    "success": Outcome.SUCCESS,
    "ok": Outcome.SUCCESS,
    "true": Outcome.SUCCESS,
    "failure": Outcome.FAILURE,
    "failed": Outcome.FAILURE,
    "false": Outcome.FAILURE,
}


def event_of(hit: Hit, line: bytes, received_at: datetime, sender: str = "") -> Event:
    """The event that a recognised line tells.

    ``received_at`` dates lines without a year or zone; ``sender`` is the address that the line came from.
    """
    found = {name: value for name, value in hit.found.groupdict().items() if value is not None}
    fields: dict[str, Any] = dict(hit.rule.put)
    for name, value in found.items():
        if name not in _NOT_FIELDS:
            fields[name] = text(value)
    if "pairs" in found:
        fields |= {key: value for key, value in pairs(found["pairs"]).items() if key not in fields}
    _from_text(hit, found, fields)
    _from_origin(hit, fields)
    header = hit.header.found.groupdict()
    kind = hit.kind
    outcome = _RESULTS.get(str(fields.pop("result", "")).lower()) or hit.rule.outcome or kind.outcome
    own = {name: _plain(name, fields.pop(name)) for name in OWN if name in fields}
    return Event(
        event=kind.id,
        time=_time(hit, header, received_at),
        outcome=outcome,
        severity=kind.severity,
        channel=hit.rule.channel or kind.channel,
        user=own.get("user"),
        source_ip=own.get("source_ip"),
        host=own.get("host") or text(header.get("host") or b""),
        program=text(header.get("program") or hit.header.program.encode()).rpartition("/")[2],
        pid=_number(header.get("pid")),
        vm=own.get("vm"),
        session=own.get("session"),
        fields={name: _field(name, value) for name, value in fields.items() if value != ""},
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


def moment(value: bytes, received_at: datetime) -> datetime | None:
    """A time as a line writes it, in UTC; None when there is no such time.

    Without a year it is the last such date that was not more than a day after ``received_at``; without a zone it is
    UTC, which ESXi always writes.
    """
    try:
        if found := _ISO.match(value):
            year, month, day, hour, minute, second = (int(found[n]) for n in range(1, 7))
            micro = int((found[7] or b"0").ljust(6, b"0")[:6])
            return datetime(year, month, day, hour, minute, min(second, 59), micro, _zone(found[8])).astimezone(UTC)
        if found := _BSD.match(value):
            month = _MONTHS[found[1]]
            day, hour, minute, second = (int(found[n]) for n in range(2, 6))
            if found[6]:
                return datetime(int(found[6]), month, day, hour, minute, min(second, 59), tzinfo=UTC)
            return _dated(received_at, month, day, hour, minute, min(second, 59))
    except (ValueError, KeyError, OverflowError):
        pass
    return None


def _dated(received_at: datetime, *parts: int) -> datetime | None:
    for year in (received_at.year + 1, *range(received_at.year, received_at.year - 5, -1)):  # 29 February
        try:
            found = datetime(year, *parts, tzinfo=UTC)  # type: ignore[arg-type,misc]
        except ValueError:
            continue
        if found <= received_at + _AHEAD:
            return found
    return None


def _zone(value: bytes | None) -> Any:
    if value in {None, b"Z"}:
        return UTC
    return datetime.strptime(value.decode().replace(":", ""), "%z").tzinfo


def _time(hit: Hit, header: Mapping[str, bytes | None], received_at: datetime) -> datetime | None:
    told = header.get("time") or (hit.header.origin.groupdict().get("own_time") if hit.header.origin else None)
    return moment(told, received_at) if told else None


def _from_text(hit: Hit, found: Mapping[str, bytes], fields: dict[str, Any]) -> None:
    """More fields from the text of an event that its id has recognised."""
    told = found.get("text")
    for pattern in hit.rule.texts.get(hit.kind.id, ()) if told is not None else ():
        if more := pattern.match(told):  # type: ignore[arg-type]
            fields |= {name: text(value) for name, value in more.groupdict().items() if value is not None}
            return


def _from_origin(hit: Hit, fields: dict[str, Any]) -> None:
    """The guest, the operation and the user that hostd names before its text."""
    origin = hit.header.origin.groupdict() if hit.header.origin else {}
    if logger := origin.get("logger"):
        fields["logger"] = text(logger)
        if vm := _LOGGER_VM.match(logger):
            fields["vm_path"], fields["vm"] = text(vm[1]), text(vm[2])
    for name, value in _ORIGIN.findall(origin.get("origin") or b""):
        match name:
            case b"user":
                fields.setdefault("user", text(value))
            case b"sid":
                fields.setdefault("session", text(value))
            case b"opID":
                fields.setdefault("operation_id", text(value))
            case _:
                fields.setdefault("logger", text(value))


def _plain(name: str, value: str) -> str | None:
    if name == "source_ip":
        return value.lower().removeprefix("::ffff:") if value.count(".") == 3 else value or None
    return value or None


def _field(name: str, value: str | int) -> str | int:
    return int(value) if name in _NUMBERS and str(value).isdecimal() else value


def _number(value: bytes | None) -> int | None:
    return int(value) if value is not None and value.isdigit() and len(value) < 19 else None
