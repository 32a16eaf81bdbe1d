"""`viguard vlans`: servers and services by VLAN."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from viguard.cli import options
from viguard.cli.console import Talk, refuse_to_replace, results_to

if TYPE_CHECKING:
    from viguard.usecases.sources import Sources


@click.command("vlans")
@options.sources
@click.option("--demo", is_flag=True, help="Of the built-in demo estate.")
@click.option("--policy", "policy_file", type=options.READABLE, help="The owner's policy.yaml (names of zones).")
@click.option("--draw", type=options.PATH, metavar="FILE.svg", help="Draw a picture of it, too.")
@click.option("--format", "format_", type=click.Choice(("text", "json")), default="text", show_default=True)
@options.talk
def command(
    sources: Sources, talk: Talk, demo: bool, policy_file: Path | None, draw: Path | None, format_: str
) -> None:
    """List the servers and services of each VLAN over all hosts, and what is odd about port groups.

    Exit code 3: a port group of one name is in different VLANs. 4: something was not read.

    \b
    viguard vlans estate.snap --policy policy.yaml --draw vlans.svg
    """
    from viguard.usecases import show, vlans

    if demo and (sources.names or policy_file):
        raise click.UsageError("--demo has its own estate and policy")
    if draw is not None:
        named = [*map(Path, sources.names), policy_file]
        refuse_to_replace(draw, [path for path in named if path is not None])
    with talk.person() as person:
        found = vlans.demo(person) if demo else vlans.run(sources, policy_file, person)
    if draw is not None:
        with results_to(draw) as stream:
            stream.write(vlans.picture(found))
        talk.say(f"written: {draw}")
    with results_to(None) as stream:
        if format_ == "json":
            stream.write(vlans.document(found))
        else:
            show.lines(vlans.text(found), stream, nothing="no network was read")
    raise click.exceptions.Exit(vlans.exit_code(found))
