"""The test set-up of the report, a day of it: one ESXi host with two Linux guests and one Windows guest, about 2.2 MB.

The same lines for the same day. Most are noise, as ESXi 4 makes it; a few are what the report wants to be noticed.
Source: report, "Monitoring the security" (the set-up and its volume) and Appendix A (the forms of the lines that matter).
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple

HOST = "esxi-test"
DAY = datetime(2010, 1, 27, tzinfo=UTC)
GUESTS = ("el5_test01", "el5_test02", "win2k3_test01")
_STORE = "/vmfs/volumes/4b41d954-5e6a9cc1-78a2-0015c5e13bfe"
_ADMIN, _DESK, _STRANGER = "192.0.2.10", "192.0.2.31", "198.51.100.23"
_GAP_S = 5.32
"""Seconds between two lines of noise on the average: with their length it comes to 2.2 MB a day."""


class Line(NamedTuple):
    """A line as it arrives, and when."""

    at: datetime
    text: str


def day() -> list[Line]:
    """The lines of the day, in order."""
    return sorted([*_noise(), *_story()], key=lambda line: line.at)


def _line(at: datetime, program: str, text: str, priority: int = 166) -> Line:
    return Line(at, f"<{priority}>{at:%b} {at.day:2} {at:%H:%M:%S} {HOST} {program}: {text}")


def _noise() -> Iterator[Line]:
    draw, at = random.Random(1), DAY  # noqa: S311  (no secret, the same again)
    threads = [f"{draw.getrandbits(32):08X}" for _ in range(16)]
    while (at := at + timedelta(seconds=draw.expovariate(1 / _GAP_S))) < DAY + timedelta(days=1):
        guest, thread, number = draw.choice(GUESTS), draw.choice(threads), draw.randrange(100_000_000)
        head = f"[{at:%Y-%m-%d %H:%M:%S}.{draw.randrange(1000):03} {thread} "
        vm = f"vm:{_STORE}/{guest}/{guest}.vmx"
        kernel = f"0:{at:%H:%M:%S}.{draw.randrange(1000):03} cpu{draw.randrange(8)}:{draw.randrange(4096, 9000)})"
        program, text, priority = draw.choice(
            (
                ("Hostd", f"{head}verbose '{vm}'] Updating current heartbeatStatus: green", 166),
                ("Hostd", f"{head}info 'TaskManager'] Task Created : haTask-{number % 900}-vim.VirtualMachine.info", 166),
                ("Hostd", f"{head}info 'TaskManager'] Task Completed : haTask-{number % 900}-vim.VirtualMachine.info", 166),
                ("Hostd", f"{head}verbose 'Statssvc'] CollectStats of {guest} took {number % 90} ms", 166),
                ("Hostd", f"{head}verbose 'ha-license-manager'] Load: Existing file: /etc/vmware/license.cfg", 166),
                ("vmkernel", f"{kernel}NetPort: 982: enabled port 0x{number:x} for {guest}", 6),
                ("vmkernel", f"{kernel}ScsiDeviceIO: 747: Command 0x1a to device mpx.vmhba1:C0:T0:L0 failed H:0x0 D:0x2", 6),
                ("crond[5021]", f"USER root pid {number % 90_000} cmd /sbin/hostd-probe", 78),
                ("ntpd[4810]", f"peer 192.0.2.123 reachable, offset 0.{number % 1000:06} s, stratum 2", 30),
            )
        )  # fmt: skip
        yield _line(at, program, text, priority)


def _story() -> Iterator[Line]:
    """What happens that day."""
    for number in range(14):
        yield _api(_at("02:13:04") + timedelta(seconds=8 * number), "Rejected", "root", _STRANGER)
    yield _api(_at("08:02:11"), "Accepted", "niels", _ADMIN)
    yield _api(_at("08:30:47"), "Rejected", "berry", _DESK)
    yield _api(_at("08:30:58"), "Accepted", "berry", _DESK)
    yield _line(_at("09:12:20"), "Hostd", "pam_unix(vmware-authd:auth): check pass; user unknown")
    yield _api(_at("09:12:20"), "Rejected", "vmadmin", _DESK)
    yield _line(_at("10:40:05"), "DCUI", "authentication of user root failed", 86)
    yield _line(_at("10:40:19"), "DCUI", "authentication of user root succeeded", 86)
    yield from _ssh(_at("11:15:32"), 5298594, "PAM password auth succeeded for 'root'", _ADMIN)
    yield from _ssh(_at("11:48:09"), 5319566, "bad PAM password attempt for 'root'", _DESK)
    yield from _ssh(_at("11:48:51"), 5319249, "login attempt for nonexistent user", _STRANGER)
    yield from _techsupport(_at("13:27:40"))
    consoles = (
        ("14:19:52", 30632, "root", _ADMIN),
        ("14:21:31", 30996, "root", _DESK),
        ("14:21:38", 30997, "berry", _DESK),
    )
    for number, (clock, pid, user, address) in enumerate(consoles, 1):
        yield from _console(_at(clock), pid, user, address, number)
    yield _api(_at("17:31:02"), "Accepted", "niels", _ADMIN)


def _at(clock: str) -> datetime:
    return datetime.combine(DAY, time.fromisoformat(clock), UTC)


def _api(at: datetime, said: str, user: str, address: str) -> Line:
    return _line(at, "Hostd", f"{said} password for user {user} from {address}")


def _ssh(at: datetime, pid: int, said: str, address: str) -> Iterator[Line]:
    port = 60_000 + pid % 1000
    yield _line(at, f"dropbear[{pid}]", f"Child connection from {address}:{port}", 86)
    yield _line(at + timedelta(seconds=1), f"dropbear[{pid}]", f"{said} from {address}:{port}", 86)


def _techsupport(at: datetime) -> Iterator[Line]:
    login, later = "login[5295780]", at + timedelta(seconds=14)
    failed = "authentication failure; logname= uid=0 euid=0 tty=UNKNOWN ruser= rhost= user=root"
    yield _line(at - timedelta(seconds=9), "getty[5295780]", "VMware Tech Support Mode successfully accessed", 14)
    yield _line(at, login, f"pam_unix(login:auth): {failed}", 86)
    yield _line(later, login, "pam_unix(login:session): session opened for user root by (uid=0)", 86)
    yield _line(later, login, "root login on 'UNKNOWN'", 86)
    yield _line(later, "init", "init: starting pid 5329717, tty '/dev/tty1': '/bin/sh'", 30)


def _console(at: datetime, pid: int, user: str, address: str, count: int) -> Iterator[Line]:
    guest = GUESTS[0]
    vm = f"'vm:{_STORE}/{guest}/{guest}.vmx'"
    said = f"Ticket issued for mks connections to user: {user}"
    yield _line(at, "Hostd", f"[{at:%Y-%m-%d %H:%M:%S}.284 48F20B90 info {vm}] {said}")
    ticket = f"52ce0b30-c96e-f930-10ea-908e648ea2{count:02}"
    yield _line(at, f"authd[{pid}]", f"login from {address} as {ticket}", 86)
    yield _line(at, f"authd[{pid}]", "Local connection for mks established.", 86)
    yield _line(at, "Hostd", f"[{at:%Y-%m-%d %H:%M:%S}.776 48C9CDC0 verbose {vm}] New MKS connection count: {count}")
