"""A policy file is replaced as a whole or not at all."""

import os
import stat
import sys
from pathlib import Path

import pytest

from viguard.errors import PolicyError
from viguard.policy.saving import save_text
from viguard.policy.source import read_text


def test_what_is_written_is_read_back_with_its_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    save_text(path, "a: é\r\nb: 2\n")
    assert path.read_bytes() == "a: é\r\nb: 2\n".encode()
    assert read_text(path) == "a: é\r\nb: 2\n"
    assert [p.name for p in tmp_path.iterdir()] == ["policy.yaml"]


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes")
def test_permissions_stay(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text("a: 1\n")
    path.chmod(0o640)
    save_text(path, "a: 2\n")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.yaml").write_text("a: 1\n")
    link = tmp_path / "policy.yaml"
    link.symlink_to(tmp_path / "real.yaml")
    save_text(link, "a: 2\n")
    assert link.is_symlink()
    assert (tmp_path / "real.yaml").read_text() == "a: 2\n"


def test_what_cannot_be_encoded_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text("by hand\n")
    with pytest.raises(UnicodeEncodeError):
        save_text(path, "a: \ud800")
    assert path.read_text() == "by hand\n"
    assert [p.name for p in tmp_path.iterdir()] == ["policy.yaml"]


def test_a_directory_that_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "none" / "policy.yaml"
    with pytest.raises(PolicyError) as caught:
        save_text(path, "a: 1\n")
    assert caught.value.mistakes == [
        f"{path}: cannot be written: No such file or directory; check the path and its permissions"
    ]


def test_a_directory_in_place_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="cannot be written"):
        save_text(tmp_path, "a: 1\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_device_or_pipe_is_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(PolicyError, match="no regular file"):
        save_text(pipe, "a: 1\n")
    assert pipe.is_fifo()
