"""Log lines of an estate, made up: the same for the same options. Noise as ESX 3.5 and 4 make it, events of ours.

    python -m bench.loglines LINES FILE [--rate 0.01] [--hosts 200] [--seed 1] [--no-priority]

Writes FILE and FILE.truth: the number of a line from 1, a tab, the id of its class (content/logs/events).
Among the noise are lines that hold words of events in the wrong place: a program that quotes them, a near miss.
"""

from __future__ import annotations

import argparse
import itertools
import random
import re
from bisect import bisect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import NamedTuple

FIRST = datetime(2010, 2, 1, tzinfo=UTC)
DAYS = 20
"""The lines are spread over so many days, however many there are."""
_GATHERED = 1 << 20


@dataclass(frozen=True)
class Options:
    """How many lines; the share of events among them; how many hosts; whether a line begins with its priority."""

    lines: int
    rate: float = 0.01
    hosts: int = 200
    seed: int = 1
    priority: bool = True


class Shape(NamedTuple):
    """A kind of line: how often beside others, priority, program, text; ``event`` is its class, "" of noise.

    In the text {name} is a method of Pools, {<9} a number below 9, {a|b} one of two words.
    """

    weight: int
    priority: int
    program: str
    text: str
    event: str = ""


class Pools:
    """What lines are filled with. ``now`` and ``at`` are time and host of the line that is being made.

    What lives on in an estate lives on here: threads, worlds and disks of a host, its guests, and their volumes.
    """

    def __init__(self, seed: int, hosts: int) -> None:
        draw = random.Random(seed)
        self.below, self.one, self.bits = draw.randrange, draw.choice, draw.getrandbits
        self.now, self.at = FIRST, 0
        sites = ("brussels", "evere", "ghent", "liege", "namur")
        self.hosts = [f"esx{n:03d}.{sites[n % len(sites)]}.example.net" for n in range(1, hosts + 1)]
        people = [f"{a}.{b}" for a in ("an", "bart", "chloe", "dirk", "els") for b in ("maes", "peeters", "jacobs")]
        self.users = ["root"] * 8 + ["vpxuser"] * 5 + ["backup", "nagios", *people]
        self.addresses = [f"10.{draw.randrange(6)}.{draw.randrange(256)}.{draw.randrange(1, 255)}" for _ in range(3000)]
        self.addresses += [f"198.51.100.{n}" for n in range(1, 255)]
        roles = ("web", "mail", "dns", "proxy", "db", "ldap", "wiki", "build", "test", "print")
        volumes = [f"{self.bits(32):08x}-{self.bits(32):08x}-{self.bits(16):04x}-0015c5{self.bits(24):06x}"
                   for _ in range(24)]  # fmt: skip
        disks = [f"naa.6090a0{self.bits(104):026x}" for _ in range(24)]
        self._guests = [[f"{self.one(roles)}{n * 12 + k:04d}" for k in range(12)] for n in range(hosts)]
        self._vmx = {
            guest: f"/vmfs/volumes/{self.one(volumes)}/{guest}/{guest}.vmx" for some in self._guests for guest in some
        }
        self._threads = [[f"{self.bits(32):08X}" for _ in range(24)] for _ in range(hosts)]
        self._disks = [draw.sample(disks, 8) for _ in range(hosts)]
        self._worlds = [[f"cpu{self.below(16)}:{self.below(4096, 70000)}" for _ in range(24)] for _ in range(hosts)]

    def user(self) -> str:
        """Somebody who logs in."""
        return self.one(self.users)

    def guest(self) -> str:
        """A guest of the host."""
        return self.one(self._guests[self.at])

    def ip(self) -> str:
        """An address that somebody comes from."""
        return self.one(self.addresses)

    def peer(self) -> str:
        """An address with a port."""
        return f"{self.ip()}:{self.below(1024, 65536)}"

    def thread(self) -> str:
        """A thread of hostd or vpxa."""
        return self.one(self._threads[self.at])

    def task(self) -> str:
        """An operation id."""
        return f"{self.bits(32):08x}-{self.bits(8):02x}"

    def disk(self) -> str:
        """A disk that the host sees."""
        return self.one(self._disks[self.at])

    def vmx(self) -> str:
        """The file of a guest of the host."""
        return self._vmx[self.guest()]

    def uuid(self) -> str:
        """A ticket."""
        return f"52{self.bits(24):06x}-{self.bits(16):04x}-{self.bits(16):04x}-{self.bits(16):04x}-{self.bits(48):012x}"

    def stamp(self) -> str:
        """The time as hostd of ESX 3 and 4 writes it."""
        return f"{self.now:%Y-%m-%d %H:%M:%S}.{self.below(1000):03d}"

    def clock(self) -> str:
        """Hour, minute and second."""
        return f"{self.now:%H:%M:%S}"

    def uptime(self) -> str:
        """What the VMkernel of ESX 3 and 4 writes before its text."""
        days = 17 + self.at % 200 + (self.now - FIRST).days
        return f"{days}:{self.clock()}.{self.below(1000):03d} {self.one(self._worlds[self.at])})"

    def pointer(self) -> str:
        """An address in memory."""
        return f"{self.bits(28):08x}"


_CALL = (
    "{PerformanceManager.queryPerf|SessionManager.sessionIsActive|EventHistoryCollector.readNext"
    "|PropertyCollector.retrieveContents|HostSystem.retrieveHardwareUptime}"
)
_VM = "[{stamp} {thread} verbose 'vm:{vmx}'] "
NOISE = (
    Shape(
        15,
        166,
        "Hostd",
        "[{stamp} {thread} verbose 'TaskManager'] Task Created : haTask-{<900}-vim.VirtualMachine."
        "{powerOn|reconfigure|queryFaultTolerance}-{<100000000} opID={task} user={user}",
    ),
    Shape(
        14,
        166,
        "Hostd",
        _VM + "Guest statistics: heartbeat {green|green|gray|yellow}, cpu {<8000} MHz, memory "
        "{<16384} MB, disk {<1000000} kB read, {<1000000} kB written",
    ),
    Shape(
        12,
        166,
        "Hostd",
        "[{stamp} {thread} info 'Vmomi'] Activation [N5Vmomi10ActivationE:0x{pointer}] : Invoke done "
        f"[{_CALL}] on [vim:ha-{{<99}}], session of user {{user}} from {{ip}} still open",
    ),
    Shape(
        10,
        166,
        "vpxa[4242]",
        "[{thread} verbose 'VpxaHalCnxHostagent' opID=WFU-{task}] Applying updates to {<1000000}: "
        "guest {guest} changed {runtime.powerState|guest.net|summary.quickStats}",
    ),
    Shape(
        8,
        166,
        "vpxa[4242]",
        "[{thread} verbose 'SoapAdapter.HTTPService'] HTTP Response: Complete (processed {<90000} "
        "bytes) to {peer} over <cs p:{pointer}, TCP:localhost:443>",
    ),
    Shape(
        9,
        6,
        "vmkernel",
        '{uptime}ScsiDeviceIO: 747: Command 0x{1a|28|2a|85} to device "{disk}" failed H:0x{<9} '
        "D:0x{<3} P:0x0 Valid sense data: 0x5 0x24 0x0.",
    ),
    Shape(5, 6, "vmkernel", "{uptime}NetPort: 982: enabled port 0x{pointer} with mac 00:50:56:{<90}:{<90}:{<90}"),
    Shape(5, 6, "vmkernel", "{uptime}World: vm {<90000}: 901: Starting world vmm0:{guest} with flags {<16}"),
    Shape(
        4,
        14,
        "vobd",
        "{<1000000000}: [scsiCorrelator] {<9999999999}us: [vob.scsi.scsipath.pathstate.{on|dead}] scsiPath "
        "vmhba33:C0:T{<16}:L{<4} changed state, device {disk}",
    ),
    Shape(
        6,
        166,
        "Rhttpproxy",
        "[{thread} verbose 'Proxy Req {<99999}'] New proxy client TCP(local={ip}:443, peer={peer})"
        ", endpoint /sdk, pipe /var/run/vmware/proxy-sdk",
    ),
    Shape(4, 78, "crond[5021]", "USER root pid {<1000000} cmd /sbin/{hostd-probe|auto-backup.sh|tmpwatch.py}"),
    Shape(3, 30, "ntpd[4810]", "peer {ip} reachable, offset 0.{<1000000} s, stratum {<5}, sync kept since {clock}"),
    Shape(3, 13, "sfcb-CIMXML-Processor[6120]", "Request {pointer} of {ip} handled in {<9000} ms"),
    # Near misses and quotations: words of events, and nothing has happened.
    Shape(1, 166, "Hostd", _VM + "MKS connection count unchanged; tickets for mks connections dropped: {<9}"),
    Shape(1, 14, "python", "search for 'Accepted password for user {user} from {ip}' gave {<9} lines of hostd.log"),
    Shape(
        1,
        166,
        "Hostd",
        "[{stamp} {thread} verbose 'Default'] note of {user}: bad PAM password attempt for anybody "
        "from {ip} is to be reported",
    ),
)
_UNKNOWN = "check pass; user unknown"
_FAILED = "authentication failure; logname= uid=0 euid=0 tty=UNKNOWN ruser= rhost= user={user}"
EVENTS = (
    Shape(8, 166, "Hostd", "Accepted password for user {user} from {ip}", "login.success.api"),
    Shape(
        8,
        166,
        "Hostd",
        "[{stamp} {thread} info 'ha-eventmgr'] Event {<90000} : User {user}@{ip} logged in",
        "login.success.api",
    ),
    Shape(5, 166, "Hostd", "Rejected password for user {user} from {ip}", "login.failure.api"),
    Shape(2, 166, "Hostd", f"pam_unix(vmware-authd:auth): {_UNKNOWN}", "auth.detail"),
    Shape(2, 86, "DCUI", "authentication of user {user} succeeded", "login.success.dcui"),
    Shape(2, 86, "DCUI", "authentication of user {user} failed", "login.failure.dcui"),
    Shape(1, 86, "DCUI", f"pam_unix(dcui:auth): {_UNKNOWN}", "auth.detail"),
    Shape(6, 86, "dropbear[5298594]", "Child connection from {peer}", "connection.opened.ssh"),
    Shape(4, 86, "dropbear[5298594]", "PAM password auth succeeded for '{user}' from {peer}", "login.success.ssh"),
    Shape(5, 86, "dropbear[5319566]", "bad PAM password attempt for '{user}' from {peer}", "login.failure.ssh"),
    Shape(4, 86, "dropbear[5319249]", "login attempt for nonexistent user from {peer}", "login.failure.ssh"),
    Shape(
        1,
        86,
        "login[5295780]",
        "pam_unix(login:session): session opened for user {user} by (uid=0)",
        "login.success.shell",
    ),
    Shape(1, 86, "login[5295780]", "root login on 'UNKNOWN'", "login.success.shell"),
    Shape(1, 30, "init", "init: starting pid {<9000000}, tty '/dev/tty1': '/bin/sh'", "shell.process.started"),
    Shape(1, 14, "root", "techsupport VMware Tech Support Mode available", "techsupport.available"),
    Shape(1, 14, "getty[5295780]", "VMware Tech Support Mode successfully accessed", "techsupport.accessed"),
    Shape(1, 86, "login[5295780]", f"pam_unix(login:auth): {_FAILED}", "login.failure.shell"),
    Shape(
        4,
        166,
        "Hostd",
        "[{stamp} {thread} info 'vm:{vmx}'] Ticket issued for mks connections to user: {user}",
        "console.ticket.issued",
    ),
    Shape(4, 86, "authd[30632]", "login from {ip} as {uuid}", "console.ticket.redeemed"),
    Shape(4, 86, "authd[30632]", "Local connection for mks established.", "console.connected"),
    Shape(4, 166, "Hostd", _VM + "New MKS connection count: {<5}", "console.count"),
)


def _filler(pools: Pools, text: str) -> Callable[[], str]:
    """What makes a text of a shape: literal parts, and calls between them."""
    parts: list[Callable[[], str]] = []
    for literal, name in re.findall(r"([^{]*)(?:\{([^}]*)\})?", text):
        if literal:
            parts.append(partial(str, literal))
        if name.startswith("<"):
            parts.append(partial(lambda most: str(pools.below(most)), int(name[1:])))
        elif "|" in name:
            parts.append(partial(pools.one, name.split("|")))
        elif name:
            parts.append(getattr(pools, name))
    return lambda: "".join([part() for part in parts])


def _chooser(pools: Pools, shapes: Sequence[Shape]) -> Callable[[], tuple[Shape, Callable[[], str]]]:
    ends = list(itertools.accumulate(shape.weight for shape in shapes))
    fillers = [(shape, _filler(pools, shape.text)) for shape in shapes]
    return lambda: fillers[bisect(ends, pools.below(ends[-1]))]


def lines(options: Options) -> Iterator[tuple[str, str]]:
    """Each line without its end, and the id of its class, "" of noise."""
    pools = Pools(options.seed, options.hosts)
    noise, events = _chooser(pools, NOISE), _chooser(pools, EVENTS)
    step = timedelta(days=DAYS) / max(options.lines, 1)
    share = int(options.rate * 10**6)
    for number in range(options.lines):
        pools.now = FIRST + number * step
        pools.at = pools.below(options.hosts)
        shape, fill = events() if pools.below(10**6) < share else noise()
        priority = f"<{shape.priority}>" if options.priority else ""
        stamp = f"{pools.now:%b} {pools.now.day:2d} {pools.now:%H:%M:%S}"
        yield f"{priority}{stamp} {pools.hosts[pools.at]} {shape.program}: {fill()}", shape.event


def write(path: Path, options: Options) -> int:
    """Writes the lines and their truth; returns the number of events."""
    count = gathered = 0
    waiting: list[str] = []
    with path.open("w", newline="\n") as out, Path(f"{path}.truth").open("w", newline="\n") as truth:
        for number, (line, event) in enumerate(lines(options), 1):
            waiting.append(line)
            gathered += len(line)
            if event:
                truth.write(f"{number}\t{event}\n")
                count += 1
            if gathered >= _GATHERED:
                out.write("\n".join(waiting) + "\n")
                waiting, gathered = [], 0
        out.writelines(f"{line}\n" for line in waiting)
    return count


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("lines", type=int)
    parser.add_argument("file", type=Path)
    parser.add_argument("--rate", type=float, default=0.01, help="the share of events, 0 to 1")
    parser.add_argument("--hosts", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-priority", dest="priority", action="store_false")
    given = parser.parse_args()
    options = Options(given.lines, given.rate, given.hosts, given.seed, given.priority)
    events = write(given.file, options)
    print(f"{options.lines} lines, {given.file.stat().st_size} bytes, {events} events")


if __name__ == "__main__":
    main()
