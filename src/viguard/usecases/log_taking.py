"""A block from anywhere: through the keep-filter into the archive, and then on to be judged."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial

from viguard.logs import keep
from viguard.logs.block import Block
from viguard.logs.classify import Classifier, Hit
from viguard.logs.settings import filter_of
from viguard.usecases.log_judging import looked
from viguard.usecases.log_parts import Parts
from viguard.usecases.log_problems import told


class Taking:
    """Takes what receivers hear and vCenters tell."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._wanted = keep.kinds(filter_of(parts.settings))
        rules = parts.judging.watch.classifier.rules
        self.filter = Classifier(rules=rules) if self._wanted is not None else None
        self._filtering = ThreadPoolExecutor(1, thread_name_prefix="viguard-filter")
        self._refused: dict[int, Block] = {}  # one for each taker at most

    async def take(self, block: Block) -> None:
        """On disk when this returns, judged soon after.

        Raises: OSError when it cannot be kept; then nothing of it counts as taken. It is judged all the same, once,
        while there is room: who fills the disk shall not go unseen.
        """
        judging = self._parts.judging
        hits = await self._hits(block)
        is_now = hits is not None and judging.has_room(block)
        kept = self._kept(block, hits, every=not is_now)
        try:
            place = None if kept.block is None else await self._parts.archive.store(kept.block)
        except OSError:
            if id(block) not in self._refused and judging.offer(block, hits):
                self._refused[id(block)] = block
            raise
        if self._refused.pop(id(block), None) is None:
            judging.offer(block, hits, place, must=is_now)
        elif place is not None:
            judging.behind.judged(place)
        self._parts.memory.volumes.take(kept, datetime.fromtimestamp(block.received_at, UTC))
        self._parts.alerting.take_block(block)

    def close(self) -> None:
        """The thread of the keep-filter ends."""
        self._filtering.shutdown(wait=False)

    async def _hits(self, block: Block) -> list[Hit] | None:
        """What the keep-filter goes by; None: everything is kept."""
        if self.filter is None:
            return None
        failures: list[Exception] = []
        look = partial(looked, self.filter, block.data, lambda _lines, error: failures.append(error))
        hits = await asyncio.get_running_loop().run_in_executor(self._filtering, look)
        if failures:
            text = f"the keep-filter failed, and all was kept: {told(failures[0])}"
            self._parts.problems.happened("filter", text)
        return None if failures else hits

    def _kept(self, block: Block, hits: Sequence[Hit] | None, *, every: bool) -> keep.Kept:
        """What is stored; ``every`` line that tells an event while those are judged later, from the archive."""
        if hits is None:
            return keep.Kept(block, block)
        more = {hit.kind.id for hit in hits} if every else set[str]()
        return keep.keep(block, hits, (self._wanted or frozenset()) | more)
