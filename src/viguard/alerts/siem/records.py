"""What a SIEM gets: one record for each raw line, event or alert, enriched."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, Protocol, TypeAlias

import msgspec

from viguard.alerts.settings import Wire
from viguard.model.event import SEVERAL, Alert, Event, EventSeverity
from viguard.model.facts import Struct
from viguard.model.text import visible

LONGEST = 65_536


class Place(Struct, frozen=True, kw_only=True):
    """Where in the estate something is, as far as it is known. A guest may be in several zones, of several owners."""

    zones: tuple[str, ...] = ()
    guest: str = ""
    owners: tuple[str, ...] = ()

    @property
    def zone(self) -> str:
        """The zones in one text, "" for none."""
        return SEVERAL.join(self.zones)

    @property
    def owner(self) -> str:
        """The owners in one text, "" for none."""
        return SEVERAL.join(self.owners)

    def visible(self) -> Place:
        """The same, safe to show."""
        return Place(
            zones=tuple(map(visible, self.zones)),
            guest=visible(self.guest),
            owners=tuple(map(visible, self.owners)),
        )


NOWHERE = Place()
Locate: TypeAlias = Callable[[str, str | None], Place]
"""The place of (host name or address, guest's name or None), as the inventory and the policy know it."""


def nowhere(_host: str, _guest: str | None) -> Place:
    """Knows no place."""
    return NOWHERE


class Run(Protocol):
    """A part of a block from one sender (see ``logs.block.Run``)."""

    @property
    def sender(self) -> str: ...  # noqa: D102
    @property
    def transport(self) -> str: ...  # noqa: D102
    @property
    def start(self) -> int: ...  # noqa: D102
    @property
    def end(self) -> int: ...  # noqa: D102


class Lines(Protocol):
    """Raw lines as received (see ``logs.block.Block``)."""

    @property
    def data(self) -> bytes: ...  # noqa: D102
    @property
    def received_at(self) -> float: ...  # noqa: D102
    @property
    def runs(self) -> Sequence[Run]: ...  # noqa: D102


Item: TypeAlias = Lines | tuple[Event, ...] | Alert


class Record(NamedTuple):
    """One document. ``document`` is JSON-able, with every text printable; ``message`` is it in one line for people."""

    wire: Wire
    time: datetime
    host: str
    severity: EventSeverity
    message: str
    document: dict[str, Any]
    place: Place


def records_of(item: Item, locate: Locate, now: datetime) -> Iterator[Record]:
    """The records of one item; ``now`` stands in where a time is missing."""
    if isinstance(item, Alert):
        yield _of_alert(item, locate)
    elif isinstance(item, tuple) and not hasattr(item, "data"):
        for event in item:
            yield _of_event(event, locate, now)
    else:
        yield from _of_lines(item, locate)  # type: ignore[arg-type]  # a Block is a tuple too


def _of_lines(block: Lines, locate: Locate) -> Iterator[Record]:
    time = datetime.fromtimestamp(block.received_at, UTC)
    for run in block.runs:
        about = _About(Wire.RAW, time, visible(run.sender), EventSeverity.INFO, locate(run.sender, None))
        for line in block.data[run.start : run.end].split(b"\n"):
            if line:
                text = visible(line.decode("utf-8", "replace"), LONGEST)
                yield about.record(text, {"message": text, "sender": about.host, "transport": run.transport})


def _of_event(event: Event, locate: Locate, now: datetime) -> Record:
    host = event.host or event.sender
    time = event.time or event.received_at or now
    parts = [event.event, f"outcome={event.outcome}"]
    parts += [f"{k}={v}" for k, v in (("user", event.user), ("from", event.source_ip), ("vm", event.vm)) if v]
    about = _About(Wire.EVENTS, time, visible(host), event.severity, locate(host, event.vm))
    return about.record(visible(" ".join(parts), LONGEST), _safe(msgspec.to_builtins(event)))


def _of_alert(alert: Alert, locate: Locate) -> Record:
    first = alert.events[0] if alert.events else Event(event="")
    host = first.host or first.sender
    place = locate(host, first.vm)
    place = msgspec.structs.replace(place, zones=place.zones or alert.zones)
    about = _About(Wire.ALERTS, alert.time, visible(host), alert.severity, place)
    message = visible(f"{alert.rule}: {alert.title}: {alert.key}", LONGEST)
    return about.record(message, _safe(msgspec.to_builtins(alert)))


class _About(NamedTuple):
    """What the records of one run have in common."""

    wire: Wire
    time: datetime
    host: str
    severity: EventSeverity
    place: Place

    def record(self, message: str, document: dict[str, Any]) -> Record:
        place = self.place.visible()
        at = self.time.astimezone(UTC).isoformat()
        where = {"zone": place.zone, "zones": [*place.zones], "guest": place.guest, "owner": place.owner}
        whole = {**document, "@timestamp": at, "kind": self.wire.value, **where}
        return Record(self.wire, self.time, self.host, self.severity, message, whole, place)


def _safe(value: Any) -> Any:
    if isinstance(value, str):
        return visible(value, LONGEST)
    if isinstance(value, dict):
        return {_safe(k): _safe(v) for k, v in value.items()}
    return [_safe(v) for v in value] if isinstance(value, list | tuple) else value
