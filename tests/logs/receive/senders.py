"""Real senders: Debian's syslog-ng and rsyslog, unpacked by packaging/unpack; and a receiver as a process."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
CACHE = ROOT / ".cache" / "debian"
LIBRARIES = "usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu", "usr/lib/syslog-ng"
BOUND_S = 60


def unpacked(package: str, file: str) -> Path:
    """Where a package is; skips when it is not here."""
    if not (CACHE / package / file).exists():
        pytest.skip(f"{package} is not here: packaging/unpack {package}")
    return CACHE / package


@contextmanager
def running(arguments: list[str | Path], log: Path, *trees: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A program with the libraries of unpacked packages, stopped in the end."""
    folders = ":".join(str(tree / folder) for tree in trees for folder in LIBRARIES)
    environment = {**os.environ, "LC_ALL": "C", **({"LD_LIBRARY_PATH": folders} if trees else {})}
    with log.open("ab") as out:
        process = subprocess.Popen(
            [str(argument) for argument in arguments],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(20)


def until(condition: Callable[[], object], what: str, *logs: Path) -> None:
    end = time.monotonic() + BOUND_S
    while not condition():
        if time.monotonic() > end:
            told = "\n".join(log.read_text(errors="replace")[-3000:] for log in logs if log.exists())
            pytest.fail(f"never: {what}\n{told}")
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as own:
        own.bind(("127.0.0.1", 0))
        return int(own.getsockname()[1])


@contextmanager
def receiver(to_port: int, kept: Path, *more: str | Path, transport: str) -> Iterator[subprocess.Popen[bytes]]:
    """A receiver whose taker appends to a file and calls fsync. ``more`` are certificate, key and authority."""
    log = kept.with_suffix(".err")
    child = [sys.executable, "-m", "tests.logs.receive.child", transport, str(to_port), kept, *more]
    with running(child, log) as process:
        until(lambda: log.exists() and b"listening" in log.read_bytes(), "the receiver listens", log)
        log.write_bytes(b"")
        yield process


@contextmanager
def syslog_ng(folder: Path, source: Path, destination: str) -> Iterator[Path]:
    """syslog-ng that sends the lines of a file; gives its own log."""
    tree = unpacked("syslog-ng-core", "usr/sbin/syslog-ng")
    folder.mkdir(exist_ok=True)
    configuration, log = folder / "syslog-ng.conf", folder / "syslog-ng.log"
    configuration.write_text(f"""@version: 3.38
options {{ keep-hostname(yes); time-reopen(1); stats-freq(0); log-msg-size(65536); }};
source s_file {{ file("{source}" follow-freq(0.1)); }};
destination d_viguard {{ {destination} }};
log {{ source(s_file); destination(d_viguard); flags(flow-control); }};
""")
    folders = [("-R", "persist"), ("-p", "pid"), ("-c", "control")]
    files = [part for option, name in folders for part in (option, folder / f"syslog-ng.{name}")]
    modules = f"--module-path={tree / 'usr/lib/syslog-ng/3.38'}"
    with running(
        [tree / "usr/sbin/syslog-ng", "-F", "--no-caps", "-e", "-f", configuration, modules, *files], log, tree
    ):
        yield log


@contextmanager
def rsyslog(folder: Path, source: Path, action: str, package: str = "rsyslog-relp", more: str = "") -> Iterator[Path]:
    """rsyslog that sends the lines of a file; gives its own log."""
    tree = unpacked(package, "usr/sbin/rsyslogd")
    folder.mkdir(exist_ok=True)
    configuration, log = folder / "rsyslog.conf", folder / "rsyslog.log"
    configuration.write_text(f"""global(workDirectory="{folder}" maxMessageSize="64k" {more})
module(load="imfile")
{'module(load="omrelp")' if "omrelp" in action else ""}
input(type="imfile" file="{source}" tag="estate:" ruleset="send")
ruleset(name="send") {{
  action({action})
}}
""")
    modules = tree / "usr/lib/x86_64-linux-gnu/rsyslog"
    with running(
        [tree / "usr/sbin/rsyslogd", "-n", "-f", configuration, "-i", folder / "rsyslog.pid", "-M", modules], log, tree
    ):
        yield log


def texts(kept: Path) -> list[str]:
    """The messages that were kept, without their headers: each test line ends in ``message N``."""
    if not kept.exists():
        return []
    return [line[line.index(" message ") + 1 :] for line in kept.read_text().splitlines() if " message " in line]
