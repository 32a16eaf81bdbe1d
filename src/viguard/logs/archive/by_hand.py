"""Packs a whole archive that nobody writes to."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from viguard.logs.archive.files import Files
from viguard.logs.archive.lock import locked
from viguard.logs.archive.packing import Left, Packed, pack
from viguard.logs.archive.recover import Loss, recover
from viguard.logs.archive.segments import segments
from viguard.logs.archive.writer import Limits


def pack_all(directory: Path) -> Iterator[Loss | Packed | Left]:
    """What a crash had left and opening the archive took, then what came of each segment, newest first.

    Raises: InputError when there is no such archive, or another process writes to it; OSError.
    """
    if not segments(directory):
        return
    lock = locked(directory)
    try:
        yield from recover(directory)
        for path in reversed(segments(directory)):
            yield pack(path, files=Files(), free_share=Limits().free_share)
    finally:
        os.close(lock)
