"""`viguard zones`: why is a guest in its zone?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from viguard.cli import options
from viguard.cli.console import Talk, results_to

if TYPE_CHECKING:
    from viguard.usecases.sources import Selection, Sources


@click.group("zones")
def command() -> None:
    """Say why a guest is in its zone."""


@command.command("explain")
@click.argument("guest", metavar="GUEST")
@options.sources
@click.option("--policy", "policy_file", type=options.READABLE, required=True, help="The owner's policy.yaml.")
@options.selection
@options.talk
def explain(guest: str, sources: Sources, selection: Selection, talk: Talk, policy_file: Path) -> None:
    """Each NIC of GUEST (name, path or id), its VLAN, the zones it was recognised by, and the line of the policy."""
    from viguard.usecases import show, zones

    with talk.person() as person:
        found = zones.explain(guest, sources, policy_file, selection, person)
    with results_to(None) as stream:
        show.lines(found, stream, nothing="in no zone")
