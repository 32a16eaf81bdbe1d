"""What the archive asks of the operating system; a test puts a failing disk in its place."""

from __future__ import annotations

import os
from pathlib import Path


class Files:
    """The real disk. Every method raises OSError."""

    def write(self, fd: int, data: bytes) -> None:
        """Writes all of it at the end."""
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(fd, rest) :]

    def sync(self, fd: int) -> None:
        """Returns when the data is on disk."""
        os.fdatasync(fd)

    def cut(self, fd: int, size: int) -> None:
        """Cuts a file off at a size."""
        os.ftruncate(fd, size)

    def free_share(self, directory: Path) -> float:
        """The share of the file system that is free for us, 0 to 1."""
        told = os.statvfs(directory)
        return told.f_bavail / told.f_blocks if told.f_blocks else 1.0

    def every_byte(self, directory: Path) -> int:
        """The size of the file system."""
        told = os.statvfs(directory)
        return told.f_blocks * told.f_frsize

    def rename(self, old: Path, new: Path) -> None:
        """Gives a file a name, in place of the file that had it."""
        old.replace(new)

    def sync_names(self, directory: Path) -> None:
        """Returns when the names in a directory are on disk."""
        sync_directory(directory)


def sync_directory(directory: Path) -> None:
    """Brings names of files in a directory to the disk. Raises: OSError."""
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
