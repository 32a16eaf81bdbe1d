from __future__ import annotations

from pathlib import Path

import pytest

from tests.usecases.test_audit import PERSON
from viguard.errors import InputError
from viguard.model.result import Status
from viguard.usecases import audit, demo, explain


@pytest.mark.parametrize("today", [False, True])
def test_what_the_demo_names_can_be_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, today: bool) -> None:
    monkeypatch.setenv("VIGUARD_STORE", str(tmp_path / "store.sqlite"))
    worst = next(r for r in demo.run(PERSON, today=today).audit.results if r.status is Status.FAIL)
    found = explain.run(worst.id, audit.Request(sources=audit.Sources()), PERSON)
    assert (found.result.id, found.result.resource.path) == (worst.id, worst.resource.path)
    assert found.card is not None
    with pytest.raises(InputError, match="no result 'VG-0'"):
        explain.run("VG-0", audit.Request(sources=audit.Sources()), PERSON)
