"""The running viguard: hears lines, keeps them, looks at them, and tells people."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from viguard.alerts.endpoint import Endpoint as Metrics
from viguard.alerts.service import Alerting
from viguard.alerts.siem.records import Place
from viguard.errors import InputError, ViguardError
from viguard.logs.archive.writer import Archive
from viguard.logs.classify import Classifier
from viguard.logs.receive.receiver import Receiver, loop_factory
from viguard.logs.settings import Pack, Settings, listens, load_settings
from viguard.logs.watch import Watch, self_test
from viguard.model.text import plural
from viguard.usecases.log_asking import Asking
from viguard.usecases.log_behind import Behind
from viguard.usecases.log_consoles import Consoles
from viguard.usecases.log_control import Control
from viguard.usecases.log_findings import Findings
from viguard.usecases.log_judging import Judging
from viguard.usecases.log_memory import Memory
from viguard.usecases.log_named import alerts_of, intended, rules_of, servers_of
from viguard.usecases.log_parts import Parts
from viguard.usecases.log_problems import Problems, kept_up
from viguard.usecases.log_rounds import Rounds
from viguard.usecases.log_signals import heed
from viguard.usecases.log_taking import Taking
from viguard.usecases.log_telling import Telling
from viguard.usecases.person import Person

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
        intent, self._estate, audit_every = intended(settings)
        for note in (*rules.left_out, *(f"not judged: {missing}" for missing in intent.undecided)):
            self._note(note)
        servers = servers_of(settings, person)
        classifier = Classifier()
        noticed = self_test(rules, classifier)
        self.archive = Archive(self.directory / "archive", tell=self._note)
        self.alerting = Alerting(alerts, self.directory / "alerts.json", self.directory / "status.json", self._locate)
        self.problems = Problems(self.alerting.problems, say)
        self._memory = Memory(self.directory, datetime.now(UTC), self.problems)
        self._telling = Telling(self.alerting, self._memory)
        watch, behind = Watch(rules, intent, classifier), Behind(self.archive.directory)
        self.judging = Judging(watch, self._telling.tell, self.problems, behind=behind)
        parts = Parts(settings, self.archive, self.judging, self.alerting, self._memory, self._telling, self.problems)
        self.taking = Taking(parts)
        self.receiver = Receiver(listens(settings), self.taking)
        self.consoles = Consoles(self.judging, self.alerting, self._telling.tell)
        self._rounds = Rounds(parts, self.receiver, self.consoles, noticed)
        self._findings = Findings(settings.store, audit_every, self.alerting.set_findings, self.problems.note)
        self.control = Control(self.directory, self.alerting, self.reload, self.consoles.open)
        take, figures = self.taking.take, self.consoles.figures
        self._asking = [Asking(server, self.directory, take, figures, self.problems) for server in servers]
        self._tasks: list[asyncio.Task[None]] = []
        self._is_running = False

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
        works: dict[str, Callable[[], Awaitable[object]]] = {
            "alerting": self.alerting.run,
            "judging": self._judge,
            "watching": self._rounds.tick,
            "telling": self._rounds.report,
            "forgetting": partial(self._rounds.forget, self._say),
            "findings": self._findings.run,
        }
        works |= {f"asking {one.name}": one.run for one in self._asking}
        if self.settings.pack is Pack.WHEN_IDLE:
            self.archive.pack_at_leisure(self._has_judged)
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
                await self.consoles.open()
                await self._rounds.write_watched()
        await self._until_told(WAIT_S)
        await self.alerting.drain(DRAIN_S)

    async def _close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.to_thread(self.archive.close)
        if self._is_running:
            self._memory.judged(self._telling.until(self.judging) if self.judging.is_idle else 0)
            self._memory.behind(self.judging.behind.mark)
            self._rounds.write_coverage()
        self.judging.close()
        self.taking.close()
        await asyncio.gather(*(one.close(CLOSE_S) for one in self._asking))

    async def _until_told(self, timeout_s: float) -> None:
        """What gathers for its first notice is handed on; what takes longer is told by the next run."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while any(group.due and not group.told for group in self.alerting.groups.open()):
                    await asyncio.sleep(0.02)

    async def _judge(self) -> None:
        await self._telling.replay(self.judging, self.archive.directory)
        await self.judging.run()

    def _has_judged(self) -> bool:
        """Whether all is judged that could be: lines that wait for it need the processor more than old ones."""
        return not self.judging.is_replaying and not self.judging.behind.is_some

    async def reload(self) -> str:
        """alerts.yaml, detections and policy anew; all of them, or nothing.

        Raises: ViguardError for what cannot be used; then everything is as before.
        """
        rules = await asyncio.to_thread(rules_of, self.settings.rules)
        intent, estate, audit_every = await asyncio.to_thread(intended, self.settings)
        alerts = await asyncio.to_thread(alerts_of, self.settings)
        self.alerting.reload(alerts)
        self._estate, self._findings.every = estate, audit_every
        await self.judging.ask(self.judging.watch.renew, rules, intent)
        self._rounds.noticed = await self.judging.ask(self_test, rules, self.judging.watch.classifier)
        await self._findings.look()
        return f"{len(rules.rules) + len(rules.correlations)} detections and alerts.yaml are read anew"

    def _locate(self, host: str, guest: str | None) -> Place:
        return self._estate.locate(host, guest)

    def _note(self, text: str) -> None:
        self._say(f"note: {text}")

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
