"""What a receiver has done so far, and how it is."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from viguard.model.facts import Struct


class State(StrEnum):
    """How a receiver is. Only ``receiving`` is well."""

    RECEIVING = "receiving"
    SLOW = "slow"  # senders are faster than what takes their lines; connections wait
    BLOCKED = "blocked"  # lines cannot be taken (a full disk); nothing is acknowledged, and tried again
    STOPPED = "stopped"


class Counters(msgspec.Struct, kw_only=True):
    """Since the start, but ``connections`` and ``pending_bytes``, which are now.

    ``lines``, ``bytes`` and ``blocks`` were taken. ``cut`` were longer than a line may be; ``partial`` lines ended with
    their connection; ``broken`` connections sent what is neither framing and were closed. ``refused`` connections were
    beyond a limit; ``failed_hellos`` did not finish the TLS handshake. ``retries`` are blocks that were offered again.
    ``abandoned`` lines were received and could not be handed over before a stop had to end.
    ``dropped`` are datagrams that the kernel threw away; None where it does not tell.
    """

    lines: int = 0
    bytes: int = 0
    blocks: int = 0
    cut: int = 0
    partial: int = 0
    broken: int = 0
    connections: int = 0
    accepted: int = 0
    refused: int = 0
    failed_hellos: int = 0
    retries: int = 0
    abandoned: int = 0
    dropped: int | None = 0
    pending_bytes: int = 0


class Status(Struct, frozen=True, kw_only=True):
    """A receiver now. ``reason`` says why it is not well."""

    state: State
    reason: str
    counters: Counters
