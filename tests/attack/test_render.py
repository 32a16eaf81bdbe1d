"""Answers as text, JSON, OpenGraph and SVG; hostile names do no harm in any."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

import pytest
from msgspec.structs import replace

from tests.attack.conftest import named, with_records
from viguard.attack.answers import Answer, Asked
from viguard.attack.build import build
from viguard.attack.graph import Graph
from viguard.attack.render import opengraph, svg, text
from viguard.model.inventory import Inventory

HOSTILE = 'x</text><script>alert("1")</script>&\x1b[31m\u202e'


@pytest.fixture(scope="module")
def hostile(belnet: Inventory) -> tuple[Graph, Answer]:
    """From a guest of a hostile name to the vCenters."""
    guest = named(belnet, "backup1")
    graph = build(with_records(belnet, replace(guest, name=HOSTILE)))
    return graph, Asked(graph).reach(f"What does {HOSTILE} reach?", [guest.id])


def test_a_drawing_is_whole_and_escapes_names(hostile: tuple[Graph, Answer]) -> None:
    drawn = svg.drawing(hostile[1])
    root = ET.fromstring(drawn)  # noqa: S314  (our own text)
    tags = {e.tag.rpartition("}")[2] for e in root.iter()}
    assert tags == {"svg", "title", "rect", "g", "defs", "marker", "path", "text"}
    texts = [e.text or "" for e in root.iter() if e.tag.endswith("title")]
    assert any(t.startswith("guest: x</text><script>") for t in texts)
    assert "\x1b" not in drawn
    assert "\u202e" not in drawn


def test_boxes_of_a_drawing_do_not_overlap(hostile: tuple[Graph, Answer]) -> None:
    root = ET.fromstring(svg.drawing(hostile[1]))  # noqa: S314
    boxes = [e.attrib for e in root.iter() if e.tag.endswith("rect") and "rx" in e.attrib]
    places = [(int(b["x"]), int(b["y"])) for b in boxes]
    assert len(places) == len(set(places)) > 6
    wide, high = int(root.attrib["width"]), int(root.attrib["height"])
    assert all(x + svg.WIDTH <= wide and y + svg.HEIGHT <= high for x, y in places)


def test_opengraph_matches_every_edge_by_id(hostile: tuple[Graph, Answer]) -> None:
    found = json.loads(opengraph.document(hostile[0]))
    assert set(found) == {"metadata", "graph"}
    ids = {n["id"] for n in found["graph"]["nodes"]}
    assert len(ids) == len(found["graph"]["nodes"])
    for edge in found["graph"]["edges"]:
        assert edge["start"]["value"] in ids
        assert edge["end"]["value"] in ids
        assert edge["kind"].isalnum()
        assert edge["properties"]["certainty"] in {"real", "possible"}
        assert all(isinstance(v, str | int) or all(isinstance(i, str) for i in v) for v in edge["properties"].values())
    for node in found["graph"]["nodes"]:
        assert 1 <= len(node["kinds"]) <= 3
    possible = [e for e in found["graph"]["edges"] if e["properties"]["certainty"] == "possible"]
    assert all(e["properties"]["missing"] for e in possible)


def test_lines_show_evidence_needs_and_what_closes_each_step(hostile: tuple[Graph, Answer]) -> None:
    told = text.lines(hostile[1], hostile[0])
    joined = "\n".join(told)
    assert "\x1b" not in joined
    assert "       Backup: config.network.portgroup.spec.vlanId = 900" in told
    assert "       closed by: require CHAP and an access list at the array (cost 3)" in told
    assert "       needs: the array knows initiators by a name or address, which can be forged" in told
    assert "Possible only, because facts were not read:" in told
    assert any(line.startswith("Facts as read at 20") for line in told)


def test_json_says_what_is_possible_and_when_facts_were_read(hostile: tuple[Graph, Answer], belnet: Inventory) -> None:
    found = json.loads(text.document(hostile[1], hostile[0]))
    assert found["schema"] == "viguard-attack/1"
    steps = [s for p in found["paths"] for s in p]
    assert {s["certainty"] for s in steps} == {"real"}
    assert any(s["certainty"] == "possible" and s["missing"] for p in found["possible_paths"] for s in p)
    told = [f for s in steps for f in s["evidence"] if f["field"]]
    assert {f["read_at"] for f in told} == {belnet.read_at.isoformat().replace("+00:00", "Z")}
