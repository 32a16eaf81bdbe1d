"""Size of the archive and speed of its search, beside gzip and zgrep on the same lines.

    python -m bench.logs_search [--lines 5000000] [--runs 5] [--folder DIR]

Both sides look for one IPv4 address and have to find the same lines. What was taken under load is packed again in the
end, as the log server does when it is idle. The lines are cut into 50 gzip files, as a
syslog daemon that rotates leaves them. Prints the medians and what they come to.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from statistics import median

from bench.loglines import Options, write
from viguard.logs.archive.by_hand import pack_all
from viguard.logs.archive.packing import Packed
from viguard.logs.archive.query import Query
from viguard.logs.archive.search import search
from viguard.logs.archive.segments import Damage
from viguard.logs.archive.writer import BUSY, IDLE, Archive, Limits
from viguard.logs.block import Block, Run

ADDRESS = "198.51.100.77"
FILES = 50
_BLOCK = 1 << 20


def _blocks(path: Path) -> Iterator[bytes]:
    rest = b""
    with path.open("rb") as file:
        while piece := file.read(_BLOCK):
            whole = rest + piece
            end = whole.rfind(b"\n") + 1
            rest = whole[end:]
            yield whole[:end]


async def _store(path: Path, directory: Path, level: int) -> float:
    """Takes every line into an archive; the CPU time of that in seconds."""
    began = time.process_time()
    with Archive(directory, Limits(level=level)) as archive:
        waiting: set[asyncio.Task[None]] = set()
        for data in _blocks(path):
            block = Block(data, time.time(), (Run("192.0.2.1", "tcp", 0, len(data)),))
            waiting.add(asyncio.ensure_future(archive.take(block)))
            if len(waiting) >= 16:
                _, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.gather(*waiting)
    return time.process_time() - began


def _gzip(path: Path, folder: Path) -> list[Path]:
    folder.mkdir()
    subprocess.run(["split", "-n", f"l/{FILES}", path, folder / "part"], check=True)
    parts = sorted(folder.iterdir())
    subprocess.run(["gzip", "-6", *parts], check=True)
    return sorted(folder.iterdir())


def _timed(run: Callable[[], int], runs: int) -> tuple[float, float, int]:
    """Median wall and CPU seconds, children included, and what was found."""
    walls, cpus, found = [], [], 0
    for _ in range(runs):
        began, cpu = time.perf_counter(), sum(os.times()[:4])
        found = run()
        walls.append(time.perf_counter() - began)
        cpus.append(sum(os.times()[:4]) - cpu)
    return median(walls), median(cpus), found


def _size(files: Iterable[Path]) -> int:
    return sum(path.stat().st_size for path in files)


def _zgrep(files: list[Path]) -> int:
    said = subprocess.run(
        ["zgrep", "-hF", ADDRESS, *files], check=True, capture_output=True, env={"LC_ALL": "C", **os.environ}
    )
    return said.stdout.count(b"\n")


def _ours(directory: Path, threads: int) -> int:
    """In a process of its own, as a command would run."""
    said = subprocess.run(
        [sys.executable, "-m", "bench.logs_search", "--search", str(directory), "--threads", str(threads)],
        check=True,
        capture_output=True,
    )
    return said.stdout.count(b"\n")


def _search(directory: Path, threads: int) -> None:
    def tell(damage: Damage) -> None:
        raise RuntimeError(str(damage))

    for match in search(directory, Query(text=ADDRESS), tell=tell, threads=threads):
        sys.stdout.buffer.write(match.line + b"\n")


def _compare(folder: Path, lines: int, runs: int) -> None:
    log, archive = folder / "lines.log", folder / "archive"
    write(log, Options(lines))
    files = _gzip(log, folder / "gz")
    gzipped, raw = _size(files), log.stat().st_size
    print(f"{lines} lines, {raw / 1e6:.1f} MB, gzip -6 {gzipped / 1e6:.1f} MB")
    for when, level in (("at leisure", IDLE), ("under load", BUSY)):
        shutil.rmtree(archive, ignore_errors=True)
        cpu = asyncio.run(_store(log, archive, level))
        stored = _size(archive.iterdir())
        print(
            f"archive {when}: {stored / 1e6:.1f} MB, {stored / gzipped:.3f} of gzip -6 (goal 0.900); "
            f"taken at {raw / 1e6 / cpu:.0f} MB a second of CPU"
        )
    peer, peer_cpu, peer_found = _timed(lambda: _zgrep(files), runs)
    print(f"zgrep -F: {peer:.2f} s, {peer_cpu:.2f} s CPU, {peer_found} lines")
    for threads in (1, 2):
        wall, cpu, found = _timed(lambda threads=threads: _ours(archive, threads), runs)  # type: ignore[misc]
        assert found == peer_found, f"{found} lines instead of {peer_found}"
        goal = " (goal 8)" if threads == 2 else ""
        print(
            f"viguard, {threads} threads: {wall:.2f} s, {cpu:.2f} s CPU: {peer / wall:.1f}x{goal}, "
            f"CPU {peer_cpu / cpu:.1f}x"
        )
    _pack(archive, raw, gzipped)
    wall, _, found = _timed(lambda: _ours(archive, 2), runs)
    assert found == peer_found, f"{found} lines instead of {peer_found}"
    print(f"viguard, 2 threads, packed again: {wall:.2f} s: {peer / wall:.1f}x")


def _pack(archive: Path, raw: int, gzipped: int) -> None:
    """What was taken under load, packed again as it is at leisure."""
    before, began = _size(archive.iterdir()), time.process_time()
    for told in pack_all(archive):
        assert isinstance(told, Packed), told
    cpu, stored = time.process_time() - began, _size(archive.iterdir())
    print(
        f"archive under load, packed again at leisure: {before / 1e6:.1f} MB became {stored / 1e6:.1f} MB, "
        f"{stored / gzipped:.3f} of gzip -6 (goal 0.900); {raw / 1e6 / cpu:.0f} MB of lines a second of CPU"
    )


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--lines", type=int, default=5_000_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="where the files go; a temporary one without")
    parser.add_argument("--search", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--threads", type=int, default=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.search:
        _search(given.search, given.threads)
        return
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        _compare(Path(folder), given.lines, given.runs)


if __name__ == "__main__":
    main()
