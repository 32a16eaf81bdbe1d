"""An audit of the live lab gives exactly lab/belnet/expected.yaml."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

import lab
from lab.demo import POLICY, write_credentials
from lab.inventory.accounts import privileges
from lab.inventory.source import read
from tests.acceptance.expected import differences, load, outcomes, unexplained
from viguard.assess import controls
from viguard.model.audit import Audit
from viguard.model.result import Status
from viguard.usecases import audit
from viguard.usecases.person import Person
from viguard.usecases.sources import Sources
from viguard.vsphere.privileges import role_for

FAULTS = POLICY.with_name("faults.yaml")
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
    assert unexplained(found.results) == []


@pytest.mark.parametrize("estate", ["belnet", "today"])
def test_every_control_is_expected(estate: str) -> None:
    assert load(estate)[1].keys() == controls.load().keys()


@pytest.mark.parametrize("server", lab.ENDPOINTS)
def test_the_audit_account_has_the_documented_role_and_no_more(server: str) -> None:
    api = read("endpoints")["endpoints"][server]["api"]
    assert privileges("Auditor", api) == sorted(p.id for p in role_for(api))


def planted(part: str) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = yaml.safe_load(FAULTS.read_text(encoding="utf-8"))[part]
    known = controls.load()
    return [row for row in rows if row["control"] in known and known[row["control"]].evaluable]


def expected_failures(row: dict[str, str]) -> set[str]:
    """Names of the findings that are expected of a fault's control in its estate."""
    estate = "today" if row["endpoint"] == "vc-today" else "belnet"
    return load(estate)[1][row["control"]].others[Status.FAIL]


def about(row: dict[str, str], name: str) -> bool:
    """Whether a finding is about a planted fault: its object, a part of it, the server that tells it, or the estate."""
    return row["object"] in name.split("/") or name in {row["endpoint"], "estate"}


@pytest.mark.parametrize(
    "row", planted("faults"), ids=lambda row: f"{row['endpoint']}-{row['control']}-{row['object']}"
)
def test_every_planted_fault_is_an_expected_finding(row: dict[str, str]) -> None:
    assert any(about(row, name) for name in expected_failures(row))


@pytest.mark.parametrize("row", planted("quiet"), ids=lambda row: f"{row['endpoint']}-{row['control']}")
def test_a_quiet_fault_is_no_finding(row: dict[str, str]) -> None:
    assert not any(about(row, name) for name in expected_failures(row))
