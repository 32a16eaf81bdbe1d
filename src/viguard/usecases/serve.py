"""The running viguard: hears lines, keeps them, looks at them, and tells people."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from viguard.alerts.endpoint import Endpoint as Metrics
from viguard.alerts.service import Alerting
from viguard.alerts.siem.records import Place
from viguard.errors import InputError, ViguardError
from viguard.logs import keep
from viguard.logs.archive.reading import between, blocks
from viguard.logs.archive.retention import Retention, retain
from viguard.logs.archive.writer import Archive
from viguard.logs.block import Block
from viguard.logs.classify import Classifier, Hit
from viguard.logs.detect.consoles import Holder
from viguard.logs.receive.receiver import Receiver, loop_factory
from viguard.logs.settings import Settings, filter_of, listens, load_settings
from viguard.logs.watch import Seen, Watch, self_test
from viguard.model.event import Alert
from viguard.model.text import plural
from viguard.usecases.log_asking import Asking
from viguard.usecases.log_behind import START, Behind
from viguard.usecases.log_control import Control
from viguard.usecases.log_judging import Judging, looked
from viguard.usecases.log_memory import Memory
from viguard.usecases.log_named import alerts_of, intent_for, rules_of, servers_of
from viguard.usecases.log_problems import Problems, kept_up, told
from viguard.usecases.log_signals import heed
from viguard.usecases.person import Person

TICK_S = 0.1
LOOK_ROUND_S = 1.0
COVERAGE_S = 60.0
RETENTION_S = 3600.0
REPLAYED = timedelta(minutes=30)
"""What detections are told anew after a restart: their longest window."""
UNSURE = timedelta(seconds=5)
"""How much before the end of a killed run its alerts may not have been remembered."""
JUDGE_S = 10.0
WAIT_S = 2.0
DRAIN_S = 5.0
CLOSE_S = 5.0


class LogServer:
    """Everything that ``viguard serve --only logs`` runs, in one process.

    Raises: ViguardError for settings, rules, policy or certificates that cannot be used; OSError for the directory.
    """

    def __init__(self, settings: Settings, person: Person, say: Callable[[str], None]) -> None:
        self.settings, self._say = settings, say
        self.directory = Path(settings.directory)
        rules, alerts = rules_of(settings.rules), alerts_of(settings)
        intent, self._estate = intent_for(settings)
        for missing in intent.undecided:
            self._note(f"not judged: {missing}")
        servers = servers_of(settings, person)
        classifier = Classifier()
        self._noticed = self_test(rules, classifier)
        self._wanted = keep.kinds(filter_of(settings))
        self._filter = Classifier(rules=classifier.rules) if self._wanted is not None else None
        self._filtering = ThreadPoolExecutor(1, thread_name_prefix="viguard-filter")
        self.archive = Archive(self.directory / "archive", tell=self._note)
        self.alerting = Alerting(alerts, self.directory / "alerts.json", self.directory / "status.json", self._locate)
        self.problems = Problems(self.alerting.problems, say)
        self.judging = Judging(
            Watch(rules, intent, classifier), self._tell, self.problems, behind=Behind(self.archive.directory)
        )
        self.receiver = Receiver(listens(settings), self)
        self.control = Control(self.directory, self.alerting, self.reload, self._consoles)
        self._asking = [Asking(server, self.directory, self.take, self._figures, self.problems) for server in servers]
        self._memory, self._is_running = Memory(self.directory, _now(), self.problems), False
        self._known: set[str] = set()  # alerts of the run before
        self._told_figures: dict[str, Mapping[str, int]] = {}
        self._refused: dict[int, Block] = {}  # one for each taker at most
        self._tasks: list[asyncio.Task[None]] = []

    async def take(self, block: Block) -> None:
        """A block from anywhere: on disk when this returns, judged soon after.

        Raises: OSError when it cannot be kept; then nothing of it counts as taken. It is judged all the same, once,
        while there is room: who fills the disk shall not go unseen.
        """
        hits = await self._hits(block)
        is_now = hits is not None and self.judging.has_room(block)
        kept = self._kept(block, hits, every=not is_now)
        try:
            place = None if kept.block is None else await self.archive.store(kept.block)
        except OSError:
            if id(block) not in self._refused and self.judging.offer(block, hits):
                self._refused[id(block)] = block
            raise
        if self._refused.pop(id(block), None) is None:
            self.judging.offer(block, hits, place, must=is_now)
        elif place is not None:
            self.judging.behind.judged(place)
        self._memory.volumes.take(kept, datetime.fromtimestamp(block.received_at, UTC))
        self.alerting.take_block(block)

    async def _hits(self, block: Block) -> list[Hit] | None:
        """What the keep-filter goes by; None: everything is kept."""
        if self._filter is None:
            return None
        failures: list[Exception] = []
        look = partial(looked, self._filter, block.data, lambda _lines, error: failures.append(error))
        hits = await asyncio.get_running_loop().run_in_executor(self._filtering, look)
        if failures:
            self.problems.happened("filter", f"the keep-filter failed, and all was kept: {told(failures[0])}")
        return None if failures else hits

    def _kept(self, block: Block, hits: Sequence[Hit] | None, *, every: bool) -> keep.Kept:
        """What is stored; ``every`` line that tells an event while those are judged later, from the archive."""
        if hits is None:
            return keep.Kept(block, block)
        more = {hit.kind.id for hit in hits} if every else set[str]()
        return keep.keep(block, hits, (self._wanted or frozenset()) | more)

    async def run(self, stop: asyncio.Event) -> None:
        """Runs until ``stop`` is set; then every received line is kept before this returns.

        Raises: ViguardError when an address or certificate cannot be used, or lines cannot be heard any more.
        """
        for loss in self.archive.losses:
            self._note(str(loss))
        self._memory.restore()
        if (mark := self._memory.mark()) is not None:
            self.judging.behind.restore(mark)
        try:
            metrics = await self._metrics()
            await self.receiver.start()
            await self.control.start()
            self._start_tasks(metrics)
            for address in self.receiver.addresses:
                self._say(f"listening: {address.transport} [{address.address}]:{address.port}")
            self._say(f"looking with {self.judging.watch.classifier.why}")
            await self._until(stop)
        finally:
            await self._stop()

    async def _until(self, stop: asyncio.Event) -> None:
        """Until it is to stop, or the receiver, without which all of this is for nothing, ends with an error."""
        waits: list[asyncio.Task[object]] = [asyncio.create_task(stop.wait())]
        if self.settings.listen:
            waits.append(asyncio.create_task(self.receiver.wait()))
        done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for task in waits:
            task.cancel()
        for task in done:
            task.result()

    def _start_tasks(self, metrics: asyncio.Server | None) -> None:
        works = {
            "alerting": self.alerting.run,
            "judging": self._judge,
            "watching": self._ticking,
            "telling": self._telling,
            "forgetting": self._forgetting,
        }
        works |= {f"asking {one.name}": one.run for one in self._asking}
        if metrics is not None:
            works["metrics"] = metrics.serve_forever
        self._tasks = [asyncio.create_task(kept_up(name, work, self.problems)) for name, work in works.items()]
        self._is_running = True

    async def _stop(self) -> None:
        """Whatever of this fails, what waits is judged and the archive is closed in the end."""
        try:
            await self.receiver.stop()
        finally:
            try:
                if self._is_running:
                    await self._finish()
            finally:
                await self._close()

    async def _finish(self) -> None:
        """What was received is judged and told."""
        await self.control.stop()
        await self.judging.finish(JUDGE_S)
        with suppress(TimeoutError):
            async with asyncio.timeout(WAIT_S):
                await self._consoles()
                await self._write_watched()
        await self._until_told(WAIT_S)
        await self.alerting.drain(DRAIN_S)

    async def _close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.to_thread(self.archive.close)
        if self._is_running:
            self._memory.judged(self.judging.judged_at if self.judging.is_idle else 0)
            self._memory.behind(self.judging.behind.mark)
            self._write_coverage()
        self.judging.close()
        self._filtering.shutdown(wait=False)
        await asyncio.gather(*(one.close(CLOSE_S) for one in self._asking))

    async def _until_told(self, timeout_s: float) -> None:
        """What gathers for its first notice is handed on; what takes longer is told by the next run."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while any(group.due and not group.told for group in self.alerting.groups.open()):
                    await asyncio.sleep(0.02)

    async def _judge(self) -> None:
        await self._replay()
        await self.judging.run()

    async def _replay(self) -> None:
        """What detections had seen is read again from the archive; what the last run did not come to tell is told."""
        until, started_at, mark = self._memory.judged_until(), self._memory.started_at, self.judging.behind.mark
        if mark is None:
            old = blocks(self.archive.directory, since=started_at - REPLAYED, until=started_at, tell=lambda _: None)
        else:  # what stands there and later is still to be judged, and told
            found = between(self.archive.directory, START, mark.place, since=mark.at - REPLAYED, tell=lambda _: None)
            old = (block for _, block in found)
        groups = list(self.alerting.groups.state.groups.values())
        self._known = {one for group in groups for one in group.recent}
        after = partial(self._memory.lasting, groups, self.judging.watch.detector)
        for alert in await self.judging.replay(old, after):
            if _newest(alert) > until - UNSURE and alert.id not in self._known:
                self.alerting.take(alert)
        self._memory.judged(started_at.timestamp())

    def _tell(self, seen: Seen) -> None:
        if seen.events:
            self.alerting.take_events(seen.events)
        for alert in seen.alerts:
            if alert.id not in self._known:
                self.alerting.take(alert)

    async def _figures(self, name: str, counts: Mapping[str, int] | None) -> None:
        """Figures of consoles from one server; those of the others still count."""
        self._told_figures.pop(name, None)
        if counts is not None:
            self._told_figures[name] = counts
            told_now = list(self._told_figures.values())
            self._tell(await self.judging.ask(self.judging.watch.figures, told_now, _now()))

    async def _consoles(self) -> dict[str, tuple[int, tuple[Holder, ...]]]:
        """Open consoles as the detections count them; the status says the same from now on."""
        found = await self.judging.ask(self.judging.watch.consoles)
        users = {guest: [one.user or "unknown" for one in holders] for guest, (_, holders) in found.items()}
        self.alerting.set_consoles({guest: count for guest, (count, _) in found.items()}, users)
        return found

    async def reload(self) -> str:
        """alerts.yaml, detections and policy anew; all of them, or nothing.

        Raises: ViguardError for what cannot be used; then everything is as before.
        """
        rules = await asyncio.to_thread(rules_of, self.settings.rules)
        intent, estate = await asyncio.to_thread(intent_for, self.settings)
        alerts = await asyncio.to_thread(alerts_of, self.settings)
        self.alerting.reload(alerts)
        self._estate = estate
        await self.judging.ask(self.judging.watch.renew, rules, intent)
        self._noticed = await self.judging.ask(self_test, rules, self.judging.watch.classifier)
        return f"{len(rules.rules) + len(rules.correlations)} detections and alerts.yaml are read anew"

    def _locate(self, host: str, guest: str | None) -> Place:
        return self._estate.locate(host, guest)

    def _note(self, text: str) -> None:
        self._say(f"note: {text}")

    async def _ticking(self) -> None:
        due, judged = 0.0, [(0.0, self.judging.behind.mark)] * 2
        while True:
            await asyncio.sleep(TICK_S)
            now, is_round = asyncio.get_running_loop().time(), False
            if now >= due:
                due, is_round = now + LOOK_ROUND_S, True
                self._look_round()
                now_judged = self.judging.judged_at, self.judging.behind.mark
                judged = [now_judged, *judged[:2]]  # alerts are remembered a little later than raised
                self._memory.judged(judged[2][0])
                self._memory.behind(judged[2][1])
            await self.judging.tick(_now(), self._memory.volumes.news() if is_round else None)
            if is_round and not self.judging.is_replaying:
                await self._consoles()

    def _look_round(self) -> None:
        """How the parts are."""
        status = self.receiver.status()
        is_well = status.state == "receiving" or not self.settings.listen
        self.problems.set("receiver", "" if is_well else f"receiving is {status.state}: {status.reason}")
        state = self.archive.state
        full = f"less than {self.archive.limits.free_share:.0%} of the disk is free: nothing is kept"
        self.problems.set("archive", full if state.full else state.why)
        missed = sorted(way for way, is_noticed in self._noticed.items() if not is_noticed)
        self.problems.set("self-test", f"no alert for {', '.join(missed)}: see the detections" if missed else "")
        self.problems.tick()

    async def _telling(self) -> None:
        while True:
            self._write_coverage()
            await asyncio.sleep(COVERAGE_S)
            if not self.judging.is_replaying:
                await self._write_watched()

    async def _write_watched(self) -> None:
        self._memory.watched(await self.judging.ask(self.judging.watch.detector.silence.watched))

    def _write_coverage(self) -> None:
        self._memory.write_coverage(self._noticed, self.alerting)

    async def _forgetting(self) -> None:
        limits = self.settings.retention
        retention = Retention(
            age=timedelta(days=limits.days) if limits.days else None,
            size_bytes=limits.gigabytes * 10**9 if limits.gigabytes else None,
        )
        while True:
            try:
                for one in await asyncio.to_thread(retain, self.archive.directory, retention, (), _now()):
                    self._say(f"deleted: {one.segment}, {one.why}")
                self.problems.set("retention", "")
            except OSError as error:
                self.problems.set("retention", f"old lines cannot be deleted: {error.strerror}")
            await asyncio.sleep(RETENTION_S)

    async def _metrics(self) -> asyncio.Server | None:
        wanted = self.settings.metrics
        if not wanted.port:
            return None
        try:
            return await Metrics(self.alerting.status).start(wanted.address, wanted.port)
        except OSError as error:
            where = f"metrics {wanted.address}:{wanted.port}"
            raise InputError(f"cannot listen: {error.strerror or error}", where=where) from error


def run(file: Path, person: Person, say: Callable[[str], None]) -> None:
    """Serve as a file says, until SIGTERM or Ctrl-C.

    Raises: ViguardError when the file, or what it names, cannot be used.
    """
    settings = load_settings(file)
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(_until_stopped(settings, person, say))


async def _until_stopped(settings: Settings, person: Person, say: Callable[[str], None]) -> None:
    stop = asyncio.Event()
    server = LogServer(settings, person, say)
    heed(stop, server.reload, say, person.warn)
    await server.run(stop)
    lost = server.receiver.status().counters.abandoned
    if lost:
        raise ViguardError(f"stopped: {plural(lost, 'line')} that had been received could not be kept")
    say("stopped: every line that was received is kept")


def _newest(alert: Alert) -> datetime:
    return max((event.received_at for event in alert.events if event.received_at), default=alert.time)


def _now() -> datetime:
    return datetime.now(UTC)
