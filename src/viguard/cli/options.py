"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])
PATH = click.Path(path_type=Path, dir_okay=False)
READABLE = click.Path(path_type=Path, dir_okay=False, exists=True)


def connection(command: F) -> F:
    """How to reach and trust a server. Passwords come from a prompt, the environment or a file, never from here."""
    for option in reversed(
        (
            click.option(
                "--user", help="User name. Otherwise VIGUARD_USER, GOVC_USERNAME, the credentials file, a prompt."
            ),
            click.option(
                "--credentials", type=READABLE, help="YAML file (mode 0600) with user and password by server."
            ),
            click.option(
                "--ca-file", type=READABLE, help="CA certificates (PEM) that the server's certificate chains to."
            ),
            click.option(
                "--fingerprint", help="SHA-256 fingerprint of the server's certificate: trust exactly this one."
            ),
            click.option(
                "--legacy-tls", is_flag=True, help="Allow TLS 1.0 and old ciphers (VI 3.5, vSphere 4). Unsafe."
            ),
        )
    ):
        command = option(command)
    return command


def selection(command: F) -> F:
    """Which part of the estate to show."""
    for option in reversed(
        (
            click.option("--vcenter", multiple=True, metavar="NAME", help="Only this vCenter (pattern, repeatable)."),
            click.option(
                "--folder", multiple=True, metavar="NAME", help="Only below this folder, datacenter or cluster."
            ),
            click.option("--tag", multiple=True, metavar="TAG", help="Only with this tag (category:tag or tag)."),
            click.option("--owner", multiple=True, metavar="NAME", help="Only zones of this owner (needs a policy)."),
        )
    ):
        command = option(command)
    return command


def policy(command: F) -> F:
    """What the owner intends."""
    for option in reversed(
        (
            click.option("--policy", "policy_file", type=READABLE, help="The owner's policy.yaml."),
            click.option("--waivers", "waivers_file", type=READABLE, help="The file of waivers, waivers.yaml."),
        )
    ):
        command = option(command)
    return command


def talk(command: F) -> F:
    """How much to say on stderr."""
    command = click.option("-q", "--quiet", is_flag=True, help="No progress and no hints.")(command)
    return click.option("-v", "--verbose", is_flag=True, help="Say what is read and how long it takes.")(command)
