"""Talking to a person: progress and notes on stderr, results on stdout or into a file."""

from __future__ import annotations

import errno
import gc
import getpass
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from viguard.cli.bar import Bar

if TYPE_CHECKING:
    from viguard.usecases.person import Person, Progress


def look_for_cycles_seldom() -> None:
    """For commands that make many objects, none of them in cycles: collecting takes a sixth of their time."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


class Talk:
    """What goes to stderr. When ``quiet``, only warnings; progress only where a person watches."""

    def __init__(self, *, quiet: bool = False, verbose: bool = False) -> None:
        self.quiet, self.verbose = quiet, verbose
        self._bar = Bar()

    def say(self, text: str) -> None:
        """A note for the person at the terminal."""
        if not self.quiet:
            from viguard.model.text import printable

            click.echo(printable(text), err=True)

    def notes(self, texts: Iterable[str]) -> None:
        """Notes that belong to a result."""
        for text in texts:
            self.say(f"note: {text}")

    def warn(self, text: str) -> None:
        """What weakens a result or a connection: said also when ``quiet``, and never drawn over."""
        from viguard.model.text import printable

        with self._bar.away():
            click.echo(printable(f"warning: {text}"), err=True)

    def ask(self, question: str) -> str:
        """Asks on the terminal; passwords are not echoed.

        Raises:
            InputError: there is no terminal to ask at.
        """
        if not sys.stdin.isatty():
            from viguard.errors import InputError

            raise InputError(
                "nobody can be asked: standard input is no terminal",
                hint="set VIGUARD_USER and VIGUARD_PASSWORD, or use --credentials FILE",
            )
        with self._bar.away():
            if question.startswith("Password"):
                return getpass.getpass(question)
            return str(click.prompt(question.rstrip(": "), err=True))

    @contextmanager
    def person(self) -> Iterator[Person]:
        """The person at the terminal: can be asked, and watches progress while the block runs."""
        from viguard.usecases.person import Person

        with self._progress() as progress:
            yield Person(ask=self.ask, progress=progress, warn=self.warn)

    @contextmanager
    def _progress(self) -> Iterator[Progress]:
        """A progress line on stderr when a person watches, lines when verbose, else nothing."""
        if self.quiet or (not sys.stderr.isatty() and not self.verbose):
            yield _silent
        elif self.verbose and not sys.stderr.isatty():
            yield self._plain()
        else:
            try:
                yield self._bar.tell
            finally:
                self._bar.end()

    def _plain(self) -> Progress:
        last = [""]

        def tell(what: str, done: int, total: int) -> None:
            if what != last[0] or (total and done == total):
                last[0] = what
                self.say(f"{what} {done:,}" + (f" of {total:,}" if total else ""))

        return tell


def _silent(what: str, done: int, total: int) -> None:  # noqa: ARG001  (the signature of Progress)
    return


def refuse_to_replace(output: Path, read: Iterable[Path]) -> None:
    """Nothing that a command reads is what it writes.

    Raises:
        InputError: one of the files is the output.
    """
    if output.is_file() and any(path.is_file() and path.samefile(output) for path in read):
        from viguard.errors import InputError

        raise InputError("this is read, and is not replaced", where=str(output), hint="name another file with --output")


@contextmanager
def results_to(output: Path | None) -> Iterator[IO[bytes]]:
    """Where results go: standard output, or a file that appears only when it is whole.

    The file is its owner's alone (0600): it lists every weakness of an estate.

    A device or pipe (/dev/stdout) is written to, never replaced by a file.
    """
    if output is None:
        if sys.stdout is None:  # closed by whoever started us
            raise OSError(errno.EBADF, "standard output is closed")
        sys.stdout.flush()
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    if output.exists() and not output.is_file():
        with output.open("wb") as stream:
            yield stream
        return
    part = output.with_name(f".{output.name}.{os.getpid()}.part")
    part.unlink(missing_ok=True)  # left by a run of this number that was killed
    try:
        with open(part, "wb", opener=_own) as stream:
            yield stream
        part.replace(output)
    except OSError as error:
        if error.filename == str(part):  # a person knows nothing of the other name
            raise OSError(error.errno, error.strerror, str(output)) from error
        raise
    finally:
        part.unlink(missing_ok=True)


def _own(path: str, flags: int) -> int:
    """Opens a new file that only its owner may read."""
    return os.open(path, flags | os.O_EXCL, 0o600)
