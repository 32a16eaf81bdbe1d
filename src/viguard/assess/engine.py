"""Judges an estate: every control on every resource of its kinds, each with evidence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from hashlib import blake2b
from importlib import import_module

from viguard.assess.attestations import attested
from viguard.assess.context import Context
from viguard.assess.control import Control
from viguard.assess.expectations import Judge, applicability, expectations, no_source
from viguard.assess.profiles import estate_profile, profile_of
from viguard.assess.targets import ESTATE, subjects, target
from viguard.assess.verdict import Verdict
from viguard.assess.waivers import waive
from viguard.content.tables import load_tables
from viguard.errors import ContentError
from viguard.model.derived import Derived
from viguard.model.facts import Resource, Struct
from viguard.model.inventory import Inventory
from viguard.model.result import Evidence, Kind, Result, Status, Target
from viguard.model.tables import Tables
from viguard.model.waiver import Waiver
from viguard.policy.policy import Policy, Profile

CHECKS = "viguard.assess.checks"


class Assessment(Struct, frozen=True, kw_only=True):
    """What an assessment says. ``unjudged`` are the controls for which the estate has no resource at all."""

    results: tuple[Result, ...]
    unjudged: tuple[str, ...] = ()
    now: datetime


def assess(  # noqa: PLR0913, PLR0917  (six things of equal rank, none derived from another)
    inventory: Inventory,
    policy: Policy,
    derived: Derived,
    controls: Mapping[str, Control],
    waivers: Sequence[Waiver],
    now: datetime,
    *,
    tables: Tables | None = None,
) -> Assessment:
    """Every result of every control, control by control. ``now`` is aware and decides what has expired.

    ``tables`` are ports and ends of support; None: viguard's own.

    Raises: ContentError when a control names a function that does not exist.
    """
    one = Context(inventory, policy, derived, Profile.MODERN, now, tables or load_tables())
    contexts = {p: replace(one, profile=p) for p in Profile}  # they share what checks work out of the estate
    population = _Population(inventory, policy)
    results: list[Result] = []
    unjudged = []
    for control in controls.values():
        before = len(results)
        judges = {p: judge(control, p, policy) for p in Profile}
        finish = partial(attested, control=control, policy=policy, now=now)
        for subject, shown, profile in population.of(control):
            verdict = judges[profile](subject, contexts[profile])
            if verdict.status is Status.UNKNOWN:
                verdict = finish(verdict)
            line = _line(verdict.policy, policy) if verdict.policy else ""
            results.append(_result(control, (subject, shown, profile), verdict, line))
        if len(results) == before:
            unjudged.append(control.id)
    return Assessment(results=tuple(waive(results, waivers, inventory, now)), unjudged=tuple(unjudged), now=now)


def judge(control: Control, profile: Profile, policy: Policy) -> Judge:
    """The function that judges one subject by a control under a profile.

    Raises: ContentError when the control names a function that does not exist.
    """
    inner = _inner(control, profile, policy)
    if not control.applies:
        return inner
    applies = applicability(control, policy)

    def judge_applicable(subject: Resource, context: Context) -> Verdict:
        status, reason, evidence, _ = applies(subject, context)
        if status is Status.PASS:
            return inner(subject, context)
        return Verdict(status=status or Status.UNKNOWN, reason=reason, evidence=evidence)

    return judge_applicable


def result_id(control: str, resource: str) -> str:
    """The id of a result: the same as long as control and resource stay the same."""
    return "VG-" + blake2b(f"{control}\0{resource}".encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()


def _inner(control: Control, profile: Profile, policy: Policy) -> Judge:
    if control.expect:
        return expectations(control, profile, policy)
    if control.python:
        return function(control)
    if control.attest:
        return _constant("needs a statement: an attestation in the policy", "attestation", "none in the policy")
    return _constant(no_source(control.missing), control.missing, "no source yet")


def _constant(reason: str, property_: str, why: str) -> Judge:
    verdict = Verdict(status=Status.UNKNOWN, reason=reason, evidence=(Evidence(property=property_, unknown=why),))
    return lambda _subject, _context: verdict


def function(control: Control) -> Judge:
    """The function behind ``python: module.function``.

    Raises: ContentError when there is none.
    """
    module, _, name = control.python.rpartition(".")
    try:
        found: Judge = getattr(import_module(f"{CHECKS}.{module}"), name)
    except (ImportError, AttributeError) as err:
        raise ContentError(f"{control.id}: no function {control.python!r}", where=control.where, hint=str(err)) from err
    return found


class _Population:
    """Who is judged: subjects with target and profile, worked out once for each kind."""

    def __init__(self, inventory: Inventory, policy: Policy) -> None:
        self._inventory, self._policy = inventory, policy
        self._known: dict[tuple[Kind, str], list[tuple[Resource, Target, Profile]]] = {}

    def of(self, control: Control) -> Iterable[tuple[Resource, Target, Profile]]:
        for kind in control.kinds:
            key = (kind, control.switches)
            if key not in self._known:
                self._known[key] = [self._member(kind, s) for s in subjects(kind, control.switches, self._inventory)]
            yield from self._known[key]

    def _member(self, kind: Kind, subject: Resource) -> tuple[Resource, Target, Profile]:
        find = estate_profile(self._inventory, self._policy) if subject is ESTATE else None
        return subject, target(kind, subject), find or profile_of(subject, self._inventory, self._policy)


def _result(control: Control, member: tuple[Resource, Target, Profile], verdict: Verdict, line: str) -> Result:
    subject, shown, profile = member
    return Result(
        id=result_id(control.id, subject.id),
        control=control.id,
        status=verdict.status,
        severity=control.severity,
        profile=profile,
        resource=shown,
        evidence=verdict.evidence,
        reason=verdict.reason,
        policy=line,
    )


def _line(key: str, policy: Policy) -> str:
    """The policy's line that decided, and which key it is."""
    where = policy.where(key)
    return f"{where} ({key})" if where else f"{key} (default)"
