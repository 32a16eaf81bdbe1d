"""Every command of docs/logs.md does what it is there for, run as an operator runs it."""

from __future__ import annotations

import gzip
import io
import os
import re
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pytest

from tests.cli.test_logs import APPENDIX_A, RULE
from tests.logs.archive.made import block, fill

TEXT = (Path(__file__).parents[2] / "docs" / "logs.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"(?ms)^```sh\n(.*?)^```", TEXT)
SSH = "<86>Sep 21 14:13:21 esx1 dropbear[7]: {} for 'root' from 192.0.2.7:6"
POLICY = "schema: viguard-policy/1\n"
ALERTS = """
fallback: oncall
receivers:
  - name: oncall
    smstools: {outgoing: SMS, numbers: ["32475123456"]}
  - name: nagios
    nagios: {command_file: FIFO}
routes: [{receivers: [oncall]}]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("operator")
    (made / "hostd.log").write_text(APPENDIX_A)
    (made / "hostd.0.gz").write_bytes(gzip.compress(APPENDIX_A.encode()))
    (made / "esx").mkdir()
    (made / "esx/messages").write_text(APPENDIX_A)
    with tarfile.open(made / "vm-support.tgz", "w:gz") as bundle:
        member = tarfile.TarInfo("esx1/var/log/hostd.log")
        member.size = len(APPENDIX_A)
        bundle.addfile(member, io.BytesIO(APPENDIX_A.encode()))
    lines = (SSH.format("PAM password auth succeeded"), SSH.format("bad PAM password attempt"))
    fill(made / "archive", [block(*lines, at=time.time())])
    (made / "new.yml").write_text(RULE)
    (made / "policy.yaml").write_text(POLICY)
    (made / "sms").mkdir()
    os.mkfifo(made / "fifo")
    text = ALERTS.replace("SMS", str(made / "sms")).replace("FIFO", str(made / "fifo"))
    (made / "alerts.yaml").write_text(text)
    (made / "viguard").write_text(f'#!/bin/sh\nexec {sys.executable} -m viguard "$@"\n')
    (made / "viguard").chmod(0o755)
    return made


@pytest.mark.skipif(sys.platform == "win32", reason="a guide for a shell")
@pytest.mark.parametrize("text", BLOCKS, ids=[re.findall(r"viguard (\w+ \w+)", text)[0] for text in BLOCKS])
def test_the_commands_of_a_chapter(folder: Path, text: str) -> None:
    reader = os.open(folder / "fifo", os.O_RDONLY | os.O_NONBLOCK)  # Nagios is there
    try:
        for command in text.splitlines():
            done = _run(command.replace("/var/log/esx", "esx"), folder)
            assert done.returncode == _wanted(command), f"{command}\n{done.stderr}"
            assert "Traceback" not in done.stderr
    finally:
        os.close(reader)


def _wanted(command: str) -> int:
    """Hunts find the login of root; who follows is stopped."""
    if "--follow" in command:
        return 124
    return 3 if "logs hunt" in command else 0


def _run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    if "--follow" in command:
        command = f"timeout 2 {command}"
    path = f"{folder}:{os.environ['PATH']}"
    return subprocess.run(
        ["sh", "-c", command],
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_it_says_what_it_finds(folder: Path) -> None:
    assert _run("viguard logs search archive 192.0.2.7 --format raw", folder).stdout.count("192.0.2.7") == 2
