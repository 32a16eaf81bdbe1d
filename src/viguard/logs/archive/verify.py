"""Reads everything that the archive holds and names what is damaged."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import zstandard

from viguard.logs.archive import index as indexes
from viguard.logs.archive.frames import FrameError, Header, digest, runs_of, unpack
from viguard.logs.archive.segments import Damage, Frame, Gap, moment, own_header, segment_id, segments, walk
from viguard.model.facts import Struct
from viguard.model.text import lines_in


class Checked(Struct, frozen=True, kw_only=True):
    """What was read, and what could not be. ``packed`` segments were packed again, which saved ``gained_bytes``.
    ``open_tail`` bytes at the end of a segment without index are being written, or were when viguard stopped: no
    receipt of them has been acknowledged.
    """

    segments: int = 0
    frames: int = 0
    lines: int = 0
    raw_bytes: int = 0
    packed: int = 0
    gained_bytes: int = 0
    open_tail: int = 0
    damage: tuple[Damage, ...] = ()


def verify(directory: Path) -> Checked:
    """Checks every frame of every segment against its hashes, and every segment against its index.

    Raises: InputError when there is no such directory.
    """
    frames = lines = raw = tail = count = packed = gained = 0
    damage: list[Damage] = []
    paths = segments(directory)
    for path in paths:
        try:
            with indexes.opened(path) as opened:
                count += 1
                if opened.own_index is None and not opened.is_apart:
                    damage.extend(no_index(path, is_newest=path == paths[-1]))
                saved = _gained(opened.fd)
                packed, gained = packed + bool(saved), gained + saved
                for found in _segment(path, opened):
                    match found:
                        case Frame():
                            frames, lines, raw = frames + 1, lines + found.header.lines, raw + found.header.raw
                        case Damage():
                            damage.append(found)
                        case _:
                            tail += found
        except FileNotFoundError:
            continue  # retention took it
    return Checked(
        segments=count,
        frames=frames,
        lines=lines,
        raw_bytes=raw,
        packed=packed,
        gained_bytes=gained,
        open_tail=tail,
        damage=tuple(damage),
    )


def _gained(fd: int) -> int:
    """The bytes that packing a segment again has saved; 0 when it is as it was written."""
    own = own_header(fd)
    return max(own[1].size_before - os.fstat(fd).st_size, 0) if own is not None and own[1].level else 0


def _segment(path: Path, opened: indexes.Opened) -> Iterator[Frame | Damage | int]:
    fd, index, is_apart = opened
    decompressor = zstandard.ZstdDecompressor()
    size = os.fstat(fd).st_size
    segment = index.segment if index else segment_id(fd, size)
    seen: set[int] = set()
    for found in walk(fd, size, 0, segment):
        match found:
            case Frame():
                seen.add(found.offset)
                why = trouble(fd, found, decompressor)
                yield found if not why else of_frame(path, found, why)
            case Gap() if index is None and found.is_tail and not is_apart:
                yield found.size
            case Gap():
                yield from of_gap(path, found, index)
    if index is None:
        return
    if size < index.size:
        yield from of_gap(path, Gap(size, index.size - size, "the segment ends early", is_tail=True), index)
    known = {entry.offset for entry in index.entries}
    for offset in sorted(seen - known):
        yield Damage(file=path.name, offset=offset, size=0, why="a frame that the index does not name")


def no_index(path: Path, *, is_newest: bool) -> Iterator[Damage]:
    """What it means that a segment had no readable index. The newest one has none while it is written, and is closed
    at any moment: an index that can be read by now is no damage.
    """
    if indexes.path_of(path).exists():
        if indexes.read(path) is not None:
            return
        yield Damage(file=path.name, offset=0, size=0, why="a damaged index: frames at its end may be missing")
    elif not is_newest:
        yield Damage(file=path.name, offset=0, size=0, why="no index: frames at its end may be missing")


def trouble(fd: int, frame: Frame, decompressor: zstandard.ZstdDecompressor) -> str:
    """What is wrong with a frame, "" when nothing is."""
    try:
        checked(os.pread(fd, frame.header.size, frame.data), frame.header, decompressor)
    except FrameError as error:
        return str(error)
    return ""


def checked(data: bytes, header: Header, decompressor: zstandard.ZstdDecompressor) -> bytes:
    """The lines of a frame from its compressed data, when all of it is as its header says.

    Raises: FrameError.
    """
    if digest(data) != header.digest:
        raise FrameError("the hash of the data does not fit")
    lines = unpack(data, header, decompressor)
    runs = runs_of(header)
    if not runs or runs[-1].end != len(lines) or lines_in(lines) != header.lines:
        raise FrameError("the lines are not those that the header names")
    return lines


def of_frame(path: Path, frame: Frame, why: str) -> Damage:
    """A frame whose header is whole and whose data is not."""
    return Damage(
        file=path.name,
        offset=frame.offset,
        size=frame.end - frame.offset,
        why=why,
        since=moment(frame.header.received_at),
        until=moment(frame.header.received_at),
        senders=tuple(sorted({sender for sender, _ in frame.header.sources})),
        hosts=frame.header.hosts,
    )


def of_gap(path: Path, gap: Gap, index: indexes.Index | None) -> Iterator[Damage]:
    """Bytes that are no frame, with what the index knows of the frames that stood there."""
    if index is None:
        yield Damage(file=path.name, offset=gap.offset, size=gap.size, why=gap.why)
        return
    end = gap.offset + gap.size
    entries = [e for e in index.entries if e.offset < end and e.offset + e.size > gap.offset]
    times = [moment(entry.received_at) for entry in entries]
    yield Damage(
        file=path.name,
        offset=gap.offset,
        size=gap.size,
        why=gap.why,
        since=min(times, default=None),
        until=max(times, default=None),
        senders=tuple(sorted({index.senders[n] for entry in entries for n in entry.senders})),
        hosts=tuple(sorted({index.hosts[n] for entry in entries for n in entry.hosts})),
    )
