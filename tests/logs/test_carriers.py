"""A message says the same however it is carried: with either time, by either syslog, without host or priority."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from tests.logs.test_content import event_in
from viguard.logs.cases import cases
from viguard.logs.formats import make_headers
from viguard.model.event import Event

CARRIERS = {
    "RFC 3164": "<166>Nov 23 10:15:00 esx1 {program}{pid}: {text}",
    "RFC 3164, no priority": "Nov 23 10:15:00 esx1 {program}{pid}: {text}",
    "RFC 3164, no host": "<166>Nov 23 10:15:00 {program}{pid}: {text}",
    "RFC 3164, a day of one digit, an IPv6 host": "<166>Nov  3 10:15:00 2001:db8::7 {program}{pid}: {text}",
    "RFC 3164, with a year": "<166>Nov 23 10:15:00 2026 esx1 {program}{pid}: {text}",
    "ISO time": "<166>2026-11-23T10:15:00.123Z esx1.example.org {program}{pid}: {text}",
    "ISO time, no priority": "2026-11-23T10:15:00.123Z esx1.example.org {program}{pid}: {text}",
    "ISO time, no host": "<166>2026-11-23T10:15:00.123Z {program}{pid}: {text}",
    "ISO time with an offset": "<166>2026-11-23T10:15:00.123456+01:00 esx1 {program}{pid}: {text}",
    "a file of ESXi 8": "2026-11-23T10:15:00.123Z In(166) {program}[2099]: {text}",
    "ESXi 8 to a collector": "<166>2026-11-23T10:15:00.123Z In(166) esx1 {program}[2099]: {text}",
    "RFC 5424": "<14>1 2026-11-23T10:15:00.123Z esx1.example.org {program} 2099 - - {text}",
    "RFC 5424, with a BOM": "<14>1 2026-11-23T10:15:00.123Z esx1.example.org {program} - - - \ufeff{text}",
    "RFC 5424, no priority": "2026-11-23T10:15:00.123+01:00 esx1.example.org {program} 2099 - - {text}",
    "program and text alone": "{program}{pid}: {text}",
    "an end of Windows": "<166>Nov 23 10:15:00 esx1 {program}{pid}: {text}\r",
    "a NUL at the end": "<166>Nov 23 10:15:00 esx1 {program}{pid}: {text}\0",
}
BEFORE_THE_TEXT_OF_HOSTD = {
    "a file of ESXi 8": "2026-11-23T10:15:00.123Z In(166) Hostd[2099]: [Originator@6876 sub=Default opID=esxui-8c02] ",
    "hostd[..]: of ESXi 8": "<166>2026-11-23T10:15:00.123Z esx1 hostd[2099]: [Originator@6876 sub=Default] ",
    "ESXi 6 and 7": "<166>2026-11-23T10:15:00.123Z esx1 Hostd: info hostd[2099] [Originator@6876 sub=Default] ",
    "a file of ESXi 6 and 7": "2026-11-23T10:15:00.123Z info hostd[FFC72B70] [Originator@6876 sub=Default] ",
    "a file of ESXi 5": "2026-11-23T10:15:00.123Z [FFC72B70 info 'Vimsvc.ha-eventmgr' opID=hb-1] ",
    "RFC 5424": '<166>1 2026-11-23T10:15:00.123Z esx1 Hostd 2099 - [Originator@6876 sub="Default" opID="x"] ',
    "ESX 4": "Nov 23 10:15:00 esx1 Hostd: [2026-11-23 10:15:00.123 19639B90 info 'ha-eventmgr'] ",
}
ORIGIN = {"user", "session", "vm"}
"""What hostd says before its text, not in it."""


def told(found: Event | None, without: frozenset[str] = frozenset()) -> dict[str, Any] | None:
    names = ("event", "outcome", "user", "source_ip", "vm", "session", "channel")
    return {name: getattr(found, name) for name in names if name not in without} if found else None


@cache
def parts(line: str) -> tuple[str, str, str, str, str]:
    """The program of a line, its process id in brackets, all behind the header, the origin of it, and its own text."""
    raw = line.encode()
    head = make_headers().read(raw)
    if head is None:
        return "", "", "", "", ""
    program, pid = (head.found[name] or b"" for name in ("program", "pid"))
    text, own = raw[head.found.end() :].decode(), raw[head.message :].decode()
    bracketed = f"[{pid.decode()}]" if pid not in {b"", b"-"} else ""
    return program.decode() or head.program, bracketed, text, text.removesuffix(own), own


@pytest.mark.parametrize("carrier", CARRIERS.values(), ids=list(CARRIERS))
def test_a_message_says_the_same_in_every_carrier(carrier: str) -> None:
    for case in cases():
        program, pid, text, *_ = parts(case.line)
        if program:
            line = carrier.format(program=program, pid=pid, text=text)
            assert told(event_in(line)) == told(event_in(case.line)), line


@pytest.mark.parametrize("before", BEFORE_THE_TEXT_OF_HOSTD.values(), ids=list(BEFORE_THE_TEXT_OF_HOSTD))
def test_hostd_says_the_same_in_the_form_of_every_release(before: str) -> None:
    tried = 0
    for case in cases():
        program, _, _, origin, own = parts(case.line)
        if program.lower() not in {"hostd", "vmware-hostd"} or "vm:" in origin or case.line.startswith("<110>"):
            continue
        tried += 1
        without = frozenset(ORIGIN if "user=" in origin or "sid=" in origin else ORIGIN - {"user", "vm"})
        assert told(event_in(before + own), without) == told(event_in(case.line), without), before + own
    assert tried > 150
