"""Log lines from files, folders, archives and standard input."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol, cast

from viguard.errors import InputError
from viguard.logs.files.bundle import Tar, is_log, is_tar
from viguard.logs.files.chunks import Chunk, Reader, chunks
from viguard.logs.files.packed import GZIP, Gzip, Limits, Zstd, is_zstd
from viguard.logs.files.streams import refuse, stream_of
from viguard.model.text import visible

_HEAD_BYTES = 512


def read_files(paths: Iterable[str | Path], limits: Limits | None = None, *, numbered: bool = True) -> Iterator[Chunk]:
    """The lines of several sources, one after the other. What one lacks does not end the others.

    A path is a file, plain or packed (gzip, zstd, xz, bzip2, tar within them), a folder (its logs in order of their
    names, links not followed), or ``-`` for standard input. ``numbered`` counts lines, at a cost of about 80 ns a line.

    Raises: InputError, after every line that could be read, with all that went wrong.
    """
    walk = _Walk(limits or Limits(), numbered=numbered)
    for path in paths:
        yield from walk.source(str(path))
    walk.end()


def open_source(path: str | Path, limits: Limits | None = None, *, numbered: bool = True) -> Iterator[Chunk]:
    """The lines of one source; as :func:`read_files`."""
    return read_files([path], limits, numbered=numbered)


class _Raw(Protocol):
    def readinto(self, into: memoryview, /) -> int | None: ...


class _Opened:
    """A file, and what the system says when it cannot be read."""

    def __init__(self, raw: _Raw, name: str) -> None:
        self._raw, self._name = raw, name

    def readinto(self, into: memoryview) -> int:
        """As :meth:`Reader.readinto`."""
        try:
            return self._raw.readinto(into) or 0
        except OSError as error:
            raise InputError(f"cannot be read: {error.strerror or error}", where=self._name) from None


class _Peeked:
    """A reader whose first bytes were looked at."""

    def __init__(self, source: Reader) -> None:
        self._source = source
        buffer = bytearray(_HEAD_BYTES)
        view, got = memoryview(buffer), 0
        self._failure: InputError | None = None
        try:
            while got < _HEAD_BYTES and (more := source.readinto(view[got:])):
                got += more
        except InputError as error:  # what came before it is read first
            self._failure = error
        self.head = bytes(view[:got])
        self._left = memoryview(self.head)

    def readinto(self, into: memoryview) -> int:
        """As :meth:`Reader.readinto`."""
        if not self._left:
            if self._failure is not None:
                raise self._failure
            return self._source.readinto(into)
        size = min(len(into), len(self._left))
        into[:size] = self._left[:size]
        self._left = self._left[size:]
        return size


class _Walk:
    def __init__(self, limits: Limits, *, numbered: bool) -> None:
        self._limits, self._numbered = limits, numbered
        self._errors: list[InputError] = []
        self._files = 0

    def end(self) -> None:
        """Raises what went wrong, if anything did."""
        if len(self._errors) == 1:
            raise self._errors[0]
        if self._errors:
            raise InputError("\n".join(str(error) for error in self._errors))

    def source(self, path: str) -> Iterator[Chunk]:
        """The lines of a path."""
        if path == "-":
            yield from self._lines(_Opened(_standard_input(), "standard input"), "standard input")
        elif os.path.isdir(path):  # noqa: PTH112  (a path may be no valid Path, and is kept as it was given)
            yield from self._folder(Path(path))
        else:
            yield from self._file(Path(path))

    def _folder(self, folder: Path) -> Iterator[Chunk]:
        for parent, folders, names in os.walk(folder, onerror=self._unreadable):
            folders.sort()
            for name in sorted(names):
                path = Path(parent, name)
                if is_log(path.relative_to(folder).as_posix()) and stat.S_ISREG(path.lstat().st_mode):
                    if not self._counted(str(folder)):
                        return
                    yield from self._file(path)

    def _unreadable(self, error: OSError) -> None:
        where = visible(str(error.filename), 1000)
        self._errors.append(InputError(f"cannot be read: {error.strerror}", where=where))

    def _counted(self, where: str) -> bool:
        self._files += 1
        if self._files == self._limits.files + 1:
            self._errors.append(
                InputError(f"more than {self._limits.files:,} files; the rest was not read", where=where)
            )
        return self._files <= self._limits.files

    def _file(self, path: Path) -> Iterator[Chunk]:
        name = visible(str(path), 1000)
        try:
            opened = path.open("rb", buffering=0)
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else "no such name"
            self._errors.append(InputError(f"cannot be read: {why}", where=name))
            return
        with opened:
            yield from self._lines(_Opened(opened, name), name)

    def _lines(self, source: Reader, name: str, depth: int = 0) -> Iterator[Chunk]:
        with self._noted():
            peeked = _Peeked(source)
            refuse(peeked.head, name)
            if kind := _packed(peeked.head):
                if depth >= 2 * self._limits.depth:
                    raise InputError("archives within archives; not read", where=name)
                yield from self._lines(kind(peeked, name, self._limits), name, depth + 1)
            elif is_tar(peeked.head):
                yield from self._bundle(Tar(peeked, name), name, depth + 1)
            else:
                yield from chunks(peeked, name, numbered=self._numbered)

    def _bundle(self, bundle: Tar, name: str, depth: int) -> Iterator[Chunk]:
        if depth >= 2 * self._limits.depth:
            raise InputError("archives within archives; not read", where=name)
        for member, reader in bundle.members():
            if not self._counted(name):
                return
            if is_log(member):
                yield from self._lines(reader, f"{name}:{member}", depth)

    @contextmanager
    def _noted(self) -> Iterator[None]:
        """Notes what goes wrong, once: an archive that ends tells so to each of its readers."""
        try:
            yield
        except InputError as error:
            if error not in self._errors:
                self._errors.append(error)


def _packed(head: bytes) -> Callable[[Reader, str, Limits], Reader] | None:
    """What unpacks a file that begins so, None when it is not packed."""
    if head.startswith(GZIP):
        return Gzip
    return Zstd if is_zstd(head) else stream_of(head)


def _standard_input() -> _Raw:
    return cast("_Raw", getattr(cast("BinaryIO", sys.stdin.buffer), "raw", sys.stdin.buffer))
