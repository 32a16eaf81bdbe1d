"""`viguard serve`: the parts that run all the time."""

from __future__ import annotations

from pathlib import Path

import click

from viguard.cli import options
from viguard.cli.console import Talk, look_for_cycles_seldom


@click.command("serve")
@click.argument("settings", metavar="SERVE.YAML", type=options.READABLE)
@click.option("--only", type=click.Choice(("logs",)), default="logs", show_default=True, help="The part to run.")
@options.talk
def command(settings: Path, only: str, talk: Talk) -> None:
    """Hear, keep and judge log lines, and tell people, until stopped (Ctrl-C, SIGTERM).

    SERVE.YAML says where to listen, what to keep and where; docs/serve.md shows one. A stop keeps every line that was
    received; a new start goes on where the last one ended.
    """
    from viguard.usecases import serve

    del only  # there is one part so far
    look_for_cycles_seldom()
    with talk.person() as person:
        serve.run(settings, person, talk.say)
