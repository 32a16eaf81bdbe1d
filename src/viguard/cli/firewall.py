"""`viguard firewall`: closed rules for an estate, and what saved ones let through."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from viguard.cli import options
from viguard.cli.console import Talk, results_to

if TYPE_CHECKING:
    from viguard.network.rules import RuleSet
    from viguard.usecases.sources import Sources

POLICY = click.option("--policy", "policy_file", type=options.READABLE, help="The owner's policy.yaml.")
LEVEL = click.option(
    "--level",
    type=click.Choice(("printed", "corrected", "modern")),
    default="corrected",
    show_default=True,
    help="The report's figures as printed, put right for ESX 3 and 4, or vSphere 6.5 to 9.",
)
TARGETS = ("nftables", "iptables", "cisco-ios", "cisco-nxos", "juniper", "windows")
CHAIN = click.option("--chain", default="", help="Only this chain (else every one; diff and reach: FORWARD).")
FAMILY = click.option("-6", "is_v6", is_flag=True, help="The file is of IPv6 (ip6tables-save).")


@click.group("firewall")
def command() -> None:
    """Derive closed firewalls, write them for devices, and judge those that are there."""


@command.command("derive")
@options.sources
@POLICY
@LEVEL
@options.talk
def derive(sources: Sources, talk: Talk, policy_file: Path | None, level: str) -> None:
    """Say what has to pass in an estate; everything else is to be denied.

    Rows of the port tables whose ends nobody knows stay closed and are listed: name the ends in the policy, under
    firewall.roles. Guests' own flows stand there under firewall.flows.
    """
    from viguard.usecases import firewall, show

    with talk.person() as person:
        found = firewall.derived(firewall.Wanted(sources=sources, policy=policy_file, level=level), person)
    with results_to(None) as stream:
        show.lines(firewall.derived_lines(found), stream, nothing="nothing has to pass")


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


@command.command("check")
@click.argument("file", type=options.READABLE)
@CHAIN
@FAMILY
def check(file: Path, chain: str, *, is_v6: bool) -> None:
    """Find what is wrong with saved rules: those that never decide, that nobody would miss, that cross, or are broad.

    FILE is what iptables-save wrote. Exit codes: 0 nothing, 3 something.
    """
    from viguard.usecases import firewall, show

    rules = firewall.read_rules(file, 6 if is_v6 else 4)
    rules = {chain: _of(rules, chain)} if chain else rules
    found = firewall.checked(rules)
    lines = [line for name, some in found.items() for line in firewall.checked_lines(name, rules[name], some)]
    with results_to(None) as stream:
        show.lines(lines, stream, nothing="nothing is wrong with these rules")
    raise click.exceptions.Exit(3 if lines else 0)


@command.command("diff")
@click.argument("old", type=options.READABLE)
@click.argument("new", type=options.READABLE)
@CHAIN
@FAMILY
def diff(old: Path, new: Path, chain: str, *, is_v6: bool) -> None:
    """Say how two files of saved rules differ in what they let through, each case with a packet that shows it.

    Exit codes: 0 they let through the same, 3 they do not.
    """
    from viguard.network.addresses import Family
    from viguard.usecases import firewall, show

    family = 6 if is_v6 else 4
    before, after = (_of(firewall.read_rules(file, family), chain) for file in (old, new))
    found = firewall.compared(before, after)
    with results_to(None) as stream:
        show.lines(firewall.compared_lines(found, Family(family)), stream, nothing="both let through the same")
    raise click.exceptions.Exit(3 if any(found.values()) else 0)


@command.command("reach")
@click.argument("source", metavar="FROM")
@click.argument("destination", metavar="TO")
@click.option("--rules", "file", type=options.READABLE, required=True, help="What iptables-save wrote.")
@CHAIN
@FAMILY
def reach(source: str, destination: str, file: Path, chain: str, *, is_v6: bool) -> None:
    """Say what saved rules let through from one address to another, and which rule decides it."""
    from viguard.usecases import firewall, show

    rules = _of(firewall.read_rules(file, 6 if is_v6 else 4), chain)
    with results_to(None) as stream:
        show.lines(firewall.reached_lines(firewall.reached(rules, source, destination)), stream, nothing="nothing")


def _of(rules: dict[str, RuleSet], chain: str) -> RuleSet:
    wanted = chain or ("FORWARD" if "FORWARD" in rules else next(iter(rules)))
    if wanted not in rules:
        raise click.UsageError(f"there is no chain {wanted!r} with a policy; there are: {', '.join(rules)}")
    return rules[wanted]
