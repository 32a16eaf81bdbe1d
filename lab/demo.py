"""`make demo`: an audit of the BELNET estate, live over the lab when it can be built, else of its recording.

Before it a day of logs is replayed (lab/demo_logs.py), which needs no lab, and the audit over the lab is told what was
heard: of one host of its thirteen. What was heard is shown after it.

Run as ``python -m lab.demo``.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import yaml

import lab
from lab import demo_logs, replay

ENDPOINTS = ("vc-main", "vc-test", "esxi-test")
POLICY = Path(__file__).parent / "belnet" / "policy.yaml"
FINDINGS = 3


def main() -> int:
    """0 when the demo ran: findings are what it is meant to show."""
    heard = demo_logs.hear(replay.day())
    if failed := audit(heard):
        return failed
    demo_logs.show(heard)
    return 0


def audit(heard: demo_logs.Heard) -> int:
    """The estate, judged; its recording without the logs, as they are of another day."""
    missing = lab.missing_parts()
    if missing:
        print(f"The lab cannot run here ({'; '.join(missing)}): this is its recording.", file=sys.stderr)
        return _shown([sys.executable, "-m", "viguard", "demo"], {})
    began = time.monotonic()
    with lab.up(ENDPOINTS) as estate, tempfile.TemporaryDirectory() as folder:
        print(f"The lab is up after {time.monotonic() - began:.1f} s: a vSphere API on loopback.", file=sys.stderr)
        credentials = write_credentials(estate, Path(folder) / "credentials.yaml")
        demo_logs.write_coverage(heard, Path(folder))
        sources = [f"{e.name}={e.url}" for e in estate.values()]
        command = [sys.executable, "-m", "viguard", "audit", *sources]
        command += ["--credentials", str(credentials), "--policy", str(POLICY), "--logs", folder]
        return _shown(command, {"VIGUARD_STORE": str(Path(folder) / "store.sqlite")})


def write_credentials(estate: Mapping[str, lab.Endpoint], path: Path, account: str = "auditor") -> Path:
    """A credentials file (mode 0600) for the endpoints of an estate."""
    servers = [
        {
            "url": e.url,
            "name": e.name,
            "user": e.account(account).user,
            "password": e.account(account).password,
            "ca": str(e.ca_file),
        }
        for e in estate.values()
    ]
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as stream:
        yaml.safe_dump({"servers": servers}, stream)
    return path


def _shown(command: list[str], environment: dict[str, str]) -> int:
    done = subprocess.run(command, env=os.environ | environment, check=False, timeout=170)
    return 0 if done.returncode in {0, FINDINGS} else done.returncode


if __name__ == "__main__":
    sys.exit(main())
