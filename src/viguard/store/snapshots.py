"""Snapshot files: zstd JSON Lines, written while reading; a header, one object a line, a trailer.

``zstd -dc FILE | head -n -1 | sha256sum`` prints the digest of the trailer.
"""

from __future__ import annotations

import hashlib
import io
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
import zstandard

from viguard.errors import InputError, SnapshotError, StoreError
from viguard.model.facts import Resource, Struct
from viguard.model.inventory import Inventory
from viguard.model.snapshot import SCHEMA, Header, Record, Trailer

LEVEL = 1
"""Compression: level 3 saves 8 % of the file and costs twice the time."""
LINE_BYTES = 64 << 20
_AGAIN = "collect again; an interrupted collection leaves no usable file"
_HASH = b'{"hash":"'
_DIGITS = 32
"""Of the hash of a line."""
_LOST = b"-"
"""Ends the hash of a line whose record misses facts."""
_OF = b'","of":'
_RECORD = b',"record":'
_KIND = b'"record":{"is":"'


class _Line(Struct, frozen=True):
    record: Record
    hash: str = ""
    of: str = ""


_encode = msgspec.json.Encoder().encode
_decode_line = msgspec.json.Decoder(_Line).decode
_decode_header = msgspec.json.Decoder(Header).decode
_decode_trailer = msgspec.json.Decoder(Trailer).decode


class SnapshotWriter:
    """Writes a snapshot to a temporary file beside its target, and renames it when it is whole.

    Leaving the context without ``finish`` removes what was written: the target keeps what it had.
    ``old`` is a snapshot whose unchanged objects are taken over.
    """

    def __init__(self, target: Path, header: Header, old: OldSnapshot | None = None) -> None:
        self.target, self._old = target, old
        self.counts: dict[str, int] = {}
        self._seals: dict[str, tuple[str, ...]] = {}
        self._digest = hashlib.sha256()
        if target.exists() and not target.is_file():
            raise StoreError("the snapshot cannot be written: this is no regular file", where=str(target))
        try:
            handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
        except OSError as error:
            raise StoreError(f"the snapshot cannot be written: {error.strerror}", where=str(target)) from error
        self._part = Path(name)
        self._file = os.fdopen(handle, "wb")
        self._zstd = zstandard.ZstdCompressor(level=LEVEL).stream_writer(self._file, closefd=False)
        self._write(_encode(header) + b"\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._file.closed:
            self._file.close()
        with suppress(OSError):
            self._part.unlink(missing_ok=True)

    def put(self, of: str, digest: str, records: Sequence[Resource], *, lost: bool = False) -> None:
        """Write the records that were made from the object ``of``; ``lost``: some of their facts were not read.

        ``digest`` (32 hex digits) stands for everything they were made from, "" when they must not be taken over.
        """
        prefix = _prefix(of, digest, lost=lost)
        for record in records:
            kind = str(record.__struct_config__.tag)
            self.counts[kind] = self.counts.get(kind, 0) + 1
            self._write(prefix + _encode(record) + b"}\n")

    def reuse(self, of: str, digest: str) -> list[Resource] | None:
        """Take over the lines of ``of`` from the old snapshot, when they were made from the same.

        Returns None when there are none; otherwise those records among them that miss facts.
        """
        lines = self._old.take(of, digest) if self._old else []
        return self._take_over(lines) if lines else None

    def seal(self, seal: str, of: Sequence[str]) -> None:
        """Note that the records of these objects were all made from what ``seal`` stands for."""
        self._seals[seal] = tuple(of)

    def reuse_sealed(self, seal: str) -> list[Resource] | None:
        """As reuse, for all objects that were written under ``seal``."""
        found = self._old.take_sealed(seal) if self._old else None
        if found is None:
            return None
        of, lines = found
        self.seal(seal, of)
        return self._take_over(lines)

    def _take_over(self, lines: Sequence[bytes]) -> list[Resource]:
        for line in lines:
            kind = _kind(line)
            self.counts[kind] = self.counts.get(kind, 0) + 1
        self._write(b"".join(lines))
        return [_decode_line(line).record for line in lines if line.startswith(_LOST, len(_HASH) + _DIGITS)]

    def finish(self, trailer: Trailer) -> Trailer:
        """Write the trailer, with counts and digest filled in, and put the file in its place.

        Raises:
            StoreError: the disk does not take it.
        """
        digest = self._digest.hexdigest()
        whole = msgspec.structs.replace(trailer, counts=self.counts, digest=digest, seals=self._seals)
        self._write(_encode(whole) + b"\n")
        try:
            self._zstd.flush(zstandard.FLUSH_FRAME)
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._part.replace(self.target)
        except OSError as error:
            raise StoreError(f"the snapshot cannot be written: {error.strerror}", where=str(self.target)) from error
        return whole

    def _write(self, line: bytes) -> None:
        self._digest.update(line)
        try:
            self._zstd.write(line)
        except OSError as error:
            raise StoreError(f"the snapshot cannot be written: {error.strerror}", where=str(self.target)) from error


class OldSnapshot:
    """An earlier snapshot, read beside a new collection: its lines by what they were made from, never objects.

    Read once and let go of (Windows does not replace an open file); lines that were taken are forgotten.
    """

    def __init__(self, path: Path) -> None:
        """Read and check the whole file.

        Raises:
            SnapshotError: it is truncated, altered, or of another schema.
        """
        self._lines: dict[bytes, list[bytes]] = {}
        everything = _Lines(path)
        for line in everything:
            self._lines.setdefault(_key(line), []).append(line)
        self._seals = everything.trailer.seals

    def take(self, of: str, digest: str) -> list[bytes]:
        """The lines made from ``of``, when ``digest`` is the one they carry, else none."""
        lines = self._lines.pop(_encode(of), [])
        return lines if digest and lines and lines[0].startswith(digest.encode(), len(_HASH)) else []

    def take_sealed(self, seal: str) -> tuple[Sequence[str], list[bytes]] | None:
        """The objects that were made from what ``seal`` stands for, and their lines; None when one is missing."""
        of = self._seals.get(seal)
        keys = [_encode(o) for o in of or ()]
        if of is None or not all(key in self._lines for key in keys):
            return None
        return of, [line for key in keys for line in self._lines.pop(key)]


def load(paths: Sequence[Path]) -> Inventory:
    """The estate of one or more snapshots, as one. Objects of different servers stay apart.

    Raises:
        SnapshotError: a file is truncated, altered, or of another schema.
    """
    return merge([read(path) for path in paths])


def merge(inventories: Sequence[Inventory]) -> Inventory:
    """Several inventories as one; it is as old as the oldest and complete when all are.

    Raises:
        InputError: two of them hold the same server, so that each of its objects would count twice.
    """
    if len(inventories) == 1:
        return inventories[0]
    held: dict[str, Inventory] = {}
    for inventory in inventories:
        for id_ in inventory.by_id:
            if held.setdefault(id_, inventory) is not inventory:
                names = " and ".join(source.name or source.url for source in inventory.sources)
                raise InputError(
                    f"two sources hold the same server ({names or inventory.source_name(id_)})",
                    hint="name each server once: its newest snapshot, or itself",
                )
    return Inventory(
        (record for i in inventories for record in i.by_id.values()),
        read_at=min(i.read_at for i in inventories),
        sources=[s for i in inventories for s in i.sources],
        gaps=[g for i in inventories for g in i.gaps],
        complete=all(i.complete for i in inventories),
    )


def read(path: Path) -> Inventory:
    """The estate of one snapshot.

    Raises:
        SnapshotError: the file is truncated, altered, or of another schema.
    """
    lines = _Lines(path)
    records = [_record(line, path, number) for number, line in enumerate(lines)]
    return Inventory(
        records,
        read_at=lines.header.started_at,
        sources=lines.header.sources,
        gaps=lines.trailer.gaps,
        complete=lines.trailer.complete,
    )


def save(inventory: Inventory, target: Path) -> Trailer:
    """Write an estate in memory as a snapshot.

    Raises:
        StoreError: the disk does not take it.
    """
    header = Header(started_at=inventory.read_at, sources=inventory.sources)
    with SnapshotWriter(target, header) as writer:
        for record in inventory.by_id.values():
            writer.put(record.id, "", [record])
        return writer.finish(Trailer(ended_at=inventory.read_at, complete=inventory.complete, gaps=inventory.gaps))


class _Lines:
    """The object lines of a snapshot. ``header`` is known from the start, ``trailer`` at the end.

    Nothing is proven before the end: there the digest is compared.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.trailer = path, Trailer(ended_at=datetime.min.replace(tzinfo=UTC))
        self._raw, self._digest = _decompress(path), hashlib.sha256()
        first = self._next(0)
        self._digest.update(first)
        self.header = self._header(first)

    def __iter__(self) -> Iterator[bytes]:
        held, count = self._next(0), 0
        while line := self._next(count):
            self._digest.update(held)
            yield held
            held, count = line, count + 1
        self._finish(held, count)

    def _next(self, count: int) -> bytes:
        try:
            line = self._raw.readline(LINE_BYTES)
        except (OSError, zstandard.ZstdError) as error:
            raise self._broken(f"is damaged: {count} objects could be read before the damage") from error
        if line and not line.endswith(b"\n"):
            raise self._broken(f"is truncated: {count} objects could be read")
        return line

    def _header(self, line: bytes) -> Header:
        try:
            header = _decode_header(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise self._broken("does not begin like a snapshot") from error
        if header.schema != SCHEMA:
            raise self._broken(f"has schema {header.schema[:40]!r}; this viguard reads {SCHEMA}")
        return header

    def _finish(self, line: bytes, count: int) -> None:
        self._raw.close()
        try:
            self.trailer = _decode_trailer(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise self._broken(f"is truncated: {count + 1 if line else 0} objects could be read") from error
        if self.trailer.digest != self._digest.hexdigest():
            raise self._broken(f"was altered: its digest does not fit the {count} objects in it")

    def _broken(self, what: str) -> SnapshotError:
        return SnapshotError(f"the snapshot {what}", where=str(self.path), hint=_AGAIN)


def _record(line: bytes, path: Path, number: int) -> Resource:
    try:
        return _decode_line(line).record
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        # An altered line is said to be one, not a mistake of its reader.
        where = f"{path}, line {number + 2}"
        raise SnapshotError(f"the snapshot was altered: {error}", where=where, hint=_AGAIN) from error


def _decompress(path: Path) -> io.BufferedReader:
    try:
        stream = path.open("rb")
    except OSError as error:
        raise SnapshotError(f"the snapshot cannot be read: {error.strerror}", where=str(path)) from error
    decompressor = zstandard.ZstdDecompressor(max_window_size=1 << 27)
    return io.BufferedReader(decompressor.stream_reader(stream, read_across_frames=True, closefd=True), 1 << 20)


def _prefix(of: str, digest: str, *, lost: bool) -> bytes:
    mark = _LOST if lost and digest else b""
    return b'%s%s%s","of":%s,"record":' % (_HASH, digest.encode(), mark, _encode(of))


def _key(line: bytes) -> bytes:
    """What a line was made from, as it stands in the line."""
    start = line.index(_OF) + len(_OF)
    return line[start : line.index(_RECORD, start)]


def _kind(line: bytes) -> str:
    start = line.index(_KIND) + len(_KIND)
    return line[start : line.index(b'"', start)].decode()
