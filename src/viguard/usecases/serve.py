"""The running viguard: hears lines, keeps them, looks at them, and tells people."""

from __future__ import annotations

import asyncio
import hashlib
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import msgspec

from viguard import content
from viguard.alerts.endpoint import Endpoint as Metrics
from viguard.alerts.files import replace_file
from viguard.alerts.load import load_alerts
from viguard.alerts.outbox import Outbox
from viguard.alerts.service import Alerting
from viguard.alerts.settings import WAYS
from viguard.alerts.settings import Settings as AlertSettings
from viguard.assess import controls as catalogue
from viguard.errors import SourceError
from viguard.logs import keep, vcenter
from viguard.logs.archive.reading import blocks
from viguard.logs.archive.retention import Retention, retain
from viguard.logs.archive.writer import Archive
from viguard.logs.block import Block, Run
from viguard.logs.detect.intent import intent_of
from viguard.logs.detect.reading import FOLDER
from viguard.logs.detect.reading import load as load_rules
from viguard.logs.detect.rules import RuleSet
from viguard.logs.receive.receiver import Receiver
from viguard.logs.settings import Settings, listens, load_settings
from viguard.logs.volumes import Volumes
from viguard.logs.watch import Seen, Watch, self_test
from viguard.model.coverage import Coverage, Told
from viguard.policy.load import load as load_policy
from viguard.policy.policy import NO_POLICY
from viguard.policy.source import read_text
from viguard.store import coverage
from viguard.usecases.person import Person
from viguard.usecases.sources import Sources, endpoints_of, login_with
from viguard.vsphere.credentials import Login
from viguard.vsphere.endpoint import Endpoint
from viguard.vsphere.session import Session
from viguard.vsphere.soap import Connection

TICK_S = 0.25
COVERAGE_S = 60.0
RETENTION_S = 3600.0
EVENTS_S = 5.0
RETRY_S = 30.0
REPLAYED = timedelta(minutes=30)
"""What detections are told anew after a restart: their longest window."""
FIRST_EVENTS = timedelta(hours=1)
DRAIN_S = 5.0


class LogServer:
    """Everything that ``viguard serve --only logs`` runs, in one process.

    Raises: ViguardError for settings, rules, policy or certificates that cannot be used; OSError for the directory.
    """

    def __init__(self, settings: Settings, person: Person, say: Callable[[str], None]) -> None:
        self.settings, self._say = settings, say
        self.directory = Path(settings.directory)
        policy = load_policy(Path(settings.policy), catalogue.load()) if settings.policy else NO_POLICY
        rules = _rules(settings.rules)
        alerts = load_alerts(Path(settings.alerts)) if settings.alerts else AlertSettings()
        self._watch = Watch(rules, intent_of(policy))
        self._wanted = keep.kinds(keep.Filter(name=settings.keep.value))
        self._noticed = self_test(rules)
        self.archive = Archive(self.directory / "archive", tell=self._trouble)
        self.alerting = Alerting(alerts, self.directory / "alerts.json", self.directory / "status.json")
        self.receiver = Receiver(listens(settings), self)
        self._volumes, self._started_at = Volumes(), _now()
        self._eyes = ThreadPoolExecutor(1, thread_name_prefix="viguard-eyes")
        self._sources = _event_sources(settings, person)
        self._tasks: list[asyncio.Task[None]] = []

    async def take(self, block: Block) -> None:
        """A block from anywhere: on disk when this returns, looked at soon after.

        Raises: OSError when it cannot be kept; then nothing of it counts as taken.
        """
        loop = asyncio.get_running_loop()
        hits = await loop.run_in_executor(self._eyes, self._watch.look, block)
        kept = keep.keep(block, hits, self._wanted)
        if kept.block is not None:
            await self.archive.take(kept.block)
        self._volumes.take(kept, datetime.fromtimestamp(block.received_at, UTC))
        self.alerting.take_block(block)
        self._tell(await loop.run_in_executor(self._eyes, self._watch.judge, block, hits))

    async def run(self, stop: asyncio.Event) -> None:
        """Runs until ``stop`` is set; then every received line is kept before this returns.

        Raises: ViguardError when an address or certificate cannot be used.
        """
        try:
            await self._resume()
            await self.receiver.start()
            await self._start_tasks()
            for address in self.receiver.addresses:
                self._say(f"listening: {address.transport} [{address.address}]:{address.port}")
            self._say(f"looking with {self._watch.classifier.why}")
            await stop.wait()
        finally:
            await self._stop()

    async def _start_tasks(self) -> None:
        work = [self.alerting.run(), self._ticking(), self._telling(), self._forgetting()]
        work += [self._asking(name, source) for name, source in self._sources.items()]
        if self.settings.metrics.port:
            server = await Metrics(self.alerting.status).start(
                self.settings.metrics.address, self.settings.metrics.port
            )
            work.append(server.serve_forever())
        self._tasks = [asyncio.create_task(one) for one in work]

    async def _stop(self) -> None:
        await self.receiver.stop()
        self._tell(await asyncio.get_running_loop().run_in_executor(self._eyes, self._watch.flush))
        await self.alerting.drain(DRAIN_S)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._eyes.shutdown()
        for source in self._sources.values():
            await asyncio.to_thread(source.close)
        self._write_coverage()
        await asyncio.to_thread(self.archive.close)

    async def _resume(self) -> None:
        """What the last run left: volumes, and what detections had seen, which is read again from the archive."""
        for loss in self.archive.losses:
            self._say(f"note: {loss}")
        with suppress(OSError, ValueError):
            self._volumes.restore((self.directory / "volumes.json").read_bytes())
        await asyncio.get_running_loop().run_in_executor(self._eyes, self._replay)

    def _replay(self) -> None:
        """Alerts of the replayed lines were told by the run before; detections only remember."""
        for block in blocks(self.archive.directory, since=_now() - REPLAYED, tell=lambda _: None):
            self._watch.judge(block, self._watch.look(block))

    def _tell(self, seen: Seen) -> None:
        self.alerting.take_events(seen.events)
        for alert in seen.alerts:
            self.alerting.take(alert)

    def _trouble(self, text: str) -> None:
        self._say(f"note: {text}")

    async def _ticking(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(TICK_S)
            status = self.receiver.status()
            self._problem("receiver", "" if status.state == "receiving" else f"{status.state}: {status.reason}")
            state = self.archive.state
            self._problem("archive", state.why or ("the disk is full" if state.full else ""))
            heard = self._volumes.heard()
            self._tell(await loop.run_in_executor(self._eyes, self._watch.tick, _now(), heard))

    def _problem(self, of: str, text: str) -> None:
        if text:
            self.alerting.problems[of] = text
        else:
            self.alerting.problems.pop(of, None)

    async def _telling(self) -> None:
        while True:
            self._write_coverage()
            await asyncio.sleep(COVERAGE_S)

    def _write_coverage(self) -> None:
        now = _now()
        told = Coverage(
            written_at=now,
            started_at=self._started_at,
            hosts=self._volumes.hosts(now),
            noticed=self._noticed,
            receivers=_receivers(self.alerting),
        )
        try:
            replace_file(self.directory / coverage.NAME, msgspec.json.encode(told), 0o640, sync=False)
            replace_file(self.directory / "volumes.json", self._volumes.dump(), 0o600, sync=False)
        except OSError as error:
            self._trouble(f"what was heard cannot be written: {error.strerror}")

    async def _forgetting(self) -> None:
        limits = self.settings.retention
        retention = Retention(
            age=timedelta(days=limits.days) if limits.days else None,
            size_bytes=limits.gigabytes * 10**9 if limits.gigabytes else None,
        )
        while True:
            try:
                deleted = await asyncio.to_thread(retain, self.archive.directory, retention, (), _now())
                for one in deleted:
                    self._say(f"deleted: {one.segment}, {one.why}")
            except OSError as error:
                self._trouble(f"old lines cannot be deleted: {error.strerror}")
            await asyncio.sleep(RETENTION_S)

    async def _asking(self, name: str, source: vcenter.EventSource) -> None:
        """The events of one vCenter as they happen; its position is kept once its lines are on disk."""
        while True:
            try:
                await self._ask(name, source)
                self._problem(name, "")
                await asyncio.sleep(EVENTS_S)
            except (SourceError, OSError) as error:
                self._problem(name, f"events are not heard: {error}")
                await asyncio.sleep(RETRY_S)

    async def _ask(self, name: str, source: vcenter.EventSource) -> None:
        pages = source.read()
        while (page := await asyncio.to_thread(next, pages, None)) is not None:
            lines, position = page
            data = b"".join(line + b"\n" for line in lines)
            await self.take(Block(data, _now().timestamp(), (Run(name, "api", 0, len(data)),)))
            path = _position_file(self.settings, name)
            await asyncio.to_thread(replace_file, path, msgspec.json.encode(position), 0o600, sync=True)


def run(file: Path, person: Person, say: Callable[[str], None]) -> None:
    """Serve as a file says, until SIGTERM or Ctrl-C.

    Raises: ViguardError when the file, or what it names, cannot be used.
    """
    settings = load_settings(file)
    with asyncio.Runner(loop_factory=_loop()) as runner:
        runner.run(_until_stopped(settings, person, say))


async def _until_stopped(settings: Settings, person: Person, say: Callable[[str], None]) -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await LogServer(settings, person, say).run(stop)
    say("stopped: every line that was received is kept")


def _loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """A faster loop where there is one."""
    try:
        import uvloop  # noqa: PLC0415  (an optional part)
    except ImportError:
        return None
    return uvloop.new_event_loop


def _receivers(alerting: Alerting) -> dict[str, Told]:
    ways = {one.name: next(way for way in WAYS if getattr(one, way)) for one in alerting.settings.receivers}
    boxes = alerting.outboxes
    return {
        name: Told(kind=way, last=box.delivered_at, failing=box.error if box.failing_since else "")
        for name, way in ways.items()
        for box in [boxes.get(name, Outbox())]
    }


def _rules(folder: str) -> RuleSet:
    """viguard's own detections, and those of the site."""
    files = content.folder(FOLDER)
    if folder:
        own = sorted(path for path in Path(folder).rglob("*") if path.suffix in {".yml", ".yaml"})
        files += [(str(path), read_text(path)) for path in own]
    return load_rules(files)


def _event_sources(settings: Settings, person: Person) -> dict[str, vcenter.EventSource]:
    if not settings.vcenters:
        return {}
    sources = Sources(names=settings.vcenters, credentials=Path(settings.credentials) if settings.credentials else None)
    logins = login_with(sources, person)
    found = {}
    for endpoint in map(logins.complete, endpoints_of(settings.vcenters, sources)):
        login = logins.login(endpoint)
        position = _position(_position_file(settings, endpoint.host))
        found[endpoint.host] = vcenter.EventSource(partial(_session, endpoint, login), position, _now() - FIRST_EVENTS)
    return found


def _session(endpoint: Endpoint, login: Login) -> Session:
    return Session(Connection(endpoint), login)


def _position_file(settings: Settings, host: str) -> Path:
    """A name of a server is not made a path: it could be anything."""
    return Path(settings.directory) / f"events-{hashlib.sha256(host.encode()).hexdigest()[:16]}.json"


def _position(path: Path) -> vcenter.Position:
    try:
        return msgspec.json.decode(path.read_bytes(), type=vcenter.Position)
    except (OSError, msgspec.DecodeError):
        return vcenter.Position()


def _now() -> datetime:
    return datetime.now(UTC)
