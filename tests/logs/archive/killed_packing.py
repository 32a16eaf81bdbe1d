"""A packing to be killed: opens an archive, says so, and packs every segment of it."""

from __future__ import annotations

import sys
from pathlib import Path

from viguard.logs.archive.files import Files
from viguard.logs.archive.packing import pack
from viguard.logs.archive.recover import recover
from viguard.logs.archive.segments import segments

if __name__ == "__main__":
    directory = Path(sys.argv[1])
    assert recover(directory) == ()
    sys.stdout.write("begun\n")
    sys.stdout.flush()
    for path in segments(directory):
        pack(path, files=Files(), free_share=0.0)
