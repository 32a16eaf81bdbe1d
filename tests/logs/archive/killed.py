"""A writer to be killed: takes blocks until then, and prints the number of each one that was taken."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tests.logs.archive.made import NOON, block
from viguard.logs.archive.writer import Archive, Limits


async def _feed(archive: Archive, first: int) -> None:
    number = first

    async def one(mine: int) -> None:
        await archive.take(block(*(f"block {mine} line {n} {'x' * (mine % 90)}" for n in range(60)), at=NOON))
        sys.stdout.write(f"{mine}\n")
        sys.stdout.flush()

    while True:
        await asyncio.gather(*(one(number + n) for n in range(8)))
        number += 8


if __name__ == "__main__":
    with Archive(Path(sys.argv[1]), Limits(segment_bytes=60_000)) as opened:
        asyncio.run(_feed(opened, int(sys.argv[2])))
