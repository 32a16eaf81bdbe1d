"""What each host sent to a log server, and how much of it was kept."""

from __future__ import annotations

from pathlib import Path
from typing import IO

from viguard.errors import InputError
from viguard.logs.volumes import Total, Volumes
from viguard.model.text import visible
from viguard.usecases.log_memory import VOLUMES
from viguard.usecases.logs import rows

_ALL = "(all)"


def write(directory: Path, format_: str, stream: IO[bytes]) -> None:
    """Writes a line for each host, as table or jsonl; a table ends with the sum of all.

    Raises: InputError when no log server has written its volumes there.
    """
    totals = read(directory)
    if format_ == "jsonl":
        stream.write(rows.lines({**one._asdict(), "share": share(one)} for one in totals))
        return
    stream.write(_line("HOST", "RECEIVED", "KEPT", "SHARE", "DAYS"))
    for one in [*totals, *([_sum(totals)] if totals else [])]:
        days = one.first if one.first == one.newest else f"{one.first} to {one.newest}"
        stream.write(_line(one.host, f"{one.received:,}", f"{one.kept:,}", _percent(one), days))


def read(directory: Path) -> list[Total]:
    """Bytes of each host, sorted by name.

    Raises: InputError when no log server has written them there.
    """
    volumes = Volumes()
    try:
        volumes.restore((directory / VOLUMES).read_bytes())
    except OSError as error:
        hint = "name the directory of serve.yaml; a log server writes it every minute"
        raise InputError(f"{VOLUMES} cannot be read: {error.strerror}", where=str(directory), hint=hint) from error
    except ValueError as error:
        raise InputError(f"{VOLUMES} is not as a log server writes it: {error}", where=str(directory)) from error
    return volumes.totals()


def share(total: Total) -> float | None:
    """How much of what was received was kept, from 0 to 1; None of nothing."""
    return round(total.kept / total.received, 4) if total.received else None


def _sum(totals: list[Total]) -> Total:
    first, newest = min(one.first for one in totals), max(one.newest for one in totals)
    return Total(_ALL, sum(one.received for one in totals), sum(one.kept for one in totals), first, newest)


def _percent(total: Total) -> str:
    found = share(total)
    return "-" if found is None else f"{found:.1%}"


def _line(host: str, received: str, kept: str, part: str, days: str) -> bytes:
    text = f"{visible(host):24}  {received:>15}  {kept:>15}  {part:>6}  {days}"
    return text.rstrip().encode("utf-8", "backslashreplace") + b"\n"
