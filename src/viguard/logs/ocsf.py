"""Events in the shape of the Open Cybersecurity Schema Framework, for programs that read it."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec

from viguard import __version__, content
from viguard.model.event import Event, EventSeverity, Outcome
from viguard.model.facts import Struct

FILE = "logs/ocsf.yaml"
VERSION = "1.1.0"
_OTHER = 99
_SEVERITIES = {severity: number for number, severity in enumerate(EventSeverity, start=1)}
_STATUSES = {Outcome.UNKNOWN: 0, Outcome.SUCCESS: 1, Outcome.FAILURE: 2}
_NAMES = {Outcome.UNKNOWN: "Unknown", Outcome.SUCCESS: "Success", Outcome.FAILURE: "Failure"}


class Mapped(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What events that begin so are in OCSF; ``whom`` is the field with the account that they are about."""

    starts: str
    class_uid: int
    class_name: str
    activity_id: int
    whom: str = ""


@cache
def mapping() -> tuple[Mapped, ...]:
    """Every entry of the content, in the order in which they are tried."""
    return msgspec.yaml.decode(content.text(FILE), type=tuple[Mapped, ...])


@cache
def mapped(event: str) -> Mapped:
    """What a class of ours is in OCSF."""
    return next(one for one in mapping() if event.startswith(one.starts))


def shape(event: Event) -> dict[str, Any]:
    """An event as an object of OCSF; what OCSF has no place for stands under ``unmapped``, by our names.

    ``time`` is in milliseconds since 1970, that of receipt where the line says none, left out where neither is known.
    Source: OCSF 1.1, classes 0, 1007, 3001, 3002, 3005 and 3006.
    """
    one = mapped(event.event)
    at = event.time or event.received_at
    said = {
        "class_uid": one.class_uid,
        "class_name": one.class_name,
        "category_uid": one.class_uid // 1000,
        "activity_id": one.activity_id,
        "type_uid": one.class_uid * 100 + one.activity_id,
        "time": round(at.timestamp() * 1000) if at else None,
        "severity_id": _SEVERITIES[event.severity],
        "status_id": _STATUSES[event.outcome],
        "status": _NAMES[event.outcome],
        "message": event.lines[0] if event.lines else None,
        "raw_data": "\n".join(event.lines) or None,
        "metadata": {
            "version": VERSION,
            "product": {"name": "viguard", "vendor_name": "viguard", "version": __version__},
            "event_code": event.event,
        },
        "device": {"hostname": event.host, "type_id": 1} if event.host else None,
        "src_endpoint": {"ip": event.source_ip} if event.source_ip else None,
        "session": {"uid": event.session} if event.session else None,
        **_people(event, one),
        **_process(event, one),
        "unmapped": _rest(event, one) or None,
    }
    return {name: value for name, value in said.items() if value is not None}


def _people(event: Event, one: Mapped) -> dict[str, Any]:
    """Who it was; and whom it is about, where OCSF has a place for that."""
    doer = {"name": event.user} if event.user else None
    if one.whom:
        about = event.fields.get(one.whom)
        return {"actor": doer and {"user": doer}, "user": {"name": str(about)} if about else None}
    if one.class_uid // 1000 == 3:  # identity and access: who logs in is the user
        return {"user": doer}
    return {"actor": doer and {"user": doer}}


def _process(event: Event, one: Mapped) -> dict[str, Any]:
    command = event.fields.get("command")
    return {"process": {"cmd_line": str(command)}} if one.class_name == "Process Activity" and command else {}


def _rest(event: Event, one: Mapped) -> dict[str, Any]:
    own = {"channel": event.channel, "program": event.program, "pid": event.pid, "vm": event.vm, "sender": event.sender}
    rest = {name: value for name, value in event.fields.items() if name != one.whom}
    return rest | {name: value for name, value in own.items() if value not in (None, "")}
