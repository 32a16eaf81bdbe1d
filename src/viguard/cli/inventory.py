"""`viguard inventory`: who runs where."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from viguard.cli import options
from viguard.cli.console import Talk, results_to

if TYPE_CHECKING:
    from viguard.usecases.sources import Selection, Sources


@click.command("inventory")
@options.sources
@click.option("--by", type=click.Choice(("site", "cluster", "zone", "vlan")), default="cluster", show_default=True)
@click.option("--policy", "policy_file", type=options.READABLE, help="The owner's policy.yaml (zones and sites).")
@click.option("--format", "format_", type=click.Choice(("table", "json")), default="table", show_default=True)
@options.selection
@options.talk
def command(
    sources: Sources, selection: Selection, talk: Talk, by: str, policy_file: Path | None, format_: str
) -> None:
    """List hosts and guests by site, cluster, zone or VLAN."""
    from viguard.usecases import inventory, show

    with talk.person() as person:
        listing = inventory.run(sources, by, policy_file, selection, person)
    with results_to(None) as stream:
        show.listing(listing, format_, stream)
