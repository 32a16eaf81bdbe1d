"""What alerts.yaml holds: the structs are its grammar (see ``policy.typed``)."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from viguard.model.event import EventSeverity
from viguard.model.facts import Struct
from viguard.policy.policy import Day

SCHEMA = "viguard-alerts/1"


class Send(StrEnum):
    """What a receiver may get. Heartbeats go to whom ``heartbeats`` names."""

    FIRING = "firing"
    RESOLVED = "resolved"


class Secret(Struct, frozen=True, kw_only=True):
    """Where a secret stands: a file that only its owner can read, or an environment variable. Never the secret."""

    path: str = ""
    variable: str = ""


class NagiosTo(Struct, frozen=True, kw_only=True):
    """A Nagios on this machine, through its command file.

    ``host`` takes what is about no host in ``hosts``: names in log lines never decide which Nagios object is touched.
    """

    command_file: str
    host: str = "viguard"
    service: str = "viguard alerts"
    hosts: tuple[str, ...] = ()


class NscaTo(Struct, frozen=True, kw_only=True):
    """A Nagios on another machine, through the NSCA client; ``config`` holds its password (see send_nsca.cfg)."""

    server: str
    config: str
    port: Annotated[int, Meta(ge=1, le=65535)] = 5667
    program: str = "/usr/sbin/send_nsca"
    host: str = "viguard"
    service: str = "viguard alerts"
    hosts: tuple[str, ...] = ()


class AppriseTo(Struct, frozen=True, kw_only=True):
    """E-mail, SMS, pager or chat: one apprise URL to a line in the secret."""

    urls: Secret


class SmstoolsTo(Struct, frozen=True, kw_only=True):
    """SMS by smstools on this machine: a file for each number in its outgoing directory."""

    outgoing: str
    numbers: tuple[str, ...]


class Receiver(Struct, frozen=True, kw_only=True):
    """Who is told, in exactly one of the ways. ``most_per_hour`` 0 is without a limit."""

    name: str
    send: tuple[Send, ...] = (Send.FIRING, Send.RESOLVED)
    most_per_hour: Annotated[int, Meta(ge=0, le=3600)] = 0
    timeout_s: Annotated[int, Meta(ge=1, le=300)] = 30
    nagios: NagiosTo | None = None
    nsca: NscaTo | None = None
    apprise: AppriseTo | None = None
    smstools: SmstoolsTo | None = None
    line: int = 0


class Route(Struct, frozen=True, kw_only=True):
    """Which alerts go to which receivers. What is left out matches all; patterns know ``*``, ``?`` and ``[…]``.

    ``hours`` is ``HH:MM-HH:MM`` (the end is out; past midnight when the end is not later), ``weekdays`` is by the day
    on the clock, both in ``time_zone``. Every route that matches counts.
    """

    receivers: tuple[str, ...]
    at_least: EventSeverity = EventSeverity.INFO
    zones: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    hours: str = ""
    weekdays: tuple[Day, ...] = ()
    time_zone: str = ""
    line: int = 0


class Silence(Struct, frozen=True, kw_only=True):
    """Alerts that a named person wants nobody to be told of until a time; they are still counted and shown."""

    owner: str
    reason: str
    until: str
    zones: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    line: int = 0


class Heartbeat(Struct, frozen=True, kw_only=True):
    """A dead-man's switch: the receiver hears from viguard every so often, and alarms when it does not."""

    receiver: str
    every_minutes: Annotated[int, Meta(ge=1, le=1440)] = 5
    line: int = 0


class Grouping(Struct, frozen=True, kw_only=True):
    """Alerts of one rule and key are one group. ``wait_s`` gathers the first ones into one notice.

    ``lasting``: patterns of rules whose detection says itself when it is over; silence does not end their groups.
    """

    wait_s: Annotated[float, Meta(ge=0, le=600)] = 1.0
    repeat_minutes: Annotated[int, Meta(ge=1, le=10080)] = 240
    resolve_minutes: Annotated[int, Meta(ge=1, le=10080)] = 60
    lasting: tuple[str, ...] = ("log.silence", "log.clock-skew", "console.multiple")


class Wire(StrEnum):
    """What of the log path a SIEM gets."""

    RAW = "raw"
    EVENTS = "events"
    ALERTS = "alerts"


class SyslogTo(Struct, frozen=True, kw_only=True):
    """RFC 5424 over TLS with octet counting (RFC 5425). ``ca_file`` "" is the system's list of authorities."""

    host: str
    port: Annotated[int, Meta(ge=1, le=65535)] = 6514
    ca_file: str = ""
    certificate_file: str = ""
    key_file: str = ""


class SplunkTo(Struct, frozen=True, kw_only=True):
    """Splunk's HTTP event collector: ``url`` is that of the server, with port."""

    url: str
    token: Secret
    index: str = ""
    ca_file: str = ""


class ElasticTo(Struct, frozen=True, kw_only=True):
    """Elasticsearch or OpenSearch through the bulk interface; ``api_key`` is what stands after ``ApiKey``."""

    url: str
    index: str
    api_key: Secret | None = None
    ca_file: str = ""


class FileTo(Struct, frozen=True, kw_only=True):
    """JSON lines appended to a file, which another program rotates and reads."""

    path: str


class Destination(Struct, frozen=True, kw_only=True):
    """A SIEM, in exactly one of the ways. ``buffer_mb`` bounds what waits in memory; the rest is dropped, counted."""

    name: str
    what: tuple[Wire, ...] = (Wire.EVENTS, Wire.ALERTS)
    buffer_mb: Annotated[int, Meta(ge=1, le=4096)] = 64
    syslog: SyslogTo | None = None
    splunk: SplunkTo | None = None
    elastic: ElasticTo | None = None
    json_lines: FileTo | None = None
    line: int = 0


class Settings(Struct, frozen=True, kw_only=True):
    """A whole alerts.yaml. ``fallback`` gets what matches no route, and what another receiver does not take."""

    schema: str = SCHEMA
    time_zone: str = "UTC"
    fallback: str = ""
    grouping: Grouping = Grouping()
    receivers: tuple[Receiver, ...] = ()
    routes: tuple[Route, ...] = ()
    silences: tuple[Silence, ...] = ()
    heartbeats: tuple[Heartbeat, ...] = ()
    siem: tuple[Destination, ...] = ()


WAYS = ("nagios", "nsca", "apprise", "smstools")
SIEM_WAYS = ("syslog", "splunk", "elastic", "json_lines")
