"""What a crash left behind: segments without index. Their torn tails are cut off, and what that took is said.

While a segment is packed again (see ``packing``) a crash leaves files beside it, which go, or the one of segment and
index that was replaced first: then the segment, old or new, is whole, and gets its index anew.
"""

from __future__ import annotations

import os
from pathlib import Path

from viguard.logs.archive import index as indexes
from viguard.logs.archive.frames import digest
from viguard.logs.archive.index import NEW_SUFFIX
from viguard.logs.archive.segments import (
    INDEX_SUFFIX,
    PACKING_SUFFIX,
    SUFFIX,
    Frame,
    Gap,
    own_header,
    segment_id,
    segments,
    walk,
)
from viguard.model.facts import Struct

TORN_SUFFIX = ".torn"
"""What was cut off is kept beside the segment: it is no longer part of the archive, and people may look at it."""


class Loss(Struct, frozen=True, kw_only=True):
    """The torn tail of a segment: ``size`` bytes from ``offset`` on, which no whole frame follows.

    They were being written when the machine or viguard stopped: no receipt of them was acknowledged.
    """

    file: str
    offset: int
    size: int

    def __str__(self) -> str:
        return (
            f"{self.file}: {self.size} bytes from {self.offset} on were cut off: writing them was interrupted before "
            f"their receipt was acknowledged"
        )


def recover(directory: Path) -> tuple[Loss, ...]:
    """Closes every segment that has no index of its own. Only while nobody else writes to the archive.

    Raises: OSError.
    """
    present = segments(directory)
    for orphan in directory.glob(f"*{INDEX_SUFFIX}"):
        if not orphan.with_suffix(SUFFIX).exists():
            orphan.unlink(missing_ok=True)
    for suffix in (PACKING_SUFFIX, NEW_SUFFIX):
        for left in directory.glob(f"*{suffix}"):
            left.unlink(missing_ok=True)
    losses = [_closed(path) for path in present if not _has_index(path)]
    return tuple(loss for loss in losses if loss is not None)


def _has_index(path: Path) -> bool:
    index = indexes.read(path)
    if index is None:
        return False
    fd = os.open(path, os.O_RDONLY)
    try:
        return indexes.is_of(index, fd)
    finally:
        os.close(fd)


def _closed(path: Path) -> Loss | None:
    was_closed = indexes.path_of(path).exists()  # its index is damaged, its tail was whole: nothing is cut off
    fd = os.open(path, os.O_RDWR)
    try:
        size = os.fstat(fd).st_size
        segment, own = segment_id(fd, size), own_header(fd)
        frames = [found for found in walk(fd, size, 0, segment) if isinstance(found, Frame)]
        while frames and not was_closed and not is_whole(fd, frames[-1]):
            frames.pop()
        end = size if was_closed else frames[-1].end if frames else 0
        loss = Loss(file=path.name, offset=end, size=size - end) if _is_torn(fd, end, size) else None
        if loss is not None and frames:
            _put_aside(fd, end, size, path)
        if frames and end < size:
            os.ftruncate(fd, end)
            os.fsync(fd)
    finally:
        os.close(fd)
    if frames:
        indexes.write(path, indexes.gathered(frames).index(segment, end, own[1].level if own else 0))
    elif loss is not None:
        path.rename(path.with_suffix(TORN_SUFFIX))
    elif not was_closed:
        path.unlink()
    return loss


def is_whole(fd: int, frame: Frame) -> bool:
    """Whether the data of a frame is what was written."""
    return digest(os.pread(fd, frame.header.size, frame.data)) == frame.header.digest


def _is_torn(fd: int, end: int, size: int) -> bool:
    """Whether there is more than whole frames and the segment's own header."""
    return any(isinstance(found, Frame | Gap) for found in walk(fd, size, end))


def _put_aside(fd: int, end: int, size: int, path: Path) -> None:
    try:
        aside = os.open(path.with_suffix(TORN_SUFFIX), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    except OSError:
        return  # a full disk: the loss is said all the same
    with os.fdopen(aside, "wb") as out:
        at = end
        try:
            while at < size and (piece := os.pread(fd, 1 << 20, at)):
                out.write(piece)
                at += len(piece)
        except OSError:
            return
