"""Records the estates of the lab for `viguard demo`. Run as ``python -m lab.record``.

A recording that says the same as the lab, times apart, is left as it is.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

import lab
from lab.demo import POLICY, write_credentials
from viguard.collect.run import Collector
from viguard.errors import SnapshotError
from viguard.model.facts import Resource
from viguard.model.inventory import Inventory
from viguard.model.server import Server
from viguard.model.snapshot import SCHEMA
from viguard.store import snapshots
from viguard.store.snapshot_lines import SnapshotLines
from viguard.vsphere.credentials import Credentials, load_credentials
from viguard.vsphere.endpoint import parse_endpoint

DEMO = Path(__file__).resolve().parents[1] / "src" / "viguard" / "content" / "demo"
SWITCHES, FIREWALLS = (POLICY.parent / name for name in ("switches", "firewalls"))
ESTATES = {"belnet": ("vc-main", "vc-test", "esxi-test"), "belnet-today": ("vc-today",)}
ADDRESS = "https://127.0.0.1/sdk"
"""What stands for a server's address: its port is another one at every start."""


def main() -> int:
    """Record both estates, the policy that they are judged by and the switches; gives the exit status."""
    if missing := lab.missing_parts():
        print(f"the lab cannot run here: {'; '.join(missing)}", file=sys.stderr)
        return 2
    DEMO.mkdir(exist_ok=True)
    shutil.copyfile(POLICY, DEMO / "policy.yaml")
    for folder in (SWITCHES, FIREWALLS):
        shutil.copytree(folder, DEMO / folder.name, dirs_exist_ok=True)
    for name, servers in ESTATES.items():
        fresh, target = read(servers), recording(name)
        if _same(fresh, target):
            print(f"{target}: as before")
        else:
            snapshots.save(fresh, target)
            target.chmod(0o644)  # goes into the package
            print(f"{target}: {len(fresh.by_id)} objects, {target.stat().st_size} bytes")
    return 0


def recording(name: str) -> Path:
    """Where the recording of an estate stands."""
    return DEMO / f"{name}.snap"


def read(servers: tuple[str, ...]) -> Inventory:
    """What the audit account reads of freshly started servers, without their ports."""
    with lab.up(servers) as estate, tempfile.TemporaryDirectory() as folder:
        file = write_credentials(estate, Path(folder) / "credentials.yaml")
        collector = Collector(Credentials(entries=load_credentials(file), environment={}))
        found = collector.to_memory([parse_endpoint(f"{e.name}={e.url}") for e in estate.values()])
    return Inventory(
        [_without_port(record) for record in found.by_id.values()],
        read_at=found.read_at,
        sources=[msgspec.structs.replace(source, url=ADDRESS) for source in found.sources],
        gaps=found.gaps,
        complete=found.complete,
    )


def comparable(inventory: Inventory) -> dict[str, Any]:
    """An estate as plain data that is the same for every reading of the same lab.

    Volatile are times only: each becomes the hours that it lies from the reading, for the lab makes them at its start.
    """
    plain = {id_: _plain(record, inventory.read_at) for id_, record in inventory.by_id.items()}
    sources = [_plain(source, inventory.read_at) for source in inventory.sources]
    return {**plain, "sources": sources, "gaps": _plain(inventory.gaps, inventory.read_at)}


def _plain(value: Any, read_at: datetime) -> Any:
    if isinstance(value, datetime):
        return f"{round((value - read_at).total_seconds() / 3600)} h"
    if isinstance(value, dict):
        return {key: _plain(inner, read_at) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner, read_at) for inner in value]
    if isinstance(value, msgspec.Struct):
        return _plain(msgspec.to_builtins(value, builtin_types=(datetime,)), read_at)
    return value


def _without_port(record: Resource) -> Resource:
    return msgspec.structs.replace(record, url=ADDRESS) if isinstance(record, Server) else record


def _same(fresh: Inventory, target: Path) -> bool:
    try:
        if not target.exists() or SnapshotLines(target).header.schema != SCHEMA:
            return False
        return comparable(snapshots.read(target)) == comparable(fresh)
    except SnapshotError:
        return False


if __name__ == "__main__":
    sys.exit(main())
