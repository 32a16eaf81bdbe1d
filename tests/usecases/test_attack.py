"""Attack paths of an estate that was read from files."""

from __future__ import annotations

from pathlib import Path

import pytest

from viguard.errors import InputError
from viguard.model.snapshot import Gap
from viguard.store import snapshots
from viguard.usecases.attack import Opened, Request
from viguard.usecases.person import Person
from viguard.usecases.sources import Sources

NOBODY = Person(ask=lambda question: pytest.fail(f"asked {question}"), progress=lambda *_: None)
DEMO = Path(__file__).parents[2] / "src" / "viguard" / "content" / "demo" / "belnet.snap"


def test_an_incomplete_reading_ends_with_4_and_a_path_with_3_first(tmp_path: Path) -> None:
    inventory = snapshots.read(DEMO)
    inventory.complete, inventory.gaps = False, (Gap(path="/vc-main", what="a host", reason="unreachable"),)
    snapshots.save(inventory, tmp_path / "part.snap")
    opened = Opened(Request(sources=Sources(names=(str(tmp_path / "part.snap"),))), NOBODY)
    shown, none = opened.to("vcenter"), opened.between("www1", "vcenter1")
    assert (opened.exit_code(shown, fail=False), opened.exit_code(shown, fail=True)) == (4, 3)
    assert opened.exit_code(none, fail=True) == 4


def test_without_a_policy_networks_are_vlans() -> None:
    opened = Opened(Request(sources=Sources(names=(str(DEMO),))), NOBODY)
    assert "VLAN 900" in {n.name for n in opened.graph.nodes}
    assert opened.between("VLAN 900", "vc-main").found


def test_a_name_that_several_things_have_is_refused() -> None:
    opened = Opened(Request(sources=Sources(), demo=True), NOBODY)
    with pytest.raises(InputError, match="several are called Internal Servers"):
        opened.from_("Internal Servers")
