"""`viguard controls`: what is judged."""

from __future__ import annotations

import click

from viguard.cli.console import results_to
from viguard.model.result import Severity


@click.group("controls")
def command() -> None:
    """List the controls, or show one."""


@command.command("list")
@click.option("--section", type=click.Choice(("report", "modern")), help="Only this section.")
@click.option("--severity", type=click.Choice([s.value for s in Severity]), help="Only this severity.")
@click.option("--format", "format_", type=click.Choice(("table", "json")), default="table", show_default=True)
def list_(section: str | None, severity: str | None, format_: str) -> None:
    """Every control: id, severity, what it judges, and whether it is evaluated, attested or waits for a source."""
    from viguard.usecases import controls, show

    with results_to(None) as stream:
        show.controls(controls.listing(section=section, severity=severity), format_, stream)


@command.command("show")
@click.argument("control", metavar="ID")
def show_(control: str) -> None:
    """One control: why, what it reads, what it expects by profile, fix, side effects, references."""
    from viguard.usecases import controls, show

    with results_to(None) as stream:
        show.control(controls.one(control), stream)
