"""Configurations of syslog-ng and rsyslog that keep the events of a filter and drop the rest.

Source: report, Monitoring the security (central log server, 514/TCP, "limit the logfiles to specific notifications").
"""

from __future__ import annotations

import re
from importlib import resources

from jinja2 import Environment, StrictUndefined

from viguard.errors import InputError
from viguard.logs.classes import classes
from viguard.logs.keep import REPORT, Filter, kinds
from viguard.logs.render.conditions import conditions
from viguard.model.facts import Struct

_NOT_IN_PATH = re.compile(r"[^\w./-]")


class Options(Struct, frozen=True, kw_only=True):
    """Where the daemon listens, what it keeps, and in which file: an absolute path of plain characters, one for all.

    No part of a line becomes part of a path.
    """

    keep: Filter = Filter(name=REPORT)
    address: str = "0.0.0.0"  # noqa: S104  (a log server listens to the management network; the firewall says to whom)
    port: int = 514
    file: str = "/var/log/viguard/esx.log"


def render_syslog_ng(options: Options | None = None, *, version: str = "3.38") -> str:
    """A whole syslog-ng.conf.

    Raises: InputError for options that cannot be.
    """
    return _rendered("syslog-ng.conf.j2", options or Options(), version)


def render_rsyslog(options: Options | None = None) -> str:
    """A whole rsyslog.conf.

    Raises: InputError for options that cannot be.
    """
    return _rendered("rsyslog.conf.j2", options or Options(), "")


def _rendered(template: str, options: Options, version: str) -> str:
    ids = kinds(options.keep)
    if not options.file.startswith("/") or _NOT_IN_PATH.search(options.file):
        raise InputError("an absolute path of letters, digits and ./_- is needed", where=options.file)
    if not 0 < options.port < 65536 or re.search(r"[^0-9A-Za-z.:]", options.address):
        raise InputError("no address and port to listen at", where=f"{options.address}:{options.port}")
    text = resources.files("viguard.logs.render").joinpath("templates", template).read_text("utf-8")
    environment = Environment(  # noqa: S701  (no HTML)
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=False, keep_trailing_newline=True
    )
    environment.filters |= {"double": _double, "single": _single, "names": _names}
    return environment.from_string(text).render(
        options=options,
        version=version,
        conditions=None if ids is None else conditions(ids),
        titles=[classes()[one].title for one in sorted(ids or ())],
    )


def _double(text: str) -> str:
    """Between double quotes in syslog-ng."""
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _single(text: str) -> str:
    """Between single quotes in RainerScript."""
    return text.replace("\\", "\\\\").replace("'", "\\'")


def _names(programs: tuple[str, ...]) -> str:
    """Programs as alternatives of a POSIX extended regular expression."""
    return "|".join(re.sub(r"([^\w-])", r"[\1]", program) for program in programs)
