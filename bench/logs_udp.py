"""Datagrams that are lost, by the log server and by rsyslog, at 100,000 a second and at the highest rate.

    python -m bench.logs_udp [--rate 100000] [--seconds 10] [--runs 3]

A sender of its own process hands the lines of bench.loglines to the kernel, 64 with each call (sendmmsg), paced or as
fast as it can. The bounds are for what viguard and rsyslog with mmnormalize both do: keep every line and recognise
events (bench.logs_receiver, bench.logs_ingest). Beside them run the whole log server, which also judges and tells, and
rsyslog that only keeps. All get the same socket buffer. A line counts as lost when it is not kept five seconds after
the last change.
"""

from __future__ import annotations

import argparse
import ctypes
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

from bench import logs_peers
from bench.contenders import viguard
from bench.loglines import Options, write
from bench.logs_classify import UNPACKED
from bench.logs_ingest import count_lines, cpu_s, free_port, memory_mb, number, rsyslog, status, until

LINES = 200_000
_INPUT = (
    'module(load="imudp" batchSize="128" threads="1")\n'
    'input(type="imudp" port="{port}" address="127.0.0.1" ruleset="r" rcvbufSize="{size}")'
)
BATCH = 64
BUFFER_BYTES = 64 << 20
SETTLED_S = 5.0
MOST_MB = 500


class Receiver(NamedTuple):
    """How to start one at a port, whether it is ready, and how many lines it has kept so far."""

    name: str
    start: Callable[[Path, int], list[str]]
    kept: Callable[[Path], int]


class Figures(NamedTuple):
    """What came of one run: lines a second that were sent, the share that was lost, CPU for a million, memory."""

    rate: float
    lost: float
    cpu_s: float
    memory_mb: float


class _Iovec(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


class _Header(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_void_p), ("name_length", ctypes.c_uint32), ("vectors", ctypes.POINTER(_Iovec)),
        ("count", ctypes.c_size_t), ("control", ctypes.c_void_p), ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )  # fmt: skip


class _Message(ctypes.Structure):
    _fields_ = (("header", _Header), ("sent", ctypes.c_uint))


def main() -> int:
    """0 when nothing is lost at the rate, and no more than by rsyslog at the highest."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rate", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--send", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.send:
        print(send(Path(given.send[0]), int(given.send[1]), float(given.send[2]), given.seconds))
        return 0
    subprocess.run([UNPACKED.parents[1] / "packaging" / "unpack", "rsyslog"], check=True)
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "lines"
        logs_peers.write(Path(name))
        write(file, Options(LINES, 0.01, seed=3))
        missed = 0
        for rate in (given.rate, 0):
            runs: dict[str, list[Figures]] = {one.name: [] for one in RECEIVERS}
            for _ in range(given.runs):
                for one in RECEIVERS:
                    runs[one.name].append(run(one, Path(name) / "run", file, rate, given.seconds))
            missed += show(rate, {n: Figures(*map(median, zip(*some, strict=True))) for n, some in runs.items()})
    return int(missed > 0)


def run(one: Receiver, own: Path, file: Path, rate: float, seconds: float) -> Figures:
    """One run; the receiver is stopped in the end."""
    shutil.rmtree(own, ignore_errors=True)
    own.mkdir()
    port = free_port()
    with (own / "said").open("wb") as said:
        process = subprocess.Popen(one.start(own, port), stdout=said, stderr=said)
    try:
        until(lambda: _is_bound(port), f"{one.name} listens", own)
        before = cpu_s(process.pid)
        sender = [sys.executable, "-m", "bench.logs_udp", "--seconds", str(seconds), "--send", str(file), str(port)]
        told = subprocess.run([*sender, str(rate)], check=True, capture_output=True, text=True)
        sent, took = (float(part) for part in told.stdout.split())
        kept = _settled(lambda: one.kept(own))
        cpu, memory = cpu_s(process.pid) - before, memory_mb(process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
    print(f"{one.name}: {sent / took:,.0f} lines/s, {sent - kept:,.0f} of {sent:,.0f} lost", file=sys.stderr)
    return Figures(sent / took, (sent - kept) / sent, cpu / sent * 1e6, memory)


def send(file: Path, port: int, rate: float, seconds: float) -> str:
    """Sends lines for some seconds, at a rate, 0: as fast as possible; how many, and in how many seconds."""
    lines = file.read_bytes().splitlines()
    libc = ctypes.CDLL(None, use_errno=True)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.connect(("127.0.0.1", port))
        batches = [_batch(lines[at : at + BATCH]) for at in range(0, len(lines), BATCH)]
        began, sent, number = time.monotonic(), 0, 0
        while (now := time.monotonic() - began) < seconds:
            if rate and sent > now * rate:
                time.sleep(0.0005)
                continue
            messages, count, _ = batches[number % len(batches)]
            number += 1
            sent += max(0, libc.sendmmsg(own.fileno(), messages, count, 0))
    return f"{sent} {time.monotonic() - began}"


def show(rate: float, medians: dict[str, Figures]) -> int:
    """Print the table and the bounds; how many are missed."""
    print(f"\n{f'{rate:,} lines/s' if rate else 'as fast as the sender can'}")
    print(f"{'':14}{'sent k/s':>10}{'lost':>10}{'CPU s a million':>17}{'memory MB':>11}")
    for name, one in medians.items():
        print(f"{name:14}{one.rate / 1e3:>10.0f}{one.lost:>10.3%}{one.cpu_s:>17.2f}{one.memory_mb:>11.0f}")
    ours, peer = medians["viguard"], medians["rsyslog"]
    bound = 0.0 if rate else peer.lost
    memory = max(one.memory_mb for name, one in medians.items() if name.startswith("viguard"))
    is_lost, is_large = ours.lost > bound, memory > MOST_MB
    print(f"  {'MISSED ' if is_lost else 'reached':8} {ours.lost:.3%} lost (at most {bound:.3%})")
    print(f"  {'MISSED ' if is_large else 'reached':8} {memory:.0f} MB (at most {MOST_MB})")
    return is_lost + is_large


def _batch(lines: list[bytes]) -> tuple[ctypes.Array[_Message], int, object]:
    """Arguments of sendmmsg, and what has to live as long as they do."""
    vectors = (_Iovec * len(lines))(*(_Iovec(ctypes.cast(line, ctypes.c_void_p), len(line)) for line in lines))
    messages = (_Message * len(lines))()
    for vector, message in zip(vectors, messages, strict=True):
        message.header.vectors, message.header.count = ctypes.pointer(vector), 1
    return messages, len(lines), (vectors, lines)


def _viguard(own: Path, port: int) -> list[str]:
    settings = own / "serve.yaml"
    settings.write_text(f"directory: data\nlisten: [{{transport: udp, port: {port}, address: 127.0.0.1}}]\n")
    return [viguard(), "serve", str(settings)]


def _receiver(own: Path, port: int) -> list[str]:
    return [sys.executable, "-m", "bench.logs_receiver", str(own), str(port), "udp"]


def _rsyslog(own: Path, port: int) -> list[str]:
    return rsyslog(own, _INPUT.format(port=port, size=BUFFER_BYTES), own.parent)


def _rsyslog_keeps(own: Path, port: int) -> list[str]:
    return rsyslog(own, _INPUT.format(port=port, size=BUFFER_BYTES))


def _is_bound(port: int) -> bool:
    return any(line.split()[1].endswith(f":{port:04X}") for line in Path("/proc/net/udp").read_text().splitlines()[1:])


def _settled(kept: Callable[[], int]) -> int:
    """The count when it has not changed for a while."""
    last, since = kept(), time.monotonic()
    while time.monotonic() - since < SETTLED_S:
        time.sleep(0.2)
        if (now := kept()) != last:
            last, since = now, time.monotonic()
    return last


RECEIVERS = (
    Receiver("viguard", _receiver, lambda own: number(own / "kept")),
    Receiver("viguard serve", _viguard, lambda own: status(own).get("log_lines", 0)),
    Receiver("rsyslog", _rsyslog, count_lines("all.log")),
    Receiver("rsyslog keeps", _rsyslog_keeps, count_lines("all.log")),
)


if __name__ == "__main__":
    os.environ.setdefault("LC_ALL", "C")
    sys.exit(main())
