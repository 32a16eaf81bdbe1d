"""What the central log heard and noticed, and whom its alerts reached: told to an audit."""

from __future__ import annotations

from datetime import datetime

import msgspec

from viguard.model.facts import Struct

COVERAGE_SCHEMA = "viguard-coverage/1"


class Volume(Struct, frozen=True, kw_only=True):
    """The bytes of one host on one day (UTC): received, and kept after the filter."""

    received: int
    kept: int


class Heard(Struct, frozen=True, kw_only=True):
    """A host by the name that its lines claim. ``days`` are whole days by date, the newest last."""

    name: str
    last: datetime
    senders: tuple[str, ...] = ()
    days: dict[str, Volume] = msgspec.field(default_factory=dict)


class Told(Struct, frozen=True, kw_only=True):
    """A receiver of alerts: its kind (nagios, e-mail, …), and when it last took one, None when it never did."""

    kind: str
    last: datetime | None = None
    failing: str = ""


class Coverage(Struct, frozen=True, kw_only=True, omit_defaults=False):
    """What a log server says of itself at ``written_at``.

    ``noticed``: for each way in and outcome (``ssh/unknown-user``) whether its own self-test raised an alert.
    """

    written_at: datetime
    started_at: datetime
    schema: str = COVERAGE_SCHEMA
    hosts: tuple[Heard, ...] = ()
    noticed: dict[str, bool] = msgspec.field(default_factory=dict)
    receivers: dict[str, Told] = msgspec.field(default_factory=dict)
