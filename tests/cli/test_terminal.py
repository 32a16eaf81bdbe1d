"""Commands on a real pseudo-terminal: what a person sees last is the question, until it is answered."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pty = pytest.importorskip("pty", reason="pseudo-terminals are POSIX only")

from tests.vsphere.fake import make_certificate, serve  # noqa: E402  (after the skip)

START = (
    "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0)\nfrom viguard.cli.main import run\nrun()"  # as a shell
)
ERASE_LINE = "\x1b[2K"
WATCHED_S = 1.0
"""A bar redraws itself every 0.1 s."""


class Terminal:
    """A running viguard at its own terminal; ``seen`` is everything that was written there, escapes and all."""

    def __init__(self, end: int, process: subprocess.Popen[bytes]) -> None:
        self.end, self.process, self.seen = end, process, ""

    def watch(self, seconds: float) -> str:
        """What is written within so long, or until the program ends."""
        before, until = len(self.seen), time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if select.select([self.end], [], [], left)[0]:
                try:
                    data = os.read(self.end, 65536)
                except OSError:  # Linux says so when the other end is closed
                    break
                if not data:
                    break
                self.seen += data.decode()
        return self.seen[before:]

    def wait_for(self, text: str) -> None:
        """Until the text was written."""
        until = time.monotonic() + 30
        while text not in self.seen and time.monotonic() < until:
            self.watch(0.1)
        assert text in self.seen

    def answer(self, text: str) -> None:
        """Type a line."""
        os.write(self.end, text.encode() + b"\n")


@contextmanager
def viguard(*arguments: str, **variables: str) -> Iterator[Terminal]:
    ours, theirs = pty.openpty()
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("VIGUARD_", "GOVC_"))}
    process = subprocess.Popen(
        [sys.executable, "-c", START, *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        env={**environment, "TERM": "xterm", "COLUMNS": "200", **variables},
    )
    os.close(theirs)
    try:
        yield Terminal(ours, process)
    finally:
        process.kill()
        process.wait()
        os.close(ours)


@pytest.mark.parametrize("command", [["config", "check"], ["audit", "--no-store"], ["ask"], ["inventory"]])
def test_the_question_for_the_password_stays_until_it_is_answered(command: list[str]) -> None:
    nobody = "https://127.0.0.1:9"
    with viguard(*command, nobody, VIGUARD_USER="auditor") as terminal:
        question = f"Password of auditor at {nobody}/sdk: "
        terminal.wait_for(question)
        assert terminal.watch(WATCHED_S) == ""
        assert terminal.seen.rpartition(ERASE_LINE)[2] == question
        terminal.answer("secret")
        terminal.wait_for("no connection")
        assert "secret" not in terminal.seen


def test_a_question_wipes_the_bar_away_while_it_waits(tmp_path: Path) -> None:
    files = make_certificate(tmp_path)
    with serve(*files) as first, serve(*files) as second:
        urls = [first.endpoint.url, second.endpoint.url]
        with viguard("config", "check", *urls, "--ca-file", str(files[0]), VIGUARD_USER="auditor") as terminal:
            terminal.wait_for(f"Password of auditor at {urls[0]}: ")
            terminal.answer("one")
            question = f"Password of auditor at {urls[1]}: "
            terminal.wait_for(question)
            assert terminal.watch(WATCHED_S) == ""
            assert terminal.seen.rpartition(ERASE_LINE)[2] == question
            terminal.answer("two")
            terminal.wait_for("logged in and out as auditor")
            assert "two" not in terminal.seen.rpartition(question)[2]
