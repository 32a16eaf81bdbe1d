"""How many consoles of each guest are open: what lines, events and figures of servers say together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from viguard.alerts.service import Alerting
from viguard.logs.detect.consoles import Holder
from viguard.logs.watch import Seen
from viguard.usecases.log_judging import Judging


class Consoles:
    """``tell`` gets what the detections make of figures."""

    def __init__(self, judging: Judging, alerting: Alerting, tell: Callable[[Seen], None]) -> None:
        self._judging, self._alerting, self._tell = judging, alerting, tell
        self._told: dict[str, Mapping[str, int]] = {}

    async def figures(self, server: str, counts: Mapping[str, int] | None) -> None:
        """Open consoles by guest from one server, None when they are not known; those of the others still count."""
        self._told.pop(server, None)
        if counts is not None:
            self._told[server] = counts
            told_now = list(self._told.values())
            self._tell(await self._judging.ask(self._judging.watch.figures, told_now, datetime.now(UTC)))

    async def open(self) -> dict[str, tuple[int, tuple[Holder, ...]]]:
        """Open consoles as the detections count them; the status says the same from now on."""
        found = await self._judging.ask(self._judging.watch.consoles)
        users = {guest: [one.user or "unknown" for one in holders] for guest, (_, holders) in found.items()}
        self._alerting.set_consoles({guest: count for guest, (count, _) in found.items()}, users)
        return found
