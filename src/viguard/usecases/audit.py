"""The main job: read or load an estate, judge it, compare with the last audit."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from viguard import __version__
from viguard.assess import controls as catalogue
from viguard.assess.engine import assess
from viguard.assess.questions import answer, load_questions, roadmap
from viguard.assess.score import summarise
from viguard.attack.build import build
from viguard.attack.told import answered
from viguard.errors import InputError, StoreError
from viguard.model.audit import Answer, Audit, FixedFinding
from viguard.model.derived import NO_LOGS, NO_SOURCE, Derived
from viguard.model.facts import Fact, Reason, Struct, Unknown
from viguard.model.result import Severity
from viguard.policy.load import load as load_policy
from viguard.policy.policy import NO_POLICY, Policy
from viguard.policy.selection import Selection
from viguard.policy.waivers import load_waivers
from viguard.store import audits
from viguard.store.coverage import read_coverage
from viguard.usecases.chosen import chosen
from viguard.usecases.person import Person
from viguard.usecases.sources import Estate, Sources, open_estate

if TYPE_CHECKING:
    from viguard.usecases.enforced import Rules

FINDINGS, INCOMPLETE = 3, 4


class Request(Struct, frozen=True, kw_only=True):
    """What to audit. ``remember``: compare with earlier audits and keep this one.

    ``logs`` is the directory of a log server, which tells what it heard.
    ``paths``: answer the third and fourth question by attack paths, too.
    ``recorded``: a recording, whose facts and statements do not age: judged as of its reading, as a first audit.
    """

    sources: Sources
    policy: Path | None = None
    waivers: Path | None = None
    logs: Path | None = None
    selection: Selection = Selection()
    remember: bool = True
    recorded: bool = False
    paths: bool = False


class Found(Struct, frozen=True, kw_only=True):
    """An audit, and what a person must know beside it."""

    audit: Audit
    warnings: tuple[str, ...] = ()


def run(request: Request, person: Person) -> Found:
    """Judge the estate that the request names.

    Raises:
        ViguardError: a source, the policy or the waivers cannot be read, or the selection names nothing.
            The store never stops an audit.
    """
    started = _now()
    controls = catalogue.load()
    policy = load_policy(request.policy, controls) if request.policy else NO_POLICY
    waivers = load_waivers(request.waivers, controls) if request.waivers else ()
    logs = read_coverage(request.logs) if request.logs else NO_LOGS
    estate = open_estate(request.sources, person)
    history = _History(request, estate)
    person.progress("judging", 0, 0)
    as_of, last = (estate.inventory.read_at, None) if request.recorded else (started, history.last_audit_at())
    rules, told = _rules(estate, policy, person)
    derived = replace(told, last_audit_at=last, logs=logs)
    judged = assess(estate.inventory, policy, derived, controls, waivers, as_of)
    ids = chosen(estate.inventory, policy, request.selection)
    # Results about the estate as a whole only when nothing is left out.
    results = tuple(r for r in judged.results if ids is None or r.resource.id in ids)
    left_out = () if ids is None else tuple(r for r in judged.results if r.resource.id not in ids)
    cards = {control.id: control.card for control in controls.values()}
    answers = answer(load_questions(), results, left_out)
    if request.paths and request.selection.everything:
        answers = _with_paths(answers, estate, policy, rules, person)
    audit = Audit(
        started_at=started,
        ended_at=_now(),
        read_at=estate.inventory.read_at,
        tool=f"viguard {__version__}",
        sources=estate.inventory.sources,
        warnings=tuple(s.warning for s in estate.inventory.sources if s.warning),
        complete=estate.inventory.complete,
        gaps=estate.inventory.gaps,
        policy_file=policy.file,
        selection=str(request.selection),
        counted=estate.inventory.counted(ids),
        results=results,
        controls=cards,
        summary=summarise(results),
        answers=answers,
        roadmap=roadmap(cards, results),
    )
    return history.remember(audit, policy)


def _rules(estate: Estate, policy: Policy, person: Person) -> tuple[Rules | None, Derived]:
    """The rules of the policy's enforcement points, and what they tell. What cannot be read is unknown."""
    if not policy.firewall.points:
        return None, Derived()
    try:
        from viguard.usecases.enforced import Rules  # noqa: PLC0415  (an optional part, and slow to import)

        rules = Rules(estate.inventory, policy)
        return rules, Derived(borders=rules.borders(), exposures=rules.exposures())
    except ModuleNotFoundError as error:
        if error.name not in {"numpy", "scipy"}:
            raise
        why = f"{error.name} is not installed (pip install viguard[network])"
    except InputError as error:
        why = " ".join(str(error).split())
    person.warn(f"the rules of enforcement points are not judged: {why}")
    lacking = Unknown(reason=Reason.NOT_READ, detail=why)
    return None, Derived(borders=lacking, exposures=lacking)


def _with_paths(
    answers: tuple[Answer, ...], estate: Estate, policy: Policy, rules: Rules | None, person: Person
) -> tuple[Answer, ...]:
    """The answers with attack paths, where what draws them is installed."""
    try:
        return answered(answers, rules.drawn() if rules else build(estate.inventory, policy))
    except ModuleNotFoundError as error:
        if error.name not in {"numpy", "scipy"}:
            raise
        person.warn(f"no attack paths in these answers: {error.name} is not installed (pip install viguard[network])")
        return answers


def exit_code(audit: Audit, fail_on: str) -> int:
    """3 with findings at least as severe as ``fail_on``, 4 when incomplete, else 0. Findings win."""
    if fail_on != "none":
        bound = Severity(fail_on).rank
        if any(n for severity, n in audit.summary.failed.items() if severity.rank <= bound):
            return FINDINGS
    return 0 if audit.complete else INCOMPLETE


def _now() -> datetime:
    return datetime.now(UTC)


class _History:
    """Earlier audits of the same servers. Every failure of the store becomes a note."""

    def __init__(self, request: Request, estate: Estate) -> None:
        self._estate, self._warnings = estate, list[str]()
        self._filtered = not request.selection.everything
        self._scope = estate.scope + (f" {request.selection}" if self._filtered else "")
        self._store: audits.Store | None = None
        if request.remember:
            try:
                self._store = audits.Store()
            except StoreError as error:
                self._lost(error)

    def last_audit_at(self) -> Fact[datetime | None]:
        """End of the last complete audit, NO_SOURCE when nobody remembers."""
        if self._store is None:
            return NO_SOURCE
        try:
            return self._store.last_audit_at([r.server for r in self._estate.read])
        except StoreError as error:
            self._lost(error)
            return NO_SOURCE

    def remember(self, audit: Audit, policy: Policy) -> Found:
        """The audit with what became of each finding."""
        if self._store is not None:
            try:
                audit = self._recorded(self._store, audit, policy)
            except StoreError as error:
                self._lost(error)
        return Found(audit=audit, warnings=tuple(self._warnings))

    def _recorded(self, store: audits.Store, audit: Audit, policy: Policy) -> Audit:
        inventory = self._estate.inventory
        done = store.record(
            audits.Audit(
                scope=self._scope,
                started_at=audit.started_at,
                ended_at=audit.ended_at,
                read_at=audit.read_at,
                complete=audit.complete,
                score=audit.summary.score,
                coverage=audit.summary.coverage,
                counts={str(k): v for k, v in audit.summary.by_status.items()},
                policy_digest=_digest(policy),
            ),
            audit.results,
            read=self._estate.read,
            filtered=self._filtered,
            identities=inventory.uuids(),
            present={*inventory.by_id, *(account.id for account in inventory.accounts)},
        )
        if done.audit is None:
            self._warnings.append("a newer audit of this estate is known: nothing is compared with these older facts")
        elif done.past:
            names = ", ".join(map(inventory.source_name, done.past))
            self._warnings.append(f"a newer audit of {names} is known: its older facts are compared with nothing")
        fixed = tuple(FixedFinding(id=f.id, control=f.control, path=f.path, how=f.fixed_how or "") for f in done.fixed)
        return replace(audit, results=done.results, fixed=fixed)

    def _lost(self, error: StoreError) -> None:
        self._store = None
        self._warnings.append(f"this audit is not compared with earlier ones and not remembered: {error}")


def _digest(policy: Policy) -> str:
    return sha256(Path(policy.file).read_bytes()).hexdigest() if policy.file else ""
