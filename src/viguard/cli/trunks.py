"""`viguard trunks`: what hosts need of their switch ports."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from viguard.cli import options
from viguard.cli.console import Talk, results_to

if TYPE_CHECKING:
    from viguard.usecases.sources import Sources


@click.command("trunks")
@options.sources
@click.option("--demo", is_flag=True, help="Of the built-in demo estate, with its switches.")
@click.option("--policy", "policy_file", type=options.READABLE, help="The owner's policy.yaml (zones and DMZ).")
@click.option(
    "--switch",
    "switches",
    type=options.READABLE,
    multiple=True,
    metavar="FILE",
    help="Saved configuration of a switch, Cisco IOS or NX-OS (repeatable).",
)
@click.option("--template", default="", metavar="HOST", help="Compare every other host with this one.")
@click.option("--format", "format_", type=click.Choice(("text", "json")), default="text", show_default=True)
@options.talk
def command(
    sources: Sources,
    talk: Talk,
    demo: bool,
    policy_file: Path | None,
    switches: tuple[Path, ...],
    template: str,
    format_: str,
) -> None:
    """Say which VLANs each uplink needs, what its switch port carries too much, and what it lacks.

    Every host of a cluster with HA or DRS needs what any guest of the cluster needs. An uplink is known by what its
    port says of it: a description with the names of host and adapter (`esx1 vmnic2`). Nothing is changed: the steps
    are a proposal.

    Exit code 3: something is to be changed. 4: something was not read.

    \b
    viguard trunks estate.snap --policy policy.yaml --switch sw1.cfg --switch sw2.cfg --template esx1
    """
    from viguard.usecases import show, trunks

    if demo and (sources.names or policy_file or switches):
        raise click.UsageError("--demo has its own estate, policy and switches")
    with talk.person() as person:
        if demo:
            found = trunks.demo(person, template)
        else:
            request = trunks.Request(sources=sources, policy=policy_file, switches=switches, template=template)
            found = trunks.run(request, person)
    with results_to(None) as stream:
        if format_ == "json":
            stream.write(trunks.document(found))
        else:
            show.lines(trunks.text(found), stream, nothing="no host was read")
    raise click.exceptions.Exit(trunks.exit_code(found))
