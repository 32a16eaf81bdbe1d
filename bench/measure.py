"""What a command costs: CPU, wall time and memory of its process."""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from time import monotonic

TIMEOUT_S = 300


@dataclass(frozen=True)
class Cost:
    """Of one run: user and system CPU, wall time, and the most memory that was resident at a time."""

    cpu_s: float
    wall_s: float
    memory_mb: float


def measured(command: Sequence[str], *, env: Mapping[str, str] | None = None, fine: Sequence[int] = (0,)) -> Cost:
    """The cost of a command and of whatever it starts and waits for.

    Raises: RuntimeError with what it said, when it ends with another status than ``fine`` or takes too long.
    """
    with tempfile.TemporaryFile() as said:
        began = monotonic()
        process = subprocess.Popen(command, env={**os.environ, **(env or {})}, stdout=said, stderr=said)
        alarm = threading.Timer(TIMEOUT_S, process.kill)
        alarm.start()
        _, status, used = os.wait4(process.pid, 0)
        alarm.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in fine:
            said.seek(0)
            raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}:\n{said.read().decode()[-4000:]}")
    return Cost(used.ru_utime + used.ru_stime, monotonic() - began, used.ru_maxrss / 1024)


def middle(costs: Sequence[Cost]) -> Cost:
    """The median of each figure."""
    return Cost(*(median(getattr(c, figure) for c in costs) for figure in ("cpu_s", "wall_s", "memory_mb")))
