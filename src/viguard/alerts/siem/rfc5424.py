"""A record as a message of RFC 5424, in a frame of RFC 5425."""

from __future__ import annotations

import re
from datetime import UTC

from viguard.alerts.settings import Wire
from viguard.alerts.siem.records import Record
from viguard.model.event import EventSeverity

LOG_AUDIT = 13  # the facility
_SEVERITIES = {
    EventSeverity.CRITICAL: 2,
    EventSeverity.HIGH: 3,
    EventSeverity.MEDIUM: 4,
    EventSeverity.LOW: 5,
    EventSeverity.INFO: 6,
}
_ID = "viguard@32473"  # the number that RFC 5612 keeps for examples: nobody else's
_NOT_NAME = re.compile(r"[^\x21-\x7e]")
_FIELDS = ("event", "outcome", "user", "source_ip", "vm", "rule", "key", "sender")


def message(record: Record) -> bytes:
    """The message, without control characters."""
    at = record.time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    host = _NOT_NAME.sub("?", record.host)[:255] or "-"
    priority = LOG_AUDIT * 8 + _SEVERITIES[record.severity]
    head = f"<{priority}>1 {at} {host} viguard - {record.wire} "
    fields = {"zone": record.place.zone, "guest": record.place.guest, "owner": record.place.owner}
    if record.wire is not Wire.RAW:
        fields |= {name: str(record.document[name]) for name in _FIELDS if record.document.get(name)}
    elif record.document.get("sender"):
        fields["sender"] = str(record.document["sender"])
    pairs = "".join(f' {name}="{_escaped(value)}"' for name, value in fields.items() if value)
    data = f"[{_ID}{pairs}]" if pairs else "-"
    return f"{head}{data} \ufeff{record.message}".encode()


def frame(record: Record) -> bytes:
    """The message with its length in front: no content can end it early."""
    data = message(record)
    return b"%d %s" % (len(data), data)


def _escaped(value: str) -> str:
    return re.sub(r'(["\\\]])', r"\\\1", value)
