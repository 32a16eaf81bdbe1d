"""`viguard config`: whether viguard may read what it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from viguard.cli import options
from viguard.cli.console import Talk, results_to

if TYPE_CHECKING:
    from viguard.usecases.sources import Sources


@click.group("config")
def command() -> None:
    """Check how viguard may read a vCenter."""


@command.command("check")
@options.sources
@options.talk
def check(sources: Sources, talk: Talk) -> None:
    """Connect, log in, and name each privilege that the account lacks and what stays unknown without it.

    Exit codes: 0 nothing is missing, 4 something is.
    """
    from viguard.usecases import config, show

    with talk.person() as person:
        found = config.check(sources, person)
    with results_to(None) as stream:
        show.privileges(found, stream)
    raise click.exceptions.Exit(0 if all(f.complete for f in found) else 4)
