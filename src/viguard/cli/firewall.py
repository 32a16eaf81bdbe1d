"""`viguard firewall`: closed rules for an estate, and what saved ones let through."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from viguard.cli import options
from viguard.cli.console import Talk, results_to

if TYPE_CHECKING:
    from viguard.network.rules import RuleSet
    from viguard.usecases.firewall import Saved
    from viguard.usecases.sources import Sources

POLICY = click.option("--policy", "policy_file", type=options.READABLE, help="The owner's policy.yaml.")
LEVELS = ("printed", "corrected", "modern")
LEVEL = click.option(
    "--level",
    type=click.Choice(LEVELS),
    default="corrected",
    show_default=True,
    help="The report's figures as printed, put right for ESX 3 and 4, or vSphere 6.5 to 9.",
)
TARGETS = ("nftables", "iptables", "cisco-ios", "cisco-nxos", "juniper", "windows")
AT = click.option("--at", default="", metavar="NAME", help="Only this rule set, by its name in `firewall import`.")
DEMO = click.option("--demo", is_flag=True, help="Ask the built-in estate.")
FAMILY = click.option("-6", "is_v6", is_flag=True, help="The file is of ip6tables-save.")


@click.group("firewall")
def command() -> None:
    """Derive closed firewalls, write them for devices, and judge those that are there."""


@command.command("derive")
@options.sources
@POLICY
@LEVEL
@click.option("--against", type=click.Choice(LEVELS), help="Say how it differs from this level, with packets.")
@options.talk
def derive(sources: Sources, talk: Talk, policy_file: Path | None, level: str, against: str | None) -> None:
    """Say what has to pass in an estate; everything else is to be denied.

    Rows of the port tables whose ends nobody knows stay closed and are listed: name the ends in the policy, under
    firewall.roles. Guests' own flows stand there under firewall.flows.
    """
    from viguard.usecases import firewall, show

    wanted = firewall.Wanted(sources=sources, policy=policy_file, level=level)
    with talk.person() as person:
        if against:
            lines = firewall.levels(wanted, against, person)
        else:
            lines = firewall.derived_lines(firewall.derived(wanted, person))
    with results_to(None) as stream:
        show.lines(lines, stream, nothing="both let through the same" if against else "nothing has to pass")


@command.command("render")
@options.sources
@POLICY
@LEVEL
@click.option("--target", type=click.Choice(TARGETS), required=True, help="The device.")
@click.option("--around", multiple=True, metavar="ADDRESS", help="For the edge of these addresses and networks only.")
@click.option("--output", type=options.PATH, help="A file, whole or not at all; else standard output.")
@options.talk
def render(
    sources: Sources,
    talk: Talk,
    policy_file: Path | None,
    level: str,
    target: str,
    around: tuple[str, ...],
    output: Path | None,
) -> None:
    """Write the closed rules of an estate for a device.

    Exit codes: 0 all of it, 4 the device cannot be told a part, which is said.
    """
    from viguard.usecases import firewall

    wanted = firewall.Wanted(sources=sources, policy=policy_file, level=level, around=around)
    with talk.person() as person:
        found = firewall.rendered(wanted, target, person)
        for line in found.residual:
            person.warn(f"not written: {line}")
    with results_to(output) as stream:
        stream.write(found.text.encode())
    raise click.exceptions.Exit(4 if found.residual else 0)


@command.command("import")
@click.argument("file", type=options.READABLE)
@FAMILY
def import_(file: Path, *, is_v6: bool) -> None:
    """Say which rule sets FILE holds, and what of it is not read.

    FILE is a saved configuration of a device: see docs/firewall-formats.md. Its kind shows in its text.
    """
    from viguard.usecases import firewall, show

    with results_to(None) as stream:
        show.lines(firewall.read_lines(_read(file, is_v6=is_v6)), stream, nothing="no rule set is in it")


@command.command("check")
@click.argument("file", type=options.READABLE)
@AT
@FAMILY
def check(file: Path, at: str, *, is_v6: bool) -> None:
    """Find what is wrong with saved rules: those that never decide, that nobody would miss, that cross, or are broad.

    Exit codes: 0 nothing, 3 something.
    """
    from viguard.usecases import firewall, show

    rules = _of(_read(file, is_v6=is_v6), at)
    found = firewall.checked(rules)
    lines = [line for name, some in found.items() for line in firewall.checked_lines(name, rules[name], some)]
    with results_to(None) as stream:
        show.lines(lines, stream, nothing="nothing is wrong with these rules")
    raise click.exceptions.Exit(3 if lines else 0)


@command.command("diff")
@click.argument("old", type=options.READABLE)
@click.argument("new", type=options.READABLE)
@AT
@FAMILY
def diff(old: Path, new: Path, at: str, *, is_v6: bool) -> None:
    """Say how two files of saved rules differ in what they let through, each case with a packet that shows it.

    Rule sets of the same name are compared. Exit codes: 0 they let through the same, 3 they do not.
    """
    from viguard.usecases import firewall, show

    before, after = (_of(_read(file, is_v6=is_v6), at) for file in (old, new))
    lines = []
    for name, one in before.items():
        if name in after:
            found = firewall.compared(one, after[name])
            lines += [f"{name}: {line}" for line in firewall.compared_lines(found, one.family)]
    lines += [f"{name}: only in {old}" for name in before if name not in after]
    lines += [f"{name}: only in {new}" for name in after if name not in before]
    with results_to(None) as stream:
        show.lines(lines, stream, nothing="both let through the same")
    raise click.exceptions.Exit(3 if lines else 0)


@command.command("verify")
@options.sources
@POLICY
@LEVEL
@DEMO
@options.talk
def verify(sources: Sources, talk: Talk, policy_file: Path | None, level: str, *, demo: bool) -> None:
    """Compare what passes between the networks of an estate with what has to pass.

    The policy says which devices stand where, under firewall.points, with the files that they saved. What is open and
    nobody needs is told with the rules that open it, what is needed and closed with the rule that stops it, each with a
    packet that shows it.

    Exit codes: 0 exactly what is needed passes, 3 it does not, 4 something is not known.
    """
    from viguard.usecases import reach as reaching
    from viguard.usecases import show

    request = reaching.Request(sources=sources, policy=policy_file, demo=demo)
    with talk.person() as person:
        found = reaching.verified(request, level, person)
    with results_to(None) as stream:
        show.lines(reaching.verified_lines(found), stream, nothing="exactly what is needed passes")
    raise click.exceptions.Exit(reaching.exit_code(found))


@command.command("reach")
@click.argument("source", metavar="FROM")
@click.argument("destination", metavar="TO")
@options.sources
@POLICY
@DEMO
@click.option("--rules", "file", type=options.READABLE, help="Ask this saved configuration alone, for addresses.")
@AT
@FAMILY
@options.talk
def reach(
    source: str,
    destination: str,
    sources: Sources,
    talk: Talk,
    policy_file: Path | None,
    file: Path | None,
    at: str,
    *,
    demo: bool,
    is_v6: bool,
) -> None:
    """Say what gets from one thing to another, and which rules decide it.

    FROM and TO are guests, hosts, zones, internet, addresses or networks. Every device on the way has to let it
    through: those that the policy names under firewall.points, and the firewalls of hosts.
    """
    from viguard.usecases import reach as reaching
    from viguard.usecases import show

    if file:
        lines = _by_file(source, destination, file, at, is_v6=is_v6)
    else:
        request = reaching.Request(sources=sources, policy=policy_file, demo=demo)
        with talk.person() as person:
            lines = reaching.between_lines(reaching.between(request, source, destination, person))
    with results_to(None) as stream:
        show.lines(lines, stream, nothing="no rule set is of that family")


def _by_file(source: str, destination: str, file: Path, at: str, *, is_v6: bool) -> list[str]:
    """What saved rules let through from one address to another. Rule sets of the addresses' family only."""
    from viguard.usecases import firewall

    rules = _of(_read(file, is_v6=is_v6), at)
    return [
        f"{name}: {line}"
        for name, one in firewall.of_family(rules, source).items()
        for line in firewall.reached_lines(firewall.reached(one, source, destination))
    ]


def _read(file: Path, *, is_v6: bool) -> Saved:
    from viguard.usecases import firewall

    return firewall.read_rules(file, 6 if is_v6 else 4)


def _of(saved: Saved, at: str) -> dict[str, RuleSet]:
    if not at:
        return saved.sets
    if at not in saved.sets:
        raise click.UsageError(f"there is no rule set {at!r}; there are: {', '.join(saved.sets)}")
    return {at: saved.sets[at]}
