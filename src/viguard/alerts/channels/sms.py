"""SMS through the outgoing directory of smstools."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from viguard.alerts.channels import DeliveryError
from viguard.alerts.notice import Notice, short


@dataclass(frozen=True, slots=True)
class Sms:
    """A file for each number. While it is written, smsd is kept off by the lock file that smsd itself would make."""

    outgoing: Path
    numbers: tuple[str, ...]

    async def send(self, notice: Notice) -> None:
        """Write the files; their names come from nothing that was logged.

        Raises: DeliveryError when the directory does not take them.
        """
        for number in self.numbers:
            try:
                self._write(f"To: {number}\n\n{short(notice)}\n")
            except OSError as err:
                raise DeliveryError(f"the outgoing directory of smstools: {err.strerror}") from err

    def _write(self, text: str) -> None:
        target = self.outgoing / f"viguard-{secrets.token_hex(8)}"
        lock = target.with_name(target.name + ".LOCK")
        os.close(os.open(lock, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o660))
        try:
            with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o660), "wb") as file:
                file.write(text.encode("ascii"))
        except OSError:
            target.unlink(missing_ok=True)
            raise
        finally:
            lock.unlink(missing_ok=True)
