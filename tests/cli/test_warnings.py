"""What weakens an audit is said in spite of --quiet, and by every report: the lab speaks TLS 1.0 only here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import lab

pytestmark = pytest.mark.real("lab")


@pytest.fixture(scope="module")
def old() -> Iterator[lab.Endpoint]:
    if missing := lab.missing_parts():
        pytest.skip("the lab needs " + " and ".join(missing))
    with lab.clean("esxi-test", flags=["-tls-min", "1.0", "-tls-max", "1.0"]) as running:
        yield running["esxi-test"]


def viguard(server: lab.Endpoint, *arguments: object, store: Path | None = None) -> subprocess.CompletedProcess[str]:
    account = server.account("auditor")
    variables = {"VIGUARD_USER": account.user, "VIGUARD_PASSWORD": account.password, "NO_COLOR": "1"}
    return subprocess.run(
        [sys.executable, "-m", "viguard", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, **variables, **({"VIGUARD_STORE": str(store)} if store else {})},
    )


def live(server: lab.Endpoint) -> list[str]:
    return [server.url, "--ca-file", str(server.ca_file), "--legacy-tls"]


def test_config_check_says_that_legacy_tls_is_allowed(old: lab.Endpoint) -> None:
    done = viguard(old, "config", "check", "--quiet", *live(old))
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith(f"warning: LEGACY TLS allowed for {old.url}: passwords and facts travel")
    assert "certificate legacy" in done.stdout


def test_reports_over_legacy_tls_say_so_quiet_or_not(old: lab.Endpoint, tmp_path: Path) -> None:
    said = f"LEGACY TLS was allowed for 127.0.0.1 ({old.url}): what it said came under broken encryption"
    for quiet in ([], ["--quiet"]):
        done = viguard(old, "audit", "--no-store", *quiet, *live(old))
        assert done.stdout.count(f"WARNING: {said}"[:100]) == 2, done.stdout  # the summary stands first and last
        assert "from 127.0.0.1 (LEGACY TLS)\n" in done.stdout
        assert f"warning: LEGACY TLS allowed for {old.url}" in done.stderr
    assert json.loads(viguard(old, "audit", "--no-store", "--format", "json", *live(old)).stdout)["warnings"] == [said]
    page = viguard(old, "audit", "--no-store", "--format", "html", *live(old)).stdout
    assert said in page
    assert "(LEGACY TLS)" in page
    assert json.loads(viguard(old, "ask", "--format", "json", *live(old)).stdout)["warnings"] == [said]
    assert "WARNING: LEGACY TLS was allowed" in viguard(old, "ask", *live(old)).stdout


def test_a_snapshot_that_was_collected_that_way_says_so_later(old: lab.Endpoint, tmp_path: Path) -> None:
    snapshot = tmp_path / "old.snap"
    done = viguard(old, "collect", "vsphere", "--quiet", *live(old), "-o", snapshot)
    assert "warning: LEGACY TLS allowed" in done.stderr
    for arguments in (["audit", "--no-store"], ["ask"]):
        done = viguard(old, *arguments, "--quiet", snapshot)
        assert "WARNING: LEGACY TLS was allowed for 127.0.0.1" in done.stdout
        assert "warning: LEGACY TLS was allowed for 127.0.0.1" in done.stderr
    done = viguard(old, "audit", "--no-store", "--quiet", "--format", "csv", snapshot)
    assert "warning: LEGACY TLS was allowed for 127.0.0.1" in done.stderr


def test_a_pinned_certificate_is_named_beside_its_source(tmp_path: Path) -> None:
    if missing := lab.missing_parts():
        pytest.skip("the lab needs " + " and ".join(missing))
    with lab.clean("esxi-test") as running:
        server = running["esxi-test"]
        done = viguard(server, "audit", "--no-store", server.url, "--fingerprint", server.fingerprint)
    assert "from 127.0.0.1 (certificate pinned)\n" in done.stdout
    assert "WARNING" not in done.stdout


def test_what_a_broken_store_costs_is_said_in_spite_of_quiet(old: lab.Endpoint, tmp_path: Path) -> None:
    store = tmp_path / "audits.db"
    store.write_bytes(b"this is no database" * 100)
    done = viguard(old, "audit", "--quiet", *live(old), store=store)
    assert "warning: this audit is not compared with earlier ones and not remembered: " in done.stderr


@pytest.mark.parametrize("option", [["--legacy-tls"], ["--fingerprint", "ab" * 32]])
@pytest.mark.parametrize("command", [["audit"], ["config", "check"], ["collect", "vsphere", "-o", "two.snap"]])
def test_what_is_for_one_server_is_refused_for_several(
    command: list[str], option: list[str], old: lab.Endpoint
) -> None:
    done = viguard(old, *command, *option, old.url, "https://other.example")
    assert done.returncode == 2
    assert f"{option[0]} is for one server, and 2 are named" in done.stderr
    assert "credentials file" in done.stderr
