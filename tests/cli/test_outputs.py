"""What commands write, and what they leave alone."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.vsphere.fake import make_certificate, serve
from viguard.cli.main import main
from viguard.errors import InputError
from viguard.store.snapshots import read

DEMO = Path(__file__).parents[2] / "src/viguard/content/demo/belnet-today.snap"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [*map(str, arguments)])


@pytest.fixture
def snapshot(tmp_path: Path) -> Path:
    return Path(shutil.copy(DEMO, tmp_path / "estate.snap"))


def test_an_audit_does_not_replace_what_it_reads(snapshot: Path, tmp_path: Path) -> None:
    before = snapshot.read_bytes()
    link = tmp_path / "same.snap"
    link.symlink_to(snapshot)
    policy = tmp_path / "policy.yaml"
    policy.write_text("zones: {}\n")
    for arguments in ([snapshot, "-o", snapshot], [snapshot, "-o", link], [snapshot, "--policy", policy, "-o", policy]):
        found = run("audit", "--no-store", *arguments)
        assert isinstance(found.exception, InputError)
        assert "is not replaced" in str(found.exception)
    assert (snapshot.read_bytes(), policy.read_text()) == (before, "zones: {}\n")


def test_a_collection_of_files_does_not_replace_what_it_reads(snapshot: Path) -> None:
    before = snapshot.read_bytes()
    assert isinstance(run("collect", "file", snapshot, "-o", snapshot).exception, InputError)
    assert snapshot.read_bytes() == before


def test_a_collection_replaces_no_file_that_is_no_snapshot(snapshot: Path, tmp_path: Path) -> None:
    precious = tmp_path / "precious.txt"
    precious.write_text("the only copy")
    found = run("collect", "file", snapshot, "-o", precious)
    assert isinstance(found.exception, InputError)
    assert "--force" in found.exception.hint
    assert precious.read_text() == "the only copy"
    assert run("collect", "file", snapshot, "--force", "-o", precious).exit_code == 0
    assert read(precious).hosts


def test_a_server_is_not_even_asked_when_its_snapshot_would_replace_another_file(tmp_path: Path) -> None:
    precious = tmp_path / "precious.txt"
    precious.write_text("the only copy")
    with serve(*make_certificate(tmp_path)) as fake:
        found = run("collect", "vsphere", fake.endpoint.url, "-o", precious)
        assert fake.calls == []
    assert isinstance(found.exception, InputError)
    assert precious.read_text() == "the only copy"


@pytest.mark.parametrize("old", ["empty", "snapshot", "half a snapshot", "none"])
def test_a_collection_replaces_snapshots_and_empty_files(old: str, snapshot: Path, tmp_path: Path) -> None:
    target = tmp_path / "target.snap"
    content = {"empty": b"", "snapshot": DEMO.read_bytes(), "half a snapshot": DEMO.read_bytes()[:-100]}
    if old in content:
        target.write_bytes(content[old])
    run("collect", "file", snapshot, "-o", target)
    assert read(target).hosts


@pytest.mark.skipif(os.name != "posix", reason="modes are of POSIX")
@pytest.mark.parametrize("format_", ["table", "json", "jsonl", "csv", "html"])
def test_a_report_is_for_its_owner_alone(format_: str, snapshot: Path, tmp_path: Path) -> None:
    report = tmp_path / "report"
    report.write_text("of a time when everybody could read it")
    report.chmod(0o644)
    run("audit", "--no-store", snapshot, "--format", format_, "-o", report)
    assert stat.S_IMODE(report.stat().st_mode) == 0o600
    assert report.stat().st_size > 1000
