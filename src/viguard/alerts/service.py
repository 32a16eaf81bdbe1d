"""Alerting as one part of a running viguard: takes alerts, events and blocks without waiting, and does the rest."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from time import monotonic

import msgspec

from viguard import __version__
from viguard.alerts.build import channels_of
from viguard.alerts.channels.results import Open
from viguard.alerts.deliver import Deliveries, utc_now
from viguard.alerts.groups import Groups
from viguard.alerts.memory import load_memory, save_memory
from viguard.alerts.notice import Notice
from viguard.alerts.outbox import Outbox
from viguard.alerts.settings import Settings
from viguard.alerts.siem.forward import Forwarder
from viguard.alerts.siem.records import Lines, Locate, nowhere
from viguard.alerts.siem.sinks import sink_of
from viguard.alerts.status import AuditStatus, LastAlert, ReceiverStatus, Status, write_status
from viguard.alerts.tally import Tally, bounded
from viguard.errors import InputError
from viguard.model.event import Alert, Event
from viguard.model.text import lines_in, visible

GATHER_S = 0.02  # alerts of a flood are looked at together
SAVE_EVERY_S = 0.5
REST = (
    4  # times as long as the work took: with ten thousand groups neither may take the loop, nor the disk, from receipt
)
STATUS_EVERY_S = 5.0
LONGEST_SLEEP_S = 60.0  # the clock may be set


class Alerting:
    """``problems`` are set by whoever knows: troubles of other parts."""

    def __init__(self, settings: Settings, state_file: Path, status_file: Path, locate: Locate = nowhere) -> None:
        """Raises: InputError for a secret, StoreError for the state of the last run, OSError for certificates."""
        self.settings, self._state_file, self._status_file = settings, state_file, status_file
        self._memory = load_memory(state_file)
        self.groups = Groups(settings, self._memory.state)
        self._alerts_before = self.groups.state.alerts
        channels = channels_of(settings, self._open_now)
        self.deliveries = Deliveries(settings, channels, self._memory.outboxes, self._changed, self._may)
        self.forwarders = [Forwarder(d, sink_of(d), locate) for d in settings.siem]
        self.tally = Tally()
        self._consoles: dict[str, int] = {}
        self._holders: dict[str, tuple[str, ...]] = {}
        self._findings, self._audit = dict[str, int](), AuditStatus()
        self.problems: dict[str, str] = {}
        self.started_at = utc_now()
        self._last: LastAlert | None = None
        self._wake, self._dirty = asyncio.Event(), asyncio.Event()
        self._is_saving, self._saved_at = False, monotonic()
        self._rehome()

    @property
    def outboxes(self) -> Mapping[str, Outbox]:
        """What waits and what was delivered, by receiver."""
        return self._memory.outboxes

    @property
    def remembered_at(self) -> float:
        """Every alert that was taken before this moment (``time.monotonic``) is known after a kill, too."""
        return self._saved_at if self._is_saving or self._dirty.is_set() else monotonic()

    def take(self, alert: Alert) -> None:
        """An alert; the first notice leaves after the settings' ``wait_s``."""
        self.groups.take(alert, utc_now())
        if not alert.resolved:
            self._last = LastAlert(
                title=visible(alert.title), key=visible(alert.key), severity=alert.severity.value, at=alert.time
            )
        for forwarder in self.forwarders:
            forwarder.offer_alert(alert)
        self._changed()
        self._wake.set()

    def take_events(self, events: Sequence[Event]) -> None:
        """Events, for the counts and for SIEMs."""
        self.tally.take(events, utc_now())
        for forwarder in self.forwarders:
            forwarder.offer_events(events)

    def take_block(self, block: Lines) -> None:
        """Raw lines, for the counts and for SIEMs."""
        self.tally.lines(lines_in(block.data), len(block.data))
        for forwarder in self.forwarders:
            forwarder.offer_block(block)

    def set_consoles(self, counts: Mapping[str, int], holders: Mapping[str, Sequence[str]]) -> None:
        """How many consoles of each guest are open now, and the users who hold them."""
        self._consoles, self._holders = {}, {}
        for guest, count in counts.items():
            name = bounded(guest, self._consoles)
            self._consoles[name] = max(count, self._consoles.get(name, 0))
            if users := tuple(visible(user) for user in holders.get(guest, ())):
                self._holders[name] = users

    def set_findings(self, findings: Mapping[str, int], audit: AuditStatus) -> None:
        """Open findings by severity, zeros too, and the audit that they are of; none when ``audit`` says why not."""
        self._findings, self._audit = dict(findings), audit

    def acknowledge(self, group: str, by: str) -> bool:
        """See ``Groups.acknowledge``."""
        found = self.groups.acknowledge(group, by)
        self._changed()
        return found

    def mark(self, group: str, by: str, *, true_positive: bool, note: str = "") -> None:
        """See ``Groups.mark``. Raises: KeyError when there is no such group."""
        for name, notice in self.groups.mark(group, by, utc_now(), true_positive=true_positive, note=note):
            self.deliveries.push(name, notice)
        self._changed()

    def end(self, group: str, by: str) -> None:
        """See ``Groups.end``. Raises: KeyError when there is no such group."""
        for name, notice in self.groups.end(group, by, utc_now()):
            self.deliveries.push(name, notice)
        self._changed()

    def reload(self, settings: Settings) -> None:
        """Take over routes, silences, grouping and time zone while running.

        Raises: InputError when anything else differs: receivers, heartbeats and SIEMs change with a restart.
        """
        old = self.settings
        if (settings.receivers, settings.heartbeats, settings.siem, settings.fallback) != (
            old.receivers,
            old.heartbeats,
            old.siem,
            old.fallback,
        ):
            raise InputError("receivers, heartbeats or SIEMs have changed", hint="restart viguard to use them")
        self.settings = self.groups.settings = settings
        self.groups.look_again(utc_now())
        self._wake.set()

    async def run(self) -> None:
        """Work until cancelled; then the state and a last status are written."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self.deliveries.run())
                tasks.create_task(self._watch())
                tasks.create_task(self._remember())
                tasks.create_task(self._report())
                for forwarder in self.forwarders:
                    tasks.create_task(forwarder.run())
        finally:
            self._save(self._encoded())
            self._write_status()

    async def drain(self, timeout_s: float) -> None:
        """Before the end: wait for what can still be delivered, at most so long."""
        await asyncio.gather(self.deliveries.drain(timeout_s), *(f.drain(timeout_s) for f in self.forwarders))

    def status(self) -> Status:
        """What the status file says."""
        groups = list(self.groups.open())
        return Status(
            written_at=utc_now(),
            started_at=self.started_at,
            version=__version__,
            counters={**self.tally.counters, "alerts": self.groups.state.alerts - self._alerts_before},
            consoles=dict(self._consoles),
            holders=dict(self._holders),
            hosts=dict(self.tally.hosts),
            findings=dict(self._findings),
            audit=self._audit,
            open=dict(Counter(g.severity.value for g in groups)),
            silenced=len(self.groups.state.groups) - len(groups),
            last_alert=self._last,
            receivers={name: _receiver_status(box) for name, box in self._memory.outboxes.items()},
            siem={f.destination.name: f.status() for f in self.forwarders},
            problems=tuple(self.problems.values()),
        )

    def _may(self, name: str, notice: Notice) -> bool:
        return self.groups.limits.may(name, notice, utc_now())

    def _open_now(self) -> Iterable[Open]:
        return [Open(g.host, g.severity) for g in self.groups.open()]

    def _changed(self) -> None:
        self._dirty.set()

    def _rehome(self) -> None:
        """What waits for a receiver that the settings no longer know goes to the fallback."""
        for name in [n for n in self._memory.outboxes if n not in self.deliveries.channels]:
            for delivery in self._memory.outboxes.pop(name).waiting:
                self.deliveries.push(name, delivery.notice)

    async def _watch(self) -> None:
        while True:
            self._wake.clear()
            now, began = utc_now(), monotonic()
            for name, notice in self.groups.tick(now):
                self.deliveries.push(name, notice)
            pause, spent = _pause(self.groups.next_due(), now), monotonic() - began
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._wake.wait()
            await asyncio.sleep(max(GATHER_S, REST * spent))

    async def _remember(self) -> None:
        while True:
            await self._dirty.wait()
            self._dirty.clear()
            began, self._is_saving = monotonic(), True
            try:
                if await asyncio.to_thread(self._save, self._encoded()):
                    self._saved_at = began
                else:
                    self._dirty.set()
            finally:
                self._is_saving = False
            await asyncio.sleep(max(SAVE_EVERY_S, REST * (monotonic() - began)))

    async def _report(self) -> None:
        while True:
            self._write_status()
            await asyncio.sleep(STATUS_EVERY_S)

    def _encoded(self) -> bytes:
        return msgspec.json.encode(self._memory)

    def _save(self, data: bytes) -> bool:
        try:
            save_memory(self._state_file, data)
        except OSError as err:
            self.problems["state"] = f"the state of alerts cannot be written: {err.strerror}"
            return False
        self.problems.pop("state", None)
        return True

    def _write_status(self) -> None:
        try:
            write_status(self._status_file, self.status())
        except OSError:  # probes see it age, which is their alarm
            return


def _pause(due: datetime | None, now: datetime) -> float:
    if due is None:
        return LONGEST_SLEEP_S
    return min(max((due - now).total_seconds(), 0.0), LONGEST_SLEEP_S)


def _receiver_status(box: Outbox) -> ReceiverStatus:
    return ReceiverStatus(
        waiting=len(box.waiting),
        delivered=box.delivered,
        dropped=box.dropped,
        given_up=box.given_up,
        lost_at=box.lost_at,
        failing_since=box.failing_since,
        error=box.error,
    )
