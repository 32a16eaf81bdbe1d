"""`viguard logs`: what log lines tell, in files and in an archive."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from viguard.cli.console import Talk, look_for_cycles_seldom, results_to
from viguard.cli.moments import time

F = TypeVar("F", bound=Callable[..., Any])
ARCHIVE = click.Path(path_type=Path, file_okay=False)
SINCE = click.option("--since", type=time, help="Received then or later: a date, a time, or 2h, 7d for so long ago.")
UNTIL = click.option("--until", type=time, help="Received before then.")
TIME_ZONE = click.option(
    "--time-zone", default="", metavar="NAME", help="Of lines without one, as Europe/Brussels.  [default: UTC]"
)
TIME_ZONE_TOO = click.option(
    "--time-zone", default="", metavar="NAME", help="Of lines without one, where the policy names none.  [default: UTC]"
)
POLICY = click.option(
    "--policy", type=click.Path(path_type=Path, dir_okay=False, exists=True), help="The owner's policy.yaml."
)
FILES = click.argument("files", nargs=-1, required=True, metavar="FILE...")


def _format(*names: str) -> Callable[[F], F]:
    shown = "Default: table on a terminal, else jsonl."
    return click.option("--format", "format_", type=click.Choice(names), help=shown)


def _chosen(format_: str | None) -> str:
    if format_ is not None:
        return format_
    return "table" if sys.stdout is not None and sys.stdout.isatty() else "jsonl"


@click.group("logs")
def command() -> None:
    """Say what log lines tell: in files, and in the archive of `viguard serve`."""
    look_for_cycles_seldom()


@command.command("classify")
@FILES
@_format("table", "jsonl", "summary")
@click.option("--all", "every", is_flag=True, help="An object for every line, noise too, in their order.")
@TIME_ZONE
def classify(files: tuple[str, ...], format_: str | None, every: bool, time_zone: str) -> None:
    """Say of each line by itself what event it tells. Nothing is merged: see `viguard logs events`.

    FILE is a log, plain or packed (gzip, zstd, xz, bzip2), a tar archive or folder with logs, or - for standard input.
    jsonl writes an object a line: file, line (from 1), event, outcome, user, source_ip, channel, host, program, time,
    ..., null where the line does not say. summary counts the lines of each event, the quickest way.

    Exit codes: 0 everything was read, 2 nothing could be, 4 a part could not be.

    \b
    viguard logs classify /var/log/vmware/hostd.log
    journalctl -o short | viguard logs classify - --format jsonl
    """
    from viguard.usecases.logs import classify as use
    from viguard.usecases.logs.clocks import clocks_of

    write = {"table": use.table, "jsonl": use.objects, "summary": use.summary}[_chosen(format_)]
    with results_to(None) as stream:
        code = write(files, stream, Talk().say, every=every, clocks=clocks_of(None, time_zone))
    raise click.exceptions.Exit(code)


@command.command("events")
@FILES
@_format("table", "jsonl", "ocsf")
@TIME_ZONE
def events(files: tuple[str, ...], format_: str | None, time_zone: str) -> None:
    """Say what happened: lines of one fact become one event, with all its lines.

    FILE as for `viguard logs classify`. Exit codes too. ocsf writes an object of the Open Cybersecurity Schema
    Framework a line.
    """
    from viguard.usecases.logs import events as use
    from viguard.usecases.logs.clocks import clocks_of

    with results_to(None) as stream:
        code = use.write(files, _chosen(format_), stream, Talk().say, clocks_of(None, time_zone))
    raise click.exceptions.Exit(code)


@command.command("search")
@click.argument("directory", type=ARCHIVE)
@click.argument("text", default="")
@click.option("--regex", default="", metavar="RE", help="This regular expression matches in the line.")
@click.option("--field", "fields", multiple=True, metavar="NAME=VALUE", help="The line tells an event with this field.")
@click.option("--host", default="", help="The host that the line names, in either case.")
@click.option("--sender", default="", metavar="ADDRESS", help="The address that the line came from.")
@SINCE
@UNTIL
@click.option("--limit", type=click.IntRange(1), help="No more lines than this.")
@click.option("--oldest-first", is_flag=True, help="In the order of their receipt; else the newest first.")
@click.option("--follow", "following", is_flag=True, help="Lines that come in from now on, until Ctrl-C.")
@POLICY
@TIME_ZONE_TOO
@_format("table", "jsonl", "raw")
def search(
    directory: Path,
    text: str,
    regex: str,
    fields: tuple[str, ...],
    host: str,
    sender: str,
    since: datetime | None,
    until: datetime | None,
    limit: int | None,
    oldest_first: bool,
    following: bool,
    policy: Path | None,
    time_zone: str,
    format_: str | None,
) -> None:
    """Find lines of an archive: with TEXT in them as it stands, and every other condition that is given.

    raw writes the lines as they were received, to a file or a program only: they could steer a terminal.

    Exit codes: 0 everything was searched, 4 a part of the archive could not be read.

    \b
    viguard logs search /var/lib/viguard/archive 192.0.2.17 --since 7d
    viguard logs search /var/lib/viguard/archive --field event=login.failure.ssh --field user=root
    """
    from viguard.usecases.logs import search as use
    from viguard.usecases.logs.clocks import zones_of

    query = use.Query(
        text=text,
        regex=regex,
        fields=dict(_pair(field) for field in fields),
        since=since,
        until=until,
        host=host,
        sender=sender,
        limit=limit,
        newest_first=not oldest_first,
        time_zones=zones_of(policy, time_zone),
    )
    with results_to(None) as stream:
        code = use.run(directory, query, _chosen(format_), stream, Talk().say, following=following)
    raise click.exceptions.Exit(code)


@command.command("hunt")
@click.argument("arguments", nargs=-1, metavar="[RULES.yml...] [FILE...]")
@click.option("--archive", type=ARCHIVE, help="Lines of this archive, not of files.")
@POLICY
@SINCE
@UNTIL
@TIME_ZONE_TOO
@_format("table", "jsonl")
def hunt(
    arguments: tuple[str, ...],
    archive: Path | None,
    policy: Path | None,
    since: datetime | None,
    until: datetime | None,
    time_zone: str,
    format_: str | None,
) -> None:
    """Run detections over old lines, and write the alerts that they would have raised.

    Sigma rules are files .yml or .yaml and folders of those; without one viguard's own detections run. Every other
    FILE holds lines, as for `viguard logs classify`.

    Exit codes: 0 no alert, 3 alerts, 4 no alert but a part could not be read.

    \b
    viguard logs hunt new.yml --archive /var/lib/viguard/archive --since 90d
    viguard logs hunt new.yml vm-support.tgz
    """
    from viguard.usecases.logs import hunt as use

    rules, files = use.parted(arguments)
    wanted = use.Hunt(
        rules=rules,
        names=files,
        archive=archive,
        policy=policy,
        since=since,
        until=until,
        time_zone=time_zone,
    )
    with results_to(None) as stream:
        code = use.run(wanted, _chosen(format_), stream, Talk().say)
    raise click.exceptions.Exit(code)


@command.command("volumes")
@click.argument("directory", type=ARCHIVE)
@_format("table", "jsonl")
def volumes(directory: Path, format_: str | None) -> None:
    """Say how many bytes each host sent in the last days, and how many the keep-filter kept.

    DIRECTORY is that of serve.yaml; the log server writes it every minute, and need not run.
    """
    from viguard.usecases.logs import volumes as use

    with results_to(None) as stream:
        use.write(directory, _chosen(format_), stream)


@command.command("verify")
@click.argument("directory", type=ARCHIVE)
def verify(directory: Path) -> None:
    """Check every frame of an archive against its hashes.

    Exit codes: 0 as it was written, 3 something is damaged.
    """
    from viguard.usecases.logs import archive as use

    with results_to(None) as stream:
        code = use.verify(directory, stream)
    raise click.exceptions.Exit(code)


@command.command("pack")
@click.argument("directory", type=ARCHIVE)
def pack(directory: Path) -> None:
    """Pack an archive that no log server writes to again, where that saves space.

    The log server does so by itself when it is idle. The lines, and where they stand, stay the same.

    Exit codes: 0 all of it is packed, 4 a part could not be: it is damaged, or there is no room.
    """
    from viguard.usecases.logs import archive as use

    with results_to(None) as stream:
        code = use.pack(directory, stream, Talk().say)
    raise click.exceptions.Exit(code)


@command.command("parquet")
@click.argument("archive", type=ARCHIVE)
@click.argument("directory", type=ARCHIVE)
@SINCE
@UNTIL
@POLICY
@TIME_ZONE_TOO
def parquet(
    archive: Path,
    directory: Path,
    since: datetime | None,
    until: datetime | None,
    policy: Path | None,
    time_zone: str,
) -> None:
    """Write the events of ARCHIVE as Parquet files into DIRECTORY, for `viguard logs ask` and other programs.

    Exit codes: 0 everything was read, 4 a part of the archive could not be.
    """
    from viguard.usecases.logs import archive as use
    from viguard.usecases.logs.clocks import zones_of

    wanted = use.Wanted(archive=archive, since=since, until=until, time_zones=zones_of(policy, time_zone))
    raise click.exceptions.Exit(use.to_parquet(wanted, directory, Talk().say))


@command.command("ask")
@click.argument("directory", type=ARCHIVE)
@click.argument("sql")
@click.option("--format", "format_", type=click.Choice(("tsv", "jsonl")), default="tsv", show_default=True)
def ask(directory: Path, sql: str, format_: str) -> None:
    """Ask the Parquet files in DIRECTORY one SELECT over the table events. It can only read them.

    Exit codes: 0 answered, 4 there are more rows than are shown.

    \b
    viguard logs ask events "SELECT user, count(*) FROM events WHERE event LIKE 'login.failure.%' GROUP BY ALL"
    """
    from viguard.usecases.logs import archive as use

    with results_to(None) as stream:
        code = use.ask(directory, sql, format_, stream, Talk().say)
    raise click.exceptions.Exit(code)


@command.command("render")
@click.argument("daemon", type=click.Choice(("syslog-ng", "rsyslog")))
@click.option("--keep", type=click.Choice(("report", "all")), default="report", show_default=True, help="The filter.")
@click.option("--event", "events", multiple=True, metavar="CLASS", help="Keep this class of events too (repeatable).")
@click.option(
    "--severity", type=click.Choice(("info", "low", "medium", "high", "critical")), help="Keep this and worse too."
)
@click.option("--address", default="0.0.0.0", show_default=True, help="Where the daemon listens.")  # noqa: S104
@click.option("--port", default=514, show_default=True, help="Where the daemon listens.")
@click.option("--file", default="/var/log/viguard/esx.log", show_default=True, help="What it writes.")
@click.option("--version", default="3.38", show_default=True, help="The version of syslog-ng.")
def render(daemon: str, **wanted: Any) -> None:
    """Write a configuration for a site that keeps its syslog daemon: it keeps these events and drops the rest."""
    from viguard.usecases.logs import render as use

    text = use.configuration(daemon, use.Wanted(**wanted))
    with results_to(None) as stream:
        stream.write(text.encode())


def _pair(field: str) -> tuple[str, str]:
    name, equals, value = field.partition("=")
    if not name or not equals:
        raise click.BadParameter(f"{field!r} is no NAME=VALUE, as event=login.failure.ssh", param_hint="--field")
    return name, value
