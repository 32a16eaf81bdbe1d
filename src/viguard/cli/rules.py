"""`viguard rules`: the detections, and those of your site."""

from __future__ import annotations

from pathlib import Path

import click

from viguard.cli.console import results_to

PATHS = click.argument("paths", nargs=-1, type=click.Path(path_type=Path, exists=True), metavar="[PATH...]")


@click.group("rules")
def command() -> None:
    """Detections of log events: list them, test them, find mistakes.

    PATH is a file of Sigma rules or a folder with some; without one it is viguard's own.
    """


@command.command("list")
@PATHS
def list_(paths: tuple[Path, ...]) -> None:
    """Each detection: name, severity, how many cases it has, title (tab separated)."""
    from viguard.usecases import rules

    with results_to(None) as stream:
        stream.write(rules.table(rules.listing(paths)))


@command.command("test")
@PATHS
@click.option("--no-timing", "timed", is_flag=True, flag_value=False, default=True, help="Do not time the rules.")
def test(paths: tuple[Path, ...], timed: bool) -> None:
    """Run the cases that stand beside each rule, and time it over hostile lines.

    Exit codes: 0 every case comes out as it says, 3 one does not.
    """
    from viguard.model.text import plural
    from viguard.usecases import rules, show

    found = rules.run_cases(paths, timed=timed)
    failed = f"{plural(len(found.failed), 'case')} failed" if found.failed else "every case comes out as it says"
    said = [*found.failed, *(f"slow: {one}" for one in found.slow), *found.without]
    with results_to(None) as stream:
        show.lines(
            [*said, f"{plural(found.rules, 'detection')}, {plural(found.cases, 'case')}: {failed}"], stream, nothing=""
        )
    raise click.exceptions.Exit(3 if found.failed else 0)


@command.command("lint")
@PATHS
def lint(paths: tuple[Path, ...]) -> None:
    """Find mistakes and doubts in rules, each as file:line:column.

    Exit codes: 0 no mistake, 3 a mistake that keeps a rule out.
    """
    from viguard.usecases import rules, show

    found = rules.lint(paths)
    with results_to(None) as stream:
        show.lines(
            [f"{one}" if one.is_error else f"{one} (a note)" for one in found], stream, nothing="the rules are in order"
        )
    raise click.exceptions.Exit(3 if any(one.is_error for one in found) else 0)
