"""A log server as a process of its own, on free ports of loopback, and what sends to it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from viguard.logs.archive.reading import blocks
from viguard.logs.archive.verify import verify
from viguard.model.coverage import Coverage
from viguard.store.coverage import read_coverage

BOUND_S = 30
_LISTENING = re.compile(r"listening: (\w+) \[[^\]]+\]:(\d+)")


def until(check: Callable[[], Any], what: str, seconds: float = BOUND_S) -> Any:
    """What ``check`` gives once it is true; the test fails when it never is."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := check():
            return found
        time.sleep(0.02)
    return pytest.fail(f"never: {what}")


@dataclass
class Site:
    """A folder with serve.yaml and alerts.yaml. Alerts go to a FIFO as Nagios has one, and to a file of JSON lines."""

    folder: Path
    serve: dict[str, Any] = field(default_factory=dict)
    alerts: dict[str, Any] = field(default_factory=dict)
    processes: int = 0
    module: str = "viguard"

    def __post_init__(self) -> None:
        self.fifo, self.alerts_file = self.folder / "nagios.cmd", self.folder / "told.jsonl"
        os.mkfifo(self.fifo)
        self.reader = os.open(self.fifo, os.O_RDWR | os.O_NONBLOCK)
        self._commands = ""
        self.serve = {
            "directory": "state",
            "listen": [{"transport": way, "address": "127.0.0.1", "port": 0} for way in ("tcp", "udp", "relp")],
            "alerts": "alerts.yaml",
        } | self.serve
        self.alerts = {
            "fallback": "nagios",
            "grouping": {"wait_s": 0},
            "receivers": [{"name": "nagios", "nagios": {"command_file": str(self.fifo)}}],
            "routes": [{"receivers": ["nagios"]}],
            "siem": [{"name": "file", "what": ["alerts"], "json_lines": {"path": str(self.alerts_file)}}],
        } | self.alerts

    def close(self) -> None:
        os.close(self.reader)

    @property
    def directory(self) -> Path:
        return self.folder / "state"

    def write(self) -> Path:
        (self.folder / "alerts.yaml").write_text(yaml.safe_dump(self.alerts))
        path = self.folder / "serve.yaml"
        path.write_text(yaml.safe_dump(self.serve))
        return path

    def command(self) -> list[str]:
        return [sys.executable, "-m", self.module, "serve", str(self.write())]

    def refused(self) -> subprocess.CompletedProcess[str]:
        """A start that should not succeed."""
        return subprocess.run(self.command(), capture_output=True, text=True, timeout=BOUND_S, check=False)

    @contextmanager
    def running(self, **environment: str) -> Iterator[Running]:
        self.processes += 1
        log = self.folder / f"log.{self.processes}"
        with log.open("wb") as out:
            process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=os.environ | environment
            )
        try:
            until(lambda: "looking with" in log.read_text() or process.poll() is not None, "started")
            assert process.poll() is None, log.read_text()
            yield Running(self, process, log)
        finally:
            if process.poll() is None:
                process.kill()
            process.wait(10)

    def told(self) -> list[dict[str, Any]]:
        """Alerts that arrived in the file of JSON lines."""
        if not self.alerts_file.exists():
            return []
        return [json.loads(line) for line in self.alerts_file.read_text().splitlines() if line.endswith("}")]

    def commands(self) -> list[str]:
        """Lines that arrived at the FIFO."""
        with contextlib.suppress(BlockingIOError):
            while part := os.read(self.reader, 65536):
                self._commands += part.decode()
        return self._commands.splitlines()

    def kept(self) -> list[bytes]:
        """Every line of the archive."""
        found = blocks(self.directory / "archive", tell=lambda damage: pytest.fail(str(damage)))
        return [line for block in found for line in block.data.splitlines()]

    def lines_kept(self) -> int:
        if not (self.directory / "archive").exists():
            return 0
        return verify(self.directory / "archive").lines

    def is_whole(self) -> bool:
        checked = verify(self.directory / "archive")
        return not checked.damage and not checked.open_tail

    def status(self) -> dict[str, Any]:
        """What the status file says, nothing before it is there."""
        file = self.directory / "status.json"
        found: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {"problems": []}
        return found

    def coverage(self) -> Coverage:
        return read_coverage(self.directory)


@dataclass
class Running:
    """The process, and where it listens."""

    site: Site
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def ports(self) -> dict[str, int]:
        return {way: int(port) for way, port in _LISTENING.findall(self.log.read_text())}

    def stop(self) -> str:
        """SIGTERM; what it said."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(BOUND_S) == 0, self.log.read_text()
        return self.log.read_text()

    def tcp(self, lines: Sequence[bytes]) -> None:
        with socket.create_connection(("127.0.0.1", self.ports["tcp"]), BOUND_S) as own:
            own.sendall(b"".join(line + b"\n" for line in lines))

    def udp(self, lines: Sequence[bytes]) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
            for line in lines:
                own.sendto(line, ("127.0.0.1", self.ports["udp"]))

    def tls(self, lines: Sequence[bytes], authority: Path) -> None:
        context = ssl.create_default_context(cafile=str(authority))
        with (
            socket.create_connection(("127.0.0.1", self.ports["tls"]), BOUND_S) as plain,
            context.wrap_socket(plain, server_hostname="localhost") as own,
        ):
            own.sendall(b"".join(b"%d %b" % (len(line), line) for line in lines))  # octet counting, RFC 5425

    @contextmanager
    def relp(self) -> Iterator[Relp]:
        sender = Relp(self.ports["relp"])
        try:
            yield sender
        finally:
            sender.close()


class Relp:
    """A sender of RELP that keeps what was acknowledged."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), BOUND_S)
        self._file = self._socket.makefile("rb")
        self._number = 1
        self._sent: dict[int, bytes] = {}
        self.acknowledged: list[bytes] = []
        self._command(b"open", b"relp_version=0\nrelp_software=test\ncommands=syslog")
        while not self._file.readline().startswith(b"commands="):
            pass

    def send(self, line: bytes) -> None:
        self._sent[self._number] = line
        self._command(b"syslog", line)

    def read(self) -> bool:
        """One more acknowledgement; False: the connection is gone."""
        try:
            answer = self._file.readline()
        except OSError:
            return False
        found = re.fullmatch(rb"(\d+) rsp 6 200 OK\n", answer)
        if found:
            self.acknowledged.append(self._sent.pop(int(found[1])))
        return bool(found)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._file.close()
        self._socket.close()

    def _command(self, command: bytes, data: bytes) -> None:
        self._socket.sendall(b"%d %b %d %b\n" % (self._number, command, len(data), data))
        self._number += 1


def line(text: str, host: str = "esx1", at: datetime | None = None) -> bytes:
    """A line as ESX 4 sends it, now."""
    at = at or datetime.now(UTC)
    return f"<86>{at:%b} {at.day:2} {at:%H:%M:%S} {host} {text}".encode()


def noise(number: int, host: str = "esx1") -> bytes:
    """A line that says nothing."""
    return line(f"Hostd: Task Completed : haTask-{number}-vim.Folder.getChildren", host)
