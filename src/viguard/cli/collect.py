"""`viguard collect`: an estate into a snapshot."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from viguard.cli import options
from viguard.cli.console import Talk, refuse_to_replace

if TYPE_CHECKING:
    from viguard.usecases.collect import Done
    from viguard.usecases.sources import Sources


FORCE = click.option("--force", is_flag=True, help="Replace OUTPUT even when it is a file of another kind.")


@click.group("collect")
def command() -> None:
    """Read an estate into a snapshot: a file that can be audited later, elsewhere, again."""


@command.command("vsphere")
@options.sources
@click.option("-o", "--output", type=options.PATH, required=True, help="The snapshot, e.g. estate.snap.")
@FORCE
@options.talk
def vsphere(sources: Sources, talk: Talk, output: Path, *, force: bool) -> None:
    """Read vCenters and hosts. An existing snapshot at OUTPUT makes the second reading much cheaper.

    Always everything that the account may see: many judgements compare objects across the estate, so filters
    (--vcenter, --folder, --tag, --owner) belong to the commands that read the snapshot.

    Exit code 4 says that something could not be read; the snapshot holds the rest and says what is missing.
    """
    from viguard.usecases import collect

    with talk.person() as person:
        done = collect.vsphere(sources, output, person, force=force)
    _tell(talk, done)


@command.command("file")
@click.argument("files", nargs=-1, required=True, type=options.READABLE, metavar="FILE...")
@click.option("-o", "--output", type=options.PATH, required=True, help="The snapshot, e.g. estate.snap.")
@FORCE
@options.talk
def file(files: tuple[Path, ...], talk: Talk, output: Path, *, force: bool) -> None:
    """Read saved snapshots and declared estates (.yaml: hosts without an API) into one snapshot."""
    from viguard.usecases import collect

    refuse_to_replace(output, files)
    _tell(talk, collect.files(files, output, force=force))


def _tell(talk: Talk, done: Done) -> None:
    talk.say(done.sentence)
    raise click.exceptions.Exit(0 if done.complete else 4)
