"""`viguard waivers`: are the accepted failures still in order?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from viguard.cli import options
from viguard.cli.console import Talk, results_to

if TYPE_CHECKING:
    from viguard.usecases.sources import Selection, Sources


@click.group("waivers")
def command() -> None:
    """Check the file of waivers."""


@command.command("lint")
@click.argument("file", type=options.READABLE, metavar="WAIVERS")
@options.sources
@click.option("--policy", "policy_file", type=options.READABLE, help="The owner's policy.yaml.")
@options.selection
@options.talk
def lint(file: Path, sources: Sources, selection: Selection, talk: Talk, policy_file: Path | None) -> None:
    """Find waivers that expired, are unused or too broad, and what they newly match since they were approved.

    With --vcenter, --folder, --tag or --owner: only waivers whose scope names something selected.

    Exit codes: 0 in order, 3 something is not.
    """
    from viguard.usecases import show, waivers

    with talk.person() as person:
        found = waivers.lint(file, sources, policy_file, selection, person)
    with results_to(None) as stream:
        show.lines(found, stream, nothing="the waivers are in order")
    raise click.exceptions.Exit(3 if found else 0)
