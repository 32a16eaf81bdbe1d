"""Real parts: Debian packages, installed or unpacked by packaging/unpack into .cache/debian."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

CACHE = Path(__file__).parents[2] / ".cache" / "debian"


class Part:
    """One package: its files below ``root``, and the environment that its programs need."""

    def __init__(self, package: str, program: str) -> None:
        unpacked = CACHE / package
        self.root = unpacked if (unpacked / program).exists() else Path("/")
        self.program = self.root / program
        if not self.program.exists():
            pytest.skip(f"{package} is not here: packaging/unpack {package}")
        libraries = [*self.root.glob("usr/lib/*-linux-gnu"), *self.root.glob("lib/*-linux-gnu"), self.root / "usr/lib"]
        self.environment = {**os.environ, "LANG": "C", "LC_ALL": "C"}
        if self.root != Path("/"):
            self.environment["LD_LIBRARY_PATH"] = ":".join(map(str, libraries))
            perl = [self.root / "usr/share/perl5", self.root / "usr/share/mrtg2"]
            perl += [*self.root.glob("usr/share/perl/*"), *self.root.glob("usr/lib/*-linux-gnu/perl/*")]
            self.environment["PERL5LIB"] = ":".join(map(str, perl))
            self.environment["PYTHONPATH"] = f"{self.root}/usr/lib/python3/dist-packages"

    def call(self, *arguments: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
        """Run it to its end."""
        return subprocess.run(  # type: ignore[call-overload,no-any-return]
            [self.program, *arguments],
            env=self.environment,
            text=True,
            capture_output=True,
            timeout=60,
            check=False,
            **options,
        )

    @contextmanager
    def running(
        self, *arguments: str | Path, log: Path, program: Path | None = None
    ) -> Iterator[subprocess.Popen[bytes]]:
        """Run it until the block ends, with everything that it started."""
        with log.open("wb") as out:
            process = subprocess.Popen(
                [program or self.program, *arguments],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            yield process
        finally:
            _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            break
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            continue
    process.wait(5)


def until(check: Callable[[], object], what: str, seconds: float = 30, log: Path | None = None) -> None:
    """Wait until ``check`` is true, and fail when it never is."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if check():
            return
        time.sleep(0.05)
    told = log.read_text(errors="replace")[-3000:] if log and log.exists() else ""
    pytest.fail(f"never: {what}\n{told}")


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as own:
        own.bind(("127.0.0.1", 0))
        return int(own.getsockname()[1])


def listens(port: int) -> bool:
    """Whether somebody listens."""
    with socket.socket() as own:
        own.settimeout(1)
        return own.connect_ex(("127.0.0.1", port)) == 0
