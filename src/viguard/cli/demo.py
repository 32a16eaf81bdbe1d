"""`viguard demo`: an audit of the built-in estate, without a vCenter at hand."""

from __future__ import annotations

import click

from viguard.cli import options
from viguard.cli.audit import FORMATS
from viguard.cli.console import Talk, results_to


@click.command("demo")
@click.option("--format", "format_", type=click.Choice(FORMATS), default="table", show_default=True)
@click.option("-o", "--output", type=options.PATH, help="Write here instead of to standard output.")
@click.option("--today", is_flag=True, help="The same estate as it would run today (vSphere 8).")
@options.talk
def command(talk: Talk, format_: str, output: str | None, today: bool) -> None:
    """Audit the built-in demo estate: the ISP of the report with its 12 blades, as recorded from a vSphere API.

    Its faults are planted: the findings are what a first audit of such an estate looks like. Which blade stands at
    which site is an assumption of the demo: the report names the sites only.
    """
    from pathlib import Path

    from viguard.usecases import demo, show

    with talk.person() as person:
        found = demo.run(person, today=today)
    with results_to(Path(output) if output else None) as stream:
        show.audit(found.audit, format_, stream)
    talk.say("Which blade stands at which site is an assumption of this demo: the report names the sites only.")
    talk.say("This was the built-in demo estate. Yours: viguard audit https://vcenter.example.org")
