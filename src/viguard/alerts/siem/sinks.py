"""The destinations. Each takes records, or raises and gets the same ones again."""

from __future__ import annotations

import asyncio
import errno
import os
import ssl
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec

from viguard.alerts.secret import read_secret
from viguard.alerts.settings import Destination, ElasticTo, FileTo, SplunkTo, SyslogTo
from viguard.alerts.siem.post import ReplyError, context_of, post
from viguard.alerts.siem.records import Record
from viguard.alerts.siem.rfc5424 import frame

BATCH_BYTES = 512 * 1024
BATCH_RECORDS = 2_000


class Sink(Protocol):
    """A destination."""

    async def send(self, records: Sequence[Record], number: str) -> int:
        """How many it refused for good. ``number`` is the same when the same records come again.

        Raises: OSError, TimeoutError when they have to be sent again.
        """

    async def close(self) -> None:
        """End the connection."""


def sink_of(destination: Destination) -> Sink:
    """The sink of a destination. Raises: InputError for its secret, OSError for its certificates."""
    if destination.syslog is not None:
        return SyslogSink(destination.syslog)
    if destination.splunk is not None:
        return SplunkSink(destination.splunk)
    if destination.elastic is not None:
        return ElasticSink(destination.elastic)
    if destination.json_lines is not None:
        return FileSink(destination.json_lines)
    raise ValueError(destination.name)  # the loader lets none without a way pass


class SyslogSink:
    """RFC 5424 in frames of RFC 5425. TLS has no receipts: what the peer's buffers hold when it dies is lost."""

    def __init__(self, to: SyslogTo) -> None:
        self._to = to
        self._context = context_of(to.ca_file)
        if to.certificate_file:
            self._context.load_cert_chain(to.certificate_file, to.key_file or None)
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(self, records: Sequence[Record], number: str) -> int:  # noqa: ARG002 - see Sink
        """Write the frames."""
        reader, writer = await self._connection()
        try:
            writer.write(b"".join(map(frame, records)))
            await writer.drain()
        except BaseException:
            await self.close()
            raise
        if reader.at_eof():
            await self.close()
            raise ReplyError("the receiver closed the connection")
        return 0

    async def close(self) -> None:
        """Say goodbye, so that the receiver gets what was written."""
        if self._streams is not None:
            _, writer = self._streams
            self._streams = None
            writer.close()
            try:
                async with asyncio.timeout(5):
                    await writer.wait_closed()
            except (OSError, TimeoutError):
                return

    async def _connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams is not None and (self._streams[0].at_eof() or self._streams[1].is_closing()):
            await self.close()
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._to.host, self._to.port, ssl=self._context)
        return self._streams


class SplunkSink:
    """Splunk's HTTP event collector."""

    def __init__(self, to: SplunkTo) -> None:
        self._url = to.url.rstrip("/") + "/services/collector/event"
        self._headers = {"Authorization": f"Splunk {_token(read_secret(to.token))}", "Content-Type": "application/json"}
        self._index, self._context = to.index, _context(to.url, to.ca_file)

    async def send(self, records: Sequence[Record], number: str) -> int:  # noqa: ARG002 - see Sink
        """Post them in batches; what the collector calls malformed is refused."""
        refused = 0
        for rows in _batches([msgspec.json.encode(self._event(r)) for r in records]):
            status, answer = await post(self._url, self._headers, b"\n".join(rows), self._context)
            if status == 400 and _hec_code(answer) in _MALFORMED:
                refused += len(rows)
            elif status != 200 or _hec_code(answer) != 0:
                raise ReplyError(f"HEC did not take them: {status}")
        return refused

    async def close(self) -> None:
        """Nothing is kept open."""

    def _event(self, record: Record) -> dict[str, Any]:
        event = {
            "time": round(record.time.timestamp(), 3),
            "host": record.host,
            "source": "viguard",
            "sourcetype": f"viguard:{record.wire}",
            "event": record.document,
        }
        return {**event, "index": self._index} if self._index else event


class ElasticSink:
    """The bulk interface. Ids are the same when records come again, so nothing is stored twice."""

    def __init__(self, to: ElasticTo) -> None:
        self._url = to.url.rstrip("/") + "/_bulk?filter_path=errors,items.create.status"
        self._headers = {"Content-Type": "application/x-ndjson"}
        if to.api_key is not None:
            self._headers["Authorization"] = f"ApiKey {_token(read_secret(to.api_key))}"
        self._index, self._context = to.index, _context(to.url, to.ca_file)

    async def send(self, records: Sequence[Record], number: str) -> int:
        """Post them in batches; what does not fit the mapping is refused."""
        rows = []
        for n, record in enumerate(records):
            action = {"create": {"_index": self._index, "_id": f"{number}-{n}"}}
            rows.append(msgspec.json.encode(action) + b"\n" + msgspec.json.encode(record.document) + b"\n")
        refused = 0
        for batch in _batches(rows):
            refused += await self._batch(batch)
        return refused

    async def _batch(self, batch: Sequence[bytes]) -> int:
        status, answer = await post(self._url, self._headers, b"".join(batch), self._context)
        if status != 200:
            raise ReplyError(f"the bulk interface answered {status}")
        try:
            statuses = msgspec.json.decode(answer, type=_Bulk).statuses()
        except msgspec.MsgspecError as err:
            raise ReplyError("the answer of the bulk interface is not understood") from err
        if len(statuses) != len(batch):
            raise ReplyError("the bulk interface answered for other records than were sent")
        if any(s == 429 or s >= 500 for s in statuses):
            raise ReplyError("the bulk interface is too busy for some records")
        return sum(s not in {200, 201, 409} for s in statuses)

    async def close(self) -> None:
        """Nothing is kept open."""


_MALFORMED = {6, 12, 13}  # invalid data format, event field missing, event field blank; 7 (index) is a setting


class _HecAnswer(msgspec.Struct):
    code: int = -1


def _hec_code(answer: bytes) -> int:
    try:
        return msgspec.json.decode(answer, type=_HecAnswer).code
    except msgspec.MsgspecError:
        return -1  # a page of some proxy is no receipt


class _Item(msgspec.Struct):
    status: int


class _Bulk(msgspec.Struct):
    items: list[dict[str, _Item]] = []

    def statuses(self) -> list[int]:
        return [one.status for item in self.items for one in item.values()]


class FileSink:
    """Appends JSON lines. The file is opened for each batch, so that it may be rotated at any time."""

    def __init__(self, to: FileTo) -> None:
        self._path = Path(to.path)

    async def send(self, records: Sequence[Record], number: str) -> int:  # noqa: ARG002 - see Sink
        """Append them, all or none."""
        data = b"".join(msgspec.json.encode(r.document) + b"\n" for r in records)
        await asyncio.to_thread(self._append, data)
        return 0

    def _append(self, data: bytes) -> None:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        with os.fdopen(os.open(self._path, flags, 0o640), "ab", buffering=0) as file:
            info = os.fstat(file.fileno())
            if not stat.S_ISREG(info.st_mode):
                raise OSError(errno.EINVAL, "this is no regular file")
            try:
                written = 0
                while written < len(data):
                    written += file.write(data[written:]) or 0
            except OSError:
                file.truncate(info.st_size)
                raise

    async def close(self) -> None:
        """Nothing is kept open."""


def _batches(rows: Sequence[bytes]) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    size = 0
    for row in rows:
        if batch and (size + len(row) > BATCH_BYTES or len(batch) >= BATCH_RECORDS):
            yield batch
            batch, size = [], 0
        batch.append(row)
        size += len(row)
    if batch:
        yield batch


def _token(text: str) -> str:
    """A secret for a header: what could end the header is no secret of these services."""
    return "".join(c for c in text if c.isascii() and c.isprintable())


def _context(url: str, ca_file: str) -> ssl.SSLContext | None:
    return context_of(ca_file) if url.startswith("https:") else None
