"""An audit of the live lab gives exactly lab/belnet/expected.yaml."""

from __future__ import annotations

from pathlib import Path

import pytest

import lab
from lab.demo import POLICY, write_credentials
from tests.acceptance.expected import differences, load, outcomes
from viguard.assess import controls
from viguard.model.audit import Audit
from viguard.usecases import audit
from viguard.usecases.person import Person
from viguard.usecases.sources import Sources

NOBODY = Person(ask=lambda question: pytest.fail(f"asked {question}"), progress=lambda *_: None)


def audited(servers: dict[str, lab.Endpoint], folder: Path) -> Audit:
    credentials = write_credentials(servers, folder / "credentials.yaml")
    names = tuple(f"{name}={server.url}" for name, server in servers.items())
    request = audit.Request(sources=Sources(names=names, credentials=credentials), policy=POLICY)
    return audit.run(request, NOBODY).audit


@pytest.mark.real("lab")
@pytest.mark.parametrize("estate", ["belnet", "today"])
def test_an_audit_of_the_lab_says_what_was_expected(
    estate: str, belnet: lab.Estate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIGUARD_STORE", str(tmp_path / "store.sqlite"))
    endpoints, wanted = load(estate)
    found = audited({name: belnet[name] for name in endpoints}, tmp_path)
    assert found.complete, found.gaps
    assert differences(wanted, outcomes(found.results)) == []


@pytest.mark.parametrize("estate", ["belnet", "today"])
def test_every_control_is_expected(estate: str) -> None:
    assert load(estate)[1].keys() == controls.load().keys()
