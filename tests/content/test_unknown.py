"""For every control: a fact that it cites for a pass, when it cannot be read, leaves no pass."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta

import msgspec
import pytest

from tests.content import whole
from tests.content.examples import NOW, REMOVED
from viguard.assess import controls
from viguard.assess.checks.logs import WAYS
from viguard.assess.context import api_property
from viguard.assess.engine import assess
from viguard.model.borders import Border, Exposure
from viguard.model.coverage import Coverage, Heard, Told, Volume
from viguard.model.derived import Derived
from viguard.model.facts import Resource, Unknown
from viguard.model.inventory import Inventory
from viguard.model.result import Result, Status

CONTROLS = controls.load()
NOT_SHOWN_PASSING = {
    "access-custom-roles",
    "blast-radius-shared-credential",
    "dmz-physical-nic",
    "host-vlan-only-needed",
    "san-authorisation-per-host",
    "template-used-for-deploy",
    "test-separate",
    "vc-vm-access-limited",
}
"""Controls that need a larger estate, or an older vCenter, to pass; their own tests remove their facts."""


TOLD = {
    "audit-monthly", "log-received-fresh", "log-filter-size", "event-login-coverage", "monitor-hooks",
    "net-vlan-acl-present", "fw-log-server-514", "fw-update-manager-table",
}  # fmt: skip
"""Controls that other parts of viguard decide, not facts of the estate."""
EXPOSURES = {
    role: Exposure(role=role, players=("a guest",), opened=(), unknown=(), is_guarded=True)
    for role in ("log_server", "update_manager")
}
LOGS = Coverage(
    written_at=NOW,
    started_at=NOW,
    hosts=(Heard(name="esx1", last=NOW, days={"2026-01-01": Volume(received=2, kept=1)}),),
    noticed=dict.fromkeys(WAYS, True),
    receivers={"duty": Told(kind="e-mail", last=NOW)},
)


def judged(estate: Inventory, *only: str) -> list[Result]:
    wanted = {id_: CONTROLS[id_] for id_ in only or CONTROLS}
    borders = (Border(network="web", devices=("core",), bare=()),)
    derived = Derived(last_audit_at=NOW - timedelta(days=3), logs=LOGS, borders=borders, exposures=EXPOSURES)
    policy = whole.policy()
    limits = msgspec.structs.replace(policy.limits, log_bytes_per_host_day=1)
    return list(assess(estate, msgspec.structs.replace(policy, limits=limits), derived, wanted, [], NOW).results)


ESTATE = whole.estate()
PASSES: dict[str, list[Result]] = defaultdict(list)
for _result in judged(ESTATE):
    if _result.status is Status.PASS:
        PASSES[_result.control].append(_result)


def cited(result: Result) -> Iterator[tuple[str, str]]:
    """Every fact (record id, API property) that a result's evidence names."""
    for evidence in result.evidence:
        property_, _, other = evidence.property.partition(" of ")
        for record in _owners(result, other):
            for field in _facts(record):
                api = api_property(type(record), field)
                if _names(property_, api):
                    yield record.id, api


def _owners(result: Result, other: str) -> list[Resource]:
    if other:
        return [r for r in ESTATE.by_id.values() if r.name == other]
    subject = ESTATE.by_id.get(result.resource.id)
    server = ESTATE.by_id.get("s")
    return [r for r in (subject, server) if r is not None]


def _facts(record: Resource) -> list[str]:
    """Fields that may be unknown and were read here."""
    fields = [f for f in msgspec.structs.fields(type(record)) if isinstance(f.default, Unknown)]
    return [f.name for f in fields if not isinstance(getattr(record, f.name), Unknown)]


def _names(property_: str, api: str) -> bool:
    return property_ == api or property_.startswith((f"{api}.", f"{api}[", f"{api}<"))


def test_nearly_every_control_passes_here() -> None:
    evaluable = {c.id for c in CONTROLS.values() if c.evaluable}
    assert set(PASSES) == evaluable - NOT_SHOWN_PASSING


def test_every_pass_has_a_fact_behind_it() -> None:
    for results in PASSES.values():
        for result in results:
            assert any(e.unknown is msgspec.UNSET for e in result.evidence), result.control


@pytest.mark.parametrize("id_", sorted(set(PASSES) - TOLD))
def test_no_pass_without_a_fact_that_it_cites(id_: str) -> None:
    tried = set()
    for result in PASSES[id_]:
        for record, api in sorted(set(cited(result))):
            tried.add(api)
            after = {r.id: r for r in judged(whole.estate((record, api), REMOVED), id_)}
            assert result.id not in after or after[result.id].status is not Status.PASS, (record, api)
    assert tried, "its evidence names no fact of the model"


@pytest.mark.parametrize("id_", sorted(TOLD))
def test_what_is_not_told_leaves_no_pass(id_: str) -> None:
    results = assess(ESTATE, whole.policy(), Derived(), {id_: CONTROLS[id_]}, [], NOW).results
    assert {r.status for r in results} == {Status.UNKNOWN}
