"""`viguard alerts`: who is told, and whether it reaches them."""

from __future__ import annotations

import getpass
from datetime import datetime
from pathlib import Path

import click

from viguard.cli.console import Talk, results_to
from viguard.cli.moments import time

ALERTS = click.argument("file", metavar="ALERTS.YAML", type=click.Path(path_type=Path, dir_okay=False, exists=True))


@click.group("alerts")
def command() -> None:
    """Check who is told of alerts, and whether it reaches them; deal with those that are open."""


@command.command("check")
@ALERTS
@click.option("--rule", default="bruteforce", show_default=True, help="Of the example alert: its detection.")
@click.option("--key", default="host=esx1 user=root", show_default=True, help="What it is about.")
@click.option("--zone", "zones", multiple=True, metavar="ZONE", help="Its zone; several of a guest in several.")
@click.option(
    "--severity",
    type=click.Choice(("info", "low", "medium", "high", "critical")),
    default="high",
    show_default=True,
    help="How bad it is.",
)
@click.option("--at", "at", type=time, help="When it is raised; now when left out.")
def check(file: Path, rule: str, key: str, zones: tuple[str, ...], severity: str, at: datetime | None) -> None:
    """Say what ALERTS.YAML means, and who is told of an example alert.

    Exit codes: 0 in order, 2 mistakes in the file, 3 a receiver could not be used (its secret).
    """
    from viguard.model.event import EventSeverity
    from viguard.usecases import alerts, show

    example = alerts.Example(rule=rule, key=key, zones=zones, severity=EventSeverity(severity))
    said, wrong = alerts.check(file, example, at)
    with results_to(None) as stream:
        show.lines([*said, *(f"wrong: {one}" for one in wrong)], stream, nothing="")
    raise click.exceptions.Exit(3 if wrong else 0)


@command.command("test")
@ALERTS
@click.argument("receivers", nargs=-1, metavar="[RECEIVER...]")
def test(file: Path, receivers: tuple[str, ...]) -> None:
    """Send a notice that says that it is a test to every receiver, or those that are named; each is tried once.

    A Nagios service shows a warning until the next notice: a green one would hide what is open.

    Exit codes: 0 all took it, 3 one did not.
    """
    from viguard.usecases import alerts, show

    sent = alerts.send_test(file, receivers)
    with results_to(None) as stream:
        show.lines(
            [f"{one.receiver} ({one.way}): {f'NOT taken: {one.error}' if one.error else 'taken'}" for one in sent],
            stream,
            nothing="there is no receiver: nobody is told of anything",
        )
    raise click.exceptions.Exit(3 if not sent or any(one.error for one in sent) else 0)


DIRECTORY = click.argument("directory", metavar="DIRECTORY", type=click.Path(path_type=Path, file_okay=False))
GROUP = click.argument("group", metavar="ALERT")
BY = click.option("--by", default=getpass.getuser, help="Who says it; you when left out.")


@command.command("status")
@DIRECTORY
def status(directory: Path) -> None:
    """Say how the log server of DIRECTORY (of serve.yaml) is: open alerts and findings, and what is wrong."""
    from viguard.usecases import log_status, show

    with results_to(None) as stream:
        show.lines(log_status.told(directory), stream, nothing="")


@command.command("open")
@DIRECTORY
def open_(directory: Path) -> None:
    """List what is open at the log server that runs with DIRECTORY (of serve.yaml), worst first."""
    from viguard.usecases import log_control, show

    with results_to(None) as stream:
        show.lines(log_control.opened(directory), stream, nothing="nothing is open")


@command.command("consoles")
@DIRECTORY
def consoles(directory: Path) -> None:
    """List the open consoles of guests, and who holds them, at the log server that runs with DIRECTORY."""
    from viguard.usecases import log_control, show

    with results_to(None) as stream:
        show.lines(log_control.consoles(directory), stream, nothing="no console is open")


@command.command("ack")
@DIRECTORY
@GROUP
@BY
def ack(directory: Path, group: str, by: str) -> None:
    """Say that somebody deals with ALERT (its id, or the start of it): no repeats until it becomes worse."""
    from viguard.usecases.log_control import control

    control(directory, {"do": "acknowledge", "group": group, "by": by})


@command.command("mark")
@DIRECTORY
@GROUP
@click.argument("verdict", type=click.Choice(("true-positive", "false-positive", "over")))
@click.option("--note", default="", help="Why; kept with it.")
@BY
def mark(directory: Path, group: str, verdict: str, note: str, by: str) -> None:
    """Say what ALERT (its id, or the start of it) was. A false positive is closed, and so is what is over."""
    from viguard.usecases.log_control import control

    if verdict == "over":
        control(directory, {"do": "end", "group": group, "by": by})
    else:
        told = {"true_positive": verdict == "true-positive", "note": note}
        control(directory, {"do": "mark", "group": group, "by": by, **told})


@command.command("reload")
@DIRECTORY
def reload(directory: Path) -> None:
    """Make the log server that runs with DIRECTORY read alerts.yaml, detections and policy anew: all, or none."""
    from viguard.usecases.log_control import control

    Talk().say(control(directory, {"do": "reload"})["text"])


@command.group("render")
def render() -> None:
    """Write what Nagios and MRTG need to know of viguard."""


@render.command("nagios")
@ALERTS
@click.argument("receiver", default="")
@click.option("--contacts", default="nagiosadmin", show_default=True, help="Whom Nagios notifies.")
@click.option("--hosts-elsewhere", is_flag=True, help="The hosts are defined in other files.")
@click.option(
    "--check", "check_", default="", metavar="COMMAND", help="Command line of an active check (viguard-check)."
)
def nagios(file: Path, receiver: str, contacts: str, hosts_elsewhere: bool, check_: str) -> None:
    """Write hosts and services for RECEIVER of ALERTS.YAML, an object file of Nagios 3 and later."""
    from viguard.usecases import alerts

    text = alerts.nagios(file, receiver, contacts=contacts, own_hosts=not hosts_elsewhere, check=check_)
    with results_to(None) as stream:
        stream.write(text.encode())


@render.command("mrtg")
@click.option("--work-dir", type=click.Path(path_type=Path), default=Path("/var/www/mrtg"), show_default=True)
@click.option(
    "--status", type=click.Path(path_type=Path), default=Path("/var/lib/viguard/status.json"), show_default=True
)
@click.option("--program", default="/usr/bin/viguard-mrtg", show_default=True, help="Where viguard-mrtg is.")
def mrtg(work_dir: Path, status: Path, program: str) -> None:
    """Write a whole mrtg.cfg: logins, consoles, log bytes, findings, alerts. WORK-DIR has to exist."""
    from viguard.usecases import alerts

    text = alerts.mrtg(work_dir, status, program)
    with results_to(None) as stream:
        stream.write(text.encode())
        Talk().say("run it every five minutes: env LANG=C mrtg FILE")
