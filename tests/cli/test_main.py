from __future__ import annotations

import subprocess
import sys

import pytest
from click.testing import CliRunner

from viguard import __version__
from viguard.cli.main import COMMANDS, main


def viguard(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from viguard.cli.main import run; run()", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        **options,  # type: ignore[call-overload]
    )


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_has_help(command: str) -> None:
    found = CliRunner().invoke(main, [command, "--help"])
    assert found.exit_code == 0, found.output
    assert found.output.startswith("Usage: ")


def test_version() -> None:
    done = viguard("--version")
    assert done.returncode == 0
    assert done.stdout == f"viguard, version {__version__}\n"


def test_the_version_needs_no_heavy_import() -> None:
    heavy = ("rich", "lxml", "sqlalchemy", "pyVmomi", "yaml")
    code = f"import sys, viguard.cli.main; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "[]\n"


def test_a_mistyped_command_is_answered_with_the_near_one() -> None:
    done = viguard("audti")
    assert done.returncode == 2
    assert "Did you mean audit?" in done.stderr


def test_usage_errors_exit_with_2_and_no_traceback() -> None:
    for arguments in (["audit", "--format", "pdf"], ["audit", "nothing-here.snap"], ["zones", "explain"]):
        done = viguard(*arguments)
        assert done.returncode == 2, done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(shell: str) -> None:
    done = viguard("completion", shell)
    assert done.returncode == 0
    assert "_VIGUARD_COMPLETE" in done.stdout
