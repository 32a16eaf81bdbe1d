"""Snapshot files as estates in memory, and back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from viguard.errors import InputError
from viguard.model.apart import told_apart
from viguard.model.inventory import Inventory
from viguard.model.snapshot import Header, Trailer
from viguard.store.snapshot_lines import SnapshotLines, decode_record
from viguard.store.snapshot_writer import SnapshotWriter


def load(paths: Sequence[Path]) -> Inventory:
    """The estate of one or more snapshots, as one. Objects of different servers stay apart.

    Raises:
        SnapshotError: a file is truncated, altered, or of another schema.
    """
    return merge([read(path) for path in paths])


def merge(inventories: Sequence[Inventory]) -> Inventory:
    """Several inventories as one; it is as old as the oldest and complete when all are. Servers of one name are told
    apart by their names and paths.

    Raises:
        InputError: two of them hold the same server, so that each of its objects would count twice.
    """
    inventories = told_apart(inventories)
    if len(inventories) == 1:
        return inventories[0]
    held: dict[str, Inventory] = {}
    for inventory in inventories:
        for id_ in inventory.by_id:
            if held.setdefault(id_, inventory) is not inventory:
                names = " and ".join(source.name or source.url for source in inventory.sources)
                raise InputError(
                    f"two sources hold the same server ({names or inventory.source_name(id_)})",
                    hint="name each server once: its newest snapshot, or itself",
                )
    return Inventory(
        (record for i in inventories for record in i.by_id.values()),
        read_at=min(i.read_at for i in inventories),
        sources=[s for i in inventories for s in i.sources],
        gaps=[g for i in inventories for g in i.gaps],
        complete=all(i.complete for i in inventories),
    )


def read(path: Path) -> Inventory:
    """The estate of one snapshot.

    Raises:
        SnapshotError: the file is truncated, altered, or of another schema.
    """
    lines = SnapshotLines(path)
    records = [decode_record(line, path, number) for number, line in enumerate(lines)]
    return Inventory(
        records,
        read_at=lines.header.started_at,
        sources=lines.header.sources,
        gaps=lines.trailer.gaps,
        complete=lines.trailer.complete,
    )


def save(inventory: Inventory, target: Path) -> Trailer:
    """Write an estate in memory as a snapshot.

    Raises:
        StoreError: the disk does not take it.
    """
    header = Header(started_at=inventory.read_at, sources=inventory.sources)
    with SnapshotWriter(target, header) as writer:
        for record in inventory.by_id.values():
            writer.put(record.id, "", [record])
        return writer.finish(Trailer(ended_at=inventory.read_at, complete=inventory.complete, gaps=inventory.gaps))
