"""mrtg.cfg for what viguard counts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from viguard.errors import InputError

_SAFE = re.compile(r"/[A-Za-z0-9_./-]*", re.ASCII)


class _Graph(NamedTuple):
    pair: str
    title: str
    legends: tuple[str, str]
    options: str
    most: int


_GRAPHS = (
    _Graph("logins", "Logins and failed logins", ("logins", "failed"), "growright,nopercent,perminute", 10_000),
    _Graph("consoles", "Open consoles", ("all", "most of one guest"), "growright,nopercent,gauge", 10_000),
    _Graph("log-bytes", "Log bytes and lines", ("bytes", "lines"), "growright,nopercent", 1_000_000_000),
    _Graph("findings", "Open findings", ("all", "critical"), "growright,nopercent,gauge", 1_000_000),
    _Graph("alerts", "Open alerts", ("all", "critical"), "growright,nopercent,gauge", 100_000),
)


def render_mrtg(work_dir: Path, status_file: Path, program: str = "/usr/bin/viguard-mrtg") -> str:
    """A whole mrtg.cfg. ``work_dir`` has to exist; run it with ``env LANG=C mrtg FILE`` every five minutes.

    Raises: InputError when a path holds what MRTG or its shell would take for more than a path.
    """
    for path in (str(work_dir), str(status_file), program):
        if not _SAFE.fullmatch(path):
            raise InputError("the path holds more than letters, digits, '_', '.', '-' and '/'", where=path)
    rows = ["# Made by viguard. What is changed here is lost when it is made again.", f"WorkDir: {work_dir}"]
    for graph in _GRAPHS:
        name = f"viguard-{graph.pair}"
        rows += [
            "",
            f"Target[{name}]: `{program} {graph.pair} --status {status_file}`",
            f"Title[{name}]: {graph.title}",
            f"PageTop[{name}]: <h1>{graph.title}</h1>",
            f"MaxBytes[{name}]: {graph.most}",
            f"Options[{name}]: {graph.options}",
            f"YLegend[{name}]: {graph.legends[0]}",
            f"ShortLegend[{name}]: &nbsp;",
            f"LegendI[{name}]: {graph.legends[0]}:",
            f"LegendO[{name}]: {graph.legends[1]}:",
        ]
    return "\n".join(rows) + "\n"
