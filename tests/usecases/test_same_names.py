"""Two vCenters with the same names and the same moids: every report tells them apart."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

import viguard
from tests.usecases.test_audit import PERSON
from viguard.model.facts import Resource
from viguard.model.inventory import Inventory
from viguard.model.snapshot import Record
from viguard.policy.selection import Selection
from viguard.store import snapshots
from viguard.usecases import audit, inventory, zones
from viguard.usecases.sources import Sources

DEMO = Path(viguard.__file__).parent / "content" / "demo"
POLICY = DEMO / "policy.yaml"
COPY = "99999999-aaaa-bbbb-cccc-dddddddddddd"


def copied(record: Resource, server: str) -> Resource:
    """The record as a copy of its vCenter tells it: another id of the server, everything else the same."""
    text = msgspec.json.encode(record).replace(server.encode(), COPY.encode())
    found: Resource = msgspec.json.decode(text, type=Record)
    return found


@pytest.fixture
def sources(tmp_path: Path) -> Sources:
    original = DEMO / "belnet-today.snap"
    estate = snapshots.read(original)
    (server,) = estate.servers
    copy = Inventory(
        [copied(record, server.id) for record in estate.by_id.values()],
        read_at=estate.read_at,
        sources=[msgspec.structs.replace(s, server=COPY) for s in estate.sources],
    )
    snapshots.save(copy, tmp_path / "copy.snap")
    return Sources(names=(str(original), str(tmp_path / "copy.snap")))


def test_no_two_results_have_the_same_control_and_path(sources: Sources) -> None:
    request = audit.Request(sources=sources, policy=POLICY, remember=False)
    warned: list[str] = []
    found = audit.run(request, replace(PERSON, warn=warned.append))
    told = [(r.control, r.resource.kind, r.resource.path) for r in found.audit.results]
    assert len(set(told)) == len(told)
    assert {s.name for s in found.audit.sources} == {"vc-today@5d0c43a6", "vc-today@99999999"}
    assert any(note.startswith("2 servers have the name vc-today") for note in warned)


def test_their_clusters_are_rows_of_their_own(sources: Sources) -> None:
    listing = inventory.run(sources, "cluster", None, Selection(folders=("External Cluster",)), PERSON)
    assert [g.name.split("/")[1] for g in listing.groups] == ["vc-today@5d0c43a6", "vc-today@99999999"]
    assert len({len(g.hosts) for g in listing.groups}) == 1


def test_their_guests_are_explained_by_path(sources: Sources) -> None:
    lines = zones.explain("www1", sources, POLICY, Selection(), PERSON)
    heads = [line.split("/")[1] for line in lines if line.startswith("/")]
    assert heads == ["vc-today@5d0c43a6", "vc-today@99999999"]


def test_one_of_them_can_be_selected(sources: Sources) -> None:
    one = inventory.run(sources, "cluster", None, Selection(vcenters=("*@9999*",)), PERSON)
    assert {g.name.split("/")[1] for g in one.groups} == {"vc-today@99999999"}
