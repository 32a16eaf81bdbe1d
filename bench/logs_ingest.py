"""Receiving log lines over TCP, recognising and keeping them, beside syslog-ng and rsyslog.

    python -m bench.logs_ingest [--lines 1000000] [--runs 5]

One sender passes a file to a socket as fast as it is taken. CPU is that of the receiver from its first line to its last
one, wall time from the first byte sent to the last line kept. Every receiver keeps every line (viguard compressed, the
peers as they are) and writes the recognised ones beside; both are counted, and nothing may be missing. The bounds are
for what all of them do (bench.logs_receiver); the whole log server, which also merges, detects and tells, runs beside.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import NamedTuple

import msgspec

from bench import logs_peers
from bench.contenders import viguard
from bench.loglines import Options, write
from bench.logs_classify import UNPACKED, libraries, program
from viguard.logs.archive.verify import verify

PACKAGES = ("syslog-ng-core", "rsyslog")
BOUNDS = {"syslog-ng": 6.0, "rsyslog": 4.0}
"""How much more CPU the peers take at least."""
WAIT_S = 180
TICKS = os.sysconf("SC_CLK_TCK")


class Receiver(NamedTuple):
    """How to start one at a port, and how many lines it has kept and recognised so far."""

    name: str
    start: Callable[[Path, int], list[str]]
    kept: Callable[[Path], int]
    recognised: Callable[[Path], int]


class Figures(NamedTuple):
    """CPU and wall seconds, and the most memory in MB."""

    cpu_s: float
    wall_s: float
    memory_mb: float


def main() -> int:
    """0 when every bound is reached."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=5)
    given = parser.parse_args()
    subprocess.run([UNPACKED.parents[1] / "packaging" / "unpack", *PACKAGES], check=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        logs_peers.write(folder)
        file = folder / "lines.log"
        events = write(file, Options(given.lines, 0.01, seed=3))
        print(f"{given.lines:,} lines, {file.stat().st_size / 1e6:.0f} MB, {events:,} events")
        runs: dict[str, list[Figures]] = {one.name: [] for one in receivers(folder)}
        for number in range(1, given.runs + 1):
            for one in receivers(folder):
                figures = run(one, folder / "run", file, given.lines, events)
                runs[one.name].append(figures)
                print(f"round {number}: {one.name}: {figures.cpu_s:.2f} s CPU, {figures.wall_s:.2f} s", file=sys.stderr)
    return show({name: Figures(*map(median, zip(*some, strict=True))) for name, some in runs.items()}, given.lines)


def receivers(folder: Path) -> list[Receiver]:
    """viguard and its peers; ``folder`` has the configurations of the peers."""
    return [
        Receiver("viguard", _receiver, lambda own: number(own / "kept"), count_lines("events.log")),
        Receiver("viguard serve", _viguard, _viguard_kept, _viguard_events),
        Receiver(
            "syslog-ng",
            lambda own, port: _syslog_ng(own, port, folder),
            count_lines("all.log"),
            count_lines("events.log"),
        ),
        Receiver(
            "rsyslog",
            lambda own, port: rsyslog(own, _TCP.format(port=port), folder),
            count_lines("all.log"),
            count_lines("events.log"),
        ),
    ]


def run(one: Receiver, own: Path, file: Path, lines: int, events: int) -> Figures:
    """One run; the receiver is stopped in the end.

    Raises: RuntimeError when lines are missing.
    """
    shutil.rmtree(own, ignore_errors=True)
    own.mkdir()
    port = free_port()
    with (own / "said").open("wb") as said:
        process = subprocess.Popen(one.start(own, port), stdout=said, stderr=said)
    try:
        until(lambda: _listens(port), f"{one.name} listens", own)
        before, began = cpu_s(process.pid), time.monotonic()
        _send(file, port)
        until(lambda: one.kept(own) >= lines, f"{one.name} keeps {lines} lines", own)
        wall = time.monotonic() - began
        until(lambda: one.recognised(own) >= events, f"{one.name} recognises {events} lines", own)
        cpu, memory = cpu_s(process.pid) - before, memory_mb(process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
    if (one.kept(own), one.recognised(own)) != (lines, events):
        raise RuntimeError(f"{one.name} kept {one.kept(own)} and recognised {one.recognised(own)} lines")
    for archive in own.glob("**/archive"):
        if (checked := verify(archive)).lines != lines:
            raise RuntimeError(f"the archive has {checked.lines} lines")
    return Figures(cpu, wall, memory)


def show(medians: dict[str, Figures], lines: int) -> int:
    """Print the table and the bounds; 1 when one is missed."""
    ours, missed = medians["viguard"], 0
    print(f"\n{'':14}{'CPU s':>8}{'k lines/s/core':>16}{'wall s':>9}{'memory MB':>11}{'of viguard':>12}")
    for name, one in medians.items():
        figures = f"{one.cpu_s:>8.2f}{lines / one.cpu_s / 1e3:>16.0f}{one.wall_s:>9.2f}{one.memory_mb:>11.0f}"
        print(f"{name:14}{figures}{one.cpu_s / ours.cpu_s:>12.2f}")
    for name, bound in BOUNDS.items():
        ratio = medians[name].cpu_s / ours.cpu_s
        missed += ratio < bound
        print(f"  {'reached' if ratio >= bound else 'MISSED ':8} {ratio:.2f} x {name} (at least {bound:g} x)")
    most = max(medians[name].memory_mb for name in ("viguard", "viguard serve"))
    missed += most > 500
    print(f"  {'reached' if most <= 500 else 'MISSED ':8} {most:.0f} MB (at most 500)")
    return int(missed > 0)


def _receiver(own: Path, port: int) -> list[str]:
    return [sys.executable, "-m", "bench.logs_receiver", str(own), str(port)]


def number(path: Path) -> int:
    """The number in a file, 0 when there is none yet."""
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return 0


def _viguard(own: Path, port: int) -> list[str]:
    settings = own / "serve.yaml"
    settings.write_text(f"directory: data\nlisten: [{{transport: tcp, port: {port}, address: 127.0.0.1}}]\n")
    return [viguard(), "serve", str(settings)]


def status(own: Path) -> dict[str, int]:
    """What the log server counts so far."""
    try:
        counters: dict[str, int] = msgspec.json.decode((own / "data" / "status.json").read_bytes())["counters"]
    except (OSError, msgspec.DecodeError, KeyError):
        return {}
    return counters


def _viguard_kept(own: Path) -> int:
    return status(own).get("log_lines", 0)


def _viguard_events(own: Path) -> int:
    return status(own).get("event_lines", 0)


def _syslog_ng(own: Path, port: int, folder: Path) -> list[str]:
    (own / "conf").write_text(
        f"""@version: 3.38
options {{ stats-freq(0); keep-hostname(yes); use-dns(no); dns-cache(no); }};
source s {{ network(ip("127.0.0.1") port({port}) transport("tcp") log-msg-size(65536) max-connections(100)
                    log-iw-size(1000000) log-fetch-limit(10000)); }};
parser p {{ db-parser(file("{folder}/patterndb.xml")); }};
destination all {{ file("{own}/all.log" flush-lines(1000) log-fifo-size(1000000)); }};
destination d {{ file("{own}/events.log" template("${{event}} ${{HOST}} ${{user}} ${{ip}}\\n") flush-lines(1000)
                      log-fifo-size(1000000)); }};
log {{ source(s); destination(all); flags(flow-control); }};
log {{ source(s); parser(p); filter {{ "${{event}}" ne "" }}; destination(d); flags(flow-control); }};
"""
    )
    places = ["-f", f"{own}/conf", "-R", f"{own}/persist", "-p", f"{own}/pid", "-c", f"{own}/ctl"]
    return [*program("syslog-ng-core", "syslog-ng").split(), "-F", "--no-caps", *places]


_TCP = 'module(load="imptcp")\ninput(type="imptcp" port="{port}" address="127.0.0.1" ruleset="r")'
_FILE = """action(type="omfile" file="{file}" template="{template}" ioBufferSize="256k" flushOnTXEnd="off"
         asyncWriting="on" flushInterval="1")"""


def rsyslog(own: Path, inputs: str, rules: Path | None = None) -> list[str]:
    """The command of rsyslog that keeps every line of its inputs, and recognises events by the rules of a folder."""
    recognise = f"""module(load="mmnormalize")
action(type="mmnormalize" rulebase="{rules}/rules.rb" useRawMsg="on")
if $parsesuccess == "OK" then {_FILE.format(file=own / "events.log", template="event")}"""
    modules, actions = ("", "") if rules is None else recognise.split("\n", 1)
    (own / "conf").write_text(
        f"""global(workDirectory="{own}" maxMessageSize="64k")
main_queue(queue.size="500000" queue.dequeueBatchSize="4096")
{modules}
{inputs}
template(name="raw" type="string" string="%rawmsg%\\n")
template(name="event" type="string" string="%$!event.tags% %hostname% %$!user% %$!ip%\\n")
ruleset(name="r" queue.type="LinkedList" queue.size="500000" queue.dequeueBatchSize="4096") {{
  {_FILE.format(file=own / "all.log", template="raw")}
  {actions}
}}
"""
    )
    root = UNPACKED / "rsyslog"
    daemon = ["env", f"LD_LIBRARY_PATH={libraries(root)}", f"{root}/usr/sbin/rsyslogd"]
    return [*daemon, "-n", "-i", f"{own}/pid", "-f", f"{own}/conf", "-M", f"{root}/usr/lib/x86_64-linux-gnu/rsyslog"]


def count_lines(name: str) -> Callable[[Path], int]:
    """What counts the lines of a file in a folder."""

    def count(own: Path) -> int:
        try:
            with (own / name).open("rb") as file:
                return sum(piece.count(b"\n") for piece in iter(lambda: file.read(1 << 22), b""))
        except FileNotFoundError:
            return 0

    return count


def _send(file: Path, port: int) -> None:
    with file.open("rb") as lines, socket.create_connection(("127.0.0.1", port)) as sender:
        sender.sendfile(lines)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def free_port() -> int:
    """A port that nobody has now."""
    with socket.socket() as own:
        own.bind(("127.0.0.1", 0))
        return int(own.getsockname()[1])


def until(condition: Callable[[], bool], what: str, own: Path) -> None:
    """Waits for a condition.

    Raises: RuntimeError when it does not come, with what was said in the folder.
    """
    end = time.monotonic() + WAIT_S
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError(f"never: {what}\n{(own / 'said').read_text(errors='replace')[-2000:]}")
        time.sleep(0.1)


def cpu_s(pid: int) -> float:
    """User and system seconds of a process and what it has waited for; ``env`` became the program."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(fields[n]) for n in (11, 12)) / TICKS


def memory_mb(pid: int) -> float:
    """The most memory that a process has had."""
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")) / 1024


if __name__ == "__main__":
    sys.exit(main())
