"""What travels through the log path: blocks of whole lines, and where each part of them came from."""

from __future__ import annotations

from typing import NamedTuple, Protocol

API = "api"
"""The transport of events that a server was asked for: they tell of the past, and each says when it was."""


class Run(NamedTuple):
    """A part of a block that one sender sent: ``start`` and ``end`` are offsets of whole lines.

    ``sender`` is an address without port; ``transport`` is udp, tcp, tls, relp, api or file.
    """

    sender: str
    transport: str
    start: int
    end: int


class Block(NamedTuple):
    """Whole lines, each ended by ``\\n``, at most 1 MiB and one line more; a newline inside a message is ``#012``.

    ``received_at`` is in seconds since 1970 (UTC). ``runs`` cover ``data`` from start to end, in order.
    """

    data: bytes
    received_at: float
    runs: tuple[Run, ...]


class Taker(Protocol):
    """Where blocks go."""

    async def take(self, block: Block) -> None:
        """Returns when the block is on disk: only then may its receipt be acknowledged.

        Raises: OSError when it cannot be; then nothing of it counts as taken.
        """
