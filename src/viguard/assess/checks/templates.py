"""Templates: hardened, current, and what guests are made from. Source: report, Guests, "Templates"."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from fnmatch import fnmatchcase

from viguard.assess.context import Context
from viguard.assess.kind import expect
from viguard.assess.tally import about
from viguard.assess.verdict import Verdict, failed, passed, unknown
from viguard.model.access import Access, Event
from viguard.model.facts import Resource, Unknown
from viguard.model.guest import Guest
from viguard.model.inventory import Inventory
from viguard.model.result import Evidence
from viguard.model.text import visible
from viguard.policy.policy import Policy

DEPLOYED, CLONED, CREATED = "VmDeployedEvent", "VmClonedEvent", "VmCreatedEvent"
REGISTERED = "VmRegisteredEvent"
ARRIVALS = frozenset({DEPLOYED, CLONED, CREATED, REGISTERED})
UNSET_YEAR = 1970  # what servers send for a time that they do not hold


def used_for_deploy(subject: Resource, context: Context) -> Verdict:
    """A guest was deployed from a registered template.

    A registered template: one in ``approved.templates``; undecided: any template does. A clone counts as its source
    does. A guest that was only registered came with files that were made elsewhere or earlier: from what, no event
    says, so it never passes, and does not fail either. So it is with a guest without any such event: it was made
    before the oldest event that was read, so a bad making that was seen once does not look mended when its event is
    dropped.
    """
    guest = expect(Guest, subject)
    access = context.inventory.access.get(guest.server)
    if access is None:
        return unknown("the events of its server were not read")
    if isinstance(access.events, Unknown):
        return unknown(access.events, about(context, access, "events"))
    if access.events_since is None:
        return unknown("how far the events reach back is not told", about(context, access, "events", 0, part=".count"))
    making = context.index(Making).of(guest)
    if not making:
        since = about(context, access, "events", access.events_since.isoformat(), part=".since")
        return unknown(
            f"made before {access.events_since:%Y-%m-%d}, where the events begin: from what is not told", since
        )
    return _judge_making(making, access, context)


def current(subject: Resource, context: Context) -> Verdict:
    """A template was changed within ``limits.template_age_days``.

    Patching a template means making it a guest, starting it and turning it back, which changes its configuration. One
    that has not changed for longer was surely not patched: fail. One that has changed passes here as far as that can
    tell; whether patches were what changed is for the patch controls, which read the guest itself.
    """
    guest = expect(Guest, subject)
    key = "limits.template_age_days"
    evidence = context.evidence(guest, "modified")
    if isinstance(guest.modified, Unknown):
        return unknown(guest.modified, evidence, policy=key)
    if guest.modified.year <= UNSET_YEAR:
        return unknown("its server does not tell when it was changed", evidence, policy=key)
    age = context.now - guest.modified
    if age < -timedelta(days=1):
        return unknown("the time of its last change lies in the future", evidence, policy=key)
    allowed = context.policy.limits.template_age_days
    if age > timedelta(days=allowed):
        return failed(f"unchanged for {age.days} days, so not patched in {allowed}", evidence, policy=key)
    return passed(evidence, reason=f"changed {max(age.days, 0)} days ago", policy=key)


class Making:
    """Events that made a guest or brought it in, by guest."""

    def __init__(self, inventory: Inventory, _policy: Policy) -> None:
        self._by_guest: dict[str, list[Event]] = defaultdict(list)
        for access in inventory.access.values():
            for event in access.events if isinstance(access.events, tuple) else ():
                if event.type in ARRIVALS and event.guest:
                    self._by_guest[event.guest].append(event)

    def of(self, guest: Guest) -> list[Event]:
        """Events by which this guest came, as read."""
        return self._by_guest.get(guest.id, [])


def _judge_making(making: list[Event], access: Access, context: Context) -> Verdict:
    key = "approved.templates"
    copies = [e for e in making if e.type in (DEPLOYED, CLONED)]
    event = copies[-1] if copies else next((e for e in making if e.type == CREATED), making[-1])
    evidence = about(context, access, "events", f"{event.type} {event.at.isoformat()}", part=f"[{event.key}]")
    if event.type == REGISTERED:
        return unknown(
            "registered from files that were there: what they were made from is not told", evidence, policy=key
        )
    if not copies:
        return failed("made from scratch, not from a template", evidence, policy=key)
    source = context.inventory.get(Guest, event.source)
    if source is None:
        if event.type == DEPLOYED and context.policy.approved.templates is None:
            return passed(evidence, reason="deployed from a template", policy=key)
        return unknown("the source that it was made from was not read", evidence, policy=key)
    return _judge_source(source, event, evidence, context)


def _judge_source(source: Guest, event: Event, evidence: Evidence, context: Context) -> Verdict:
    key = "approved.templates"
    kind = about(context, source, "template")
    if isinstance(source.template, Unknown):
        return unknown(source.template, evidence, kind, policy=key)
    name = visible(source.name, 60)
    if event.type == CLONED and not source.template:
        return failed(f"a clone of the guest {name}, which is no template", evidence, kind, policy=key)
    approved = context.policy.approved.templates
    if approved is not None and not any(fnmatchcase(t, p) for p in approved for t in (source.name, source.path)):
        return failed(f"the template {name} is not registered", evidence, kind, policy=key)
    return passed(evidence, kind, reason=f"deployed from {name}", policy=key)
