"""The status file: what the running process says of itself. Probes read it and nothing else."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec

from viguard.alerts.files import replace_file
from viguard.model.facts import Struct

STATUS_SCHEMA = "viguard-status/1"


class LastAlert(Struct, frozen=True, kw_only=True, omit_defaults=False):
    """The newest alert."""

    title: str
    key: str
    severity: str
    at: datetime


class ReceiverStatus(Struct, frozen=True, kw_only=True, omit_defaults=False):
    """How deliveries to one receiver go. ``failing_since`` None: the last one was taken.

    ``dropped`` (no room) and ``given_up`` (after a day) are lost, the last of them at ``lost_at``.
    """

    waiting: int = 0
    delivered: int = 0
    dropped: int = 0
    given_up: int = 0
    lost_at: datetime | None = None
    failing_since: datetime | None = None
    error: str = ""


class SiemStatus(Struct, frozen=True, kw_only=True, omit_defaults=False):
    """How forwarding to one destination goes, in records (a raw line, event or alert is one)."""

    waiting: int = 0
    sent: int = 0
    dropped: int = 0
    refused: int = 0
    lost_at: datetime | None = None
    failing_since: datetime | None = None
    error: str = ""


class AuditStatus(Struct, frozen=True, kw_only=True, omit_defaults=False):
    """The audit that ``findings`` are of: the one of the server whose own is longest ago.

    ``at`` is when its facts were read, None when there is none. ``complete``: no audit that counts lacks anything.
    ``unknown``: results of these audits that say that it could not be known. ``why`` findings are not known, in
    words; "" when they are.
    """

    at: datetime | None = None
    complete: bool = True
    unknown: int = 0
    why: str = "nobody has looked for an audit"


class Status(Struct, frozen=True, kw_only=True, omit_defaults=False):
    """The whole file. Times are UTC; counters count since ``started_at`` and never go back before a restart.

    ``counters``: log_lines, log_bytes, events, event_lines (that told them), alerts, logins, failures, consoles
    (opened), and what other parts add. ``consoles``: consoles open now by guest, ``holders``: the users who hold them,
    as far as they are known. ``hosts``: when each was last heard.
    ``findings``: open findings by severity, zeros too; empty when they are not known, and ``audit`` says why.
    ``open``: open alert groups by severity, ``silenced`` not among them.
    """

    written_at: datetime
    started_at: datetime
    schema: str = STATUS_SCHEMA
    version: str = ""
    counters: dict[str, int] = msgspec.field(default_factory=dict)
    consoles: dict[str, int] = msgspec.field(default_factory=dict)
    holders: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    hosts: dict[str, datetime] = msgspec.field(default_factory=dict)
    findings: dict[str, int] = msgspec.field(default_factory=dict)
    audit: AuditStatus = AuditStatus()
    open: dict[str, int] = msgspec.field(default_factory=dict)
    silenced: int = 0
    last_alert: LastAlert | None = None
    receivers: dict[str, ReceiverStatus] = msgspec.field(default_factory=dict)
    siem: dict[str, SiemStatus] = msgspec.field(default_factory=dict)
    problems: tuple[str, ...] = ()


def write_status(path: Path, status: Status, mode: int = 0o640) -> None:
    """Replace the file. It names hosts and guests: others than its group do not read it unless ``mode`` says so.

    Raises: OSError when it cannot be written; probes then see it age.
    """
    replace_file(path, msgspec.json.encode(status), mode, sync=False)
