from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from viguard import __version__
from viguard.cli.console import results_to
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


@pytest.mark.parametrize("address", ["https://[::1", "[", "A=https://[", "https://[x]y"])
def test_an_address_with_half_a_bracket_is_a_usage_error(address: str) -> None:
    done = viguard("audit", address, "--no-store")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "write https://HOST/sdk" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="closing standard output is a shell's way elsewhere")
def test_a_closed_standard_output_is_told() -> None:
    code = "import sys; sys.stdout = None; from viguard.cli.main import run; run(['controls', 'list'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert done.stderr == "error: standard output is closed\n"


@pytest.mark.skipif(sys.platform == "win32", reason="no named pipes in a folder")
def test_results_are_written_to_a_pipe_and_do_not_replace_it(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE) as reader:
        with results_to(pipe) as stream:
            stream.write(b"findings")
        assert reader.communicate(timeout=30)[0] == b"findings"
    assert pipe.is_fifo()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends processes without telling them")
def test_being_ended_runs_what_logs_out() -> None:
    code = """
import click, os, signal, time
from viguard.cli import main
@click.command()
def command():
    try:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(30)
    finally:
        print("logged out", flush=True)
main.main = command
main.run([])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (143, "logged out\n"), done.stderr


def test_ctrl_c_says_that_sessions_were_logged_out() -> None:
    code = """
import click, os, signal, time
from viguard.cli import main
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
@click.command()
def command():
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(30)
main.main = command
main.run([])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 130
    assert done.stderr.strip() == "stopped; sessions were logged out"


def test_a_file_that_cannot_be_written_is_named_as_it_was_given(tmp_path: Path) -> None:
    target = tmp_path / "nowhere" / "audit.html"
    with pytest.raises(OSError, match="No such file") as found, results_to(target) as stream:
        stream.write(b"never")
    assert found.value.filename == str(target)


def test_a_folder_is_no_source_and_is_said_to_be_one(tmp_path: Path) -> None:
    done = viguard("audit", "--no-store", str(tmp_path))
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {tmp_path}: this is a folder, and no source\n")
    done = viguard("audit", "--no-store", str(tmp_path / "none.snap"))
    assert "there is no such file" in done.stderr


def test_the_demo_says_that_its_sites_are_assumed() -> None:
    told = CliRunner().invoke(main, ["demo"])
    assert "Which blade stands at which site is an assumption of this demo" in told.stderr
