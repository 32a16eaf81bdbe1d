"""Facts that other parts of viguard hand to an assessment, and what they are when no part does."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from viguard.model.borders import Border, Exposure
from viguard.model.coverage import Coverage
from viguard.model.facts import Fact, Reason, Struct, Unknown

NO_LOGS = Unknown(reason=Reason.NO_SOURCE, detail="no log server was named (--logs)")
NO_POINTS = Unknown(reason=Reason.NO_SOURCE, detail="the policy names no routers or firewalls (firewall.points)")
NO_SOURCE = Unknown(reason=Reason.NO_SOURCE, detail="no source yet")


class Derived(Struct, frozen=True, kw_only=True):
    """What assess needs from elsewhere. Every field is unknown until somebody hands it in.

    ``last_audit_at`` is the end of the last complete audit of every server of this one, None when one
    of them was never wholly audited. ``logs`` is what the central log heard. ``borders`` are those of every network
    that a router is in, ``exposures`` what reaches those who play a role, by role.
    """

    last_audit_at: Fact[datetime | None] = NO_SOURCE
    logs: Fact[Coverage] = NO_LOGS
    borders: Fact[tuple[Border, ...]] = NO_POINTS
    exposures: Fact[Mapping[str, Exposure]] = NO_POINTS
