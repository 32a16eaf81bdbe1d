"""`viguard serve` in which little may wait and judging a line takes a while: it is behind as soon as lines come.

SLOW_LINE_S, SLOW_SAVE_S and UNSURE_S of the environment say how slow it is, and how much it tells again.
"""

from __future__ import annotations

import os
import sys
import time
from datetime import timedelta
from typing import Any

from viguard.alerts import service
from viguard.cli.main import run
from viguard.usecases import log_judging, serve

MOST_BYTES, GROUP_BYTES = 1_000, 500


def slow_judging(line_s: float) -> None:
    judged, made = log_judging.Judging._judged, log_judging.Judging.__init__

    def judge(self: log_judging.Judging, group: Any) -> Any:
        time.sleep(line_s * sum(one.block.data.count(b"\n") for one in group))
        return judged(self, group)

    def make(self: log_judging.Judging, *arguments: Any, **named: Any) -> None:
        made(self, *arguments, **(named | {"waiting_bytes": MOST_BYTES}))

    log_judging.Judging._judged, log_judging.Judging.__init__ = judge, make  # type: ignore[method-assign]
    log_judging._GROUP_BYTES = GROUP_BYTES


def slow_disk(save_s: float) -> None:
    """The state of alerts is written slowly; nothing is in doubt for any other reason."""
    save = service.save_memory

    def slow(*arguments: Any) -> None:
        time.sleep(save_s)
        save(*arguments)

    service.save_memory = slow  # type: ignore[assignment]


if __name__ == "__main__":
    serve.UNSURE = timedelta(seconds=float(os.environ["UNSURE_S"]))
    slow_judging(float(os.environ["SLOW_LINE_S"]))
    slow_disk(float(os.environ["SLOW_SAVE_S"]))
    sys.exit(run())
