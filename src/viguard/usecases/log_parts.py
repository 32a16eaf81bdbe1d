"""What the log server is made of, for those of its works that need several of it."""

from __future__ import annotations

from typing import NamedTuple

from viguard.alerts.service import Alerting
from viguard.logs.archive.writer import Archive
from viguard.logs.settings import Settings
from viguard.usecases.log_judging import Judging
from viguard.usecases.log_memory import Memory
from viguard.usecases.log_problems import Problems
from viguard.usecases.log_telling import Telling


class Parts(NamedTuple):
    """One of each in a process."""

    settings: Settings
    archive: Archive
    judging: Judging
    alerting: Alerting
    memory: Memory
    telling: Telling
    problems: Problems
