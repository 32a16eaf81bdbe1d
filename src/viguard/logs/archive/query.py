"""What is searched for, and how it is found in the lines of a frame."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec

from viguard.errors import InputError
from viguard.logs.archive.literal import Find, Spans, line_at, lines_with
from viguard.logs.archive.segments import moment
from viguard.logs.block import Block
from viguard.logs.classify import Classifier
from viguard.logs.clocks import Clocks
from viguard.logs.fields import event_of, text
from viguard.logs.formats import Headers, make_headers
from viguard.model.event import Event
from viguard.model.facts import Struct
from viguard.policy.policy import TimeZone


class Query(Struct, frozen=True, kw_only=True):
    """Lines that fulfil every condition that is given.

    ``text`` is in the line as it stands; ``regex`` matches in it (RE2, else Python's). ``fields`` are conditions on the
    event that the line tells: event, user, source_ip, … or a field of its class, equal to the value. ``since`` and
    ``until`` are times of receipt, the second one excluded. ``host`` is what the line claims, in either case,
    ``sender`` the address that it came from. ``limit``: no more than so many. ``time_zones`` date lines without a zone.
    """

    text: str = ""
    regex: str = ""
    fields: Mapping[str, str] = msgspec.field(default_factory=dict)
    since: datetime | None = None
    until: datetime | None = None
    host: str = ""
    sender: str = ""
    limit: int | None = None
    newest_first: bool = True
    time_zones: tuple[TimeZone, ...] = ()


class Match(Struct, frozen=True, kw_only=True):
    """A line that was found: received when, from whom, and where it stands: its segment, frame and first byte.
    ``frame`` is where the frame was first written, and stays the same when its segment is packed again.

    ``line`` is as received, control characters and all: whoever shows it makes them visible.
    """

    received_at: datetime
    sender: str
    transport: str
    line: bytes
    segment: str
    frame: int
    start: int
    event: Event | None = None


class Searcher:
    """Finds the lines of blocks that fulfil a query. For several threads at a time.

    Raises: InputError when the regular expression is none, or a time zone.
    """

    def __init__(self, query: Query) -> None:
        self.query = query
        self._clocks = Clocks(query.time_zones)
        self._find = _finder(query)
        self._regex = _lines_of(query.regex) if query.regex and query.text else None
        self._own = threading.local()

    def lines(self, block: Block) -> Iterator[tuple[int, int, Event | None]]:
        """Start and end of each line, without its newline, and its event when the query asks for fields."""
        data = block.data
        if self.query.fields:
            yield from self._events(block)
            return
        for start, end in self._find(data):
            if self._fits(data, start, end, block):
                yield start, end, None

    def _events(self, block: Block) -> Iterator[tuple[int, int, Event | None]]:
        query, data = self.query, block.data
        when = moment(block.received_at)
        wanted_text = query.text.encode()
        matches = _lines_of(query.regex) if query.regex else None
        for hit in self._classifier().block(data):
            line = data[hit.start : hit.end]
            if wanted_text not in line or (matches is not None and not any(matches(line))):
                continue
            sender, _ = source_of(block, hit.start)
            event = event_of(hit, line, when, sender, self._clocks)
            if query.sender not in {"", sender} or (query.host and not is_same_host(event.host, query.host)):
                continue
            if all(told(event, name) == value for name, value in query.fields.items()):
                yield hit.start, hit.end, event

    def _fits(self, data: bytes, start: int, end: int, block: Block) -> bool:
        query = self.query
        if query.sender and source_of(block, start)[0] != query.sender:
            return False
        line = data[start:end]
        if self._regex is not None and not any(self._regex(line)):
            return False
        return not query.host or is_same_host(self._host(line), query.host)

    def _host(self, line: bytes) -> str:
        if not hasattr(self._own, "headers"):
            self._own.headers = make_headers()
        headers: Headers = self._own.headers
        header = headers.read(line)
        return text((header.found.groupdict().get("host") if header else None) or b"")

    def _classifier(self) -> Classifier:
        if not hasattr(self._own, "classifier"):
            self._own.classifier = Classifier()
        classifier: Classifier = self._own.classifier
        return classifier


def is_same_host(one: str, other: str) -> bool:
    """Names of hosts are the same in either case."""
    return one.casefold() == other.casefold()


def told(event: Event, name: str) -> str:
    """What an event says under a name, as text; "" when it says nothing."""
    value: Any = event.fields[name] if name in event.fields else getattr(event, name, None)
    return "" if value is None else str(value)


def source_of(block: Block, at: int) -> tuple[str, str]:
    """Sender and transport of the line at an offset."""
    runs = block.runs
    low, high = 0, len(runs) - 1
    while low < high:
        middle = (low + high) // 2
        if runs[middle].end <= at:
            low = middle + 1
        else:
            high = middle
    return runs[low].sender, runs[low].transport


def _finder(query: Query) -> Find:
    """The quickest way to the lines that may fulfil a query."""
    if query.text:
        return _texts(query.text.encode())
    if query.regex:
        return _lines_of(query.regex)
    if query.host and query.host.isascii() and "\\x" not in query.host:  # what is no UTF-8 stands otherwise in the line
        return _lines_of(f"(?i:{re.escape(query.host)})")
    return _every


def _texts(wanted: bytes) -> Find:
    if b"\n" in wanted:
        raise InputError("a text with a newline is in no line")
    return lines_with(wanted)


def _every(data: bytes) -> Spans:
    start = 0
    while start < len(data):
        end = data.find(b"\n", start)
        end = end if end >= 0 else len(data)
        yield start, end
        start = end + 1


def _lines_of(regex: str) -> Find:
    """Lines in which a regular expression matches: by RE2 over the whole frame, which is linear in time, else a line
    at a time by Python's, which knows more.
    """
    whole = _by_re2(regex)
    if whole is not None:
        return whole
    try:
        search = re.compile(regex.encode()).search
    except (re.error, OverflowError, RecursionError) as error:
        raise InputError(f"no regular expression: {error}", where=regex[:200]) from error
    return lambda data: ((start, end) for start, end in _every(data) if search(data[start:end]))


def _by_re2(regex: str) -> Find | None:
    try:
        import re2  # noqa: PLC0415  (an optional part)
    except ImportError:
        return None
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.never_nl = True
    options.log_errors = False
    try:
        search = re2.compile(b"(?m)" + regex.encode(), options).search
    except re2.error:
        return None

    def find(data: bytes) -> Spans:
        at, every = 0, len(data)
        while at < every and (found := search(data, at)) is not None:
            start, end = line_at(data, found.start())
            yield start, end
            at = end + 1

    return find
