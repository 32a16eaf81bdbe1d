"""The segment that is being written."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

import msgspec

from viguard.logs.archive import index as indexes
from viguard.logs.archive.files import Files, sync_directory
from viguard.logs.archive.frames import ID_BYTES, SEGMENT_TAG, SegmentHeader, before

VERSION = 1
DAY_S = 86400


class Growing:
    """The segment that is being written. ``end`` is where its last whole group ends."""

    def __init__(self, path: Path, seconds: float, files: Files) -> None:
        self.path, self.day, self._files = path, int(seconds // DAY_S), files
        self.id = secrets.token_bytes(ID_BYTES)
        self.index = indexes.Gatherer()
        self.fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self.end = 0
        try:
            start = before(SEGMENT_TAG, self.id, msgspec.msgpack.encode(SegmentHeader(VERSION, seconds)))
            files.write(self.fd, start)
            sync_directory(path.parent)
        except OSError:
            os.close(self.fd)
            with suppress(OSError):
                path.unlink()
            raise
        self.end = len(start)

    def cut(self) -> None:
        """Takes back what a failed group has written."""
        self.index.cut(self.end)
        self._files.cut(self.fd, self.end)

    def close(self) -> None:
        """Writes the index; a segment without any frame is removed. Raises: OSError."""
        os.close(self.fd)
        if self.index.entries:
            indexes.write(self.path, self.index.index(self.id, self.end))
        else:
            self.path.unlink(missing_ok=True)
