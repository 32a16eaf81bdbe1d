"""The classes of events, and the patterns that recognise them: content/logs/events."""

from __future__ import annotations

import fnmatch
import re
from functools import cache

import msgspec

from viguard import content
from viguard.errors import ContentError
from viguard.model.event import Channel, EventSeverity, Outcome
from viguard.model.facts import Struct

FOLDER = "logs/events"
_MACROS = {
    "{user}": r"(?P<user>.*)",
    "{ip}": r"(?P<source_ip>[0-9A-Za-z.:_%-]+)",
    "{port}": r"(?P<source_port>\d{1,5})",
    "{end}": r"[\s\x00]*",
}
_CUE = 6
"""The shortest cue in characters: a shorter one makes a candidate of too many lines."""


class Line(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One way in which programs write an event.

    ``programs`` in lower case; none: any. ``cue`` is a text that every such line has; ``pattern`` is the whole message,
    a regular expression with the macros {user}, {ip} and {port}; its other named groups are fields.
    """

    cue: str
    pattern: str
    programs: tuple[str, ...] = ()
    outcome: Outcome | None = None
    channel: Channel | None = None
    put: dict[str, str | int] = msgspec.field(default_factory=dict)


class Text(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Fields from the text of an event that its id has already recognised."""

    pattern: str


class EventClass(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A class of events. ``vob`` are ids of VMkernel observations (esx.*, vob.*), ``vcenter`` types of vCenter events,
    ``audit`` names of ESXi audit records, with conditions (``service.start object=TSM-SSH``); each may have wildcards.

    ``kind`` derived: made by a detection, from other events. ``steps`` are the first steps of a response.
    """

    id: str
    title: str
    severity: EventSeverity
    group: str
    kind: str = "single"
    channel: Channel | None = None
    outcome: Outcome = Outcome.UNKNOWN
    report: str = ""
    fields: tuple[str, ...] = ()
    attack: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    notes: str = ""
    derive: str = ""
    lines: tuple[Line, ...] = ()
    vob: tuple[str, ...] = ()
    vcenter: tuple[str, ...] = ()
    audit: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()


class Carrier(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A form in which many classes come: an id in the line names the class.

    ``table`` is the field of EventClass that the group ``key`` is looked up in; ``pairs`` splits the group ``pairs``
    into fields. Without ``cues`` every name in the table is one, after a bracket.
    """

    id: str
    table: str
    pattern: str
    cues: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()


@cache
def classes() -> dict[str, EventClass]:
    """Every class of events by its id.

    Raises: ContentError.
    """
    found: dict[str, EventClass] = {}
    for name, text in content.folder(FOLDER):
        try:
            some = msgspec.yaml.decode(text, type=tuple[EventClass, ...])
        except msgspec.MsgspecError as error:
            raise ContentError(str(error), where=name) from error
        for one in some:
            if one.id in found:
                raise ContentError(f"{one.id} is there twice", where=name)
            found[one.id] = one
    return found


@cache
def carriers() -> tuple[Carrier, ...]:
    """Every carrier."""
    return msgspec.yaml.decode(content.text("logs/carriers.yaml"), type=tuple[Carrier, ...])


def compiled(pattern: str) -> re.Pattern[bytes]:
    """A pattern of the content over the bytes of a whole message.

    Raises: ContentError.
    """
    for macro, meaning in _MACROS.items():
        pattern = pattern.replace(macro, meaning)
    try:
        return re.compile(b"(?:%s)" % pattern.encode() + rb"[\s\x00]*\Z")
    except re.error as error:
        raise ContentError(f"no regular expression: {error}", where=pattern[:200]) from error


class Lookup:
    """Classes by the ids that carriers bring, wildcards after exact ids."""

    def __init__(self, table: str, all_classes: dict[str, EventClass]) -> None:
        self.kinds = tuple(all_classes.values())
        self._exact: dict[str, list[tuple[tuple[tuple[str, str], ...], EventClass]]] = {}
        self._wild: list[tuple[str, tuple[tuple[str, str], ...], EventClass]] = []
        for one in all_classes.values():
            for entry in getattr(one, table):
                name, *conditions = entry.split()
                pairs = tuple((key, value) for key, _, value in (c.partition("=") for c in conditions))
                if "*" in name:
                    self._wild.append((name, pairs, one))
                else:
                    self._exact.setdefault(name, []).append((pairs, one))
        for some in self._exact.values():
            some.sort(key=lambda entry: -len(entry[0]))  # the most particular first
        self._wild.sort(key=lambda entry: (-len(entry[0]), -len(entry[1])))

    def find(self, name: str, fields: dict[str, str]) -> EventClass | None:
        """The class of an id whose conditions hold, None when there is none."""
        for pairs, one in self._exact.get(name, ()):
            if all(fnmatch.fnmatchcase(fields.get(key, ""), value) for key, value in pairs):
                return one
        for wild, pairs, one in self._wild:
            if fnmatch.fnmatchcase(name, wild) and all(
                fnmatch.fnmatchcase(fields.get(key, ""), value) for key, value in pairs
            ):
                return one
        return None
