"""Snapshots are written while a server is read, and take over what did not change since the last one."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
import zstandard

from viguard.errors import StoreError
from viguard.model.facts import Resource
from viguard.model.snapshot import SCHEMA, Header, Trailer
from viguard.store.old_snapshot import OldSnapshot
from viguard.store.snapshot_format import LEVEL, LOST, LOST_AT, decode_line, encode, line_kind, line_prefix


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
        self._write(encode(msgspec.structs.replace(header, schema=SCHEMA)) + b"\n")

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
        prefix = line_prefix(of, digest, lost=lost)
        for record in records:
            kind = str(record.__struct_config__.tag)
            self.counts[kind] = self.counts.get(kind, 0) + 1
            self._write(prefix + encode(record) + b"}\n")

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
            kind = line_kind(line)
            self.counts[kind] = self.counts.get(kind, 0) + 1
        self._write(b"".join(lines))
        return [decode_line(line).record for line in lines if line.startswith(LOST, LOST_AT)]

    def finish(self, trailer: Trailer) -> Trailer:
        """Write the trailer, with counts and digest filled in, and put the file in its place.

        Raises:
            StoreError: the disk does not take it.
        """
        digest = self._digest.hexdigest()
        whole = msgspec.structs.replace(trailer, counts=self.counts, digest=digest, seals=self._seals)
        self._write(encode(whole) + b"\n")
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
