"""How long from the sending of a line to the writing of its alert into the receiver, while other lines stream in.

    python -m bench.logs_alert [--seconds 30] [--rate 20000] [--probes-each-second 10]

A real log server on loopback takes lines over TCP, one in a hundred an event (bench.loglines), at a steady rate. Beside
them, probes are sent: failed logins of users that nobody else has, each a group of alerts of its own. The receiver is a
FIFO as Nagios has one; alerts are grouped for a second, as they are by default. Prints the p50, p99 and longest time
from the sending of a probe to its line in the FIFO, the peak of the server's memory, and its share of a core.
"""

from __future__ import annotations

import argparse
import os
import re
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import yaml

from bench.loglines import Options, write

LOGLINES = 200_000
_PORT = re.compile(r"listening: tcp \[[^\]]+\]:(\d+)")
_PROBE = re.compile(r"probe(\d{6})")
_WAIT_S = 15.0
_STAMP = re.compile(rb"(?m)^(<\d+>)\w{3} [ \d]\d \d\d:\d\d:\d\d ")


def main() -> int:
    """0 when every probe arrived."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=int, default=30)
    options.add_argument("--rate", type=int, default=20_000, help="lines a second beside the probes")
    options.add_argument("--probes-each-second", type=int, default=10)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-alert-") as name:
        return _measured(Path(name), chosen.seconds, chosen.rate, chosen.probes_each_second)


def _measured(folder: Path, seconds: int, rate: int, probes: int) -> int:
    write(folder / "lines", Options(lines=LOGLINES, rate=0.01))
    lines = (folder / "lines").read_bytes().splitlines(keepends=True)
    process, port = _server(folder)
    reader = os.open(folder / "fifo", os.O_RDWR | os.O_NONBLOCK)
    sent: dict[int, float] = {}
    told: dict[int, float] = {}
    over = threading.Event()
    hearing = threading.Thread(target=_hear, args=(reader, told, over))
    hearing.start()
    try:
        late = _send(port, lines, (seconds, rate, probes), sent)
        end = time.monotonic() + _WAIT_S
        while len(told) < len(sent) and time.monotonic() < end:
            time.sleep(0.05)
        used = _used(process.pid)
        status = yaml.safe_load((folder / "state" / "status.json").read_text())
    finally:
        over.set()
        hearing.join()
        os.close(reader)
        process.send_signal(signal.SIGTERM)
        process.wait(60)
    took = sorted(told[one] - at for one, at in sent.items() if one in told)
    if not took:
        print("no alert arrived")
        return 1
    p50, p99 = took[len(took) // 2], took[min(len(took) - 1, int(len(took) * 0.99))]
    print(f"{rate:,} lines/s for {seconds} s, 1 % events; {len(sent)} probes, {len(took)} alerts arrived")
    print(f"line sent to alert written: p50 {p50:.2f} s, p99 {p99:.2f} s, longest {took[-1]:.2f} s")
    print(f"server: {used[0]:.0f} MB of memory at most, {used[1] / seconds:.0%} of a core; sender late by {late:.2f} s")
    print(f"problems: {', '.join(status['problems']) or 'none'}")
    return 0 if len(took) == len(sent) else 1


def _server(folder: Path) -> tuple[subprocess.Popen[bytes], int]:
    os.mkfifo(folder / "fifo")
    alerts = {
        "fallback": "nagios",
        "receivers": [{"name": "nagios", "nagios": {"command_file": str(folder / "fifo")}}],
        "routes": [{"receivers": ["nagios"]}],
    }
    (folder / "alerts.yaml").write_text(yaml.safe_dump(alerts))
    listen = [{"transport": "tcp", "address": "127.0.0.1", "port": 0}]
    settings = {"directory": "state", "listen": listen, "alerts": "alerts.yaml"}
    (folder / "serve.yaml").write_text(yaml.safe_dump(settings))
    log = folder / "log"
    with log.open("wb") as out:
        command = [sys.executable, "-m", "viguard", "serve", str(folder / "serve.yaml")]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    for _ in range(600):
        if found := _PORT.search(log.read_text()):
            return process, int(found[1])
        time.sleep(0.05)
    process.kill()
    raise SystemExit(log.read_text())


def _send(port: int, lines: list[bytes], wanted: tuple[int, int, int], sent: dict[int, float]) -> float:
    """By how many seconds the last lines were late."""
    seconds, rate, probes = wanted
    steps, number = 20, 0
    share, began = rate // steps, time.monotonic()
    with socket.create_connection(("127.0.0.1", port)) as own:
        for step in range(seconds * steps):
            first = step * share % (len(lines) - share)
            stamp = f"{datetime.now(UTC):%b %d %H:%M:%S} ".replace(" 0", "  ", 1).encode()
            data = _STAMP.sub(rb"\1" + stamp.replace(b"\\", b""), b"".join(lines[first : first + share]))
            due = (step + 1) * probes // steps - step * probes // steps
            texts = []
            for _ in range(due):
                number += 1
                sent[number] = time.monotonic()
                texts.append(b"<86>%besxprobe DCUI: authentication of user probe%06d failed\n" % (stamp, number))
            own.sendall(data + b"".join(texts))
            time.sleep(max(0.0, began + (step + 1) / steps - time.monotonic()))
    return max(0.0, time.monotonic() - began - seconds)


def _hear(reader: int, told: dict[int, float], over: threading.Event) -> None:
    selector, rest = selectors.DefaultSelector(), ""
    selector.register(reader, selectors.EVENT_READ)
    while not over.is_set():
        if not selector.select(0.1):
            continue
        rest += os.read(reader, 1 << 16).decode("utf-8", "replace")
        now = time.monotonic()
        *whole, rest = rest.split("\n")
        for one in whole:
            if found := _PROBE.search(one):
                told.setdefault(int(found[1]), now)


def _used(pid: int) -> tuple[float, float]:
    """Peak of memory in MB and seconds of processor time of a process."""
    peak = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return int(peak[1]) / 1000 if peak else 0.0, sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    sys.exit(main())
