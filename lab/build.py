"""Build the lab's server once per state of its sources."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ROOT / "lab" / "vcenter"
CACHE = Path(os.environ.get("LAB_CACHE", ROOT / ".cache" / "lab"))
GOPATH = Path(os.environ.get("LAB_GOPATH", "/usr/share/gocode"))
_LIBRARY = GOPATH / "src" / "github.com" / "vmware" / "govmomi" / "simulator"


class LabUnavailable(RuntimeError):  # noqa: N818  # read as a state, not as an error
    """A part that the lab needs is missing; the message names it and says how to get it."""


def missing_parts() -> list[str]:
    """Names of the parts that this machine lacks; empty when the lab can run."""
    out = []
    if shutil.which("go") is None:
        out.append("go (Debian: apt-get install golang-go)")
    if not _LIBRARY.is_dir():
        out.append("govmomi source (Debian: apt-get install golang-github-vmware-govmomi-dev)")
    return out


def _digest() -> str:
    h = hashlib.sha256()
    for path in sorted(SOURCES.glob("*")):
        if path.suffix in (".go", ".py"):
            h.update(path.name.encode() + b"\0" + path.read_bytes())
    return h.hexdigest()[:16]


def server() -> tuple[Path, Path]:
    """Paths of the server program and its type tables, built when needed.

    Raises: LabUnavailable when go or the govmomi source is missing, or when the build fails.
    """
    digest = _digest()
    program, tables = CACHE / f"vcenter-{digest}", CACHE / f"tables-{digest}.json"
    if program.exists() and tables.exists():
        return program, tables
    missing = missing_parts()
    if missing:
        raise LabUnavailable("the lab needs " + " and ".join(missing))
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / "lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two test runs build once
        if not (program.exists() and tables.exists()):
            _build(program, tables)
    return program, tables


def _build(program: Path, tables: Path) -> None:
    _run([sys.executable, str(SOURCES / "tables.py"), f"{tables}.new"], dict(os.environ))
    env = dict(
        os.environ,
        GO111MODULE="off",
        GOPATH=str(GOPATH),
        GOFLAGS="-buildvcs=false",
        GOCACHE=os.environ.get("GOCACHE", str(CACHE / "go")),
    )
    _run(["go", "build", "-o", f"{program}.new", "."], env)
    os.replace(f"{tables}.new", tables)
    os.replace(f"{program}.new", program)


def _run(command: list[str], env: dict[str, str]) -> None:
    done = subprocess.run(command, cwd=SOURCES, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LabUnavailable(f"{' '.join(command[:2])} failed:\n{done.stderr}")
