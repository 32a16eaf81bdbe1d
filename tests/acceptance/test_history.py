"""What becomes of findings when one of two live servers does not let us in, and when a filter is on."""

from __future__ import annotations

from pathlib import Path

import pytest

import lab
from lab.demo import POLICY, write_credentials
from tests.acceptance.test_belnet import NOBODY
from viguard.model.audit import Audit
from viguard.model.result import Change, Status
from viguard.policy.selection import Selection
from viguard.usecases import audit
from viguard.usecases.sources import Sources

SERVERS = ("vc-main", "vc-test")
EVERYTHING = Selection()


def audited(belnet: lab.Estate, credentials: Path, selection: Selection = EVERYTHING) -> Audit:
    names = tuple(f"{name}={belnet[name].url}" for name in SERVERS)
    sources = Sources(names=names, credentials=credentials)
    return audit.run(audit.Request(sources=sources, policy=POLICY, selection=selection), NOBODY).audit


def changes(found: Audit) -> set[Change | None]:
    return {r.change for r in found.results if r.status is Status.FAIL}


@pytest.mark.real("lab")
def test_a_wrong_password_or_a_filter_makes_nothing_new_or_fixed(
    belnet: lab.Estate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIGUARD_STORE", str(tmp_path / "store.sqlite"))
    right = write_credentials({name: belnet[name] for name in SERVERS}, tmp_path / "right.yaml")
    assert changes(audited(belnet, right)) == {Change.NEW}
    second = audited(belnet, right)
    assert changes(second) == {Change.OPEN}

    wrong = tmp_path / "wrong.yaml"
    wrong.write_bytes(right.read_bytes())
    wrong.chmod(0o600)
    password = belnet["vc-test"].account().password
    head, found, tail = wrong.read_text(encoding="utf-8").rpartition(password)
    assert found
    wrong.write_text(f"{head}not-this-one{tail}", encoding="utf-8")
    partly = audited(belnet, wrong)
    assert not partly.complete
    assert (changes(partly), partly.fixed) == ({Change.OPEN}, ())
    assert [r.status for r in partly.results if r.control == "audit-monthly"] == [Status.PASS]

    dmz = audited(belnet, right, Selection(folders=("DMZ",)))
    assert (changes(dmz), dmz.fixed) == ({Change.OPEN}, ())

    again = audited(belnet, right)
    assert (changes(again), again.fixed) == ({Change.OPEN}, ())
