"""`viguard`: the commands, imported only when one is called, and how errors reach the user."""

from __future__ import annotations

import importlib
import signal
import sys

import click

from viguard import __version__
from viguard.errors import ViguardError

COMMANDS = {
    "alerts": "Check who is told of alerts, and whether it reaches them.",
    "attack": "Paths of an attacker: what a guest reaches, what a password opens, what stops it.",
    "ask": "Answer the five questions of the report for this estate, and what is left to do.",
    "audit": "Judge an estate: vCenters, hosts, snapshots.",
    "collect": "Read an estate into a snapshot.",
    "completion": "Print the completion script for bash, zsh or fish.",
    "config": "Check how viguard may read a vCenter.",
    "controls": "List the controls, or show one.",
    "demo": "Audit the built-in demo estate.",
    "explain": "Explain a finding: why, evidence, fix, side effects.",
    "firewall": "Derive closed firewalls, write them for devices, and judge those that are there.",
    "init": "Propose a commented policy for an estate.",
    "inventory": "List an estate by site, cluster, zone or VLAN.",
    "logs": "Say what log lines tell: in files, and in an archive.",
    "rules": "Detections of log events: list them, test them, find mistakes.",
    "serve": "Hear log lines, keep and judge them, and tell people.",
    "trunks": "Say which VLANs hosts need and what their switch ports carry.",
    "vlans": "List servers and services by VLAN, and draw them.",
    "waivers": "Check the file of waivers.",
    "zones": "Say why a guest is in its zone.",
}


OPTIONAL = {"apprise": "logs", "duckdb": "logs", "sigma": "logs", "numpy": "network", "scipy": "network"}
"""Modules that nothing else can stand in for, with the extra that installs each."""
STOPPED = "stopped; sessions were logged out"


class LazyGroup(click.Group):
    """A group that knows the names and one-line helps of its commands and imports one when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of the commands, sorted."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, imported now."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"viguard.cli.{cmd_name}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command of the first argument; a near miss is named."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            import difflib

            near = difflib.get_close_matches(args[0], COMMANDS, 1)
            hint = f" Did you mean {near[0]}?" if near else " See `viguard --help`."
            ctx.fail(f"no command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list in ``--help``, without importing the commands."""
        with formatter.section("Commands"):
            formatter.write_dl(sorted(COMMANDS.items()))


@click.command(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100, "auto_envvar_prefix": None},
)
@click.version_option(__version__, prog_name="viguard")
def main() -> None:
    """viguard makes a VMware virtual infrastructure as secure as intended, proves it, and keeps it so.

    Start with `viguard demo`, then point it read-only at your own vCenter: `viguard audit https://vcenter.example.org`.

    Exit codes: 0 fine, 1 tool error, 2 usage, 3 findings at or above --fail-on, 4 incomplete.
    """


def run(arguments: list[str] | None = None) -> None:
    """Entry point: no traceback for anything that a user can cause.

    Being ended by a service manager (SIGTERM) logs out and cleans up as Ctrl-C does.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        code = main.main(args=arguments, prog_name="viguard", standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except click.Abort:
        sys.exit(_say(STOPPED, 130))  # click makes this of Ctrl-C
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except ViguardError as error:
        sys.exit(_say(f"error: {error}", error.exit_code))
    except ModuleNotFoundError as error:
        extra = OPTIONAL.get((error.name or "").partition(".")[0])
        if extra is None:
            raise
        sys.exit(_say(f"error: {error.name} is not installed\n  pip install viguard[{extra}]", 1))
    except KeyboardInterrupt:
        sys.exit(_say(STOPPED, 130))
    except BrokenPipeError:
        _close_stdout()
        sys.exit(1)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        sys.exit(_say(f"error: {where}{error.strerror or error}", 1))


def _say(text: str, code: int) -> int:
    from viguard.model.text import printable

    click.echo(printable(text), err=True)
    return code


def _close_stdout() -> None:
    """The reader of our output is gone; Python would complain about the flush at exit."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
