"""Who may write to an archive, and who may take the place of its files or delete them."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from viguard.errors import InputError
from viguard.logs.archive.segments import LOCK


def locked(directory: Path) -> int:
    """The lock of the one process that writes to an archive: an open file, until it is closed.

    Raises: InputError when another process has it; OSError.
    """
    fd = os.open(directory / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(fd)
        raise InputError(
            "another process writes to this archive", where=str(directory), hint="stop it, or use another directory"
        ) from error
    return fd


@contextmanager
def changing(directory: Path) -> Iterator[None]:
    """Only one thread of one process deletes or replaces closed segments at a time: what retention has deleted shall
    not come back under its name. The kernel lets go of it when a process is killed.

    Raises: InputError when there is no such directory; OSError.
    """
    try:
        fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise InputError(f"no archive of logs: {error.strerror}", where=str(directory)) from error
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)
