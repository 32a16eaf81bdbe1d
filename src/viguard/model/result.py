"""What an audit says of one control and one resource."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from viguard.model.facts import Scalar, Struct

RESULT_SCHEMA = "viguard-result/1"


class Status(StrEnum):
    """The outcome of a control for a resource."""

    PASS = "pass"  # noqa: S105  (not a password)
    FAIL = "fail"
    NOT_APPLICABLE = "not_applicable"
    UNKNOWN = "unknown"
    WAIVED = "waived"
    ATTESTED = "attested"


class Severity(StrEnum):
    """How bad a failure is."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        """0 for critical, 3 for low: sorts worst first."""
        return list(Severity).index(self)


class Kind(StrEnum):
    """What a result is about."""

    VCENTER = "vcenter"
    DATACENTER = "datacenter"
    CLUSTER = "cluster"
    HOST = "host"
    GUEST = "guest"
    TEMPLATE = "template"
    PORT_GROUP = "port_group"
    SWITCH = "switch"
    DATASTORE = "datastore"
    ACCOUNT = "account"
    ROLE = "role"
    ESTATE = "estate"


class Change(StrEnum):
    """What became of a finding since its server was audited last."""

    NEW = "new"
    OPEN = "open"
    FIXED = "fixed"
    REOPENED = "reopened"


class Evidence(Struct, frozen=True, kw_only=True):
    """One fact behind a result: its value with time and source, or why it is unknown."""

    property: str
    value: Scalar | list[Scalar] | msgspec.UnsetType = msgspec.UNSET
    unknown: str | msgspec.UnsetType = msgspec.UNSET
    read_at: datetime | msgspec.UnsetType = msgspec.UNSET
    source: str | msgspec.UnsetType = msgspec.UNSET


class Target(Struct, frozen=True, kw_only=True):
    """The resource a result is about. ``id`` is the resource id."""

    kind: Kind
    name: str
    path: str
    id: str = ""


class Result(Struct, frozen=True, kw_only=True, omit_defaults=False):
    """One control judged on one resource. Status fail makes it a finding.

    ``id`` is stable from run to run (control and resource identity). ``reason`` says why a result is
    not_applicable, unknown, waived or attested, or what is wrong in a failure.
    ``policy`` names the line of the policy that decided, where one did.
    """

    id: str
    control: str
    status: Status
    severity: Severity
    profile: str
    resource: Target
    evidence: tuple[Evidence, ...] = ()
    reason: str = ""
    policy: str = ""
    change: Change | None = None
    schema: str = RESULT_SCHEMA
