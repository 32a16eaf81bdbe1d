"""The classes of events, and the patterns that recognise them: content/logs/events."""

from __future__ import annotations

import fnmatch
import re
from functools import cache

import msgspec

from viguard import content
from viguard.errors import ContentError
from viguard.logs.patterns import fast
from viguard.model.event import Channel, EventSeverity, Outcome
from viguard.model.facts import Struct

FOLDER = "logs/events"
_MACROS = {
    "{user}": r"(?P<user>.*)",
    "{ip}": r"(?P<source_ip>[0-9A-Za-z.:_%-]{0,254}[0-9A-Za-z:])",
    "{port}": r"(?P<source_port>\d{1,5})",
    "{vm}": r"(?P<vm>.{1,400})",
    "{place}": r"on {1,2}(?P<on_host>[^\s\]]{0,254}[^\s\].]) in (?P<datacenter>.{1,400})",
}
_GROUP = re.compile(r"\(\?P<(\w+)>")
_SAID = (
    r"Event (?P<bracket>\[)?(?P<event_id>\d{1,20})(?: : |\] \[\d+-\d+\] \[[^\]]*\] "
    r"\[vim\.event\.(?:EventEx|ExtendedEvent|General(?!UserEvent\])\w{1,40})\] \[\w*\] "
    r"\[(?P<actor>(?:(?!\] \[\d{0,20}\] \[).){0,256}?)\] \[(?:(?!\] \[).){0,128}\] \[\d*\] \["
    r"(?!.*\] \[\d{0,20}\] \[))(?:%s)\.?(?(bracket)(?:\]|(?<!\])))"
)
"""How the event managers of a host and of a vCenter write the text of an event; EventEx hides its id there.

The bracket that closes the text of a vCenter is part of nothing in it; the first of several parts does not have it.
A user's name may hold brackets and numbers as stand before the text, and is in the text once more: which of them is the
text cannot be told then, so the line is no event without an id of its own.
What a user has written into the log (GeneralUserEvent) may be anything, so it is no event; hostd does not tell its
type, and no pattern may begin as its text does: "User logged event: ".
"""
_NOT_OF_A_GUEST = (
    r"(?!.{0,400} (?:on (?:host | )?\S{1,255} in [^:.\[\]]{1,100}? (?:is|has|was|could|cannot)|does not exist on) )"
)
"""No text that begins with the name of a guest, which may be the beginning of any other text."""
_SAYERS = ("hostd", "vmware-hostd", "vpxd", "vpxa")


class Line(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One way in which programs write an event.

    ``programs`` in lower case; none: any. ``cue`` is a text that every such line has, several: one of them; ``pattern``
    is the whole message, a regular expression with the macros {user}, {ip}, {port}, {vm} and {place}; its other named
    groups are fields. ``channels`` tells the channel by the PAM service, or by the program.
    """

    cue: str | tuple[str, ...]
    pattern: str
    stem: str = ""
    programs: tuple[str, ...] = ()
    outcome: Outcome | None = None
    channel: Channel | None = None
    channels: dict[str, Channel] = msgspec.field(default_factory=dict)
    put: dict[str, str | int] = msgspec.field(default_factory=dict)


class Text(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an event of a vCenter or host says: the same text stands after its id in one log, without the id in another.

    A line is recognised by it where hostd or vpxd writes events; where the id stands it only tells more fields.
    ``is_open``: whatever may follow the text, so that a guest could be called as it begins.
    """

    cue: str | tuple[str, ...]
    pattern: str
    is_open: bool = False
    put: dict[str, str | int] = msgspec.field(default_factory=dict)

    def line(self) -> Line:
        """The line in which an event manager says it without its id, or with one that hides it (EventEx)."""
        pattern = _NOT_OF_A_GUEST + self.pattern if self.is_open else self.pattern
        return Line(cue=self.cue, pattern=_SAID % pattern, stem="event", programs=_SAYERS, put=self.put)

    def compiled(self) -> re.Pattern[bytes]:
        """The text alone."""
        return compiled(rf"(?:{self.pattern})\.?")


class EventClass(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A class of events. ``vob`` are ids of VMkernel observations (esx.*, vob.*), ``vcenter`` types of vCenter events,
    ``audit`` names of ESXi audit records, with conditions (``service.start object=TSM-SSH``); each may have wildcards.
    ``names`` says what a parameter of the record is called here (``object: target_user``).

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
    says: tuple[Text, ...] = ()
    names: dict[str, str] = msgspec.field(default_factory=dict)


class Carrier(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A form in which many classes come: an id in the line names the class.

    ``tables`` are the fields of EventClass that the group ``kind`` is looked up in; the group ``pairs`` is split into
    fields, which ``names`` calls by other names. ``cue`` makes a cue of every name of the first table that none of
    ``cues`` finds. ``aliases`` are beginnings of ids that stand for others.
    """

    id: str
    tables: tuple[str, ...]
    pattern: str
    cues: tuple[str, ...] = ()
    cue: str = ""
    stem: str = ""
    programs: tuple[str, ...] = ()
    names: dict[str, str] = msgspec.field(default_factory=dict)
    aliases: dict[str, str] = msgspec.field(default_factory=dict)

    def all_cues(self, all_classes: dict[str, EventClass]) -> list[str]:
        """Its cues, once the classes are known."""
        names = {entry.split()[0] for kind in all_classes.values() for entry in getattr(kind, self.tables[0])}
        made = {self.cue.replace("{name}", name).partition("*")[0] for name in names} if self.cue else set()
        return sorted({*self.cues, *(cue for cue in made if not any(c in cue for c in self.cues))})


class Stems(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an engine looks for in a block (content/logs/stems.yaml): texts, named patterns, patterns by program."""

    texts: tuple[str, ...]
    patterns: dict[str, str]
    programs: dict[str, str]

    def of(self, written: Line | Carrier, cue: str) -> list[str]:
        """The patterns of which each line of a rule has one.

        Raises: ContentError when it names a stem that there is not.
        """
        if written.stem:
            if written.stem not in self.patterns:
                raise ContentError(f"no stem {written.stem!r}", where=written.pattern[:200])
            return [self.patterns[written.stem]]
        if written.programs and all(program in self.programs for program in written.programs):
            return [self.programs[program] for program in written.programs]
        return [re.escape(next((text for text in self.texts if text in cue), cue))]


@cache
def stems() -> Stems:
    """The stems of the content."""
    return msgspec.yaml.decode(content.text("logs/stems.yaml"), type=Stems)


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


@cache
def compiled(pattern: str) -> re.Pattern[bytes]:
    """A pattern of the content over the bytes of a whole message.

    Raises: ContentError.
    """
    for macro, meaning in _MACROS.items():
        pattern = pattern.replace(macro, meaning)
    try:
        return fast(b"(?:%s)" % pattern.encode() + rb"[\s\x00]{0,16}\Z")
    except re.error as error:
        raise ContentError(f"no regular expression: {error}", where=pattern[:200]) from error


@cache
def field_names() -> frozenset[str]:
    """The fields that classes of events name, or their patterns bring. Audit records may bring others."""
    found: set[str] = set()
    for one in classes().values():
        found |= set(one.fields)
        for line in one.lines:
            found |= {*_GROUP.findall(line.pattern), *line.put}
        for text in one.says:
            found |= {*_GROUP.findall(text.line().pattern), *text.put}
        found |= set(one.names.values())
    return frozenset(found)


class Lookup:
    """Classes by the ids that carriers bring, wildcards after exact ids."""

    def __init__(self, form: Carrier, all_classes: dict[str, EventClass]) -> None:
        self._aliases = form.aliases
        self._exact: dict[str, list[tuple[tuple[tuple[str, str], ...], EventClass]]] = {}
        self._wild: list[tuple[str, tuple[tuple[str, str], ...], EventClass]] = []
        for one in all_classes.values():
            for entry in (entry for table in form.tables for entry in getattr(one, table)):
                name, *conditions = entry.split()
                pairs = tuple((key, value) for key, _, value in (c.partition("=") for c in conditions))
                if "*" in name:
                    self._wild.append((name, pairs, one))
                else:
                    self._exact.setdefault(name, []).append((pairs, one))
        for some in self._exact.values():
            some.sort(key=lambda entry: -sum(len(value) for _, value in entry[0]))  # the most particular first
        self._wild.sort(key=lambda entry: (-len(entry[0]), -len(entry[1])))

    def find(self, name: str, fields: dict[str, str]) -> EventClass | None:
        """The class of an id whose conditions hold, None when there is none."""
        found = self._find(name, fields)
        for start, meant in self._aliases.items() if found is None else ():
            if name.startswith(start):
                return self._find(meant + name[len(start) :], fields)
        return found

    def _find(self, name: str, fields: dict[str, str]) -> EventClass | None:
        for pairs, one in self._exact.get(name, ()):
            if all(fnmatch.fnmatchcase(fields.get(key, ""), value) for key, value in pairs):
                return one
        for wild, pairs, one in self._wild:
            if fnmatch.fnmatchcase(name, wild) and all(
                fnmatch.fnmatchcase(fields.get(key, ""), value) for key, value in pairs
            ):
                return one
        return None
