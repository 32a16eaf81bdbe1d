"""A control: one requirement that can be judged, as its content file says it."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec

from viguard.model.audit import ControlCard
from viguard.model.facts import Struct
from viguard.model.result import Kind, Severity, Status
from viguard.policy.policy import Profile


class Unset(StrEnum):
    """What a property means that was read and is unset on the server."""

    PASS = "pass"  # noqa: S105  (not a password)
    FAIL = "fail"
    UNKNOWN = "unknown"


class Read(Struct, frozen=True, kw_only=True):
    """One fact and what it must be.

    ``path`` is written as in ``assess.reads``. ``operators`` hold expected values by operator name
    (``assess.operators``), all must hold. ``default`` is the product's own value, judged when the property is unset;
    without it ``unset`` decides.
    ``not_in_version``: what a property means that the server's API version does not know.
    ``when``: the expectation counts only if all of these hold. ``any_of`` replaces path and operators: one must hold.
    ``needs`` replaces them too: a source that does not exist yet, and ``otherwise`` what it would show.
    ``otherwise`` is the reason when it does not hold.
    """

    path: str = ""
    operators: dict[str, Any] = msgspec.field(default_factory=dict)
    unset: Unset = Unset.UNKNOWN
    default: Any = msgspec.UNSET
    not_in_version: Status = Status.UNKNOWN
    when: tuple[Read, ...] = ()
    any_of: tuple[Read, ...] = ()
    needs: str = ""
    otherwise: str = ""
    where: str = ""


class Case(Struct, frozen=True, kw_only=True):
    """A hand-written example: facts of one resource (and of its server, host, policy) and the status they must give."""

    expect: Status
    profile: Profile = Profile.MODERN
    kind: Kind | None = None
    facts: dict[str, Any] = msgspec.field(default_factory=dict)
    server: dict[str, Any] = msgspec.field(default_factory=dict)
    host: dict[str, Any] = msgspec.field(default_factory=dict)
    policy: dict[str, Any] = msgspec.field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    reason: str = ""
    where: str = ""


class Control(Struct, frozen=True, kw_only=True):
    """One control. Exactly one of ``expect``, ``python``, ``attest`` and a source that is missing decides it.

    ``kinds`` are what it judges; ``switches`` narrows switches and port groups to ``standard`` or ``distributed``.
    ``expect`` holds the expectations by profile; ``needs`` the sources it reads.
    """

    id: str
    title: str
    section: str
    kinds: tuple[Kind, ...]
    severity: Severity
    why: str
    fix: str
    side_effects: str = ""
    switches: str = ""
    applies: tuple[Read, ...] = ()
    needs: tuple[str, ...] = ("vim",)
    expect: dict[Profile, tuple[Read, ...]] = msgspec.field(default_factory=dict)
    python: str = ""
    attest: bool = False
    references: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    cases: tuple[Case, ...] = ()
    tested_by: str = ""  # the file with the hand-written cases of a control that is a function
    where: str = ""

    @property
    def card(self) -> ControlCard:
        """What a report says of this control."""
        return ControlCard(
            id=self.id,
            title=self.title,
            section=self.section,
            kinds=self.kinds,
            severity=self.severity,
            why=self.why,
            fix=self.fix,
            side_effects=self.side_effects,
            references=self.references,
            needs=self.needs,
        )

    @property
    def missing(self) -> str:
        """The first source that it needs and that does not exist yet, or empty."""
        return next((need for need in self.needs if need in MISSING), "")

    @property
    def evaluable(self) -> bool:
        """Whether facts can decide it: not attested, and every source exists."""
        return not self.attest and not self.missing


EXISTING = ("vim", "policy", "declared", "audits", "logs", "alerts", "points")
"""Sources that exist: the vSphere API, the policy, declared estates, viguard's audits, log server and alerts, and what
enforcement points saved."""

MISSING = {
    "advisories": "advisories and fixed builds",
    "changes": "the ledger of changes and approvals",
    "files": "configuration files of hosts and servers",
    "guests": "services and patches inside guests",
    "ports": "the settings of single distributed ports",
    "rest": "the appliance's REST interface",
    "switches": "physical switches, routers and firewalls",
    "vault": "the password vault",
}
"""Sources that do not exist yet, and what each would show. Later work removes entries here."""
