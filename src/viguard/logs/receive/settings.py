"""Where viguard listens, and within which limits."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypeAlias

from viguard.model.facts import Struct

Transport: TypeAlias = Literal["udp", "tcp", "tls", "relp"]

BLOCK_BYTES = 1024 * 1024


class Tls(Struct, frozen=True, kw_only=True):
    """Certificate (with its chain) and key as PEM files.

    With ``client_ca`` a sender must show a certificate that this authority signed. Source: RFC 5425, 4.2.
    """

    certificate: Path
    key: Path
    client_ca: Path | None = None


class Listen(Struct, frozen=True, kw_only=True):
    """One socket. ``address`` is numeric; ``::`` hears IPv4 as well. ``port`` 0 takes a free one.

    ``tls`` is needed for the transport tls, allowed for relp, and refused elsewhere.
    """

    transport: Transport
    port: int
    address: str = "::"
    tls: Tls | None = None


class Limits(Struct, frozen=True, kw_only=True):
    """What a receiver bears.

    ``line_bytes`` is the longest message that is kept whole: 16 KiB, the most that ESXi sends, and a header.
    ``block_bytes`` and ``wait_s`` say when a block is handed over: at that size, or so long after its first line;
    ``relp_wait_s`` is the same for RELP, whose senders wait for the answer.
    ``pending_bytes`` is what may wait for the taker before connections are no longer read.
    ``hello_s`` is how long a TLS handshake may take, ``stop_s`` how long a stop may.
    """

    line_bytes: int = 16 * 1024 + 1024
    block_bytes: int = BLOCK_BYTES
    wait_s: float = 0.05
    relp_wait_s: float = 0.002
    pending_bytes: int = 8 * BLOCK_BYTES
    connections: int = 8192
    connections_per_address: int = 256
    hello_s: float = 10.0
    stop_s: float = 10.0
    udp_buffer_bytes: int = 64 * 1024 * 1024
