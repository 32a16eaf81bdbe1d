"""`viguard ask`: the questions of the report, for this estate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from viguard.cli import options
from viguard.cli.console import Talk, results_to

if TYPE_CHECKING:
    from viguard.usecases.sources import Selection, Sources


@click.command("ask")
@options.sources
@options.policy
@options.LOGS
@click.option("--format", "format_", type=click.Choice(("table", "json")), default="table", show_default=True)
@options.selection
@options.talk
def command(
    sources: Sources,
    selection: Selection,
    talk: Talk,
    policy_file: Path | None,
    waivers_file: Path | None,
    logs_path: Path | None,
    format_: str,
) -> None:
    """Answer the report's five questions from evidence, then rank what is left to do by chapter of the report."""
    from viguard.usecases import audit, show

    request = audit.Request(
        sources=sources,
        policy=policy_file,
        waivers=waivers_file,
        logs=logs_path,
        selection=selection,
        remember=False,
        paths=True,
    )
    with talk.person() as person:
        found = audit.run(request, person)
    for warning in found.warnings:
        talk.warn(warning)
    with results_to(None) as stream:
        show.answers(found.audit, format_, stream)
