"""Archives and blocks for the tests of the archive."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path

from viguard.logs.archive.files import Files
from viguard.logs.archive.segments import Damage
from viguard.logs.archive.writer import Archive, Limits
from viguard.logs.block import Block, Run

NOON = 1_790_000_000.0
"""A moment in 2026 that is not near midnight (UTC)."""


def block(*lines: str, sender: str = "192.0.2.1", at: float = NOON) -> Block:
    data = "".join(f"{line}\n" for line in lines).encode()
    return Block(data, at, (Run(sender, "tcp", 0, len(data)),))


def mixed(*parts: tuple[str, str], at: float = NOON) -> Block:
    """A block of (sender, line) pairs, a run each."""
    data, runs = b"", []
    for sender, line in parts:
        start, data = len(data), data + line.encode() + b"\n"
        runs.append(Run(sender, "udp", start, len(data)))
    return Block(data, at, tuple(runs))


async def take_all(archive: Archive, blocks: Iterable[Block]) -> list[BaseException | None]:
    return await asyncio.gather(*(archive.take(one) for one in blocks), return_exceptions=True)


def fill(directory: Path, *groups: Sequence[Block], limits: Limits | None = None, files: Files | None = None) -> None:
    """Writes groups of blocks, a group after the other."""
    with Archive(directory, limits, files=files, clock=lambda: NOON) as archive:
        for group in groups:
            assert asyncio.run(take_all(archive, group)) == [None] * len(group)


def nothing_damaged(damage: Damage) -> None:
    raise AssertionError(str(damage))
