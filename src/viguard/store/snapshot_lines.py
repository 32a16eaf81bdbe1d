"""The lines of a snapshot, read with every check: whole, unaltered, of our schema."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import zstandard

from viguard.errors import SnapshotError
from viguard.model.facts import Resource
from viguard.model.snapshot import SCHEMA, UNSTATED_SCHEMA, Header, Trailer
from viguard.store.snapshot_format import LINE_BYTES, decode_header, decode_line, decode_trailer

_AGAIN = "collect again; an interrupted collection leaves no usable file"
_OTHER_SCHEMA = "collect again, or read it with the viguard that wrote it"


def begins_like_a_snapshot(path: Path) -> bool:
    """Whether a file is a snapshot as far as its first line tells, whole or not."""
    try:
        with closing(_decompress(path)) as raw:
            decode_header(raw.readline(LINE_BYTES))
    except (OSError, zstandard.ZstdError, msgspec.DecodeError, UnicodeDecodeError, SnapshotError):
        return False
    return True


class SnapshotLines:
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
            header = decode_header(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise self._broken("does not begin like a snapshot") from error
        if refusal := unreadable(header.schema):
            raise SnapshotError(f"the snapshot {refusal}", where=str(self.path), hint=_OTHER_SCHEMA)
        return header

    def _finish(self, line: bytes, count: int) -> None:
        self._raw.close()
        try:
            self.trailer = decode_trailer(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise self._broken(f"is truncated: {count + 1 if line else 0} objects could be read") from error
        if self.trailer.digest != self._digest.hexdigest():
            raise self._broken(f"was altered: its digest does not fit the {count} objects in it")

    def _broken(self, what: str) -> SnapshotError:
        return SnapshotError(f"the snapshot {what}", where=str(self.path), hint=_AGAIN)


def unreadable(stated: str, reads: str = SCHEMA) -> str:
    """Why a program that reads schema ``reads`` cannot read a file of the ``stated`` one ("": none), or ""."""
    if (stated or UNSTATED_SCHEMA) == reads:
        return ""
    told = f"has the schema {stated[:40]!r}" if stated else f"names no schema, so it is of {UNSTATED_SCHEMA!r}"
    return f"{told}; this viguard reads {reads!r}"


def decode_record(line: bytes, path: Path, number: int) -> Resource:
    """The record in an object line; ``number`` of them stand before it.

    Raises:
        SnapshotError: there is none in it.
    """
    try:
        return decode_line(line).record
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
