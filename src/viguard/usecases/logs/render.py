"""Configurations for a site that keeps its syslog daemon."""

from __future__ import annotations

from viguard.logs.keep import Filter
from viguard.logs.render.daemons import Options, render_rsyslog, render_syslog_ng
from viguard.model.event import EventSeverity
from viguard.model.facts import Struct

DAEMONS = ("syslog-ng", "rsyslog")


class Wanted(Struct, frozen=True, kw_only=True):
    """What the daemon keeps (see ``logs.keep.Filter``), where it listens, and the file. ``version``: of syslog-ng."""

    keep: str
    events: tuple[str, ...]
    severity: str | None
    address: str
    port: int
    file: str
    version: str


def configuration(daemon: str, wanted: Wanted) -> str:
    """A whole configuration of a daemon.

    Raises: InputError for what cannot be.
    """
    severity = EventSeverity(wanted.severity) if wanted.severity else None
    keep = Filter(name=wanted.keep, events=wanted.events, severity=severity)
    options = Options(keep=keep, address=wanted.address, port=wanted.port, file=wanted.file)
    if daemon == "syslog-ng":
        return render_syslog_ng(options, version=wanted.version)
    return render_rsyslog(options)
