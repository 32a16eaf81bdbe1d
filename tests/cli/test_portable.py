"""Administrators sit at Windows jump hosts: reading and judging need no module that only POSIX has."""

from __future__ import annotations

import subprocess
import sys

POSIX_ONLY = ["fcntl", "grp", "pwd", "resource", "termios", "tty", "pty", "syslog", "crypt", "nis", "readline"]

CODE = """
import sys
class Hide:
    def find_spec(self, name, path=None, target=None):
        if name in {hidden!r}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Hide())
for name in {hidden!r}:
    sys.modules.pop(name, None)
import viguard.collect, viguard.usecases.audit, viguard.usecases.collect, viguard.usecases.show
import viguard.cli.audit, viguard.cli.ask, viguard.cli.collect
from viguard.cli.main import run
run(["audit", "--help"])
"""


def test_collect_audit_and_ask_import_no_posix_only_module() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE.format(hidden=POSIX_ONLY)], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Usage: ")
