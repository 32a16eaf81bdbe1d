"""The 31 lines of Appendix A of the report, as printed there (a line break inside a path is closed)."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest

from viguard.logs.classify import Classifier, events

RECEIVED = datetime(2026, 11, 23, 12, tzinfo=UTC)
DATASTORE = "4b41d954-5e6a9cc1-78a2-0015c5e13bfe"
VMX = f"/vmfs/volumes/{DATASTORE}/el5_test01/el5_test01.vmx"
API = {"channel": "api", "program": "Hostd"}
DCUI = {"channel": "dcui", "program": "DCUI"}
SSH = {"channel": "ssh", "program": "dropbear", "source_ip": "0.0.0.0"}  # noqa: S104
SHELL = {"channel": "techsupport"}
CONSOLE: dict[str, Any] = {"channel": "console", "outcome": "success"}
GUEST = {
    **CONSOLE,
    "program": "Hostd",
    "vm": "el5_test01",
    "vm_path": VMX,
    "datastore_id": DATASTORE,
    "logger": f"vm:{VMX}",
}
ANY = {"source_ip": "0.0.0.0"}  # noqa: S104
REFUSED = "authentication failure; logname= uid=0 euid=0 tty=UNKNOWN ruser= rhost= user=root"
OK, NO = {"outcome": "success"}, {"outcome": "failure"}
ROOT = {"user": "root"}


def at(*parts: int) -> dict[str, Any]:
    year, month, day, hour, minute, second, milliseconds = parts
    return {"time": datetime(year, month, day, hour, minute, second, milliseconds * 1000, tzinfo=UTC)}


LINES: list[tuple[str, str, dict[str, Any]]] = [
    ("Hostd: Accepted password for user root from 0.0.0.0", "login.success.api", API | OK | ROOT | ANY),
    (
        "Hostd: [2010-01-21 13:54:14.607 19639B90 info 'ha-eventmgr'] Event 81 : User root@0.0.0.0 logged in",
        "login.success.api",
        {**API, **OK, **ROOT, **ANY, **at(2010, 1, 21, 13, 54, 14, 607)}
        | {"event_id": 81, "level": "info", "logger": "ha-eventmgr", "thread": "19639B90"},
    ),
    ("Hostd: Rejected password for user root from 0.0.0.0", "login.failure.api", API | NO | ROOT | ANY),
    (
        "Hostd: pam_unix(vmware-authd:auth): check pass; user unknown",
        "auth.detail",
        API | NO | {"pam_service": "vmware-authd", "reason": "unknown-user"},
    ),
    (
        "Hostd: Rejected password for user unknown_user from 0.0.0.0",
        "login.failure.api",
        {**API, **NO, **ANY, "user": "unknown_user"},
    ),
    ("DCUI: authentication of user root succeeded", "login.success.dcui", DCUI | OK | ROOT),
    ("DCUI: authentication of user root failed", "login.failure.dcui", DCUI | NO | ROOT),
    (
        "DCUI: pam_unix(dcui:auth): check pass; user unknown",
        "auth.detail",
        DCUI | NO | {"pam_service": "dcui", "reason": "unknown-user"},
    ),
    ("DCUI: authentication of user berry failed", "login.failure.dcui", DCUI | NO | {"user": "berry"}),
    (
        "dropbear[5298594]: Child connection from 0.0.0.0:60145",
        "connection.opened.ssh",
        {**SSH, "outcome": "unknown", "pid": 5298594, "source_port": 60145},
    ),
    (
        "dropbear[5298594]: PAM password auth succeeded for 'root' from 0.0.0.0:60145",
        "login.success.ssh",
        {**SSH, **OK, **ROOT, "pid": 5298594, "source_port": 60145, "method": "pam-password"},
    ),
    (
        "dropbear[5319566]: bad PAM password attempt for 'root' from 0.0.0.0:61598",
        "login.failure.ssh",
        {**SSH, **NO, **ROOT, "pid": 5319566, "source_port": 61598, "method": "pam-password", "reason": "bad-password"},
    ),
    (
        "dropbear[5319249]: login attempt for nonexistent user from 0.0.0.0:61597",
        "login.failure.ssh",
        {**SSH, **NO, "pid": 5319249, "source_port": 61597, "reason": "unknown-user"},
    ),
    (
        "login[5295780]: pam_unix(login:session): session opened for user root by (uid=0)",
        "login.success.shell",
        {**SHELL, **OK, **ROOT, "program": "login", "pid": 5295780, "pam_service": "login"},
    ),
    (
        "login[5295780]: root login on 'UNKNOWN'",
        "login.success.shell",
        {**SHELL, **OK, **ROOT, "program": "login", "pid": 5295780, "tty": "UNKNOWN"},
    ),
    (
        "init: init: starting pid 5329717, tty '/dev/tty1': '/bin/sh'",
        "shell.process.started",
        {**SHELL, **OK, "program": "init", "child_pid": 5329717, "tty": "/dev/tty1", "command": "/bin/sh"},
    ),
    ("root: techsupport VMware Tech Support Mode available", "techsupport.available", SHELL | OK | {"program": "root"}),
    (
        "getty[5295780]: VMware Tech Support Mode successfully accessed",
        "techsupport.accessed",
        {**SHELL, **OK, "program": "getty", "pid": 5295780},
    ),
    (
        f"login[5295780]: pam_unix(login:auth): {REFUSED}",
        "login.failure.shell",
        {**SHELL, **NO, **ROOT, "program": "login", "pid": 5295780}
        | {"pam_service": "login", "tty": "UNKNOWN", "reason": "bad-password"},
    ),
    (
        f"Hostd: [2010-01-27 14:19:52.284 48F20B90 info 'vm:{VMX}'] Ticket issued for mks connections to user: root",
        "console.ticket.issued",
        {**GUEST, **ROOT, **at(2010, 1, 27, 14, 19, 52, 284), "level": "info", "thread": "48F20B90"},
    ),
    (
        "authd[30632]: login from 0.0.0.0 as 52ce0b30-c96e-f930-10ea-908e648ea268",
        "console.ticket.redeemed",
        {**CONSOLE, **ANY, "program": "authd", "pid": 30632, "ticket": "52ce0b30-c96e-f930-10ea-908e648ea268"},
    ),
    (
        "authd[30632]: Local connection for mks established.",
        "console.connected",
        {**CONSOLE, "program": "authd", "pid": 30632},
    ),
    (
        f"Hostd: [2010-01-27 14:19:52.776 48C9CDC0 verbose 'vm:{VMX}'] New MKS connection count: 1",
        "console.count",
        {**GUEST, **at(2010, 1, 27, 14, 19, 52, 776), "level": "verbose", "thread": "48C9CDC0", "count": 1},
    ),
    (
        f"Hostd: [2010-01-27 14:21:31.613 48FA2B90 info 'vm:{VMX}'] Ticket issued for mks connections to user: root",
        "console.ticket.issued",
        {**GUEST, **ROOT, **at(2010, 1, 27, 14, 21, 31, 613), "level": "info", "thread": "48FA2B90"},
    ),
    (
        "authd[30996]: login from 0.0.0.0 as 52268a2d-afe8-a264-d4f6-83f8ffea3afe",
        "console.ticket.redeemed",
        {**CONSOLE, **ANY, "program": "authd", "pid": 30996, "ticket": "52268a2d-afe8-a264-d4f6-83f8ffea3afe"},
    ),
    (
        "authd[30996]: Local connection for mks established.",
        "console.connected",
        {**CONSOLE, "program": "authd", "pid": 30996},
    ),
    (
        f"Hostd: [2010-01-27 14:21:31.853 16941B90 verbose 'vm:{VMX}'] New MKS connection count: 2",
        "console.count",
        {**GUEST, **at(2010, 1, 27, 14, 21, 31, 853), "level": "verbose", "thread": "16941B90", "count": 2},
    ),
    (
        f"Hostd: [2010-01-27 14:21:38.566 48EDFB90 info 'vm:{VMX}'] Ticket issued for mks connections to user: root",
        "console.ticket.issued",
        {**GUEST, **ROOT, **at(2010, 1, 27, 14, 21, 38, 566), "level": "info", "thread": "48EDFB90"},
    ),
    (
        "authd[30997]: login from 0.0.0.0 as 52791c44-8f5c-f477-18c9-42839daccd0f",
        "console.ticket.redeemed",
        {**CONSOLE, **ANY, "program": "authd", "pid": 30997, "ticket": "52791c44-8f5c-f477-18c9-42839daccd0f"},
    ),
    (
        "authd[30997]: Local connection for mks established.",
        "console.connected",
        {**CONSOLE, "program": "authd", "pid": 30997},
    ),
    (
        f"Hostd: [2010-01-27 14:21:38.799 1683DB90 verbose 'vm:{VMX}'] New MKS connection count: 3",
        "console.count",
        {**GUEST, **at(2010, 1, 27, 14, 21, 38, 799), "level": "verbose", "thread": "1683DB90", "count": 3},
    ),
]
NOTHING: dict[str, Any] = {"user": None, "source_ip": None, "vm": None, "pid": None}
MET = datetime(2026, 11, 23, 10, 15, tzinfo=UTC)


@cache
def classifier() -> Classifier:
    return Classifier()


def told(line: str, names: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    (event,) = events(classifier(), line.encode() + b"\n", RECEIVED)
    return event.event, {name: event.fields[name] if name in event.fields else getattr(event, name) for name in names}


def test_the_report_prints_31_lines() -> None:
    assert len(LINES) == 31


@pytest.mark.parametrize(("line", "event", "fields"), LINES)
def test_as_printed(line: str, event: str, fields: dict[str, Any]) -> None:
    assert told(line, NOTHING | fields) == (event, NOTHING | fields)


@pytest.mark.parametrize(
    "header", ["<166>Nov 23 10:15:00 esxblade5 ", "Nov 23 10:15:00 esxblade5.fw.belnet.be ", "<30>Nov 23 10:15:00 "]
)
@pytest.mark.parametrize(("line", "event", "fields"), LINES)
def test_sent_as_esx_4_sends_it(header: str, line: str, event: str, fields: dict[str, Any]) -> None:
    wanted = NOTHING | fields | {"time": MET}
    assert told(header + line, wanted) == (event, wanted)


@pytest.mark.parametrize(
    "header",
    [
        "<166>2026-11-23T10:15:00.000Z esx1.example.org ",
        "2026-11-23T10:15:00.000Z In(166) ",
        "2026-11-23T10:15:00.000Z No(13)[+] ",
        "2026-11-23T10:15:00Z ",
    ],
)
@pytest.mark.parametrize(("line", "event", "fields"), LINES)
def test_sent_or_filed_as_esxi_5_to_8_do(header: str, line: str, event: str, fields: dict[str, Any]) -> None:
    wanted = NOTHING | fields | {"time": MET}
    assert told(header + line, wanted) == (event, wanted)


@pytest.mark.parametrize("before", ["", "\ufeff"])
@pytest.mark.parametrize(("line", "event", "fields"), LINES)
def test_sent_in_rfc_5424(before: str, line: str, event: str, fields: dict[str, Any]) -> None:
    tag, _, message = line.partition(": ")
    program, _, pid = tag.rstrip("]").partition("[")
    sent = f"<38>1 2026-11-23T10:15:00.000Z esx1.example.org {program} {pid or '-'} - - {before}{message}"
    wanted = NOTHING | fields | {"time": MET, "host": "esx1.example.org"}
    assert told(sent, wanted) == (event, wanted)
