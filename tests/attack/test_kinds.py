"""The table of flaws and the kinds of steps."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
import yaml
from msgspec.structs import replace

from tests.attack.conftest import named, with_records
from viguard.attack.build import build
from viguard.attack.graph import Edge
from viguard.attack.kinds import Escape, load_escapes, load_kinds
from viguard.model.guest import Device
from viguard.model.host import Host
from viguard.model.inventory import Inventory

REFERENCE = next((p for p in (p / "shared" / "reference" for p in Path(__file__).parents) if p.exists()), Path("none"))
ROW = Escape(advisory="X", date=date(2020, 1, 1), line="esx", version="3.5", what="", source="", fixed_build=200)


@pytest.mark.parametrize(
    ("row", "build_", "verdict"),
    [
        (ROW, 199, True),
        (ROW, 200, False),
        (replace(ROW, vulnerable_build=150), 150, True),
        (replace(ROW, vulnerable_build=150), 151, None),
        (replace(ROW, fixed_build=None), 1, None),
        (replace(ROW, checked=False), 199, None),
        (replace(ROW, checked=False), 200, False),
    ],
)
def test_a_build_has_a_flaw_or_not_or_nobody_told(row: Escape, build_: int, verdict: bool | None) -> None:
    assert row.open_in(build_) is verdict


def test_a_row_is_about_its_branch_only() -> None:
    assert ROW.concerns("esx", "3.5.0")
    assert not ROW.concerns("esx", "3.50")
    assert not ROW.concerns("embeddedEsx", "3.5.0")


def _escapes(inventory: Inventory, guest: str) -> list[Edge]:
    id_ = named(inventory, guest).id
    return [e for e in build(inventory).edges if e.kind == "escape" and e.source == id_]


def _on(inventory: Inventory, version: str, number: str, *devices: str) -> Inventory:
    """The estate with www1 on a host of that version and build, and with those devices."""
    host, guest = named(inventory, "esxblade5.fw.belnet.be"), named(inventory, "www1")
    assert isinstance(host, Host)
    product = replace(host.product, version=version, build=number)  # type: ignore[type-var]
    given = tuple(Device(key=n, type=d, label=d) for n, d in enumerate(devices))
    return with_records(inventory, replace(host, product=product), replace(guest, devices=given))


def test_a_flaw_of_a_device_concerns_only_guests_that_have_it(today: Inventory) -> None:
    assert not _escapes(_on(today, "6.7.0", "13000000"), "www1")
    found = _escapes(_on(today, "6.7.0", "13000000", "VirtualUSBController"), "www1")
    assert [e.real for e in found] == [True]
    assert any("VMSA-2019-0005" in s.value for s in found[0].evidence)
    assert {s.field for s in found[0].evidence} == {"host", "product", "devices", ""}


def test_a_build_with_every_fix_lets_nobody_out(today: Inventory) -> None:
    assert not _escapes(_on(today, "6.7.0", "17700523", "VirtualUSBController", "VirtualUSBXHCIController"), "www1")


@pytest.mark.parametrize(
    ("version", "number", "why"),
    [
        ("5.1.0", "1", "no flaw is listed for VMware ESXi 5.1.0"),
        ("8.0.3", "snapshot", "which build mends VMSA-2025-0013"),
        ("8.0.1", "99999999", "which build mends VMSA-2025-0004"),
    ],
)
def test_what_the_table_does_not_know_is_possible(version: str, number: str, why: str, today: Inventory) -> None:
    found = _escapes(_on(today, version, number, "VirtualVmxnet3"), "www1")
    assert [(e.real, e.missing) for e in found] == [(False, (why,))]


def test_every_kind_says_what_it_needs_and_what_closes_it() -> None:
    kinds = load_kinds()
    assert len(kinds) == 45
    for name, kind in kinds.items():
        assert kind.title, name
        assert kind.needs, name
        assert bool(kind.action) == bool(kind.mends) == bool(kind.cost), name


@pytest.mark.skipif(not REFERENCE.exists(), reason="the reference folder is not here")
def test_every_row_agrees_with_the_reference() -> None:
    advisories = yaml.safe_load((REFERENCE / "advisories.yaml").read_text(encoding="utf-8"))["advisories"]
    known = {a["id"]: a for a in advisories}
    builds = json.loads((REFERENCE / "esxi_builds_2009_2021.json").read_text(encoding="utf-8"))
    of_build = {int(b["build"]): b for b in builds}
    for row in load_escapes():
        where = f"{row.advisory} {row.version}"
        told = known[row.advisory]
        assert str(row.date) == told["published"], where
        assert told["guest_escape"].startswith("code") or not row.checked, where
        named_builds = {a.get("fixed_build") for a in told["affected"]}
        if row.fixed_build is None or "memory" in row.source or row.fixed_build in named_builds:
            continue
        listed = of_build[row.fixed_build]  # by the name of the patch, or by the day of the advisory
        assert listed["date"] == told["published"], where
        assert row.version in listed["version"], where
