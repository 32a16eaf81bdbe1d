"""A collection: several servers into one snapshot or into memory; none of them can end the others' reading."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from msgspec.structs import replace

import viguard
from viguard.collect.gaps import Gaps
from viguard.collect.sink import Memory, Sink
from viguard.collect.subject import Options, Progress, Subject, meet
from viguard.collect.vsphere import Collection
from viguard.errors import InputError, SnapshotError, SourceError
from viguard.model.apart import names_apart
from viguard.model.facts import Unknown, escape
from viguard.model.inventory import Inventory
from viguard.model.snapshot import Channel, Header, Source, Trailer
from viguard.store.old_snapshot import OldSnapshot
from viguard.store.snapshot_writer import SnapshotWriter
from viguard.vsphere.credentials import Credentials
from viguard.vsphere.endpoint import Endpoint
from viguard.vsphere.http import DEFAULT_LIMITS, Limits
from viguard.vsphere.session import Session
from viguard.vsphere.soap import Connection

DEFAULT_OPTIONS = Options()


def no_progress(server: str, kind: str, done: int, of: int) -> None:
    """Tell nobody."""


def utc_now() -> datetime:
    """The time."""
    return datetime.now(UTC)


class Collector:
    """Reads servers. ``credentials`` gives users and passwords, ``progress`` is told what is read,
    ``now`` is the clock, ``limits`` bound every reply.
    """

    def __init__(
        self,
        credentials: Credentials,
        *,
        progress: Progress = no_progress,
        now: Callable[[], datetime] = utc_now,
        options: Options = DEFAULT_OPTIONS,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self.credentials, self.progress, self.now = credentials, progress, now
        self.options, self.limits = options, limits

    def to_file(self, endpoints: Sequence[Endpoint], out: Path, *, since: Path | None = None) -> Trailer:
        """Read servers into the snapshot ``out``; what is unchanged is taken over from ``since`` (``out`` itself
        by default, when it is there). The trailer says how complete it is.

        Raises:
            SourceError: no server could be logged in to (the first one's error), or none was named.
            StoreError: the snapshot cannot be written.
        """
        old = self._old(since or out)
        with self._meeting(endpoints) as (subjects, gaps, header), SnapshotWriter(out, header, old) as writer:
            self._read_all(subjects, writer, gaps)
            return writer.finish(Trailer(ended_at=self.now(), complete=not gaps, gaps=gaps.all(), gone=_gone(subjects)))

    def to_memory(self, endpoints: Sequence[Endpoint]) -> Inventory:
        """Read servers.

        Raises:
            SourceError: no server could be logged in to (the first one's error), or none was named.
        """
        memory = Memory()
        with self._meeting(endpoints) as (subjects, gaps, header):
            self._read_all(subjects, memory, gaps)
        return Inventory(
            memory.records,
            read_at=header.started_at,
            sources=header.sources,
            gaps=gaps.all(),
            complete=not gaps,
        )

    @contextmanager
    def _meeting(self, endpoints: Sequence[Endpoint]) -> Iterator[tuple[list[Subject], Gaps, Header]]:
        """Sessions of every server that lets us in; all are logged out at the end, however it comes."""
        started, gaps = self.now(), Gaps()
        subjects: list[Subject] = []
        refused: list[tuple[SourceError, Source]] = []
        with ExitStack() as stack:
            for endpoint in map(self.credentials.complete, endpoints):
                try:
                    subjects.append(self._meet(stack, endpoint, subjects))
                except SourceError as error:
                    refused.append((error, _refused_source(endpoint, error)))
                    gaps.add(f"/{endpoint.name or endpoint.host}", "everything", error.message)
            if not subjects:
                raise refused[0][0] if refused else InputError("no server to read", hint="name a vCenter or host")
            subjects = _told_apart(subjects)
            sources = (*map(_source, subjects), *(source for _, source in refused))
            yield subjects, gaps, Header(started_at=started, sources=sources, tool=f"viguard {viguard.__version__}")

    def _meet(self, stack: ExitStack, endpoint: Endpoint, others: Sequence[Subject]) -> Subject:
        login = self.credentials.login(endpoint)
        session = stack.enter_context(Session(Connection(endpoint, self.limits), login))
        subject = meet(session, self.options)
        for other in others:
            if other.server.id == subject.server.id:
                raise SourceError(
                    f"it has the same identity as {other.server.url}: the same server named twice, or a copy of it",
                    where=endpoint.url,
                    hint="read it once; give a copied vCenter an instanceUuid of its own",
                )
        return subject

    def _read_all(self, subjects: Sequence[Subject], sink: Sink, gaps: Gaps) -> None:
        for subject in subjects:
            collection = Collection(subject, sink, gaps, options=self.options, now=self.now(), progress=self.progress)
            try:
                collection.run()
            except SourceError as error:
                gaps.add(subject.server.path, "everything after the last object read", error.message)

    def _old(self, path: Path) -> OldSnapshot | None:
        """The earlier snapshot, None when there is none that can be trusted."""
        if not path.exists():
            return None
        try:
            return OldSnapshot(path)
        except SnapshotError:  # nothing depends on it: everything is read anew
            return None


def _told_apart(subjects: list[Subject]) -> list[Subject]:
    """The subjects, where servers of one name have names and paths of their own."""
    named = names_apart(s.server for s in subjects)
    return [
        replace(s, server=replace(s.server, name=name, path=f"/{escape(name)}")) if name else s
        for s in subjects
        for name in [named.get(s.server.id, "")]
    ]


def _source(subject: Subject) -> Source:
    endpoint = subject.session.connection.endpoint
    return Source(
        server=subject.server.id,
        name=subject.server.name,
        url=endpoint.url,
        channels=(Channel(name="vim", read=True), _tags_channel(subject)),
        tls=endpoint.trust.mode,
        user=subject.session.user,
    )


def _tags_channel(subject: Subject) -> Channel:
    """The REST API, which tells tags: read, or why not."""
    if isinstance(subject.tags, Unknown):
        return Channel(name="rest", read=False, reason=str(subject.tags))
    return Channel(name="rest", read=True)


def _refused_source(endpoint: Endpoint, error: SourceError) -> Source:
    channels = (Channel(name="vim", read=False, reason=error.message),)
    return Source(server="", name=endpoint.name or endpoint.host, url=endpoint.url, channels=channels, tls="none")


def _gone(subjects: Sequence[Subject]) -> int:
    return sum(s.reader.gone for s in subjects)
