"""Everyone who reads the bench estate: two peers and the ways to run viguard, each as a command."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import lab
from bench.measure import Cost, measured
from lab.build import CACHE, GOPATH

SOURCES = Path(__file__).parent / "goclient"
FINDINGS, INCOMPLETE = 3, 4
"""Statuses of viguard that are no failure here: the hashes tell what was read, and a role may lack a rare call."""


@dataclass(frozen=True)
class Contender:
    """One way to read the estate. ``prepare`` runs before each run, outside of what is measured."""

    name: str
    command: list[str]
    env: Mapping[str, str] = field(default_factory=dict)
    fine: tuple[int, ...] = (0,)
    prepare: Callable[[], None] = lambda: None

    def run(self, *more: str) -> Cost:
        """The cost of one run with further arguments.

        Raises: RuntimeError when it fails.
        """
        self.prepare()
        return measured([*self.command, *more], env=self.env, fine=self.fine)


class Field:
    """The contenders for one endpoint, with their files in ``folder``."""

    def __init__(self, endpoint: lab.Endpoint, folder: Path, properties: Path, credentials: Path) -> None:
        self._endpoint, self._folder, self._properties = endpoint, folder, properties
        self._credentials = credentials
        account = endpoint.account("auditor")
        self._login = {"GOVC_USERNAME": account.user, "GOVC_PASSWORD": account.password}
        self.snapshot = folder / "estate.snap"

    def go(self, page: int, *, plain: bool) -> Contender:
        """The govmomi client with a page size, with compressed or plain replies."""
        command = [str(go_client()), "-url", self._endpoint.url, "-properties", str(self._properties)]
        return Contender("Go govmomi", [*command, "-page", str(page), f"-plain={plain}".lower()], self._login)

    def pyvmomi(self, page: int) -> Contender:
        """PyVmomi with a page size."""
        where = ["--host", self._endpoint.host, "--port", str(self._endpoint.port)]
        command = [sys.executable, "-m", "bench.pyclient", *where, "--properties", str(self._properties)]
        return Contender("pyVmomi paged", [*command, "--page", str(page)], self._login)

    def cold(self) -> Contender:
        """The collection by viguard into a snapshot where there was none."""
        return Contender(
            "viguard cold",
            self._collect(),
            fine=(0, INCOMPLETE),
            prepare=lambda: self.snapshot.unlink(missing_ok=True),
        )

    def unchanged(self) -> Contender:
        """The collection by viguard of what its snapshot already holds."""
        return Contender("viguard unchanged", self._collect(), fine=(0, INCOMPLETE))

    def findings(self) -> Contender:
        """The audit of a live server by viguard, through to written findings."""
        source = [self._endpoint.url, "--credentials", str(self._credentials)]
        return Contender("viguard to findings", self._audit(source), fine=(0, FINDINGS, INCOMPLETE))

    def saved(self) -> Contender:
        """The audit of the saved snapshot."""
        return Contender("viguard saved audit", self._audit([str(self.snapshot)]), fine=(0, FINDINGS, INCOMPLETE))

    def _collect(self) -> list[str]:
        source = [self._endpoint.url, "--credentials", str(self._credentials)]
        return [viguard(), "collect", "vsphere", *source, "-o", str(self.snapshot)]

    def _audit(self, source: list[str]) -> list[str]:
        output = str(self._folder / "findings.jsonl")
        return [viguard(), "audit", *source, "--no-store", "--format", "jsonl", "--output", output]


def version() -> Contender:
    """The start of viguard."""
    return Contender("viguard --version", [viguard(), "--version"])


def viguard() -> str:
    """The installed command."""
    return str(Path(sys.executable).with_name("viguard"))


def go_client() -> Path:
    """The Go peer, built when its sources changed.

    Raises: lab.LabUnavailable when it cannot be built.
    """
    sources = sorted(SOURCES.glob("*.go"))
    program = CACHE / f"goclient-{hashlib.sha256(b''.join(s.read_bytes() for s in sources)).hexdigest()[:16]}"
    if not program.exists():
        if shutil.which("go") is None:
            raise lab.LabUnavailable("the Go client needs go (Debian: apt-get install golang-go)")
        CACHE.mkdir(parents=True, exist_ok=True)
        env = {"GO111MODULE": "off", "GOPATH": str(GOPATH), "GOFLAGS": "-buildvcs=false", "GOCACHE": str(CACHE / "go")}
        built = program.with_suffix(".new")
        done = subprocess.run(["go", "build", "-o", str(built), "."], cwd=SOURCES, env={**os.environ, **env},
                              capture_output=True, text=True, check=False)  # fmt: skip
        if done.returncode:
            raise lab.LabUnavailable(f"the Go client does not build:\n{done.stderr}")
        built.replace(program)
    return program
