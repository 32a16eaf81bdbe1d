"""Log files as chunks of whole lines; what cannot be read is told at the end and ends nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime

from viguard.errors import InputError
from viguard.logs.files import Chunk, open_source
from viguard.logs.files.bundle import is_log
from viguard.model.text import plural, visible

STDIN = "-"
INCOMPLETE = 4


class Files:
    """The lines of files, folders, archives and standard input (``-``), one after the other."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names, self._troubles, self._is_read = tuple(names), list[InputError](), False

    def __iter__(self) -> Iterator[tuple[Chunk, datetime]]:
        """Chunks, each with the time that dates its lines where they have no year: when the file was written."""
        for name in self._names:
            at, is_some = written_at(name), False
            try:
                for chunk in open_source(name, numbered=False):
                    self._is_read = is_some = True
                    yield chunk, at
            except InputError as error:
                self._troubles.append(error)
                continue
            if not is_some and _has_something(name):
                what, hint = "no log is in there", "name the files themselves"
                self._troubles.append(InputError(what, where=visible(name), hint=hint))

    def code(self, say: Callable[[str], None]) -> int:
        """Afterwards: 0, or 4 when a part could not be read, which is said, as it is what of a folder was not read.

        Raises: InputError when nothing could be read at all.
        """
        if self._troubles and not self._is_read:
            raise InputError("\n".join(str(trouble) for trouble in self._troubles))
        for name in self._names:
            if (count := _passed_over(name)) > 0:
                say(f"note: {visible(name)}: {plural(count, 'file')} not read, no logs by their names")
        for trouble in self._troubles:
            say(f"error: {trouble}")
        return INCOMPLETE if self._troubles else 0


def written_at(name: str) -> datetime:
    """When a file was written last, now for standard input and whatever is no file."""
    if name != STDIN and os.path.isfile(name):  # noqa: PTH113  (a name may be no valid path; its reading says so)
        return datetime.fromtimestamp(os.stat(name).st_mtime, UTC)  # noqa: PTH116
    return datetime.now(UTC)


def _has_something(name: str) -> bool:
    """Whether lines could be expected: of a folder or an archive, not of an empty file."""
    return name != STDIN and (os.path.isdir(name) or os.stat(name).st_size > 0)  # noqa: PTH112, PTH116


def _passed_over(name: str) -> int:
    """How many files of a folder are no logs by their names."""
    if name == STDIN:
        return 0
    return sum(
        not is_log(os.path.relpath(os.path.join(parent, file), name).replace(os.sep, "/"))  # noqa: PTH118
        for parent, _, files in os.walk(name)
        for file in files
    )
