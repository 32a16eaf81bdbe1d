"""From blocks of lines to events: cues over the whole block, the exact pattern on the few lines that have one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from itertools import accumulate, count
from operator import add
from typing import NamedTuple

import msgspec

from viguard.errors import ContentError
from viguard.logs import engine as engines
from viguard.logs.classes import Carrier, EventClass, Line, Lookup, Stems, carriers, classes, compiled, stems
from viguard.logs.clocks import ALL_UTC, Clocks
from viguard.logs.engine import EngineKind
from viguard.logs.fields import event_of, pairs, text
from viguard.logs.formats import Header, make_headers
from viguard.model.event import Event

_NO_TEXT = b"\r\x00"
"""What senders and files of Windows leave at the end of a line: it belongs to no name there."""


class Hit(msgspec.Struct, frozen=True, gc=False):
    """A line that was recognised: where it stands in its block, what it is, and the parts that say so."""

    start: int
    end: int
    rule: Rule
    kind: EventClass
    header: Header
    found: re.Match[bytes]


class Rule:
    """One pattern. ``kind`` is its class; of a carrier ``lookup`` finds it. ``number`` is its place in the content.

    The pattern is compiled when a line calls for it first: most are never called.
    """

    __slots__ = (
        "_pattern", "called", "channel", "channels", "is_carrier", "kind", "lookup", "match", "names", "number",
        "outcome", "programs", "put",
    )  # fmt: skip

    def __init__(self, number: int, written: Line | Carrier, kind: EventClass | None, lookup: Lookup | None) -> None:
        self.number, self.kind, self.lookup = number, kind, lookup
        self.programs, self._pattern = frozenset(written.programs), written.pattern
        self.outcome = written.outcome if isinstance(written, Line) else None
        self.channel = written.channel if isinstance(written, Line) else None
        self.put = written.put if isinstance(written, Line) else {}
        self.channels = written.channels if isinstance(written, Line) else {}
        self.called = written.names if isinstance(written, Carrier) else {}
        self.is_carrier = isinstance(written, Carrier)
        self.names: tuple[str, ...] = ()
        self.match: Callable[[bytes, int], re.Match[bytes] | None] = self._first_match

    def compile(self) -> None:
        """Make the pattern ready.

        Raises: ContentError when it is none, or has a group without a name.
        """
        pattern = compiled(self._pattern)
        if pattern.groups != len(pattern.groupindex):
            raise ContentError("a group has no name; write (?:…)", where=self._pattern[:200])
        self.names = tuple(pattern.groupindex)
        self.match = pattern.match

    def _first_match(self, line: bytes, start: int) -> re.Match[bytes] | None:
        self.compile()
        return self.match(line, start)


class _Found(NamedTuple):
    """Stems in the order of the content, and the rules by cue."""

    stems: dict[bytes, None]
    by_cue: dict[bytes, list[Rule]]


class Rules:
    """Every rule of the content.

    ``stems`` are patterns and ``cues`` texts of which a line has one at least that a rule may match: few stems, to be
    looked for in everything, and exact cues that call the rules.
    """

    def __init__(self, kinds: dict[str, EventClass], forms: Sequence[Carrier], known: Stems) -> None:
        self.every: list[Rule] = []
        self._known, found = known, _Found({}, {})
        for kind in kinds.values():
            for line in (*kind.lines, *(told.line() for told in kind.says)):
                cues = [line.cue] if isinstance(line.cue, str) else line.cue
                self._add(line, Rule(len(self.every), line, kind, None), cues, found)
        for form in forms:
            rule = Rule(len(self.every), form, None, Lookup(form, kinds))
            self._add(form, rule, form.all_cues(kinds), found)
        self.stems, self.cues = tuple(found.stems), tuple(found.by_cue)
        self._of = tuple(_by_program(rules) for rules in found.by_cue.values())

    def called(self, cues: Sequence[int], program: str) -> tuple[Rule, ...]:
        """The rules that the cues of a line call, in the order of the content; ``cues`` are places in ``cues``."""
        if len(cues) == 1:
            of = self._of[cues[0]]
            return of.get(program) or of[""]
        rules = {r.number: r for cue in cues for r in self._of[cue].get(program, self._of[cue][""])}
        return tuple(rules[number] for number in sorted(rules))

    def _add(self, written: Line | Carrier, rule: Rule, cues: Iterable[str], found: _Found) -> None:
        self.every.append(rule)
        for cue in cues:
            found.stems.update(dict.fromkeys(stem.encode() for stem in self._known.of(written, cue)))
            found.by_cue.setdefault(cue.encode(), []).append(rule)


def _by_program(rules: Sequence[Rule]) -> dict[str, tuple[Rule, ...]]:
    """Rules by program, under "" those that ask for none."""
    return {program: _of_program(rules, program) for rule in rules for program in ("", *rule.programs)}


def _of_program(rules: Sequence[Rule], program: str) -> tuple[Rule, ...]:
    """The rules that may match a line of a program."""
    return tuple(rule for rule in rules if not rule.programs or program in rule.programs)


def _looked_up(rule: Rule, found: re.Match[bytes]) -> EventClass | None:
    if rule.lookup is None:
        return None
    told = found.groupdict()
    return rule.lookup.find(text(told["kind"]), pairs(told.get("pairs") or b""))


class Classifier:
    """Recognises lines. Not for several threads at a time: make one for each. ``why`` says which engine looks."""

    def __init__(self, kind: EngineKind | None = None, rules: Rules | None = None) -> None:
        self.rules = rules or Rules(classes(), carriers(), stems())
        engine, self.why = (kind(self.rules.stems), kind.name) if kind else engines.choose(self.rules.stems)
        self._stems, self._cues = engine.scan, engine.texts(self.rules.cues)
        self._read_header = make_headers().read
        self._is_flood = False

    def header(self, line: bytes) -> Header | None:
        """The header of a line, recognised or not."""
        return self._read_header(line)

    def block(self, data: bytes) -> list[Hit]:
        """The lines of a block that say something; each line ends with a newline, the last one may lack it."""
        found = _every_line(data) if self._is_flood else _lines_at(data, self._stems(data))
        out: list[Hit] = []
        if not found.lines:
            return out
        read_header, called, lines, ends = self._read_header, self.rules.called, found.lines, found.ends
        for number, cues in self._cues(found.joined, lines):
            line = lines[number].rstrip(_NO_TEXT)
            header = read_header(line)
            if header is None:
                continue
            for rule in called(cues, header.program):
                match = rule.match(line, header.message)
                if match is not None:
                    kind = rule.kind or _looked_up(rule, match)
                    if kind is not None:
                        end = ends[number]
                        out.append(Hit(end - len(lines[number]), end, rule, kind, header, match))
                        break
        self._is_flood = len(out) * 2 > len(lines) if self._is_flood else len(found.joined) * 2 > len(data)
        return out


class _Lines(NamedTuple):
    """Lines of a block without their newlines, also joined by them, and where each ends in the block."""

    lines: list[bytes]
    joined: bytes
    ends: list[int]


def _lines_at(data: bytes, found: Iterable[int]) -> _Lines:
    """The lines in which something ends; ``found`` are the ends, in order."""
    lines: list[bytes] = []
    ends: list[int] = []
    find, rfind, every, last = data.find, data.rfind, len(data), -1
    for at in found:
        if at > last:
            last = find(b"\n", at)
            if last < 0:
                last = every
            lines.append(data[rfind(b"\n", 0, at) + 1 : last])
            ends.append(last)
    return _Lines(lines, b"\n".join(lines), ends)


def _every_line(data: bytes) -> _Lines:
    lines = data.split(b"\n")
    return _Lines(lines, data, list(map(add, count(), accumulate(map(len, lines)))))


def events(
    classifier: Classifier, data: bytes, received_at: datetime, sender: str = "", clocks: Clocks = ALL_UTC
) -> list[Event]:
    """The events of a block of lines from one sender, a line each."""
    return [event_of(hit, data[hit.start : hit.end], received_at, sender, clocks) for hit in classifier.block(data)]
