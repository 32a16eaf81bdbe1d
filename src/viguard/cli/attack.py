"""`viguard attack`: what an attacker reaches, and what stops it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from viguard.cli import options
from viguard.cli.console import Talk, results_to

if TYPE_CHECKING:
    from viguard.usecases.attack import Answer, Opened
    from viguard.usecases.sources import Sources

FORMATS = ("text", "json", "opengraph", "svg")


@click.group("attack")
def command() -> None:
    """Paths that an attacker takes, each step with its evidence, and the cheapest way to stop them.

    A step whose facts were not read is possible only, and stands apart. Things are named by name, path or id; `vcenter`
    is every vCenter, `hosts` every host.
    """


def _asks(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options that every question has."""
    for option in reversed(
        (
            click.option(
                "--policy", "policy_file", type=options.READABLE, help="The owner's policy.yaml: names zones."
            ),
            click.option("--demo", is_flag=True, help="Ask the built-in demo estate, as of 2010."),
            click.option("--today", is_flag=True, help="Ask the demo estate as it would run today."),
            click.option("--format", "format_", type=click.Choice(FORMATS), default="text", show_default=True),
            click.option("-o", "--output", type=options.PATH, help="Write here instead of to standard output."),
            click.option("--fail-on-path", is_flag=True, help="Exit with 3 when a path is shown."),
        )
    ):
        function = option(function)
    return options.sources(options.talk(function))


def _answer(ask: Callable[[Opened], Answer], talk: Talk, sources: Sources, told: dict[str, Any]) -> int:
    from viguard.usecases import attack

    request = attack.Request(sources=sources, policy=told["policy_file"], demo=told["demo"], today=told["today"])
    with talk.person() as person:
        opened = attack.Opened(request, person)
        answer = ask(opened)
    output: Path | None = told["output"]
    with results_to(output) as stream:
        opened.write(answer, told["format_"], stream)
    return opened.exit_code(answer, fail=told["fail_on_path"])


@command.command("from")
@click.argument("guest", metavar="GUEST")
@_asks
def from_(guest: str, sources: Sources, talk: Talk, **told: Any) -> int:
    """What a compromised GUEST reaches, by the shortest paths."""
    return _answer(lambda opened: opened.from_(guest), talk, sources, told)


@command.command("to")
@click.argument("target", metavar="TARGET")
@_asks
def to(target: str, sources: Sources, talk: Talk, **told: Any) -> int:
    """Which guests reach TARGET: `vcenter`, `hosts`, or one thing."""
    return _answer(lambda opened: opened.to(target), talk, sources, told)


@command.command("between")
@click.argument("source", metavar="A")
@click.argument("target", metavar="B")
@_asks
def between(source: str, target: str, sources: Sources, talk: Talk, **told: Any) -> int:
    """A shortest path from A to B."""
    return _answer(lambda opened: opened.between(source, target), talk, sources, told)


@command.command("blast")
@click.argument("thing", metavar="THING")
@_asks
def blast(thing: str, sources: Sources, talk: Talk, **told: Any) -> int:
    """What a leaked credential opens, or every host of a cluster or datacenter."""
    return _answer(lambda opened: opened.blast(thing), talk, sources, told)


@command.command("cut")
@click.option("--from", "starts", multiple=True, required=True, metavar="THING", help="Source (repeatable).")
@click.option("--to", "ends", multiple=True, required=True, metavar="THING", help="Target (repeatable).")
@click.option("--possible", is_flag=True, help="Also close steps that are possible only.")
@_asks
def cut(
    starts: tuple[str, ...], ends: tuple[str, ...], possible: bool, sources: Sources, talk: Talk, **told: Any
) -> int:
    """The cheapest actions that separate sources from targets, and whether that is proven minimal."""
    return _answer(lambda opened: opened.cut(starts, ends, possible=possible), talk, sources, told)
