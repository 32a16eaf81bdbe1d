"""The example of docs/serve.md runs, shows every key, and the unit for systemd is one."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from tests.usecases.serving import Site, line, until
from viguard.logs import settings
from viguard.logs.settings import load_settings
from viguard.model.facts import Struct

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "serve.md").read_text(encoding="utf-8")
(EXAMPLE,) = re.findall(r"(?ms)^```yaml\n(.*?)^```", TEXT)
UNIT = ROOT / "packaging" / "systemd" / "viguard-logs.service"
STRUCTS = [settings.Settings, settings.Socket, settings.Age, settings.Metrics, settings.KeepMore]


def test_the_example_loads(tmp_path: Path) -> None:
    (tmp_path / "serve.yaml").write_text(EXAMPLE)
    found = load_settings(tmp_path / "serve.yaml")
    assert [(one.transport, one.port) for one in found.listen] == [
        ("udp", 514), ("tcp", 514), ("tls", 6514), ("relp", 2514),
    ]  # fmt: skip
    assert (found.directory, found.retention.days) == ("/var/lib/viguard", 365)
    assert found.alerts == str(tmp_path / "alerts.yaml")


@pytest.mark.parametrize("struct", STRUCTS)
def test_every_key_is_shown(struct: type[Struct]) -> None:
    shown = set(re.findall(r"(\w+):", EXAMPLE))
    assert {field.name for field in msgspec.structs.fields(struct)} <= shown


def test_the_example_runs_on_other_addresses(site: Site) -> None:
    wanted: dict[str, Any] = yaml.safe_load(EXAMPLE)
    for one in wanted["listen"]:
        one |= {"address": "127.0.0.1", "port": 0}
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-days", "30", "-subj", "/CN=localhost", "-keyout", "log.key", "-out", "log.pem"]
    subprocess.run(command, cwd=site.folder, check=True, capture_output=True)
    wanted["listen"][2] |= {"certificate": "log.pem", "key": "log.key", "client_ca": "log.pem"}
    shutil.copy(ROOT / "lab" / "belnet" / "policy.yaml", site.folder / "policy.yaml")
    shutil.copy(ROOT / "src" / "viguard" / "content" / "demo" / "belnet.snap", site.folder / "estate.snap")
    (site.folder / "detections").mkdir()
    for name in ("vcenters", "credentials", "metrics"):  # asked for elsewhere; nothing may be reached from a test
        del wanted[name]
    site.serve = wanted | {"directory": "state"}
    with site.running() as server:
        assert set(server.ports) == {"udp", "tcp", "tls", "relp"}
        server.tcp([line("DCUI: authentication of user berry failed")])
        until(site.commands, "Nagios hears of it")
        server.stop()


def test_every_file_of_the_directory_is_named(site: Site) -> None:
    with site.running() as server:
        server.tcp([line("DCUI: authentication of user berry failed")])
        until(site.commands, "Nagios hears of it")
        until((site.directory / "judged.json").exists, "it remembers")
        names = {path.name for path in site.directory.iterdir() if not path.name.startswith(".")}
        server.stop()
    assert {name for name in names if f"`{name}`" not in TEXT and f"`{name}/`" not in TEXT} == set()


def test_the_unit_is_one_that_systemd_takes(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not here")
    program = Path(sys.executable).parent / "viguard"
    text = UNIT.read_text()
    assert text.count("/usr/bin/viguard ") == 2
    unit = tmp_path / UNIT.name
    unit.write_text(text.replace("/usr/bin/viguard ", f"{program} "))
    done = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert UNIT.name not in done.stderr, done.stderr
