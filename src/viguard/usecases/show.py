"""What a use case found, written in the form that was asked for."""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Iterable
from typing import IO

import msgspec
from rich.console import Console

from viguard.model.audit import Audit
from viguard.model.text import printable
from viguard.reports import cards, csv, html, jsonl, terminal
from viguard.reports import listing as listings
from viguard.reports.listing import Listing
from viguard.usecases.config import Checked
from viguard.usecases.controls import Shown
from viguard.usecases.explain import Explained

PLAIN_WIDTH = 120
"""Width of a table that goes to a file or pipe."""


def audit(found: Audit, format_: str, stream: IO[bytes], *, every: bool = False) -> None:
    """An audit as table, json, jsonl, csv or html."""
    if format_ == "table":
        with _console(stream) as console:
            terminal.render(console, found, every=every)
    elif format_ == "html":
        stream.write(html.render(found).encode("utf-8", "backslashreplace"))
    elif format_ == "json":
        stream.write(jsonl.document(found))
    elif format_ == "jsonl":
        stream.writelines(jsonl.lines(found))
    else:
        stream.writelines(line.encode("utf-8", "backslashreplace") for line in csv.lines(found))


def answers(found: Audit, format_: str, stream: IO[bytes]) -> None:
    """The five answers and the roadmap."""
    if format_ == "json":
        document = {
            "answers": found.answers,
            "roadmap": found.roadmap,
            "complete": found.complete,
            "warnings": found.warnings,
        }
        stream.write(msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n")
        return
    with _console(stream) as console:
        terminal.asked(console, found)


def listing(found: Listing, format_: str, stream: IO[bytes]) -> None:
    """Groups of an inventory."""
    if format_ == "json":
        stream.write(listings.document(found))
        return
    with _console(stream) as console:
        listings.render(console, found)


def controls(found: list[cards.Listed], format_: str, stream: IO[bytes]) -> None:
    """A list of controls."""
    if format_ == "json":
        stream.write(cards.document(found))
        return
    with _console(stream) as console:
        cards.listed(console, found)


def control(found: Shown, stream: IO[bytes]) -> None:
    """One control."""
    with _console(stream) as console:
        cards.card(console, found.card, found.state, found.expectations)


def explanation(found: Explained, stream: IO[bytes]) -> None:
    """One finding."""
    with _console(stream) as console:
        cards.explanation(console, found.result, found.card, found.history)


def privileges(found: Iterable[Checked], stream: IO[bytes]) -> None:
    """Per server: what the account may read, and what stays unknown."""
    texts: list[str] = []
    for server in found:
        texts.append(f"{server.name}: {server.product}, certificate {server.tls}, logged in and out as {server.user}")
        for privilege in server.missing:
            weight = "missing" if privilege.needed else "missing (optional)"
            note = "; it also allows changes, leave it out where that weighs more" if privilege.writes else ""
            texts.append(f"  {weight} {privilege.id}: without it unknown: {privilege.lost}{note}")
        if server.undecided:
            texts.append(f"  privileges unknown: {server.undecided}")
        if server.complete:
            texts.append("  every privilege that viguard uses is there")
    lines(texts, stream, nothing="no server was named")


def lines(found: list[str], stream: IO[bytes], *, nothing: str) -> None:
    """Lines of text, or one that says that there is nothing."""
    for text in found or [nothing]:
        stream.write(printable(text).encode("utf-8", "backslashreplace") + b"\n")


class _console:  # noqa: N801  (used as a function)
    """A rich console over a binary stream: colours only on a terminal and without NO_COLOR."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream, self._text = stream, io.StringIO()
        self._terminal = hasattr(stream, "isatty") and stream.isatty()

    def __enter__(self) -> Console:
        width = shutil.get_terminal_size((PLAIN_WIDTH, 50)).columns if self._terminal else PLAIN_WIDTH
        if columns := os.environ.get("COLUMNS", ""):
            width = int(columns) if columns.isdigit() else width
        return Console(
            file=self._text, width=max(width, 60), force_terminal=self._terminal, highlight=False, markup=False
        )

    def __exit__(self, *_: object) -> None:
        text = self._text.getvalue()
        self._stream.write(text.encode("utf-8", "backslashreplace"))
