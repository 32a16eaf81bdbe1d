"""`viguard audit`: the main job."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from viguard.cli import options
from viguard.cli.console import Talk, refuse_to_replace, results_to
from viguard.model.result import Severity

if TYPE_CHECKING:
    from viguard.usecases.sources import Selection, Sources

FORMATS = ("table", "json", "jsonl", "csv", "html")


@click.command("audit")
@options.sources
@options.policy
@options.LOGS
@click.option("--format", "format_", type=click.Choice(FORMATS), default="table", show_default=True)
@click.option("-o", "--output", type=options.PATH, help="Write here instead of to standard output.")
@click.option(
    "--fail-on",
    type=click.Choice([*(s.value for s in Severity), "none"]),
    default="low",
    show_default=True,
    help="Exit with 3 when a finding is at least this severe.",
)
@click.option("--all", "every", is_flag=True, help="List every finding, not the first names of each control.")
@click.option("--no-store", is_flag=True, help="Neither compare with earlier audits nor remember this one.")
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
    output: Path | None,
    fail_on: str,
    every: bool,
    no_store: bool,
) -> None:
    """Judge an estate and say what is wrong, worst first, with evidence.

    SOURCE is a vCenter or host (https://vcenter.example.org, or NAME=https://...), a snapshot, or a declared
    estate (.yaml); several make one estate. Without a SOURCE, GOVC_URL is read. Nothing is ever changed.

    \b
    viguard audit https://vcenter.example.org
    viguard audit estate.snap --policy policy.yaml --format html --output audit.html
    """
    from viguard.usecases import audit, show

    if output is not None:
        named = [*map(Path, sources.names), policy_file, waivers_file, sources.credentials, sources.ca]
        refuse_to_replace(output, [path for path in named if path is not None])
    request = audit.Request(
        sources=sources,
        policy=policy_file,
        waivers=waivers_file,
        logs=logs_path,
        selection=selection,
        remember=not no_store,
    )
    with talk.person() as person:
        found = audit.run(request, person)
    for warning in found.warnings:
        talk.warn(warning)
    with results_to(output) as stream:
        show.audit(found.audit, format_, stream, every=every)
    if output is not None:
        talk.say(f"written: {output}")
    raise click.exceptions.Exit(audit.exit_code(found.audit, fail_on))
