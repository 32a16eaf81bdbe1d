"""A real MRTG calls the probe and draws."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.alerts.parts import Part
from viguard.alerts.mrtg import render_mrtg
from viguard.alerts.status import Status, write_status
from viguard.errors import InputError


@pytest.mark.real("mrtg")
def test_it_draws_every_graph(tmp_path: Path) -> None:
    part = Part("mrtg", "usr/bin/mrtg")
    status, work, config = tmp_path / "status.json", tmp_path / "work", tmp_path / "mrtg.cfg"
    work.mkdir()
    probe = tmp_path / "viguard-mrtg"
    probe.write_text(
        f'#!/bin/sh\nLD_LIBRARY_PATH= PYTHONPATH= exec {sys.executable} -m viguard.alerts.probes.mrtg "$@"\n'
    )
    probe.chmod(0o755)
    config.write_text(render_mrtg(work, status, str(probe)))
    for turn in range(3):
        now = datetime.now(UTC)
        counters = {"logins": 10 + turn, "failures": turn, "log_bytes": 5000 * turn, "log_lines": 50 * turn}
        write_status(
            status,
            Status(written_at=now, started_at=now, counters=counters, consoles={"web1": 3}, findings={"high": 2}),
        )
        done = part.call(config)
        assert done.returncode == 0, done.stderr
    for name in ("logins", "consoles", "log-bytes", "findings", "alerts"):
        image = work / f"viguard-{name}-day.png"
        assert image.read_bytes().startswith(b"\x89PNG\r\n\x1a\n"), done.stderr
        assert (work / f"viguard-{name}.html").exists()
    newest = (work / "viguard-consoles.log").read_text().splitlines()[0].split()
    assert newest[1:] == ["3", "3"]
    newest = (work / "viguard-logins.log").read_text().splitlines()[0].split()
    assert newest[1:] == ["12", "2"]


@pytest.mark.parametrize("path", ["/var/lib/x y", "/var/`id`", "/var/$HOME", "relative", "/var/a;b"])
def test_a_path_that_the_shell_would_read_otherwise_is_refused(path: str) -> None:
    with pytest.raises(InputError):
        render_mrtg(Path("/var/www/mrtg"), Path(path))
