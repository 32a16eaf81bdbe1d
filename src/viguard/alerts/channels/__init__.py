"""The ways to tell somebody. Each takes one notice or raises; none is trusted to end in time."""

from __future__ import annotations

from typing import Protocol

from viguard.alerts.notice import Notice


class DeliveryError(Exception):
    """A notice was not taken. The text holds no secret."""


class Channel(Protocol):
    """A way to one receiver."""

    async def send(self, notice: Notice) -> None:
        """Returns when it was taken. Raises: DeliveryError, OSError, TimeoutError."""
