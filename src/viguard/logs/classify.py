"""From blocks of lines to events: cues over the whole block, the exact pattern on the few lines that have one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from viguard.errors import ContentError
from viguard.logs import engine as engines
from viguard.logs.classes import Carrier, EventClass, Line, Lookup, carriers, classes, compiled
from viguard.logs.engine import Engine
from viguard.logs.fields import event_of, pairs, text
from viguard.logs.formats import Header, make_headers
from viguard.model.event import Event


class Hit(NamedTuple):
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


class Rules:
    """Every rule of the content, by the cues that call it."""

    def __init__(self, kinds: dict[str, EventClass], forms: Sequence[Carrier]) -> None:
        self.every: list[Rule] = []
        by_cue: dict[bytes, list[Rule]] = {}
        for kind in kinds.values():
            for line in (*kind.lines, *(told.line() for told in kind.says)):
                cues = [line.cue] if isinstance(line.cue, str) else line.cue
                self._add(Rule(len(self.every), line, kind, None), cues, by_cue)
        for form in forms:
            self._add(Rule(len(self.every), form, None, Lookup(form, kinds)), form.all_cues(kinds), by_cue)
        self.cues = tuple(by_cue)
        self.of = tuple(tuple(rules) for rules in by_cue.values())

    def _add(self, rule: Rule, cues: Iterable[str], by_cue: dict[bytes, list[Rule]]) -> None:
        self.every.append(rule)
        for cue in cues:
            by_cue.setdefault(cue.encode(), []).append(rule)


def _looked_up(rule: Rule, found: re.Match[bytes]) -> EventClass | None:
    if rule.lookup is None:
        return None
    told = found.groupdict()
    return rule.lookup.find(text(told["kind"]), pairs(told.get("pairs") or b""))


class Classifier:
    """Recognises lines. Not for several threads at a time: make one for each."""

    def __init__(self, engine: Engine | None = None, rules: Rules | None = None) -> None:
        self.rules = rules or Rules(classes(), carriers())
        self.engine, self.why = (engine, engine.name) if engine else engines.choose(self.rules.cues)
        self._read_header = make_headers().read

    def block(self, data: bytes) -> list[Hit]:
        """The lines of a block that say something; each line ends with a newline, the last one may lack it."""
        out: list[Hit] = []
        find, rfind, every = data.find, data.rfind, len(data)
        recognise = self._recognise
        start = end = -1
        called: list[int] = []
        for at, cue in self.engine.scan(data):
            if at <= end:
                called.append(cue)
                continue
            if called:
                recognise(data, start, end, called, out)
            start = rfind(b"\n", 0, at) + 1
            end = find(b"\n", at)
            if end < 0:
                end = every
            called = [cue]
        if called:
            recognise(data, start, end, called, out)
        return out

    def _recognise(self, data: bytes, start: int, end: int, called: list[int], out: list[Hit]) -> None:
        line = data[start:end]
        header = self._read_header(line)
        if header is None:
            return
        of = self.rules.of
        for rule in of[called[0]] if len(called) == 1 and called[0] >= 0 else self._rules_of(line, called):
            if rule.programs and header.program not in rule.programs:
                continue
            found = rule.match(line, header.message)
            if found is not None:
                kind = rule.kind or _looked_up(rule, found)
                if kind is not None:
                    out.append(Hit(start, end, rule, kind, header, found))
                    return

    def _rules_of(self, line: bytes, called: list[int]) -> list[Rule]:
        """The rules whose cues a line has, in the order of the content, whichever engine called."""
        if called[0] < 0:
            called = [number for number, cue in enumerate(self.rules.cues) if cue in line]
        rules = {rule.number: rule for cue in called for rule in self.rules.of[cue]}
        return [rules[number] for number in sorted(rules)]


def events(classifier: Classifier, data: bytes, received_at: datetime, sender: str = "") -> list[Event]:
    """The events of a block of lines from one sender, a line each."""
    return [event_of(hit, data[hit.start : hit.end], received_at, sender) for hit in classifier.block(data)]
