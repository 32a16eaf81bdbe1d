"""Passive results into the command file of a Nagios on this machine."""

from __future__ import annotations

import os
import stat
import time
from dataclasses import dataclass
from pathlib import Path

from viguard.alerts.channels import DeliveryError
from viguard.alerts.channels.results import Objects
from viguard.alerts.notice import Notice

_MOST = 4096  # PIPE_BUF: a longer write could be torn apart by another writer


@dataclass(frozen=True, slots=True)
class CommandFile:
    """The FIFO that Nagios made. It is never made here: a regular file in its place would stop Nagios from starting."""

    path: Path
    objects: Objects

    async def send(self, notice: Notice) -> None:
        """Write one command.

        Raises: DeliveryError when there is no FIFO, nobody reads it, or it is full.
        """
        host, service, code, text = self.objects.result(notice)
        line = f"[{int(time.time())}] PROCESS_SERVICE_CHECK_RESULT;{host};{service};{code};{text}\n"
        data = line.encode("utf-8", "replace")
        if len(data) > _MOST:
            raise DeliveryError("the result is too long for the command file")
        try:
            number = os.open(self.path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
        except OSError as err:
            raise DeliveryError(f"Nagios does not read its command file: {err.strerror}") from err
        try:
            if not stat.S_ISFIFO(os.fstat(number).st_mode):
                raise DeliveryError("the command file is no FIFO; stop Nagios, remove the file, start Nagios")
            os.write(number, data)
        except BlockingIOError as err:
            raise DeliveryError("the command file is full: Nagios does not keep up") from err
        finally:
            os.close(number)
