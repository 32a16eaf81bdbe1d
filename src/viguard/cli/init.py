"""`viguard init`: a policy to begin with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from viguard.cli import options
from viguard.cli.console import Talk

if TYPE_CHECKING:
    from viguard.usecases.sources import Selection, Sources


@click.command("init")
@options.sources
@click.option("-o", "--output", type=options.PATH, default=Path("policy.yaml"), show_default=True)
@click.option(
    "--zones", "tables", multiple=True, type=options.READABLE, help="CSV (vlan,cidr,zone,owner) or NetBox export."
)
@options.selection
@options.talk
def command(sources: Sources, selection: Selection, talk: Talk, output: Path, tables: tuple[Path, ...]) -> None:
    """Propose a commented policy for an estate: zones from port groups, VLANs, subnets, tags and folders.

    An existing file keeps every hand edit and comment; only what is new is added.

    With --vcenter, --folder, --tag or --owner (of the zones in OUTPUT): only zones that a selected guest is on.
    """
    from viguard.usecases import init

    with talk.person() as person:
        said = init.run(sources, output, tables, selection, person)
    talk.notes(said)
    talk.say(f"written: {output}; look for `decide:` in it, then viguard audit SOURCE --policy {output}")
