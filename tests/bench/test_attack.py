"""The peer of the comparison answers as viguard does, on a small estate."""

from __future__ import annotations

import pytest

from bench.attack_estate import estate
from viguard.attack.build import build


def test_networkx_and_viguard_agree(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("networkx")
    from bench import attack  # noqa: PLC0415  (needs networkx)

    monkeypatch.setattr("sys.argv", ["attack", "--hosts", "40", "--runs", "1"])
    attack.main()
    told = capsys.readouterr().out
    assert told.count("; agree\n") == 3, told


def test_the_generated_estate_lacks_nothing_that_it_names() -> None:
    made = estate(20)
    graph = build(made.inventory, reach=made.reach, supplied=made.supplied)
    assert len(made.inventory.guests) == 400
    assert [n.partition(",")[0] for n in graph.notes] == [
        "vc: global permissions are not in the vSphere API; look at Administration"
    ]
    assert {e.kind for e in graph.edges if e.real} >= {"escape", "iscsi", "permitted", "vcenter_login", "guest_service"}
