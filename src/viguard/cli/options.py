"""Options that several commands share. Each group of options reaches its command as one value."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from viguard.cli.console import Talk

F = TypeVar("F", bound=Callable[..., Any])
PATH = click.Path(path_type=Path, dir_okay=False)
READABLE = click.Path(path_type=Path, dir_okay=False, exists=True)

SOURCES = (
    click.argument("names", nargs=-1, metavar="SOURCE..."),
    click.option(
        "--user", default="", help="User name; else VIGUARD_USER, GOVC_USERNAME, the credentials file, a prompt."
    ),
    click.option("--credentials", type=READABLE, help="YAML file (mode 0600) with user and password by server."),
    click.option(
        "--ca-file", "ca", type=READABLE, help="CA certificates (PEM) that the server's certificate chains to."
    ),
    click.option("--fingerprint", default="", help="SHA-256 fingerprint of the server's certificate: trust only this."),
    click.option("--legacy-tls", is_flag=True, help="Allow TLS 1.0 and old ciphers (VI 3.5, vSphere 4). Unsafe."),
    click.option(
        "--tags", "read_tags", is_flag=True, help="Read vSphere tags too: the REST API, a second login per vCenter."
    ),
)
SELECTION = (
    click.option(
        "--vcenter", "vcenters", multiple=True, metavar="NAME", help="Only this vCenter (pattern, repeatable)."
    ),
    click.option("--folder", "folders", multiple=True, metavar="NAME", help="Only below this folder, cluster or host."),
    click.option("--tag", "tags", multiple=True, metavar="TAG", help="Only with this tag (category:tag, or tag)."),
    click.option("--owner", "owners", multiple=True, metavar="NAME", help="Only zones of this owner (needs a policy)."),
)
TALK = (
    click.option("-q", "--quiet", is_flag=True, help="No progress and no hints; warnings stay."),
    click.option("-v", "--verbose", is_flag=True, help="Say what is read."),
)
POLICY = (
    click.option("--policy", "policy_file", type=READABLE, help="The owner's policy.yaml."),
    click.option("--waivers", "waivers_file", type=READABLE, help="The file of waivers, waivers.yaml."),
)
LOGS = click.option(
    "--logs",
    "logs_path",
    type=click.Path(path_type=Path, exists=True),
    help="The directory of your log server (viguard serve): what it heard is judged too.",
)


def sources(command: F) -> F:
    """What to read and how to reach it, as ``sources``. Passwords never come from arguments."""
    return _gathered(command, "sources", _sources, SOURCES)


def selection(command: F) -> F:
    """Which part of the estate to show, as ``selection``."""
    return _gathered(command, "selection", _selection, SELECTION)


def talk(command: F) -> F:
    """How much to say on stderr, as ``talk``."""
    return _gathered(command, "talk", Talk, TALK)


def policy(command: F) -> F:
    """What the owner intends, as ``policy_file`` and ``waivers_file``."""
    for option in reversed(POLICY):
        command = option(command)
    return command


def _sources(**values: Any) -> object:
    from viguard.usecases.sources import Sources

    return Sources(**values)


def _selection(**values: Any) -> object:
    from viguard.usecases.sources import Selection

    return Selection(**values)


def _gathered(command: F, name: str, build: Callable[..., object], parameters: tuple[Callable[[F], F], ...]) -> F:
    """A command that gets these parameters as one value called ``name``."""
    before = set(_names(command))

    @wraps(command)
    def gathered(**values: Any) -> Any:
        taken = {key: values.pop(key) for key in own}
        return command(**{name: build(**taken)}, **values)

    result: Any = gathered
    result.__click_params__ = list(getattr(command, "__click_params__", ()))
    for parameter in reversed(parameters):
        result = parameter(result)
    own = [key for key in _names(result) if key not in before]
    return result  # type: ignore[no-any-return]


def _names(command: Callable[..., Any]) -> list[str]:
    return [p.name for p in getattr(command, "__click_params__", ())]
