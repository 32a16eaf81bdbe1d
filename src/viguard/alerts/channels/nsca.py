"""Passive results to a Nagios elsewhere, through the client program of NSCA."""

from __future__ import annotations

import asyncio
from asyncio.subprocess import DEVNULL, PIPE
from contextlib import suppress
from dataclasses import dataclass

from viguard.alerts.channels import DeliveryError
from viguard.alerts.channels.results import Objects
from viguard.alerts.notice import Notice
from viguard.alerts.settings import NscaTo


@dataclass(frozen=True, slots=True)
class Nsca:
    """One call of send_nsca for each notice; no shell, and the password stays in the client's own file."""

    to: NscaTo
    objects: Objects

    async def send(self, notice: Notice) -> None:
        """Send one result.

        Raises: DeliveryError when the client says that it was not taken; OSError when there is no client.
        """
        to, row = self.to, self.objects.result(notice)
        data = "\t".join([row.host, row.service, str(row.code), row.text]).encode("utf-8", "replace")[:500] + b"\n"
        command = [to.program, "-H", to.server, "-p", str(to.port), "-c", to.config, "-to", "10"]
        process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL)
        try:
            out, _ = await process.communicate(data)
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        if process.returncode or b"1 data packet(s) sent" not in out:
            raise DeliveryError(f"send_nsca: {out[-200:].decode('utf-8', 'replace').strip() or 'it failed'}")
