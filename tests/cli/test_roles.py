"""What README and docs/permissions.md promise of the two roles: only the role for viguard gives complete runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

import lab
from viguard.cli.main import main

pytestmark = pytest.mark.real("lab")


@pytest.mark.parametrize("name", ["vc-today", "vc-main"])
@pytest.mark.parametrize(("role", "code"), [("auditor", 0), ("readonly", 4)])
def test_the_role_for_viguard_is_complete_and_read_only_is_not(
    name: str, role: str, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if missing := lab.missing_parts():
        pytest.skip("the lab needs " + " and ".join(missing))
    with lab.clean(name) as running:
        server = running[name]
        monkeypatch.setenv("VIGUARD_USER", server.account(role).user)
        monkeypatch.setenv("VIGUARD_PASSWORD", server.account(role).password)
        reach = [server.url, "--ca-file", str(server.ca_file)]
        for command in (
            ["config", "check"],
            ["audit", "--no-store", "--fail-on", "none"],
            ["collect", "vsphere", "-o", str(tmp_path / "estate.snap")],
        ):
            found = CliRunner().invoke(main, [*command, *reach])
            assert found.exit_code == code, found.output
