"""The Nagios objects that belong to a receiver: generated, because a result for an object that is missing is lost."""

from __future__ import annotations

import re
from collections.abc import Iterator

from viguard.alerts.channels.results import HEARTBEAT_SERVICE
from viguard.alerts.settings import NagiosTo, NscaTo
from viguard.errors import InputError
from viguard.model.text import visible

# ';' would begin a comment in an object file
_SILENT = "/bin/sh -c 'echo \"UNKNOWN - viguard has not been heard\" && exit 3'"
_NOT_VALUE = re.compile(r"[;\x00-\x1f]")


def render_nagios(
    to: NagiosTo | NscaTo,
    *,
    every_minutes: int = 0,
    contacts: str = "nagiosadmin",
    own_hosts: bool = True,
    check: str = "",
) -> str:
    """Hosts and services for a receiver as an object file of Nagios 3 and later.

    ``every_minutes``: its heartbeat (0: none); three that are missing make the heartbeat service UNKNOWN. ``own_hosts``
    False: the hosts are defined elsewhere. ``check``: path of viguard-check, for an active check on viguard's machine.

    Raises: InputError when ``contacts`` or ``check`` hold what would end the line of an object file.
    """
    for value in (contacts, check):
        if _NOT_VALUE.search(value):
            raise InputError("Nagios would cut this at ';' or at the end of the line", where=visible(value))
    return "\n".join(_objects(to, every_minutes, contacts, own_hosts=own_hosts, check=check)) + "\n"


def _objects(to: NagiosTo | NscaTo, every_minutes: int, contacts: str, *, own_hosts: bool, check: str) -> Iterator[str]:
    hosts = list(dict.fromkeys([to.host, *to.hosts]))
    yield "# Made by viguard. What is changed here is lost when it is made again."
    yield _define("command", command_name="viguard-silent", command_line=_SILENT)
    if own_hosts:
        for host in hosts:
            yield _define("host", host_name=host, alias=host, address="127.0.0.1", **_PASSIVE, contacts=contacts)
    for host in hosts:
        yield _define(
            "service",
            host_name=host,
            service_description=to.service,
            check_command="viguard-silent",
            is_volatile="1",
            **_PASSIVE,
            contacts=contacts,
            notification_options="w,u,c,r",
        )
    if every_minutes:
        yield _define(
            "service",
            host_name=to.host,
            service_description=HEARTBEAT_SERVICE,
            check_command="viguard-silent",
            check_freshness="1",
            freshness_threshold=str(every_minutes * 180),
            **_PASSIVE,
            contacts=contacts,
            notification_options="w,u,c,r",
        )
    if check:
        yield _define("command", command_name="viguard-check", command_line=check)
        yield _define(
            "service",
            host_name=to.host,
            service_description="viguard",
            check_command="viguard-check",
            **_ACTIVE,
            contacts=contacts,
            notification_options="w,u,c,r",
        )


_PASSIVE = {
    "active_checks_enabled": "0",
    "passive_checks_enabled": "1",
    "max_check_attempts": "1",
    "check_interval": "5",
    "check_period": "24x7",
    "notification_interval": "0",
    "notification_period": "24x7",
}
_ACTIVE = {**_PASSIVE, "active_checks_enabled": "1", "check_interval": "1", "retry_interval": "1"}


def _define(kind: str, **fields: str) -> str:
    rows = "\n".join(f"    {name} {value}" for name, value in fields.items())
    return f"define {kind} {{\n{rows}\n}}"  # Nagios wants the closing brace on its own line
